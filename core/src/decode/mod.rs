//! What a value's bytes mean, as text for people: any option, from any server.
//!
//! Total: what is not of the option's form is said to be so and shown as bytes. This room reads for
//! explaining only; nothing that answers a packet leans on it, and it shares no code with `encode`.

mod names;
mod parts;
mod vendor_specific;

use serde::Serialize;

use crate::catalogue::{Tables, VendorIx};
pub(crate) use names::message;
pub use names::name;
use names::{Shape, expected, shape};
use parts::{
    addresses, compressed, enterprises, hex_part, labelled, labels, numbers, routes, sip_servers,
    text, tlv,
};
use vendor_specific::vendor_specific;

/// A piece of a value: where it is, its bytes, and what they say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Position of the first byte in the value.
    pub at: usize,
    /// Its bytes, as hex digits.
    pub hex: String,
    /// What they mean, in words.
    pub means: String,
}

impl Part {
    fn new(at: usize, bytes: &[u8], means: impl Into<String>) -> Part {
        Part { at, hex: hex::encode(bytes), means: means.into() }
    }

    fn moved(mut self, by: usize) -> Part {
        self.at += by;
        self
    }
}

/// Explains an option's value. With a vendor, its own sub-options are named.
pub fn decode(tables: &Tables, code: u8, value: &[u8], vendor: Option<VendorIx>) -> Vec<Part> {
    if value.is_empty() {
        return vec![Part::new(0, value, "nothing: the value is empty")];
    }
    read(tables, code, value, vendor)
        .or_else(|| head(tables, code, value, vendor))
        .unwrap_or_else(|| vec![wrong_form(code, value)])
}

/// The beginning of a value that is of its option's form, and what follows: an end mark that servers write
/// behind it, or a part that is cut off.
fn head(tables: &Tables, code: u8, value: &[u8], vendor: Option<VendorIx>) -> Option<Vec<Part>> {
    let marks = value.iter().rev().take_while(|byte| matches!(byte, 0 | 255)).count();
    let marked = value.len() - marks;
    let has_end = value.get(marked..).is_some_and(|tail| tail.contains(&255));
    let in_pieces = matches!(
        shape(code),
        Shape::Addresses | Shape::Enterprise(_) | Shape::Domains | Shape::SipServers
    );
    let ends = has_end.then_some(marked).into_iter();
    let ends = ends.chain((1..value.len()).rev().filter(|_| in_pieces));
    for end in ends.filter(|end| *end > 0) {
        let (start, tail) = value.split_at(end);
        let Some(mut parts) = read(tables, code, start, vendor) else { continue };
        let is_mark = tail.contains(&255) && tail.iter().all(|byte| matches!(byte, 0 | 255));
        let what = match is_mark {
            true => "an end mark (255), and fillers, behind the value",
            false => "cut off, or not part of the value",
        };
        parts.push(Part::new(end, tail, format!("{MISFIT}: {what}")));
        return Some(parts);
    }
    None
}

/// A value by its option's form; `None` if it is not of that form.
fn read(tables: &Tables, code: u8, value: &[u8], vendor: Option<VendorIx>) -> Option<Vec<Part>> {
    match shape(code) {
        Shape::Text => text(value),
        // Option 150 is an address to its RFC, and a URL to some phones.
        Shape::Addresses if value.len() > 4 && value.iter().all(|b| matches!(b, 0x20..=0x7e)) => {
            text(value)
        }
        Shape::Addresses => addresses(value),
        Shape::Seconds => numbers(value, 4, "seconds"),
        Shape::Number(length) => numbers(value, length, ""),
        Shape::Signed => match value.first_chunk::<4>() {
            Some(bytes) if value.len() == 4 => {
                Some(vec![Part::new(0, value, i32::from_be_bytes(*bytes).to_string())])
            }
            _ => None,
        },
        Shape::Domains => labels(value).or_else(|| compressed(value)),
        Shape::Message => match value {
            [kind] => Some(vec![Part::new(0, value, message(*kind))]),
            _ => None,
        },
        Shape::Codes => Some(codes(value)),
        Shape::SipServers => sip_servers(value),
        Shape::Routes => routes(value),
        Shape::Relay => {
            let tlv = tlv(value);
            (!tlv.subs.is_empty())
                .then(|| tlv.explained(|sub| relay_sub(sub.at, sub.code, sub.value)))
        }
        Shape::Enterprise(inner) => enterprise(tables, value, inner),
        Shape::ClassId => class_id(tables, value),
        Shape::UserClass => user_class(value),
        Shape::VendorSpecific => Some(vendor_specific(tables, value, vendor)),
        Shape::Hardware => match value {
            [1, mac @ ..] if mac.len() == 6 => Some(vec![
                Part::new(0, &value[..1], "hardware type 1, Ethernet"),
                Part::new(1, mac, colons(mac)),
            ]),
            [255, iaid @ ..] if iaid.len() > 4 => Some(vec![
                Part::new(0, &value[..1], "an IAID and a DUID (RFC 4361)"),
                Part::new(1, &iaid[..4], "the IAID"),
                Part::new(5, &iaid[4..], "the DUID"),
            ]),
            _ => text(value),
        },
        Shape::Unknown => text(value),
    }
}

