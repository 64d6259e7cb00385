//! Doubts about a policy that is not wrong: what is never reached, what a phone may not take, what
//! leans on facts that are only recalled. Mistakes are found when the policy is read.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::catalogue::VendorIx;
use crate::encode::Form;
use crate::engine::Engine;
use crate::plan::Plan;
use crate::policy::{Answer, SiteMatch, SystemUse};

/// Something that its author should look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Doubt {
    pub place: String,
    pub text: String,
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// All doubts, sorted by place; the same doubt about several vendors is one.
pub fn doubts(engine: &Engine) -> Vec<Doubt> {
    let mut found = Found::default();
    shadowed_sites(engine, &mut found);
    unreached_systems(engine, &mut found);
    left_alone(engine, &mut found);
    classes_by_vendor_class(engine, &mut found);
    for doubt in engine.file_map().doubts(engine.tables(), &engine.policy().file_access) {
        found.add(&doubt.place, doubt.value);
    }
    for (row, site) in
        std::iter::once(None).chain((0..engine.policy().sites.len()).map(Some)).enumerate()
    {
        for (vendor, index) in engine.tables().vendors.iter().zip(0u16..) {
            for variant in 0..=vendor.variants.len() {
                let variant = u8::try_from(variant).unwrap_or(0);
                let plan = engine.plan(site, VendorIx(index), variant);
                // Site rows repeat what the top row said unless they differ.
                if row == 0 || plan != engine.plan(None, VendorIx(index), variant) {
                    about_plan(engine, VendorIx(index), plan, &mut found);
                }
            }
        }
    }
    found.doubts()
}

