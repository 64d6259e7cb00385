//! The packet of an example, and the answer that is expected.

use crate::code;
use crate::error::Mistakes;
use crate::mac::Mac;
use crate::message_type::MessageType;
use crate::parts::Parts;
use crate::reader::{Cursor, Table};
use crate::text::parse_hex;

pub(super) const PACKET_KEYS: [&str; 17] = [
    "mac",
    "option-60",
    "option-60-hex",
    "option-77",
    "option-77-hex",
    "host-name",
    "option-55",
    "option-124-hex",
    "option-125-hex",
    "option-57",
    "option-43-hex",
    "option-93-hex",
    "inform",
    "circuit-id",
    "remote-id",
    "relay",
    "user-agent",
];

pub(super) fn read_packet(table: &Table<'_>, mistakes: &mut Mistakes) -> Parts {
    let mut parts = Parts { mac: Some(Mac([2, 0, 0, 0, 0, 1])), ..Parts::default() };
    if let Some(at) = table.get("mac")
        && let Some(text) = at.text("a hardware address", mistakes)
    {
        parts.mac = Mac::parse(text);
        if parts.mac.is_none() {
            at.expected("a hardware address", mistakes);
        }
    }
    for (code, key) in
        [(12, "host-name"), (43, ""), (60, ""), (77, ""), (93, ""), (124, ""), (125, "")]
    {
        let text_key = if key.is_empty() { format!("option-{code}") } else { key.to_owned() };
        if let Some(text) = table.text(&text_key, "a text", mistakes) {
            parts.option(code, text.as_bytes());
        }
        let hex_key = format!("option-{code}-hex");
        if let Some(at) = table.get(&hex_key)
            && let Some(digits) = at.text("hex digits", mistakes)
        {
            match parse_hex(digits) {
                Ok(bytes) => parts.option(code, bytes),
                Err(error) => at.mistake(error, mistakes),
            }
        }
    }
    if let Some(at) = table.get("option-55") {
        let items: Vec<_> = at.list("option numbers", mistakes).collect();
        let numbers = items.iter().filter_map(|item| item.integer(0, 255, mistakes));
        parts.option(code::REQUEST_LIST, numbers.map(|n| n as u8).collect::<Vec<u8>>());
    }
    if let Some(size) = table.get("option-57").and_then(|at| at.integer(576, 65535, mistakes)) {
        parts.option(code::MAX_SIZE, (size as u16).to_be_bytes());
    }
    if table.bool("inform", mistakes) == Some(true) {
        parts.message = MessageType::Inform;
    }
    let circuit = table.text("circuit-id", "a text", mistakes).unwrap_or_default();
    let remote = table.text("remote-id", "a text", mistakes).unwrap_or_default();
    parts.relay_ids(circuit.as_bytes(), remote.as_bytes());
    if let Some(at) = table.get("relay") {
        parts.giaddr = at.text("an address", mistakes).and_then(|text| text.parse().ok());
        if parts.giaddr.is_none() {
            at.expected("an IPv4 address", mistakes);
        }
    }
    parts
}

pub(super) fn read_told(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<Vec<(u8, Vec<u8>)>> {
    let items: Vec<_> = at.list("options", mistakes).collect();
    let mut told: Vec<(u8, Vec<u8>)> = Vec::new();
    for item in &items {
        let table = item.table(&["code", "text", "hex", "nul"], mistakes)?;
        let code = table.need("code", "an option", mistakes)?.integer(1, 254, mistakes)?;
        let text = table.text("text", "a text", mistakes);
        let mut bytes = match (text, table.text("hex", "hex digits", mistakes)) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(digits)) => match parse_hex(digits) {
                Ok(bytes) => bytes,
                Err(error) => {
                    item.mistake(error, mistakes);
                    continue;
                }
            },
            _ => {
                item.mistake("expected \"text\" or \"hex\"", mistakes);
                continue;
            }
        };
        if table.bool("nul", mistakes) == Some(true) {
            bytes.push(0);
        }
        if told.last().is_some_and(|(last, _)| i64::from(*last) >= code) {
            item.mistake("sort the answer by code", mistakes);
        }
        told.push((code as u8, bytes));
    }
    Some(told)
}
