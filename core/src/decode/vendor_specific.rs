//! Option 43, whose form is its maker's own (RFC 2132, section 8.4).

use super::Part;
use super::parts::{labelled, text, tlv};
use crate::catalogue::{Tables, VendorIx};

/// Option 43 is whatever its maker says; without a maker, whatever it looks like.
pub(super) fn vendor_specific(
    tables: &Tables,
    value: &[u8],
    vendor: Option<VendorIx>,
) -> Vec<Part> {
    let reads = vendor.map(|vendor| &tables.at(vendor).reads[..]).unwrap_or_default();
    let whole = reads.iter().any(|read| read.code.option() == Some((43, None)));
    let has_subs = reads.iter().any(|read| matches!(read.code.option(), Some((43, Some(_)))));
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
        let key = (43, Some(sub.code));
        let read = reads.iter().find(|read| read.code.option() == Some(key));
        let name = match read {
            Some(read) => match &read.form {
                Some(form) => format!("{}: {form}", read.gives),
                None => read.gives.to_string(),
            },
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