#[derive(Default)]
struct Found {
    plain: BTreeSet<Doubt>,
    /// Place and text to the vendors that it is true of.
    vendors: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Found {
    fn add(&mut self, place: &str, text: String) {
        self.plain.insert(Doubt { place: place.to_owned(), text });
    }

    fn about(&mut self, vendor: &str, place: &str, text: String) {
        self.vendors.entry((place.to_owned(), text)).or_default().insert(vendor.to_owned());
    }

    fn doubts(self) -> Vec<Doubt> {
        let mut doubts: Vec<Doubt> = self.plain.into_iter().collect();
        doubts.extend(self.vendors.into_iter().map(|((place, text), vendors)| {
            let vendors: Vec<String> = vendors.into_iter().collect();
            Doubt { place, text: format!("{text} ({})", vendors.join(", ")) }
        }));
        doubts.sort();
        doubts
    }
}

/// A site whose clients all belong to an earlier one.
fn shadowed_sites(engine: &Engine, found: &mut Found) {
    let sites = &engine.policy().sites;
    for (index, site) in sites.iter().enumerate() {
        let earlier = sites[..index].iter().find(|other| covers(&other.matching, &site.matching));
        if let Some(earlier) = earlier {
            found.add(
                &format!("sites[{index}]"),
                format!(
                    "{:?} is never reached: all its clients are at {:?}, which comes first",
                    site.name, earlier.name
                ),
            );
        }
        let answers =
            std::iter::once(&site.scope.layer).any(|layer| layer.answer == Some(Answer::Phones));
        if answers && !site.matching.client_classes.is_empty() {
            found.add(
                &format!("sites[{index}].answer"),
                "client classes are not known yet when it is decided whether to answer: here the \
                 general \"answer\" holds"
                    .to_owned(),
            );
        }
    }
}

/// Kea makes these client classes out of option 60, and writes characters in them as `%20` since 3.3.
fn classes_by_vendor_class(engine: &Engine, found: &mut Found) {
    for (index, site) in engine.policy().sites.iter().enumerate() {
        let classes = &site.matching.client_classes;
        if let Some(name) = classes.iter().find(|name| name.starts_with("VENDOR_CLASS_")) {
            found.add(
                &format!("sites[{index}].match.client-classes"),
                format!(
                    "Kea names {name:?} by the client's option 60, and from 3.3 on it spells some \
                     characters in such names otherwise (a blank as %20): use a client class of \
                     your own, or give both spellings"
                ),
            );
        }
    }
}

fn covers(wide: &SiteMatch, narrow: &SiteMatch) -> bool {
    fn within<T>(wide: &[T], narrow: &[T], holds: impl Fn(&T, &T) -> bool) -> bool {
        wide.is_empty()
            || (!narrow.is_empty() && narrow.iter().all(|n| wide.iter().any(|w| holds(w, n))))
    }
    within(&wide.networks, &narrow.networks, |wide, narrow| wide.contains(narrow))
        && within(&wide.relays, &narrow.relays, |a, b| a == b)
        && within(&wide.interfaces, &narrow.interfaces, |a, b| a == b)
        && within(&wide.client_classes, &narrow.client_classes, |a, b| a == b)
        && within(&wide.circuit_ids, &narrow.circuit_ids, |a, b| a == b)
        && within(&wide.remote_ids, &narrow.remote_ids, |a, b| a == b)
}

fn unreached_systems(engine: &Engine, found: &mut Found) {
    let used: BTreeSet<&str> = engine.plans().iter().map(|plan| &*plan.system_place).collect();
    for (_, layer) in engine.policy().all_layers() {
        for entry in layer.systems.iter().flatten() {
            if !used.contains(&*entry.place) {
                found.add(&entry.place, why_unreached(entry));
            }
        }
    }
}

fn why_unreached(entry: &SystemUse) -> String {
    format!(
        "this entry ({:?}) is never reached: an earlier one serves all its vendors, it serves none \
         of those that \"for\" names, or a more particular place has systems of its own",
        entry.system
    )
}

fn left_alone(engine: &Engine, found: &mut Found) {
    for (vendor, layer) in engine.policy().all_layers() {
        let Some(vendor) = vendor.map(|vendor| engine.tables().at(vendor)) else { continue };
        let told = !layer.options.is_empty() || layer.systems.is_some();
        if !vendor.left_alone.is_empty() && told && layer.ignore.is_none() {
            found.add(
                &format!("vendors.{}", vendor.id),
                format!(
                    "nothing of this is sent: the catalogue leaves {} alone ({}). Add \"ignore\": \
                     false to send it all the same",
                    vendor.name, vendor.left_alone
                ),
            );
        }
    }
}

fn about_plan(engine: &Engine, vendor: VendorIx, plan: &Plan, found: &mut Found) {
    let vendor = engine.tables().at(vendor);
    if let Some(url) = &plan.url {
        let longest = usize::from(vendor.url.max_length);
        if longest > 0 && url.len() > longest {
            let text = format!("a URL of {} bytes: the phone takes at most {longest}", url.len());
            found.about(&vendor.id, &plan.system_place, text);
        }
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        if let Some(scheme) = scheme
            && !vendor.url.schemes.is_empty()
            && !vendor.url.schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme))
        {
            let known: Vec<&str> = vendor.url.schemes.iter().map(|s| &**s).collect();
            let text = format!("{scheme}:// is not known to work: {}", known.join(", "));
            found.about(&vendor.id, &plan.system_place, text);
        }
    }
    if let Some(port) = plan.url.as_deref().and_then(|url| port_that_is_lost(url, plan)) {
        let text = format!("the URL's port {port} is not told: these phones get its host apart");
        found.about(&vendor.id, &plan.system_place, text);
    }
    for option in &plan.options {
        let length = option.form.as_ref().map_or(0, Form::longest);
        if length > 255 {
            found.about(
                &vendor.id,
                &option.place,
                format!(
                    "option {} may be {length} bytes: over 255 it goes out in pieces (RFC 3396), \
                     which many phones, dnsmasq and Kea 2.2 do not take",
                    option.code
                ),
            );
        }
        if option.recalled {
            found.about(
                &vendor.id,
                &option.place,
                format!(
                    "option {} leans on a fact that is only recalled, not verified",
                    option.code
                ),
            );
        }
    }
}

/// The port of a URL whose host is told, and the port nowhere.
fn port_that_is_lost<'u>(url: &'u str, plan: &Plan) -> Option<&'u str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next().unwrap_or(rest);
    let (host, port) = authority.rsplit_once(':').filter(|(host, _)| !host.is_empty())?;
    let told = |word: &str| {
        let mut forms = plan.options.iter().filter_map(|option| option.form.as_ref());
        forms.any(|form| form.code().windows(word.len()).any(|part| part == word.as_bytes()))
    };
    (!port.is_empty() && told(host) && !told(port)).then_some(port)
}
