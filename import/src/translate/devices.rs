//! What single phones got because their hardware address is written in the old configuration.

use std::collections::BTreeSet;

use offhook_core::Mac;
use serde_json::{Value, json};

use super::Work;
use super::layer::keys;
use super::value::{Key, Wanted, parts_of, wanted};
use super::wanted::is_reserved;
use crate::model::{Host, Note, Refused};
use crate::probes::by_address;

/// More than a policy may hold.
const MOST_DEVICES: usize = 250_000;

/// Adds `devices` to the policy. Returns what could not be written there.
pub fn devices(work: &Work<'_>, policy: &mut Value) -> Result<Vec<Note>, Refused> {
    let (mut devices, mut notes) = (Vec::new(), Vec::new());
    let mut seen: BTreeSet<Mac> = BTreeSet::new();
    for host in &work.single {
        if !seen.insert(host.mac) {
            continue;
        }
        let own = of_host(work, host);
        if own.is_empty() {
            continue;
        }
        if by_address(&work.tables, &work.probes, host.mac).is_none() {
            let what: Vec<String> = own.iter().map(|(key, _)| key.shown()).collect();
            notes.push(Note {
                at: host.at.clone(),
                reason: format!(
                    "the catalogue knows no phone by the address {}, and it got {}",
                    host.mac,
                    what.join(", ")
                ),
                advice: "if it is a phone, write a device of the policy with its \"mac\" and \"vendor\"; if not, nothing"
                    .to_owned(),
            });
            continue;
        }
        let without_form: Vec<String> = own
            .iter()
            .filter(|(_, value)| value.json.is_null())
            .map(|(key, _)| key.shown())
            .collect();
        if !without_form.is_empty() {
            notes.push(Note {
                at: host.at.clone(),
                reason: format!(
                    "{}: a value that a policy has no form for",
                    without_form.join(", ")
                ),
                advice: "write it by hand (docs/policy.md)".to_owned(),
            });
        }
        let own: Vec<(Key, Wanted)> =
            own.into_iter().filter(|(_, value)| !value.json.is_null()).collect();
        let mut device = keys(own.iter().map(|(key, value)| (key, value)));
        device.insert("mac".to_owned(), host.mac.to_string().into());
        devices.push(Value::Object(device));
    }
    if devices.len() > MOST_DEVICES {
        return Err(Refused(format!(
            "{} phones with options of their own: expected at most {MOST_DEVICES}",
            devices.len()
        )));
    }
    if !devices.is_empty() {
        policy["devices"] = json!(devices);
    }
    Ok(notes)
}

/// What this phone gets and a sibling with another address does not.
pub fn of_host(work: &Work<'_>, host: &Host) -> Vec<(Key, Wanted)> {
    let place = place_of(work, host);
    let found = by_address(&work.tables, &work.probes, host.mac);
    let parts = found.map_or_else(
        || offhook_core::parts::Parts { mac: Some(host.mac), ..Default::default() },
        |(_, parts)| parts,
    );
    let mut sibling = parts.clone();
    sibling.mac = sibling_of(work, host.mac);
    let (told, other) = (work.asked.ask(&parts, place), work.asked.ask(&sibling, place));
    let other = parts_of(&other);
    let mut own = Vec::new();
    for (key, said) in parts_of(&told) {
        let value = wanted(key, said, parts.mac);
        // A value that is made of the address is the same rule for both.
        let same = other.get(&key).is_some_and(|other| {
            other.bytes == said.bytes
                || (said.of_mac && wanted(key, other, sibling.mac).json == value.json)
        });
        if !same && !is_reserved(key) {
            own.push((key, value));
        }
    }
    own
}

/// The smallest place that the address of a reservation is in.
pub fn place_of(work: &Work<'_>, host: &Host) -> Option<usize> {
    let address = host.address?;
    let places = work.old.locations.iter().enumerate().filter_map(|(at, location)| {
        let networks = location.networks.iter().filter(|network| network.contains(&address));
        Some((networks.map(|network| network.prefix_len()).max()?, at))
    });
    places.max().map(|(_, at)| at)
}

/// An address of the same maker that no line of the configuration names.
fn sibling_of(work: &Work<'_>, mac: Mac) -> Option<Mac> {
    (1..=64u8)
        .map(|step| {
            let mut other = mac;
            if let Some(last) = other.0.last_mut() {
                *last = last.wrapping_add(step.wrapping_mul(37));
            }
            other
        })
        .find(|other| *other != mac && !work.named.contains(other))
}
