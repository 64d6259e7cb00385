//! Which system serves a phone, and what it says: its URL and file, and where the files belong that
//! offhook writes.

use std::borrow::Cow;

use super::{Maker, Observer, Served, Wrong};
use crate::catalogue::record::Text;
use crate::catalogue::system_source::version;
use crate::catalogue::{Condition, Serve, ServedVendors, System, Test};
use crate::encode::{self, Fault, Op};
use crate::file_map::place::{self, Place, SYSTEM};
use crate::policy::{Placed, SystemUse};
use crate::text::{Live, Piece, pieces};
use crate::url::UrlParts;

/// The system that serves the phone, and what it has for it: chosen and filled in once.
pub(super) struct Serving<'p> {
    /// The policy's entry.
    pub entry: &'p SystemUse,
    /// The system's entry for this phone.
    pub serve: &'p Serve,
    /// `None`: the system has none for this phone, or a name in it has no value.
    pub url: Option<Vec<Op>>,
    /// Likewise.
    pub file: Option<Vec<Op>>,
}

impl<'p, O: Observer> Maker<'p, '_, O> {
    pub(super) fn choose_system(&mut self, wrong: &mut Vec<Wrong>) {
        let Some((origin, entries)) = self.first(|layer| layer.systems.as_deref()) else {
            self.observer.note(|| "no \"systems\" in the policy for this phone".to_owned());
            return;
        };
        for entry in entries {
            let Some(system) = self.at.tables.system(&entry.system) else { continue };
            if !entry.only.is_empty() && !entry.only.contains(&self.at.vendor) {
                self.observer
                    .note(|| format!("{}: \"for\" does not name this vendor", entry.place));
                continue;
            }
            let Some(serve) = self.serves(system, entry) else {
                self.observer.note(|| {
                    format!("{}: {} does not serve this phone", entry.place, entry.system)
                });
                continue;
            };
            self.observer.note(|| {
                format!("{}: {} serves this phone, by {}", entry.place, entry.system, origin.name())
            });
            // One after the other: the texts name the entry's parameters, and the file's the URL.
            self.serving = Some(Serving { entry, serve, url: None, file: None });
            let url = serve.url.as_ref();
            let url = url.and_then(|url| self.system_text(url, &entry.place, wrong));
            let url = url.map(|url| if entry.system == SYSTEM { as_folder(url) } else { url });
            self.serving = Some(Serving { entry, serve, url, file: None });
            self.check_url(&entry.place, wrong);
            let file = serve.file.as_ref();
            let file = file.and_then(|file| self.system_text(file, &entry.place, wrong));
            if let Some(serving) = &mut self.serving {
                serving.file = file;
            }
            return;
        }
    }

    /// Reads the composed URL once more as a whole: its parts may fit, and what they give together not.
    fn check_url(&self, place: &str, wrong: &mut Vec<Wrong>) {
        let Some(url) = self.url() else { return };
        let text: String = url.iter().map(sample).collect();
        if let Err(error) = UrlParts::parse(&text) {
            let value = format!("its parameters do not give a URL together: {error}");
            wrong.push(Placed { place: place.to_owned(), value });
        }
    }

    /// The system's URL for this phone.
    pub(super) fn url(&self) -> Option<&[Op]> {
        self.serving.as_ref()?.url.as_deref()
    }

    /// The system's file name for this phone.
    pub(super) fn file(&self) -> Option<&[Op]> {
        self.serving.as_ref()?.file.as_deref()
    }

    /// What the plan keeps of it.
    pub(super) fn served(&self, wrong: &mut Vec<Wrong>) -> Option<Served> {
        let entry = self.serving.as_ref()?.entry;
        Some(Served {
            system: entry.system.clone(),
            entry: entry.place.clone(),
            url: self.url().and_then(encode::fixed_text),
            place: self.place(entry, wrong),
        })
    }

    /// Where the generated files belong.
    fn place(&self, entry: &SystemUse, wrong: &mut Vec<Wrong>) -> Option<Place> {
        if entry.system != SYSTEM {
            return None;
        }
        let (_, url) = entry.parameters.iter().find(|(name, _)| name == "url")?;
        match place::split(url, &|name| self.name(name, 0)) {
            Ok(place) => Some(place),
            Err(Fault::Absent(_)) => None,
            Err(Fault::Wrong(text)) => {
                wrong.push(Placed { place: entry.place.clone(), value: text });
                None
            }
        }
    }

    fn system_text(&self, text: &Text, place: &str, wrong: &mut Vec<Wrong>) -> Option<Vec<Op>> {
        if text.is_empty() {
            return None;
        }
        match encode::fill(text, &|name| self.name(name, 0)) {
            Ok(ops) => Some(ops),
            // A parameter that only this way of serving needs cannot be left out here; what only some
            // sites' "vars" have can.
            Err(Fault::Absent(_)) => {
                if let Some(name) = self.parameter_missing(text) {
                    let text = format!("\"{name}\" is missing: {text:?} needs it");
                    wrong.push(Placed { place: place.to_owned(), value: text });
                }
                None
            }
            Err(Fault::Wrong(text)) => {
                wrong.push(Placed { place: place.to_owned(), value: text });
                None
            }
        }
    }

    /// The first name in a system's text that is a parameter of the system, and is not given.
    fn parameter_missing<'t>(&self, text: &'t str) -> Option<&'t str> {
        let entry = self.serving.as_ref()?.entry;
        let parameters = &self.at.tables.system(&entry.system)?.parameters;
        pieces(text).ok()?.into_iter().find_map(|piece| match piece {
            Piece::Name(name) => (parameters.iter().any(|parameter| parameter.name == name)
                && !entry.parameters.iter().any(|(given, _)| given == name))
            .then_some(name),
            Piece::Literal(_) => None,
        })
    }

    fn serves(&self, system: &'p System, entry: &SystemUse) -> Option<&'p Serve> {
        let vendor = self.at.tables.at(self.at.vendor);
        let variant = vendor.variant_name(self.at.variant);
        let served = |serve: &&Serve| {
            let served = match &serve.vendors {
                ServedVendors::Every => vendor.takes_url(self.at.variant),
                ServedVendors::These(vendors) => vendors.contains(&vendor.id),
            };
            served
                && (serve.variants.is_empty()
                    || variant.is_some_and(|name| serve.variants.iter().any(|v| v == name)))
                && serve.conditions.iter().all(|condition| holds(condition, entry))
        };
        system.serves.iter().find(served)
    }
}

