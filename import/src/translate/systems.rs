//! Which systems of the catalogue send what the old configuration sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use offhook_core::catalogue::VendorIx;
use offhook_core::url::split_scheme;
use serde_json::{Map, Value, json};

use super::unify::{self, Parameters};
use super::value::{Key, sent};
use super::wanted::Layer;
use super::{Work, engine};
use crate::model::Refused;

/// What each phone is sent, by its position in the probes.
pub type Sent = Vec<BTreeMap<Key, Option<Vec<u8>>>>;

/// What was asked before: an entry of `systems` as JSON, and what it sends. `None`: the entry is not valid.
#[derive(Default)]
pub struct Known(HashMap<String, Option<Rc<Sent>>>);

/// From so many makers on, what every client got is meant for all of them.
const FOR_ALL: usize = 10;

/// More entries than any place needs.
const MOST_CANDIDATES: usize = 200;

/// An entry of `systems`.
#[derive(Debug, Clone)]
pub struct Entry {
    pub json: Map<String, Value>,
    /// The vendors for which it sends what is wanted.
    pub fits: BTreeSet<VendorIx>,
    /// Of those, what it sends in each case.
    pub keys: BTreeMap<VendorIx, BTreeSet<Key>>,
}

/// The entries for a place, in their order, and what is left for explicit options.
pub fn choose(work: &Work<'_>, wanted: &Layer, explicit: &Sent, known: &mut Known) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let (urls, presets) = (plain(wanted), presets(work, wanted));
    let mut evaluate = |json: Map<String, Value>| {
        let sent = known.ask(work, &json)?;
        Some(fitting(work, wanted, explicit, json, &sent))
    };
    let urls: Vec<Entry> = urls.into_iter().filter_map(&mut evaluate).collect();
    let presets: Vec<Entry> = presets.into_iter().filter_map(&mut evaluate).collect();
    let mut open: BTreeSet<VendorIx> = wanted.keys().copied().collect();
    loop {
        let gain = |entry: &Entry| entry.fits.intersection(&open).count();
        let best = |entries: &[Entry]| entries.iter().max_by_key(|entry| gain(entry)).cloned();
        let (url, preset) = (best(&urls), best(&presets));
        let url_gain = url.as_ref().map_or(0, gain);
        let alike = |one: &Entry| presets.iter().filter(|other| gain(other) == gain(one)).count();
        let preset = preset.filter(|preset| {
            let speaks = gain(preset) > url_gain && (gain(preset) > 1 || url_gain == 0);
            speaks && alike(preset) == 1
        });
        let Some(mut entry) = preset.or(url).filter(|entry| gain(entry) > 0) else {
            return entries;
        };
        let for_whom: BTreeSet<VendorIx> = entry.fits.intersection(&open).copied().collect();
        entry.fits = for_whom;
        open.retain(|vendor| !entry.fits.contains(vendor));
        entries.push(entry);
    }
}

impl Known {
    fn ask(&mut self, work: &Work<'_>, json: &Map<String, Value>) -> Option<Rc<Sent>> {
        let text = Value::Object(json.clone()).to_string();
        let found = self.0.entry(text).or_insert_with(|| {
            let policy = json!({ "systems": [json] });
            let engine = engine(&work.tables, &policy).ok()?;
            Some(Rc::new(work.probes.iter().map(|probe| sent(&engine, &probe.parts)).collect()))
        });
        found.clone()
    }
}

/// Whom an entry fits: its phones get what is wanted, nothing else, and the same URL at most once more.
fn fitting(
    work: &Work<'_>,
    wanted: &Layer,
    explicit: &Sent,
    mut json: Map<String, Value>,
    sent: &Sent,
) -> Entry {
    let mut served: BTreeSet<VendorIx> = BTreeSet::new();
    let mut unserved: BTreeSet<VendorIx> = BTreeSet::new();
    let mut fits: BTreeMap<VendorIx, Option<BTreeSet<Key>>> = BTreeMap::new();
    for ((probe, want), sent) in work.probes.iter().zip(explicit).zip(sent) {
        if sent.is_empty() {
            // Its other phones may be served; these take a URL, and need it from elsewhere.
            if !want.is_empty() && work.tables.at(probe.vendor).takes_url(probe.variant) {
                unserved.insert(probe.vendor);
            }
            continue;
        }
        served.insert(probe.vendor);
        let urls: Vec<&Vec<u8>> = want.values().flatten().collect();
        let same = |key: &Key, value: &Option<Vec<u8>>| match want.get(key) {
            Some(want) => want == value,
            // The same URL by another option that the phones read.
            None => value.as_ref().is_some_and(|value| urls.contains(&value)),
        };
        let good = sent.iter().all(|(key, value)| same(key, value));
        let keys: BTreeSet<Key> =
            sent.keys().filter(|key| want.contains_key(key)).copied().collect();
        let entry = fits.entry(probe.vendor).or_insert_with(|| Some(keys.clone()));
        *entry = entry
            .take()
            .filter(|_| good && !keys.is_empty())
            .map(|all| all.intersection(&keys).copied().collect());
    }
    let keys: BTreeMap<VendorIx, BTreeSet<Key>> = fits
        .into_iter()
        .filter_map(|(vendor, keys)| Some((vendor, keys.filter(|keys| !keys.is_empty())?)))
        .filter(|(vendor, _)| wanted.contains_key(vendor) && !unserved.contains(vendor))
        .collect();
    let fits: BTreeSet<VendorIx> = keys.keys().copied().collect();
    // A URL for every client is meant for every maker, each in its own way.
    let everyone = |vendor: &VendorIx| {
        let maker = wanted.get(vendor);
        keys.get(vendor)
            .is_some_and(|keys| maker.is_some_and(|maker| keys.is_subset(&maker.for_everyone)))
    };
    let is_for_all = fits.len() >= FOR_ALL && fits.iter().all(everyone);
    if served != fits && !is_for_all {
        json.insert("for".to_owned(), Value::Null);
    }
    Entry { json, fits, keys }
}

