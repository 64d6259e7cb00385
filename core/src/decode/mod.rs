//! What a value's bytes mean, as text for people: any option, from any server.
//!
//! Total: what is not of the option's form is said to be so and shown as bytes. This room reads for
//! explaining only; nothing that answers a packet leans on it, and it shares no code with `encode`.

mod names;
mod parts;

use serde::Serialize;

use crate::catalogue::{Field, Tables, VendorIx};
use names::{Shape, shape};
pub use names::{message, name};
use parts::{
    addresses, compressed, enterprises, hex_part, labels, numbers, routes, sip_servers, text, tlv,
};

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
pub fn misfit(tables: &Tables, code: u8, value: &[u8], text: bool) -> Option<&'static str> {
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

/// The form of an option's value in words; `None` if it is not known.
fn expected(code: u8) -> Option<&'static str> {
    Some(match shape(code) {
        Shape::Unknown => return None,
        Shape::Text => "a text",
        Shape::Addresses => "IPv4 addresses of 4 bytes each",
        Shape::Seconds => "4 bytes",
        Shape::Number(1) => "a number of 1 byte",
        Shape::Number(2) => "a number of 2 bytes",
        Shape::Number(_) => "a number of 4 bytes",
        Shape::Signed => "a number of 4 bytes, negative ones in two's complement (RFC 2132)",
        Shape::Domains => "domain names (RFC 1035, RFC 3397)",
        Shape::Message => "a message type of 1 byte",
        Shape::Codes => "option numbers",
        Shape::SipServers => "0 and domain names, or 1 and addresses (RFC 3361)",
        Shape::Routes => "routes: width, network, router (RFC 3442)",
        Shape::Enterprise(_) => "enterprise number, length, data (RFC 3925)",
        Shape::Relay => "sub-options: code, length, value (RFC 3046)",
        Shape::ClassId => "a text, or enterprise number, length, data (RFC 3925)",
        Shape::UserClass => "texts behind their lengths (RFC 3004), or one text",
        Shape::VendorSpecific => "sub-options (code, length, value) or text",
        Shape::Hardware => "a hardware type and an address, or 255, IAID and DUID (RFC 4361)",
    })
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

/// A sub-option's head and what is in it.
fn labelled(at: usize, code: u8, name: &str, value: &[u8], inner: Option<Vec<Part>>) -> Vec<Part> {
    let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
    let head = format!("sub-option {code} ({name}), {length} bytes");
    let mut parts = vec![Part::new(at, &[code, length], head)];
    if !value.is_empty() {
        let inner = inner.unwrap_or_else(|| vec![hex_part(0, value)]);
        parts.extend(inner.into_iter().map(|part| part.moved(at + 2)));
    }
    parts
}