/// What an option's value must be, if these bytes are not of its form, or if its letters were meant to be
/// (`text`). `None`: the form is right, or not known.
pub(crate) fn misfit(tables: &Tables, code: u8, value: &[u8], text: bool) -> Option<&'static str> {
    let expected = expected(code)?;
    let is_url = text && value.windows(3).any(|part| part == b"://");
    match shape(code) {
        Shape::Text | Shape::ClassId | Shape::UserClass | Shape::VendorSpecific => None,
        // An address to the RFC, a URL to some phones.
        Shape::Addresses if is_url => None,
        _ if text => Some(expected),
        _ => {
            let parts = decode(tables, code, value, None);
            parts.iter().any(|part| part.means.starts_with(MISFIT)).then_some(expected)
        }
    }
}

const MISFIT: &str = "not of this option's form";

fn wrong_form(code: u8, value: &[u8]) -> Part {
    let Some(expected) = expected(code) else { return hex_part(0, value) };
    let count = value.len();
    Part::new(0, value, format!("{MISFIT}: expected {expected}, found {count} bytes"))
}

fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn codes(value: &[u8]) -> Vec<Part> {
    let each = value.iter().enumerate();
    each.map(|(at, code)| Part::new(at, &[*code], format!("{code} {}", name(*code)))).collect()
}

fn relay_sub(at: usize, code: u8, value: &[u8]) -> Vec<Part> {
    let name = match code {
        1 => "circuit id",
        2 => "remote id",
        5 => "link selection",
        11 => "server identifier override",
        _ => "sub-option",
    };
    labelled(at, code, name, value, text(value))
}

/// Whose an enterprise number is, by the catalogue.
fn owner(tables: &Tables, number: u32) -> String {
    let named = tables
        .vendors
        .iter()
        .find(|vendor| vendor.rules.iter().any(|rule| rule.number == Some(number)));
    named.map_or("no maker in the catalogue".to_owned(), |vendor| vendor.name.to_string())
}

fn enterprise(tables: &Tables, value: &[u8], inner: bool) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for block in enterprises(value)? {
        let means = format!("enterprise {} ({})", block.number, owner(tables, block.number));
        parts.push(Part::new(block.at, &block.number.to_be_bytes(), means));
        let length = u8::try_from(block.data.len()).unwrap_or(u8::MAX);
        parts.push(Part::new(block.at + 4, &[length], format!("{length} bytes")));
        let at = block.at + 5;
        let subs = tlv(block.data);
        match inner && subs.is_whole() {
            true => {
                let explained = subs.explained(|sub| {
                    labelled(sub.at, sub.code, "the enterprise's own", sub.value, text(sub.value))
                });
                parts.extend(explained.into_iter().map(|part| part.moved(at)));
            }
            false => {
                let inner = text(block.data).unwrap_or_else(|| vec![hex_part(0, block.data)]);
                parts.extend(inner.into_iter().map(|part| part.moved(at)));
            }
        }
    }
    Some(parts)
}

/// Option 60 is text, or RFC 3925's form.
fn class_id(tables: &Tables, value: &[u8]) -> Option<Vec<Part>> {
    text(value).or_else(|| enterprise(tables, value, true))
}

/// Option 77: RFC 3004's pieces, or one text.
fn user_class(value: &[u8]) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let (mut rest, mut at) = (value, 0);
    while let [length, tail @ ..] = rest {
        let Some((piece, next)) = tail.split_at_checked(usize::from(*length)) else {
            return text(value);
        };
        let Some(inner) = text(piece) else { return text(value) };
        parts.push(Part::new(at, &[*length], format!("{length} bytes")));
        parts.extend(inner.into_iter().map(|part| part.moved(at + 1)));
        at += 1 + piece.len();
        rest = next;
    }
    Some(parts)
}