/// `url`, for each URL that some option has, and for each host alone.
fn plain(wanted: &Layer) -> Vec<Map<String, Value>> {
    let mut urls: BTreeSet<String> = BTreeSet::new();
    for maker in wanted.values() {
        for value in maker.keys.values() {
            let mut texts: Vec<&str> =
                value.json.get("text").and_then(Value::as_str).into_iter().collect();
            for sub in value.json.get("sub-options").and_then(Value::as_array).into_iter().flatten()
            {
                texts.extend(sub.get("text").and_then(Value::as_str));
            }
            for text in texts {
                if split_scheme(text).is_some() {
                    urls.insert(text.to_owned());
                } else if is_host(text) {
                    urls.insert(format!("tftp://{text}/"));
                }
            }
        }
    }
    let entry = |url: String| {
        Map::from_iter([("system".to_owned(), "url".into()), ("url".to_owned(), url.into())])
    };
    urls.into_iter().take(MOST_CANDIDATES).map(entry).collect()
}

fn is_host(text: &str) -> bool {
    text.contains('.') && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
}

/// Systems with the parameters that the values show.
fn presets(work: &Work<'_>, wanted: &Layer) -> Vec<Map<String, Value>> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    let mut entries = Vec::new();
    for system in
        work.tables.systems.iter().filter(|system| !matches!(&*system.id, "url" | "files"))
    {
        let mut sets: Vec<(Parameters, usize)> = Vec::new();
        for serve in system.serves.iter().filter(|serve| !serve.recalled) {
            for (vendor, maker) in wanted {
                let id = &*work.tables.at(*vendor).id;
                if !serve.vendors.named().iter().any(|vendor| vendor == id) {
                    continue;
                }
                for value in maker.keys.values() {
                    let Some(text) = value.json.get("text").and_then(Value::as_str) else {
                        continue;
                    };
                    let mut parameters = Parameters::new();
                    if let Some(url) = &serve.url
                        && unify::text(system, id, url, text, &mut parameters)
                        && unify::conditions(&serve.conditions, &mut parameters)
                    {
                        sets.push((parameters, unify::own_text(url)));
                    }
                }
                let mut parameters = Parameters::new();
                let options = !serve.options.is_empty()
                    && serve.options.iter().all(|option| {
                        maker.keys.get(&Key::Option(option.code)).is_some_and(|value| {
                            unify::value(system, id, &option.value, &value.bytes, &mut parameters)
                        })
                    });
                if options && unify::conditions(&serve.conditions, &mut parameters) {
                    sets.push((parameters, usize::MAX));
                }
            }
        }
        for (mut parameters, own) in sets {
            // What any server could have as well says nothing.
            if own < 6 || !unify::complete(system, &parameters) || entries.len() >= MOST_CANDIDATES
            {
                continue;
            }
            for parameter in system.parameters.iter() {
                let set = parameters.get(&*parameter.name);
                if set.is_some_and(|value| Some(&**value) == parameter.default.as_deref()) {
                    parameters.remove(&*parameter.name);
                }
            }
            let mut entry = Map::from_iter([("system".to_owned(), Value::from(&*system.id))]);
            entry.extend(parameters.into_iter().map(|(name, value)| (name, value.into())));
            if found.insert(Value::Object(entry.clone()).to_string()) {
                entries.push(entry);
            }
        }
    }
    entries
}

/// What the phones get if everything is written as explicit options.
pub fn explicit(work: &Work<'_>, policy: &Value) -> Result<Sent, Refused> {
    let engine = engine(&work.tables, policy)?;
    Ok(work.probes.iter().map(|probe| sent(&engine, &probe.parts)).collect())
}