/// Whose an enterprise number is, by the catalogue.
fn owner(tables: &Tables, number: u32) -> String {
    let named = tables.vendors.iter().find(|vendor| {
        vendor.rules.iter().any(|rule| rule.field == Field::Enterprise && rule.number == number)
    });
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

/// Option 43 is whatever its maker says; without a maker, whatever it looks like.
fn vendor_specific(tables: &Tables, value: &[u8], vendor: Option<VendorIx>) -> Vec<Part> {
    let reads = vendor.map(|vendor| &tables.at(vendor).reads[..]).unwrap_or_default();
    let whole = reads.iter().any(|read| read.code == "43");
    let has_subs = reads.iter().any(|read| read.code.starts_with("43."));
    if let Some(parts) = text(value).filter(|_| whole || !has_subs) {
        return parts;
    }
    let subs = tlv(value);
    if subs.subs.is_empty() {
        return marked(tables, value, vendor).or_else(|| text(value)).unwrap_or_else(|| {
            let means =
                "neither sub-options (code, length, value) nor text: bytes of its maker's own";
            vec![Part::new(0, value, means)]
        });
    }
    if !subs.is_whole()
        && let Some(parts) = marked(tables, value, vendor)
    {
        return parts;
    }
    subs.explained(|sub| {
        let key = format!("43.{}", sub.code);
        let read = reads.iter().find(|read| *read.code == key);
        let name = match read {
            Some(read) if read.form.is_empty() => read.gives.to_string(),
            Some(read) => format!("{}: {}", read.gives, read.form),
            None if reads.is_empty() => "unknown without a vendor".to_owned(),
            None => "not known of this vendor".to_owned(),
        };
        labelled(sub.at, sub.code, &name, sub.value, text(sub.value).or_else(|| small(sub.value)))
    })
}

/// A counted text of printable letters, and sub-options behind it (Aastra's and Ericsson's DBC 42x).
fn marked(tables: &Tables, value: &[u8], vendor: Option<VendorIx>) -> Option<Vec<Part>> {
    let (length, tail) = value.split_first()?;
    let (mark, rest) = tail.split_at_checked(usize::from(*length))?;
    let letters = mark.len() > 3 && mark.iter().all(|byte| matches!(byte, 0x20..=0x7e));
    if !letters || (!rest.is_empty() && !tlv(rest).is_whole()) {
        return None;
    }
    let mut parts = vec![Part::new(0, &value[..1], format!("{length} bytes"))];
    parts.extend(text(mark)?.into_iter().map(|part| part.moved(1)));
    if !rest.is_empty() {
        let at = 1 + mark.len();
        parts.extend(vendor_specific(tables, rest, vendor).into_iter().map(|part| part.moved(at)));
    }
    Some(parts)
}

/// A short binary value, as all that it may be.
fn small(value: &[u8]) -> Option<Vec<Part>> {
    let means = match value {
        [byte] => byte.to_string(),
        [a, b] => format!("{} as a number of two bytes", u16::from_be_bytes([*a, *b])),
        [a, b, c, d] => {
            format!("address {a}.{b}.{c}.{d}, or {}", u32::from_be_bytes([*a, *b, *c, *d]))
        }
        _ => return None,
    };
    Some(vec![Part::new(0, value, means)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::built_in;

    fn means(code: u8, hex_digits: &str, vendor: &str) -> String {
        let hex_digits = &*hex_digits.replace(' ', "");
        let value = hex::decode(hex_digits).unwrap();
        let parts = decode(built_in(), code, &value, built_in().vendor(vendor));
        // Whatever it says, it says it of all the bytes, in their order.
        let bytes: String = parts.iter().map(|part| &*part.hex).collect();
        assert_eq!(bytes, hex_digits, "{parts:?}");
        let mut at = 0;
        for part in &parts {
            assert_eq!(part.at, at, "{parts:?}");
            at += part.hex.len() / 2;
        }
        parts.into_iter().map(|part| part.means).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn every_form() {
        for (code, digits, vendor, expected) in [
            (66, "687474703a2f2f782f", "", "\"http://x/\""),
            (66, "7800", "", "\"x\" | a NUL that ends the text, counted"),
            (42, "c0000201c0000202", "", "192.0.2.1 | 192.0.2.2"),
            (
                42,
                "c00002",
                "",
                "not of this option's form: expected IPv4 addresses of 4 bytes each, found 3 bytes",
            ),
            (
                42,
                "c0000201c0",
                "",
                "192.0.2.1 | not of this option's form: cut off, or not part of the value",
            ),
            (
                60,
                "4d53465400ff",
                "",
                "\"MSFT\" | not of this option's form: an end mark (255), and fillers, behind the value",
            ),
            (
                119,
                "0361626300ff",
                "",
                "abc | not of this option's form: an end mark (255), and fillers, behind the value",
            ),
            (150, "687474703a2f2f6e", "", "\"http://n\""),
            (150, "31323334", "", "49.50.51.52"),
            (53, "05", "", "DHCPACK"),
            (51, "00000e10", "", "3600 seconds"),
            (55, "4203a0", "", "66 tftp-server-name | 3 routers | 160 private use"),
            (120, "0004706f6f6c0363636300", "", "a list of domain names (RFC 3361) | pool.ccc"),
            (120, "01c0000207", "", "a list of addresses (RFC 3361) | 192.0.2.7"),
            (
                43,
                "0a020078",
                "lync",
                "sub-option 10 (voice-vlan: two bytes), 2 bytes | 120 as a number of two bytes",
            ),
            (
                43,
                "0a020078",
                "",
                "sub-option 10 (unknown without a vendor), 2 bytes | 120 as a number of two bytes",
            ),
            (43, "687474703a2f2f782f", "yealink", "\"http://x/\""),
            (
                43,
                "ff0001",
                "",
                "neither sub-options (code, length, value) nor text: bytes of its maker's own",
            ),
            (
                43,
                "0104c0a803c3ff",
                "",
                "sub-option 1 (unknown without a vendor), 4 bytes | address \
              192.168.3.195, or 3232236483 | the end of the sub-options",
            ),
            (
                43,
                "0107 5369656d656e73 0204 00000258 0000000000 ff",
                "unify",
                "sub-option 1 (other: text Siemens, first), 7 bytes | \
              \"Siemens\" | sub-option 2 (voice-vlan: four bytes), 4 bytes | address 0.0.2.88, or 600 | 5 fillers | the end of \
              the sub-options",
            ),
            (
                43,
                "01020a0b05ff01",
                "",
                "sub-option 1 (unknown without a vendor), 2 bytes | 2571 as a number of \
              two bytes | sub-option 5 says 255 bytes, and 1 follow: cut off, or not sub-options",
            ),
            (
                43,
                "11 4572696373736f6e2049502d50686f6e65 010b 3139322e3136382e302e31",
                "aastra",
                "17 bytes | \"Ericsson \
              IP-Phone\" | sub-option 1 (not known of this vendor), 11 bytes | \"192.168.0.1\"",
            ),
            (2, "ffffb9b0", "", "-18000"),
            (
                119,
                "03656e670561707070650363 6f6d00 096d61726b6574696e67c004",
                "",
                "eng.apppe.com | marketing.apppe.com",
            ),
            (249, "18c000020a000001", "", "to 192.0.2.0/24 | by 10.0.0.1"),
            (
                82,
                "01024142 00ff",
                "",
                "sub-option 1 (circuit id), 2 bytes | \"AB\" | a filler | the end of the sub-options",
            ),
            (82, "010461626364", "", "sub-option 1 (circuit id), 4 bytes | \"abcd\""),
            (
                121,
                "18c000020a00000100c0000209",
                "",
                "to 192.0.2.0/24 | by 10.0.0.1 | to 0.0.0.0/0 | by 192.0.2.9",
            ),
            (
                121,
                "18c000020a000001aa0000",
                "",
                "to 192.0.2.0/24 | by 10.0.0.1 | not a route: 3 bytes",
            ),
            (
                77,
                "0361626302640a",
                "",
                "not of this option's form: expected texts behind their lengths (RFC 3004), or one text, found 7 bytes",
            ),
            (77, "03616263026465", "", "3 bytes | \"abc\" | 2 bytes | \"de\""),
            (61, "01000413010203", "", "hardware type 1, Ethernet | 00:04:13:01:02:03"),
            (224, "c0000201", "", "bytes of a form that is not known"),
        ] {
            assert_eq!(means(code, digits, vendor), expected, "option {code} {digits}");
        }
        let avaya = means(125, "00000403056869706870", "");
        assert!(avaya.starts_with("enterprise 1027 (Mitel"), "{avaya}");
        assert!(avaya.ends_with("5 bytes | \"hiphp\""), "{avaya}");
        let marked = means(125, "00000403056869706870ff", "");
        assert!(marked.contains("\"hiphp\" | not of this option's form: an end mark"), "{marked}");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_fail_and_all_are_shown(
            code: u8, value in proptest::collection::vec(proptest::prelude::any::<u8>(), 1..80)
        ) {
            for vendor in ["", "lync", "snom"] {
                let _ = means(code, &hex::encode(&value), vendor);
            }
        }
    }
}
