//! Doubts about a policy that is not wrong: what is never reached, what a phone may not take, what
//! leans on facts that are only recalled. Mistakes are found when the policy is read.

/// Keys of single devices.
mod devices;
/// Values that are not of their option's form.
mod forms;
/// How doubts are put together.
mod found;
/// Keys that change nothing.
mod idle;
/// Folders of generated files that only one device is sent to.
mod own_folders;
/// What the phones of one plan are not sent.
mod plans;
/// Which earlier site takes all clients of a later one.
mod shadowed;
/// The sites themselves.
mod sites;
/// Answers that are too large.
mod size;
/// Entries of `systems` that answer no phone.
mod systems;
/// Phones of makers that the catalogue does not have.
mod unlisted;

use std::collections::BTreeSet;

use serde::Serialize;

use crate::catalogue::VendorIx;
use crate::engine::Engine;
use found::{Found, id};
pub use own_folders::own_folders;
use plans::{Where, about_plan};
pub use size::{MOST_BYTES, MOST_OPTIONS};

/// Something that its author should look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Doubt {
    /// Where in the policy; empty for the policy as a whole.
    pub place: String,
    /// What may not be as its author means, and what to do.
    pub text: String,
    /// The ids of the makers that it is about; empty: about the policy itself.
    pub vendors: Vec<String>,
    /// At how many places it is so; `place` is the first.
    pub places: usize,
    /// The other places.
    pub also: Vec<String>,
    /// Whether it is about the policy itself, or about makers that the policy names or whose phones were seen.
    /// What is not comes last: the site may not have such phones.
    pub named: bool,
}

impl Doubt {
    /// A doubt about the policy itself.
    pub fn new(place: impl Into<String>, text: impl Into<String>) -> Doubt {
        let (place, text) = (place.into(), text.into());
        Doubt { place, text, vendors: Vec::new(), places: 1, also: Vec::new(), named: true }
    }
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.places {
            1 => write!(f, "{}: {}", self.place, self.text)?,
            count => write!(f, "at {count} places, first {}: {}", self.place, self.text)?,
        }
        if !self.vendors.is_empty() {
            write!(f, " ({})", self.vendors.join(", "))?;
        }
        Ok(())
    }
}

/// Whose phones are there.
#[derive(Debug, Clone, Copy)]
pub enum Makers<'m> {
    /// It is not known: all makers.
    All,
    /// These ids alone.
    Only(&'m BTreeSet<String>),
}

/// Those of all makers' doubts that concern the policy itself, the makers that it names, and those seen.
pub fn of_makers_seen(doubts: &[Doubt], seen: &BTreeSet<String>) -> Vec<Doubt> {
    let concerns = |doubt: &Doubt| {
        let mut doubt = doubt.clone();
        if !doubt.named {
            doubt.vendors.retain(|label| seen.contains(id(label)));
            doubt.named = !doubt.vendors.is_empty();
        }
        doubt.named.then_some(doubt)
    };
    doubts.iter().filter_map(concerns).collect()
}

/// All doubts: those about the policy and the makers that it names first, each group sorted by place. The
/// same doubt about several makers, or at several places, is one.
pub fn doubts(engine: &Engine, makers: Makers<'_>) -> Vec<Doubt> {
    let mut found = Found::default();
    sites::shadowed(engine, &mut found);
    systems::unreached(engine, &mut found);
    sites::classes_by_vendor_class(engine, &mut found);
    for doubt in engine.file_map().doubts(engine.tables(), &engine.policy().file_access) {
        found.add(&doubt.place, doubt.value);
    }
    for doubt in own_folders(engine) {
        found.add(&doubt.place, doubt.value);
    }
    let rows = std::iter::once(None).chain((0..engine.policy().sites.len()).map(Some));
    for (row, site) in rows.enumerate() {
        for (vendor, index) in engine.tables().vendors.iter().zip(0u16..) {
            for variant in vendor.columns() {
                let vendor = VendorIx(index);
                let plan = engine.plan(site, vendor, variant);
                let at = Where { site, vendor, variant, models: (None, None) };
                // Site rows repeat what the top row said unless they differ.
                if row == 0 || plan != engine.plan(None, vendor, variant) {
                    about_plan(engine, at, plan, &mut found);
                }
                for (models, of_model) in engine.model_plans(site, vendor, variant) {
                    if of_model != plan {
                        about_plan(engine, Where { models, ..at }, of_model, &mut found);
                    }
                }
            }
        }
    }
    devices::find(engine, &mut found);
    unlisted::find(engine, &mut found);
    forms::find(engine, &mut found);
    idle::find(engine, &mut found);
    found.doubts(&named(engine), makers)
}

/// The ids of the makers that the policy names.
fn named(engine: &Engine) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (vendor, layer) in engine.policy().all_layers() {
        named.extend(vendor);
        named.extend(layer.systems.iter().flatten().flat_map(|entry| entry.only.iter().copied()));
    }
    named.extend(
        engine.policy().devices.iter().filter_map(|(_, device)| Some(device.named?.vendor)),
    );
    named.into_iter().map(|vendor| engine.tables().at(vendor).id.to_string()).collect()
}
