//! One level of the policy: its systems, and the options that no system sends.

use std::collections::{BTreeMap, BTreeSet};

use offhook_core::catalogue::VendorIx;
use serde_json::{Map, Value, json};

use super::Work;
use super::systems::{self, Known};
use super::value::{Key, Wanted};
use super::wanted::Layer;
use crate::model::Refused;

/// The keys of one level.
pub fn layer(
    work: &Work<'_>,
    wanted: &Layer,
    known: &mut Known,
) -> Result<Map<String, Value>, Refused> {
    let mut layer = Map::new();
    if wanted.is_empty() {
        return Ok(layer);
    }
    let all = json!({ "vendors": vendors(work, wanted, &BTreeMap::new()) });
    let explicit = systems::explicit(work, &all)?;
    let chosen = systems::choose(work, wanted, &explicit, known);
    let mut by_system: BTreeMap<VendorIx, &BTreeSet<Key>> = BTreeMap::new();
    let mut entries = Vec::new();
    // The first entry that serves a maker counts: those for some makers come first.
    let (some, all): (Vec<_>, Vec<_>) =
        chosen.iter().partition(|entry| entry.json.contains_key("for"));
    for entry in some.into_iter().chain(all) {
        let mut json = entry.json.clone();
        if json.contains_key("for") {
            let ids = entry.fits.iter().map(|vendor| Value::from(&*work.tables.at(*vendor).id));
            json.insert("for".to_owned(), ids.collect());
        }
        entries.push(Value::Object(json));
        for vendor in &entry.fits {
            by_system.extend(entry.keys.get(vendor).map(|keys| (*vendor, keys)));
        }
    }
    if !entries.is_empty() {
        layer.insert("systems".to_owned(), entries.into());
    }
    let (shared, mut rest) = shared(wanted, &by_system);
    // What holds for all at this level outranks a system: what a maker's phones get instead is written too.
    for (vendor, maker) in wanted {
        for (key, value) in &maker.keys {
            if shared.get(key).is_some_and(|other| other.json != value.json) {
                rest.entry(*vendor).or_default().keys.insert(*key, value.clone());
            }
        }
    }
    if !shared.is_empty() {
        layer.insert("options".to_owned(), options(shared.iter()).into());
    }
    rest.retain(|_, maker| !maker.keys.is_empty() || !maker.models.is_empty());
    let vendors = vendors(work, &rest, &by_system);
    if !vendors.is_empty() {
        layer.insert("vendors".to_owned(), vendors.into());
    }
    Ok(layer)
}

/// Options that every client got, and that are left for many makers: they are written once.
fn shared(
    wanted: &Layer,
    by_system: &BTreeMap<VendorIx, &BTreeSet<Key>>,
) -> (BTreeMap<Key, Wanted>, Layer) {
    let mut rest = wanted.clone();
    let mut count: BTreeMap<(Key, String), Vec<VendorIx>> = BTreeMap::new();
    for (vendor, maker) in &mut rest {
        if let Some(sent) = by_system.get(vendor) {
            maker.keys.retain(|key, _| !sent.contains(key));
        }
        for (key, value) in &maker.keys {
            if maker.for_everyone.contains(key) && matches!(key, Key::Option(_)) {
                count.entry((*key, value.json.to_string())).or_default().push(*vendor);
            }
        }
    }
    let mut shared = BTreeMap::new();
    for ((key, _), vendors) in count {
        if vendors.len() < 3 || shared.contains_key(&key) {
            continue;
        }
        for vendor in vendors {
            let value = rest.get_mut(&vendor).and_then(|maker| maker.keys.remove(&key));
            if let Some(value) = value {
                shared.entry(key).or_insert(value);
            }
        }
    }
    (shared, rest)
}

