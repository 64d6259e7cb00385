//! What the phones of each maker got at one place, and how they differ by model.

use std::collections::{BTreeMap, BTreeSet};

use offhook_core::catalogue::{Gives, Read, Tables, VendorIx};

use super::Work;
use super::value::{Key, Wanted, parts_of, wanted};
use crate::probes::{LONGER, Probe, stranger};

/// One maker's phones.
#[derive(Debug, Clone, Default)]
pub struct Maker {
    /// What all of them get.
    pub keys: BTreeMap<Key, Wanted>,
    /// What single models get beside or in place of that; a `*` at the end stands for any rest.
    pub models: BTreeMap<String, BTreeMap<Key, Wanted>>,
    /// What every client got, phone or not.
    pub for_everyone: BTreeSet<Key>,
}

/// All makers at one place.
pub type Layer = BTreeMap<VendorIx, Maker>;

/// What an option is read for if it is about a phone's settings.
const ABOUT_PHONES: [Gives; 5] =
    [Gives::Url, Gives::File, Gives::VoiceVlan, Gives::VlanPriority, Gives::SipServers];

/// Whether the maker's phones take settings out of this option.
pub fn reads(tables: &Tables, vendor: VendorIx, key: Key) -> bool {
    let Key::Option(code) = key else { return false };
    let vendor = tables.at(vendor);
    let of = |read: &Read| read.code.option().is_some_and(|(own, _)| own == code);
    vendor.left_alone.is_none()
        && vendor.reads.iter().any(|read| of(read) && ABOUT_PHONES.contains(&read.gives))
}

/// Options that a policy can neither set nor remove (docs/policy.md).
pub fn is_reserved(key: Key) -> bool {
    matches!(key, Key::Option(0 | 1 | 50..=59 | 61 | 82 | 90 | 118 | 255))
}

/// What one phone gets of what a policy is about.
pub fn of_probe(work: &Work<'_>, probe: &Probe, place: Option<usize>) -> Asked {
    let told = work.asked.ask(&probe.parts, place);
    let base = work.asked.ask(&stranger(), place);
    let base = parts_of(&base);
    let mut asked = Asked::default();
    for (key, said) in parts_of(&told) {
        let everyone = base.get(&key).is_some_and(|other| other.bytes == said.bytes);
        let value = wanted(key, said, probe.parts.mac);
        let is_wanted = match everyone {
            true => reads(&work.tables, probe.vendor, key),
            false => true,
        };
        if is_wanted && !is_reserved(key) {
            asked.wanted.insert(key, (value, everyone));
        } else {
            asked.others.insert(key, value);
        }
    }
    asked
}

/// What one phone got.
#[derive(Debug, Default)]
pub struct Asked {
    /// What a policy is about, and whether every client gets the same.
    pub wanted: BTreeMap<Key, (Wanted, bool)>,
    /// What is the server's own affair.
    pub others: BTreeMap<Key, Wanted>,
}

/// What every maker's phones got at a place.
pub fn layer(work: &Work<'_>, place: Option<usize>) -> Layer {
    let mut by_vendor: BTreeMap<VendorIx, Vec<(&Probe, Asked)>> = BTreeMap::new();
    for probe in &work.probes {
        let asked = of_probe(work, probe, place);
        by_vendor.entry(probe.vendor).or_default().push((probe, asked));
    }
    let makers = by_vendor.into_iter().map(|(vendor, asked)| (vendor, maker(&work.tables, &asked)));
    makers.filter(|(_, maker)| !maker.keys.is_empty() || !maker.models.is_empty()).collect()
}

/// A value, and the phones that got it.
#[derive(Default)]
struct Got<'p> {
    value: Option<Wanted>,
    probes: Vec<&'p Probe>,
    for_everyone: bool,
}

