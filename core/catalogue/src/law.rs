//! The law of the catalogue: what must hold between vendors before an index may be built. A broken
//! law is a mistake of the data, reported with both places.

use std::collections::HashMap;

use crate::error::Mistakes;
use crate::facts::{Field, Rule, System, Vendor};
use crate::index::Index;
use crate::other_devices::OtherDevices;
use crate::tables::Tables;
use crate::unlisted::{UNLISTED, UnlistedSigns};

impl Tables {
    /// Sorts, checks and indexes.
    ///
    /// # Errors
    /// Every fact that another one contradicts.
    pub fn build(
        mut vendors: Vec<Vendor>,
        mut systems: Vec<System>,
        other_devices: OtherDevices,
        unlisted: UnlistedSigns,
    ) -> Result<Tables, Mistakes> {
        vendors.sort_by(|a, b| a.id.cmp(&b.id));
        systems.sort_by(|a, b| a.id.cmp(&b.id));
        let mut mistakes = Mistakes::default();
        twice(vendors.iter().map(|vendor| &*vendor.id), "vendor", &mut mistakes);
        twice(systems.iter().map(|system| &*system.id), "system", &mut mistakes);
        heads_are_unique(&vendors, &mut mistakes);
        prefixes_have_one_owner(&vendors, &mut mistakes);
        servants_exist(&vendors, &systems, &mut mistakes);
        if vendors.iter().any(|vendor| vendor.id == UNLISTED) {
            mistakes.push(UNLISTED, "phones of unlisted makers have this id; use another name");
        }
        if vendors.len() > 10_000 {
            mistakes.push("", format!("{} vendors: at most 10000", vendors.len()));
        }
        let index = Index::build(&vendors, &other_devices);
        let (vendors, systems) = (vendors.into(), systems.into());
        mistakes.or(Some(Tables { vendors, systems, other_devices, unlisted, index }))
    }
}

fn twice<'a>(ids: impl Iterator<Item = &'a str>, what: &str, mistakes: &mut Mistakes) {
    let mut last = None;
    for id in ids {
        if last == Some(id) {
            mistakes.push(id, format!("this {what} is listed twice"));
        }
        last = Some(id);
    }
}

/// No two rules may claim the same values with the same weight: the longest head must be one.
fn heads_are_unique(vendors: &[Vendor], mistakes: &mut Mistakes) {
    for field in [Field::VendorClass, Field::UserClass, Field::HostName] {
        let mut seen: HashMap<(usize, bool), Vec<(&Vendor, &Rule)>> = HashMap::new();
        for vendor in vendors {
            for rule in vendor.rules.iter().filter(|rule| rule.field == field) {
                let others = seen.entry((rule.head.len(), rule.exact)).or_default();
                for (other_vendor, other) in others.iter() {
                    if overlap(rule, other) {
                        mistakes.push(
                            format!("{}, {}", other_vendor.id, vendor.id),
                            format!(
                                "both claim {field:?} {:?}: one head must be longer than the other",
                                crate::text::printable(&rule.head)
                            ),
                        );
                    }
                }
                others.push((vendor, rule));
            }
        }
    }
    let mut numbers: HashMap<u32, &str> = HashMap::new();
    for vendor in vendors {
        for number in vendor.rules.iter().filter_map(|rule| rule.number) {
            if let Some(other) = numbers.insert(number, &vendor.id) {
                mistakes.push(
                    format!("{other}, {}", vendor.id),
                    format!("both claim enterprise number {number}"),
                );
            }
        }
    }
}

/// Whether some value of the same length fits both heads.
fn overlap(a: &Rule, b: &Rule) -> bool {
    let free = |rule: &Rule, at: usize| rule.any.get(at) == Some(&1);
    (0..a.head.len()).all(|at| free(a, at) || free(b, at) || a.head[at] == b.head[at])
}

/// Only one vendor may claim a prefix that is not shared.
fn prefixes_have_one_owner(vendors: &[Vendor], mistakes: &mut Mistakes) {
    let mut owners: HashMap<(u64, u64), (&str, bool)> = HashMap::new();
    for vendor in vendors {
        for rule in &vendor.macs {
            let own = rule.shared.is_none();
            if let Some((other, other_owns)) =
                owners.insert((rule.first, rule.last), (&vendor.id, own))
                && (own || other_owns)
            {
                let mac = crate::mac::Mac::from_number(rule.first);
                mistakes.push(
                    format!("{other}, {}", vendor.id),
                    format!(
                        "both claim the addresses from {mac}; mark them as shared, or one goes"
                    ),
                );
            }
        }
    }
}

fn servants_exist(vendors: &[Vendor], systems: &[System], mistakes: &mut Mistakes) {
    for system in systems {
        for (index, serve) in system.serves.iter().enumerate() {
            for id in serve.vendors.named() {
                let found = vendors.binary_search_by(|vendor| vendor.id.cmp(id));
                let Ok(found) = found else {
                    let place = format!("{}.serve[{index}]", system.id);
                    mistakes.push(place, format!("there is no vendor {id:?}"));
                    continue;
                };
                let variants = &vendors[found].variants;
                if let Some(unknown) = serve.variants.iter().find(|name| !variants.contains(name)) {
                    let place = format!("{}.serve[{index}]", system.id);
                    mistakes.push(place, format!("{id} has no variant {unknown:?}"));
                }
            }
        }
    }
}