/// The entries of `vendors`.
fn vendors(
    work: &Work<'_>,
    wanted: &Layer,
    by_system: &BTreeMap<VendorIx, &BTreeSet<Key>>,
) -> Map<String, Value> {
    let mut vendors = Map::new();
    for (vendor, maker) in wanted {
        let facts = work.tables.at(*vendor);
        let mut entry = keys(maker.keys.iter());
        let mut models = Map::new();
        for (model, values) in &maker.models {
            // What the system sends anyway is not written again.
            let sent = by_system.get(vendor);
            let same = |key: &Key, value: &Wanted| {
                sent.is_some_and(|sent| sent.contains(key))
                    && maker.keys.get(key).is_some_and(|all| all.json == value.json)
            };
            let own = keys(values.iter().filter(|(key, value)| !same(key, value)));
            if !own.is_empty() {
                models.insert(model.clone(), own.into());
            }
        }
        if !models.is_empty() {
            entry.insert("models".to_owned(), models.into());
        }
        if facts.left_alone.is_some() && !entry.is_empty() {
            entry.insert("ignore".to_owned(), false.into());
        }
        if !entry.is_empty() {
            vendors.insert(facts.id.to_string(), entry.into());
        }
    }
    vendors
}

/// Options and header fields as the keys of a level.
pub fn keys<'w>(values: impl Iterator<Item = (&'w Key, &'w Wanted)>) -> Map<String, Value> {
    let (fields, others): (Vec<_>, Vec<_>) = values.partition(|(key, _)| key.of_policy().is_some());
    let mut level = Map::new();
    let options = options(others.into_iter());
    if !options.is_empty() {
        level.insert("options".to_owned(), options.into());
    }
    for (key, value) in fields {
        if let Some(name) = key.of_policy() {
            level.insert(name.to_owned(), value.json.clone());
        }
    }
    level
}

fn options<'w>(values: impl Iterator<Item = (&'w Key, &'w Wanted)>) -> Vec<Value> {
    let one = |(key, value): (&Key, &Wanted)| {
        let Key::Option(code) = key else { return None };
        let mut option = Map::from_iter([("code".to_owned(), Value::from(*code))]);
        option.extend(value.json.as_object()?.clone());
        Some(Value::Object(option))
    };
    values.filter_map(one).collect()
}

/// What the top level sends and a site does not: it must not reach the site.
pub fn against_top(
    work: &Work<'_>,
    site: &mut Map<String, Value>,
    wanted: &Layer,
    top: &Map<String, Value>,
    top_wanted: &Layer,
) {
    if top.contains_key("systems") && !site.contains_key("systems") {
        site.insert("systems".to_owned(), json!([]));
    }
    for (vendor, maker) in top_wanted {
        let here = wanted.get(vendor);
        let gone = maker.keys.keys().filter_map(|key| match key {
            Key::Option(code) if !here.is_some_and(|here| here.keys.contains_key(key)) => {
                Some(*code)
            }
            _ => None,
        });
        let id = &work.tables.at(*vendor).id;
        // Only what the top level writes itself: a system that does not hold here sends nothing.
        let explicit = |code: &u8| {
            let of = |level: Option<&Value>| {
                let options =
                    level.and_then(|level| level.get("options")).and_then(Value::as_array);
                options.is_some_and(|all| all.iter().any(|option| option["code"] == *code))
            };
            of(top.get("vendors").and_then(|vendors| vendors.get(&**id)))
                || of(Some(&Value::Object(top.clone())))
        };
        let removed: Vec<Value> =
            gone.filter(explicit).map(|code| json!({ "code": code, "remove": true })).collect();
        if removed.is_empty() {
            continue;
        }
        let vendors = site.entry("vendors").or_insert_with(|| json!({}));
        let Some(vendors) = vendors.as_object_mut() else { continue };
        let entry = vendors.entry(id.to_string()).or_insert_with(|| json!({}));
        let Some(entry) = entry.as_object_mut() else { continue };
        let options = entry.entry("options").or_insert_with(|| json!([]));
        if let Some(options) = options.as_array_mut() {
            options.extend(removed);
        }
    }
}