/// The tree is folders and files in them, so its URL ends with `/`.
fn as_folder(mut url: Vec<Op>) -> Vec<Op> {
    if !matches!(url.last(), Some(Op::Bytes(bytes)) if bytes.ends_with(b"/")) {
        url.push(Op::Bytes(b"/".to_vec()));
    }
    url
}

/// What a packet may put into a text.
fn sample(op: &Op) -> Cow<'_, str> {
    match op {
        Op::Bytes(bytes) => String::from_utf8_lossy(bytes),
        Op::Live(Live::Ip) => Cow::Borrowed("192.0.2.1"),
        Op::Live(_) => Cow::Borrowed("x"),
        Op::Open | Op::Close => Cow::Borrowed(""),
    }
}

fn holds(condition: &Condition, entry: &SystemUse) -> bool {
    let value = entry.parameters.iter().find(|(name, _)| *name == condition.parameter);
    match (condition.test, value) {
        (Test::Equals, Some((_, value))) => *value == condition.value,
        (Test::Below, Some((_, value))) => version(value) < version(&condition.value),
        (Test::From, Some((_, value))) => version(value) >= version(&condition.value),
        // Without a version the newest is meant.
        (Test::From, None) => true,
        (Test::Equals | Test::Below, None) => false,
    }
}