fn maker(tables: &Tables, asked: &[(&Probe, Asked)]) -> Maker {
    let mut maker = Maker::default();
    let keys: BTreeSet<Key> =
        asked.iter().flat_map(|(_, asked)| asked.wanted.keys().copied()).collect();
    let all_models: BTreeSet<&str> =
        asked.iter().filter_map(|(probe, _)| probe.model.as_deref()).collect();
    for key in keys {
        let mut values: BTreeMap<String, Got<'_>> = BTreeMap::new();
        for (probe, asked) in asked {
            let Some((value, everyone)) =
                asked.wanted.get(&key).filter(|(value, _)| !value.json.is_null())
            else {
                continue;
            };
            // An address of another maker: the value was meant for that one's phones.
            if !everyone && !probe.is_typical(tables) {
                continue;
            }
            let got = values.entry(value.json.to_string()).or_default();
            got.probes.push(probe);
            got.for_everyone |= *everyone;
            match &mut got.value {
                None => got.value = Some(value.clone()),
                Some(known) => known.by.extend(value.by.iter().filter(|by| !value.by.contains(by))),
            }
        }
        // Packets of real phones weigh more than made-up ones.
        let weight = |got: &Got<'_>| {
            got.probes.iter().map(|p| 1 + 2 * usize::from(p.example)).sum::<usize>()
        };
        // What was said of these phones weighs more than what every client got.
        let rank = |got: &Got<'_>| (!got.for_everyone, weight(got));
        let first = values.iter().max_by_key(|(_, got)| rank(got)).map(|(json, _)| json.clone());
        for (json, got) in values {
            let Some(value) = got.value else { continue };
            let models: BTreeSet<&str> =
                got.probes.iter().filter_map(|p| p.model.as_deref()).collect();
            let by_model = got.probes.iter().all(|probe| probe.model.is_some());
            let few = models.len() * 2 < all_models.len();
            let is_first = first.as_deref() == Some(json.as_str());
            if is_first && (got.for_everyone || !(by_model && few)) {
                if got.for_everyone {
                    maker.for_everyone.insert(key);
                }
                maker.keys.insert(key, value);
                continue;
            }
            // Some models alone are spoken of: what every client got holds for the others.
            if got.for_everyone && !maker.keys.contains_key(&key) {
                maker.for_everyone.insert(key);
                maker.keys.insert(key, value);
                continue;
            }
            for model in by_model.then_some(models).into_iter().flatten() {
                // Only where all phones of that model agree.
                let agree = asked
                    .iter()
                    .filter(|(probe, _)| probe.model.as_deref() == Some(model))
                    .all(|(_, asked)| {
                        asked.wanted.get(&key).is_some_and(|(other, _)| other.json == value.json)
                    });
                if agree {
                    maker.models.entry(model.to_owned()).or_default().insert(key, value.clone());
                }
            }
        }
    }
    maker.models = prefixes(std::mem::take(&mut maker.models));
    maker
}

/// `T46` and a model that goes on behind `T46` get the same: it was a beginning that the condition requested.
fn prefixes(
    models: BTreeMap<String, BTreeMap<Key, Wanted>>,
) -> BTreeMap<String, BTreeMap<Key, Wanted>> {
    let same = |one: &BTreeMap<Key, Wanted>, other: &BTreeMap<Key, Wanted>| {
        let values = |keys: &BTreeMap<Key, Wanted>| {
            keys.iter().map(|(key, value)| (*key, value.json.to_string())).collect::<Vec<_>>()
        };
        values(one) == values(other)
    };
    let mut found: BTreeMap<String, BTreeMap<Key, Wanted>> = BTreeMap::new();
    for (model, keys) in &models {
        let short = model.strip_suffix(LONGER).filter(|short| !short.is_empty());
        if let Some(short) = short
            && models.get(short).is_none_or(|other| same(other, keys))
        {
            found.insert(format!("{short}*"), keys.clone());
        }
    }
    for (model, keys) in models {
        let covered = found.iter().any(|(prefix, other)| {
            prefix.strip_suffix('*').is_some_and(|head| model.starts_with(head))
                && same(other, &keys)
        });
        if !covered {
            found.insert(model, keys);
        }
    }
    found
}
