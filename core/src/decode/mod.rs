//! What a value's bytes mean, for a person's eye: any option, whoever wrote it.
//!
//! Total: what is not of the option's form is said to be so and shown as bytes. This room reads for
//! explaining only; nothing that answers a packet leans on it, and it shares no code with `encode`.

mod names;
mod parts;

use serde::Serialize;

use crate::catalogue::{Field, Tables, VendorIx};
use names::{Shape, shape};
pub use names::{message, name};
use parts::{addresses, enterprises, hex_part, labels, numbers, routes, sip_servers, text, tlv};

/// A piece of a value: where it stands, its bytes, and what they say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// Position of the first byte in the value.
    pub at: usize,
    pub hex: String,
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
    let found = match shape(code) {
        Shape::Text => text(value),
        // Option 150 is an address to its RFC, and a URL to some phones.
        Shape::Addresses if value.len() > 4 && value.iter().all(|b| matches!(b, 0x20..=0x7e)) => {
            text(value)
        }
        Shape::Addresses => addresses(value),
        Shape::Seconds => numbers(value, 4, "seconds"),
        Shape::Number(length) => numbers(value, length, ""),
        Shape::Domains => labels(value),
        Shape::Message => match value {
            [kind] => Some(vec![Part::new(0, value, message(*kind))]),
            _ => None,
        },
        Shape::Codes => Some(codes(value)),
        Shape::SipServers => sip_servers(value),
        Shape::Routes => routes(value),
        Shape::Relay => tlv(value).map(|subs| {
            subs.into_iter().flat_map(|sub| relay_sub(sub.at, sub.code, sub.value)).collect()
        }),
        Shape::Enterprise(inner) => enterprise(tables, value, inner),
        Shape::ClassId => class_id(tables, value),
        Shape::UserClass => user_class(value),
        Shape::VendorSpecific => return vendor_specific(tables, value, vendor),
        Shape::Hardware => match value {
            [1, mac @ ..] if mac.len() == 6 => Some(vec![
                Part::new(0, &value[..1], "hardware type 1, Ethernet"),
                Part::new(1, mac, colons(mac)),
            ]),
            _ => None,
        },
        Shape::Unknown => text(value),
    };
    found.unwrap_or_else(|| vec![wrong_form(code, value)])
}

fn wrong_form(code: u8, value: &[u8]) -> Part {
    let expected = match shape(code) {
        Shape::Unknown => return hex_part(0, value),
        Shape::Text => "a text",
        Shape::Addresses => "IPv4 addresses of 4 bytes each",
        Shape::Seconds => "4 bytes",
        Shape::Number(_) => "a number",
        Shape::Domains => "domain names (RFC 1035)",
        Shape::SipServers => "0 and domain names, or 1 and addresses (RFC 3361)",
        Shape::Enterprise(_) => "enterprise number, length, data (RFC 3925)",
        Shape::Relay => "sub-options: code, length, value (RFC 3046)",
        _ => "another form",
    };
    let count = value.len();
    Part::new(
        0,
        value,
        format!("not of this option's form: expected {expected}, found {count} bytes"),
    )
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
        match tlv(block.data).filter(|subs| inner && !subs.is_empty()) {
            Some(subs) => parts.extend(subs.into_iter().flat_map(|sub| {
                labelled(at + sub.at, sub.code, "the enterprise's own", sub.value, text(sub.value))
            })),
            None => {
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
    let Some(subs) = tlv(value) else {
        return text(value).unwrap_or_else(|| {
            let means =
                "neither sub-options (code, length, value) nor text: bytes of its maker's own";
            vec![Part::new(0, value, means)]
        });
    };
    let each = subs.into_iter().flat_map(|sub| {
        let key = format!("43.{}", sub.code);
        let read = reads.iter().find(|read| *read.code == key);
        let name = match read {
            Some(read) if read.form.is_empty() => read.gives.to_string(),
            Some(read) => format!("{}: {}", read.gives, read.form),
            None if reads.is_empty() => "unknown without a vendor".to_owned(),
            None => "not known of this vendor".to_owned(),
        };
        labelled(sub.at, sub.code, &name, sub.value, text(sub.value).or_else(|| small(sub.value)))
    });
    each.collect()
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
                "01ff01",
                "",
                "neither sub-options (code, length, value) nor text: bytes of its maker's own",
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
                "not of this option's form: expected another form, found 7 bytes",
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
