//! The forms of values, each read on its own. `None`: the bytes are not of this form.

use std::net::Ipv4Addr;

use super::Part;
use crate::text::printable;
use crate::tlv::{Step, Tlv};

pub(super) fn hex_part(at: usize, bytes: &[u8]) -> Part {
    Part::new(at, bytes, "bytes of a form that is not known")
}

/// A sub-option's head and what is in it.
pub(super) fn labelled(
    at: usize,
    code: u8,
    name: &str,
    value: &[u8],
    inner: Option<Vec<Part>>,
) -> Vec<Part> {
    let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
    let head = format!("sub-option {code} ({name}), {length} bytes");
    let mut parts = vec![Part::new(at, &[code, length], head)];
    if !value.is_empty() {
        let inner = inner.unwrap_or_else(|| vec![hex_part(0, value)]);
        parts.extend(inner.into_iter().map(|part| part.moved(at + 2)));
    }
    parts
}

/// Printable text, with or without a NUL behind it.
pub(super) fn text(value: &[u8]) -> Option<Vec<Part>> {
    let end = value.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let (shown, nuls) = value.split_at_checked(end)?;
    let shown_as = match std::str::from_utf8(shown) {
        Ok(text) if !text.is_empty() && text.chars().all(|c| !c.is_control()) => text,
        _ => return None,
    };
    let shown_as = match shown.is_ascii() {
        true => printable(shown),
        false => shown_as.to_owned(),
    };
    let mut parts = vec![Part::new(0, shown, format!("\"{shown_as}\""))];
    match nuls.len() {
        0 => {}
        1 => parts.push(Part::new(end, nuls, "a NUL that ends the text, counted")),
        many => parts.push(Part::new(end, nuls, format!("{many} NULs behind the text"))),
    }
    Some(parts)
}

pub(super) fn addresses(value: &[u8]) -> Option<Vec<Part>> {
    let (whole, rest) = value.as_chunks::<4>();
    let part = |(index, four): (usize, &[u8; 4])| {
        Part::new(index * 4, four, Ipv4Addr::from(*four).to_string())
    };
    rest.is_empty().then(|| whole.iter().enumerate().map(part).collect())
}

pub(super) fn numbers(value: &[u8], length: usize, unit: &str) -> Option<Vec<Part>> {
    if value.len() != length {
        return None;
    }
    let number = value.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    Some(vec![Part::new(0, value, format!("{number} {unit}").trim_end().to_owned())])
}

/// Uncompressed names (RFC 1035 3.1).
pub(super) fn labels(value: &[u8]) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let (mut from, mut at) = (0, 0);
    let mut name = String::new();
    while let Some(length) = value.get(at) {
        let label = value.get(at + 1..at + 1 + usize::from(*length))?;
        at += 1 + label.len();
        if *length == 0 {
            parts.push(Part::new(from, value.get(from..at)?, std::mem::take(&mut name)));
            from = at;
            continue;
        }
        if *length > 63 || !label.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(&printable(label));
    }
    (from == value.len()).then_some(parts)
}

/// Names of which some end in a pointer to an earlier one (RFC 1035 4.1.4, as RFC 3397 allows).
pub(super) fn compressed(value: &[u8]) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut from = 0;
    while from < value.len() {
        let (name, next) = compressed_name(value, from)?;
        parts.push(Part::new(from, value.get(from..next)?, name));
        from = next;
    }
    Some(parts)
}

/// A name, and where the next one begins.
fn compressed_name(value: &[u8], from: usize) -> Option<(String, usize)> {
    let (mut at, mut next, mut name) = (from, None, String::new());
    // Pointers lead backwards only, so this ends.
    loop {
        match value.get(at)? {
            0 => return Some((name, next.unwrap_or(at + 1))),
            length @ 1..=63 => {
                let label = value.get(at + 1..at + 1 + usize::from(*length))?;
                if !label.iter().all(u8::is_ascii_graphic) || name.len() > 255 {
                    return None;
                }
                if !name.is_empty() {
                    name.push('.');
                }
                name.push_str(&printable(label));
                at += 1 + label.len();
            }
            high @ 0xc0.. => {
                let target = usize::from(high & 0x3f) << 8 | usize::from(*value.get(at + 1)?);
                next = next.or(Some(at + 2));
                if target >= at {
                    return None;
                }
                at = target;
            }
            _ => return None,
        }
    }
}

