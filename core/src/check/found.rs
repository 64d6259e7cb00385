//! Doubts as they are found, and how they are put together: the same doubt about several makers, or at
//! several places, is one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Doubt, Makers};
use crate::url::masked;

/// The doubts found so far, before they are put together.
#[derive(Default)]
pub(super) struct Found {
    plain: BTreeSet<(String, String)>,
    /// Place and text to the vendors that it is true of.
    vendors: BTreeMap<(String, String), BTreeSet<String>>,
    /// The places in the order in which they were met.
    order: BTreeMap<String, usize>,
}

impl Found {
    fn met(&mut self, place: &str) {
        let next = self.order.len();
        self.order.entry(place.to_owned()).or_insert(next);
    }

    pub(super) fn add(&mut self, place: &str, text: String) {
        self.met(place);
        self.plain.insert((place.to_owned(), masked(&text).into_owned()));
    }

    pub(super) fn about(&mut self, vendor: &str, place: &str, text: String) {
        self.met(place);
        let text = masked(&text).into_owned();
        self.vendors.entry((place.to_owned(), text)).or_default().insert(vendor.to_owned());
    }

    /// Whether a doubt is at this place, or at one around it that is a whole site.
    pub(super) fn names(&self, place: &str) -> bool {
        let here = |found: &String| {
            found == place
                || place
                    .strip_prefix(found.as_str())
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
                    && found.contains("vendors.")
        };
        self.order.keys().any(here)
    }

    pub(super) fn names_exactly(&self, place: &str) -> bool {
        self.order.contains_key(place)
    }

    pub(super) fn doubts(self, named: &BTreeSet<String>, makers: Makers<'_>) -> Vec<Doubt> {
        // By text, makers, whether they are named, and the key: the places.
        type Group = (bool, String, Vec<String>, String);
        let mut groups: BTreeMap<Group, Vec<String>> = BTreeMap::new();
        for (place, text) in self.plain {
            let key = last_key(&place).to_owned();
            groups.entry((false, text, Vec::new(), key)).or_default().push(place);
        }
        for ((place, text), vendors) in self.vendors {
            let (near, far): (Vec<String>, Vec<String>) = match makers {
                Makers::All => vendors.into_iter().partition(|label| named.contains(id(label))),
                Makers::Only(only) => {
                    let there = |label: &String| only.contains(id(label));
                    (vendors.into_iter().filter(there).collect(), Vec::new())
                }
            };
            for (is_far, vendors) in [(false, near), (true, far)] {
                if !vendors.is_empty() {
                    let key = (is_far, text.clone(), vendors, last_key(&place).to_owned());
                    groups.entry(key).or_default().push(place.clone());
                }
            }
        }
        let rank = |place: &String| self.order.get(place).copied().unwrap_or(usize::MAX);
        let mut doubts: Vec<(bool, usize, Doubt)> = Vec::with_capacity(groups.len());
        for ((is_far, text, vendors, _), mut places) in groups {
            places.sort_by_key(|place| rank(place));
            let mut places = places.into_iter();
            let Some(place) = places.next() else { continue };
            let (at, also) = (rank(&place), places.collect::<Vec<String>>());
            let (places, named) = (1 + also.len(), !is_far);
            doubts.push((is_far, at, Doubt { place, text, vendors, places, also, named }));
        }
        doubts.sort();
        doubts.into_iter().map(|(.., doubt)| doubt).collect()
    }
}

/// The key at the end of a place, without its position.
fn last_key(place: &str) -> &str {
    let key = place.rsplit('.').next().unwrap_or_default();
    key.split('[').next().unwrap_or_default()
}

/// The maker of a label, which may name a variant behind it.
pub(super) fn id(label: &str) -> &str {
    label.split_once(' ').map_or(label, |(id, _)| id)
}
