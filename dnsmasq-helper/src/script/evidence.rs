//! A packet again, from what dnsmasq passed on of it, so that the core can say who the client is.
//!
//! dnsmasq cuts values and does not pass options 124 and 125 at all. Where our own matchers saw the
//! bytes, their tags replace them: they cannot be forged, and they are binary-safe.

use offhook_core::MessageType;
use offhook_core::catalogue::{Field, Rule, Tables, VendorIx};
use offhook_core::parts::Parts;
use offhook_core::policy::{RelayId, Site};
use offhook_core::query::code;

use super::event::{Event, Said};
use crate::render::heads::{says, sign_tag};
use crate::render::tags;

/// The client's packet as far as it is known.
pub fn packet(tables: &Tables, sites: &[Site], event: &Event) -> Parts {
    let mut parts = Parts {
        message: MessageType::Request,
        mac: Some(event.mac),
        giaddr: event.relay,
        leased: Some(event.address),
        ..Parts::default()
    };
    let interface = event.interface.as_deref().unwrap_or_default();
    parts.interface = String::from_utf8_lossy(interface).into_owned();
    let Some(said) = &event.said else {
        // Without a packet the host name in the lease file is all that is left.
        parts.option(code::HOST_NAME, event.host_name.as_deref().unwrap_or_default());
        return parts;
    };
    parts.option(code::VENDOR_CLASS, vendor_class(tables, said));
    parts.option(code::USER_CLASS, counted(&said.user_classes));
    parts.option(code::REQUEST_LIST, said.request_list.clone());
    parts.option(code::HOST_NAME, said.host_name.clone().unwrap_or_default());
    for (field, option) in [
        ("124", code::VENDOR_IDENTIFYING_CLASS),
        ("124l", code::VENDOR_IDENTIFYING_CLASS),
        ("125", code::VENDOR_IDENTIFYING),
    ] {
        let rules = tagged(tables, said, field, Field::Enterprise);
        for number in rules.filter_map(|rule| rule.number) {
            parts.option(option, number.to_be_bytes().into_iter().chain([0]).collect::<Vec<_>>());
        }
    }
    let id = |told: &Option<Vec<u8>>, key: &str, wanted: fn(&Site) -> &[RelayId]| {
        let told = told.as_deref().unwrap_or_default();
        let tagged = sites.iter().enumerate().filter(|(position, _)| {
            said.tags.contains(&format!("{}.{key}", tags::site(*position)))
        });
        // Of the ids that our matchers may have seen, one that dnsmasq would have cut to this.
        let mut ids = tagged.flat_map(|(_, site)| wanted(site)).map(|id| &id.bytes[..]);
        ids.find(|id| as_passed_on(id) == told).map_or(told, |id| id).to_vec()
    };
    let circuit = id(&said.circuit_id, "circuit-ids", |site| &site.matching.circuit_ids);
    let remote = id(&said.remote_id, "remote-ids", |site| &site.matching.remote_ids);
    parts.relay_ids(&circuit, &remote);
    parts.classes = said.tags.clone();
    parts
}

/// What dnsmasq leaves of a value: it ends at the first NUL or `=`.
fn as_passed_on(value: &[u8]) -> &[u8] {
    value.split(|byte| matches!(byte, 0 | b'=')).next().unwrap_or_default()
}

/// Option 60, mended by the tag of the head that our matchers found in it.
fn vendor_class(tables: &Tables, said: &Said) -> Vec<u8> {
    let told = said.vendor_class.as_deref().unwrap_or_default();
    let mut enterprises = tagged(tables, said, "60e", Field::Enterprise);
    if let Some(number) = enterprises.find_map(|rule| rule.number) {
        return number.to_be_bytes().to_vec();
    }
    let cut = |rule: &&Rule| {
        let fits = |(at, byte): (usize, &u8)| match (told.get(at), rule.any.get(at)) {
            (None, _) | (_, Some(1)) => true,
            (Some(told), _) => told == byte,
        };
        rule.head.len() > told.len() && rule.head.iter().enumerate().all(fits)
    };
    let mut heads = tagged(tables, said, "60", Field::VendorClass);
    match heads.find(cut) {
        Some(rule) => {
            let byte = |(at, byte): (usize, &u8)| match (told.get(at), rule.any.get(at)) {
                (Some(told), _) => *told,
                (None, Some(1)) => b'?',
                (None, _) => *byte,
            };
            rule.head.iter().enumerate().map(byte).collect()
        }
        None => told.to_vec(),
    }
}

/// The rules of a field whose sign is among the tags.
fn tagged<'t>(
    tables: &'t Tables,
    said: &'t Said,
    name: &'static str,
    field: Field,
) -> impl Iterator<Item = &'t Rule> {
    let prefix = format!("oh{name}");
    let any = said.tags.iter().any(|tag| tag.starts_with(&prefix));
    let vendors = tables.vendors.iter().zip(0u16..).filter(move |_| any);
    let rules = vendors.flat_map(move |(vendor, index)| {
        let rules = vendor.rules.iter().filter(move |rule| rule.field == field);
        rules.map(move |rule| (VendorIx(index), rule))
    });
    rules
        .filter(move |(vendor, rule)| {
            said.tags.contains(&sign_tag(tables, name, says(rule, *vendor)))
        })
        .map(|(_, rule)| rule)
}

/// Option 77 again: a text as it is, or several in the form of RFC 3004, each behind its length.
fn counted(texts: &[Vec<u8>]) -> Vec<u8> {
    if let [text] = texts
        && text.first().is_some_and(|first| usize::from(*first) + 1 != text.len())
    {
        return text.clone();
    }
    let mut value = Vec::new();
    for text in texts {
        if let Ok(length) = u8::try_from(text.len()) {
            value.push(length);
            value.extend_from_slice(text);
        }
    }
    value
}