pub(super) fn sip_servers(value: &[u8]) -> Option<Vec<Part>> {
    let (kind, rest) = value.split_first()?;
    let (means, inner) = match kind {
        0 => ("a list of domain names (RFC 3361)", labels(rest)?),
        1 => ("a list of addresses (RFC 3361)", addresses(rest)?),
        _ => return None,
    };
    let mut parts = vec![Part::new(0, &[*kind], means)];
    parts.extend(inner.into_iter().map(|part| part.moved(1)));
    Some(parts)
}

/// Classless routes (RFC 3442).
pub(super) fn routes(value: &[u8]) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut at = 0;
    while let Some(rest) = value.get(at..).filter(|rest| !rest.is_empty()) {
        let width = rest.first().copied().unwrap_or(255);
        let bytes = usize::from(width).div_ceil(8);
        let (Some(net), Some(by)) = (
            rest.get(1..1 + bytes),
            rest.get(1 + bytes..).and_then(|rest| rest.first_chunk::<4>()),
        ) else {
            parts.push(Part::new(at, rest, format!("not a route: {} bytes", rest.len())));
            break;
        };
        if width > 32 {
            return None;
        }
        let mut octets = [0; 4];
        octets.iter_mut().zip(net).for_each(|(octet, byte)| *octet = *byte);
        let to = format!("to {}/{width}", Ipv4Addr::from(octets));
        parts.push(Part::new(at, rest.get(..1 + bytes)?, to));
        parts.push(Part::new(at + 1 + bytes, by, format!("by {}", Ipv4Addr::from(*by))));
        at += 5 + bytes;
    }
    Some(parts)
}

/// A sub-option and where it is.
pub(super) struct Sub<'a> {
    pub(super) at: usize,
    pub(super) code: u8,
    pub(super) value: &'a [u8],
}

/// Sub-options as far as they go.
pub(super) struct Subs<'a> {
    pub(super) subs: Vec<Sub<'a>>,
    /// Fillers (0, RFC 2132 8.4) and the end (255), with what follows it.
    fillers: Vec<Part>,
    /// Bytes that are not sub-options any more.
    rest: Option<Part>,
}

impl Subs<'_> {
    /// Nothing but sub-options, at least one.
    pub(super) fn is_whole(&self) -> bool {
        self.rest.is_none() && !self.subs.is_empty()
    }

    /// All parts in their order, the sub-options' by `explain`.
    pub(super) fn explained(self, explain: impl Fn(Sub<'_>) -> Vec<Part>) -> Vec<Part> {
        let mut parts: Vec<Part> = self.subs.into_iter().flat_map(explain).collect();
        parts.extend(self.fillers);
        parts.extend(self.rest);
        parts.sort_by_key(|part| part.at);
        parts
    }
}

/// Code, length, value; 0 fills, 255 ends (RFC 2132 8.4).
pub(super) fn tlv(value: &[u8]) -> Subs<'_> {
    let mut tlv = Subs { subs: Vec::new(), fillers: Vec::new(), rest: None };
    for step in Tlv::with_fillers(value) {
        match step {
            Step::Value { at, code, value } => tlv.subs.push(Sub { at, code, value }),
            Step::Fillers { at, count } => {
                let means =
                    if count == 1 { "a filler".to_owned() } else { format!("{count} fillers") };
                tlv.fillers.push(Part::new(at, &value[at..at + count], means));
            }
            Step::End { at, rest } => {
                let padded = rest.iter().all(|byte| matches!(byte, 0 | 255));
                let means = match (rest.len(), padded) {
                    (1, _) => "the end of the sub-options",
                    (_, true) => "the end of the sub-options, and fillers",
                    _ => "the end of the sub-options; phones do not read what follows",
                };
                tlv.fillers.push(Part::new(at, rest, means));
            }
            Step::Cut { at, rest } => {
                let means = match rest {
                    [code, wanted, tail @ ..] => format!(
                        "sub-option {code} says {wanted} bytes, and {} follow: cut off, or not sub-options",
                        tail.len()
                    ),
                    _ => "one byte more, without a length".to_owned(),
                };
                tlv.rest = Some(Part::new(at, rest, means));
            }
        }
    }
    tlv
}

pub(super) struct Block<'a> {
    pub(super) at: usize,
    pub(super) number: u32,
    pub(super) data: &'a [u8],
}

/// Enterprise number, length, data (RFC 3925).
pub(super) fn enterprises(value: &[u8]) -> Option<Vec<Block<'_>>> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(rest) = value.get(at..).filter(|rest| !rest.is_empty()) {
        let (number, tail) = rest.split_first_chunk::<4>()?;
        let (length, tail) = tail.split_first()?;
        let data = tail.get(..usize::from(*length))?;
        blocks.push(Block { at, number: u32::from_be_bytes(*number), data });
        at += 5 + data.len();
    }
    Some(blocks)
}
