//! How a vendor's phones are recognised: rules over option values, and hardware addresses.

use super::{Known, own, read_proof, read_variant};
use crate::error::Mistakes;
use crate::facts::{Field, MacRule, Rule, VariantIx};
use crate::mac;
use crate::reader::{Cursor, Table};
use crate::record::{Bytes, List};
use crate::text::{TextError, parse_hex};

const RULE_KEYS: [&str; 10] =
    ["is", "is-hex", "starts", "starts-hex", "read", "model", "variant", "phone", "weak", "status"];

pub(super) fn read_rule(
    field: Field,
    at: &Cursor<'_>,
    known: &Known,
    mistakes: &mut Mistakes,
) -> Option<Rule> {
    let mut keys: Vec<&str> = RULE_KEYS.into_iter().chain(["source"]).collect();
    if field == Field::Enterprise {
        keys = vec![
            "number",
            "read-sub-options",
            "model",
            "variant",
            "phone",
            "weak",
            "status",
            "source",
        ];
    }
    let table = at.table(&keys, mistakes)?;
    let (sources, recalled) = read_proof(at, &table, known, mistakes);
    let variant = table.text("variant", "a variant", mistakes);
    let variant =
        variant.map_or(Some(VariantIx::NONE), |name| read_variant(at, name, known, mistakes));
    let mut rule = Rule {
        field,
        head: List::default(),
        any: List::default(),
        exact: false,
        number: None,
        read: table.text("read", "a pattern", mistakes).map(own),
        model_sub: None,
        firmware_sub: None,
        model: table.text("model", "a model", mistakes).map(own),
        variant: variant?,
        phone: table.bool("phone", mistakes).unwrap_or(true),
        weak: field == Field::HostName || table.bool("weak", mistakes).unwrap_or(false),
        recalled,
        sources,
    };
    if let Some(Err(error)) = rule.read.as_deref().map(crate::reading::read_parts) {
        at.mistake(error, mistakes);
    }
    if field == Field::Enterprise {
        let number = table.need("number", "an enterprise number", mistakes)?;
        rule.number = Some(u32::try_from(number.integer(1, u32::MAX.into(), mistakes)?).ok()?);
        if let Some(at) = table.get("read-sub-options") {
            let subs = at.table(&["model", "firmware"], mistakes)?;
            let mut sub = |key| {
                let code = subs.get(key)?.integer(1, 254, mistakes)?;
                u8::try_from(code).ok()
            };
            (rule.model_sub, rule.firmware_sub) = (sub("model"), sub("firmware"));
        }
        return Some(rule);
    }
    (rule.head, rule.any, rule.exact) = read_head(at, &table, mistakes)?;
    Some(rule)
}

/// Exactly one of `is`, `is-hex`, `starts`, `starts-hex`.
pub(crate) fn read_head(
    at: &Cursor<'_>,
    table: &Table<'_>,
    mistakes: &mut Mistakes,
) -> Option<(Bytes, Bytes, bool)> {
    let mut found = Vec::new();
    for (key, exact) in [("is", true), ("is-hex", true), ("starts", false), ("starts-hex", false)] {
        if let Some(text) = table.text(key, "a text", mistakes) {
            let head = if key.ends_with("-hex") { hex_head(text) } else { Ok(text_head(text)) };
            match head {
                Ok((bytes, any)) => found.push((bytes, any, exact)),
                Err(error) => at.mistake(error, mistakes),
            }
        }
    }
    if found.len() != 1 {
        at.mistake("expected exactly one of is, is-hex, starts, starts-hex", mistakes);
        return None;
    }
    let (bytes, any, exact) = found.pop()?;
    if bytes.is_empty() || any.iter().all(|any| *any == 1) {
        at.mistake("a head needs at least one byte of its own", mistakes);
    }
    // Trailing NULs of a value never count, so a head that ends in one would never match whole.
    if exact && bytes.last() == Some(&0) {
        at.mistake("leave trailing NULs away: they never count", mistakes);
    }
    let any = if any.contains(&1) { any } else { Vec::new() };
    Some((bytes.into(), any.into(), exact))
}

fn text_head(text: &str) -> (Vec<u8>, Vec<u8>) {
    let any = text.bytes().map(|byte| u8::from(byte == b'?')).collect();
    (text.bytes().map(|byte| if byte == b'?' { 0 } else { byte }).collect(), any)
}

fn hex_head(text: &str) -> Result<(Vec<u8>, Vec<u8>), TextError> {
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | ':')).collect();
    let any = bare.as_bytes().chunks(2).map(|pair| u8::from(pair == b"??")).collect();
    let bytes = parse_hex(&bare.replace("??", "00"))?;
    Ok((bytes, any))
}

pub(crate) fn read_macs(
    at: &Cursor<'_>,
    known: &Known,
    mistakes: &mut Mistakes,
) -> Option<Vec<MacRule>> {
    let keys = ["prefixes", "ranges", "shared", "variant", "status", "source"];
    let table = at.table(&keys, mistakes)?;
    let (sources, recalled) = read_proof(at, &table, known, mistakes);
    let shared = table.text("shared", "what else uses it", mistakes).map(own);
    let variant = table.text("variant", "a variant", mistakes);
    let variant =
        variant.map_or(Some(VariantIx::NONE), |name| read_variant(at, name, known, mistakes))?;
    let mut rules = Vec::new();
    let mut add = |text: &str, span: Option<(u64, u64)>, mistakes: &mut Mistakes| match span {
        Some((first, last)) if first >> 24 != last >> 24 => {
            at.mistake(format!("{text:?} goes beyond its first three bytes; cut it"), mistakes);
        }
        Some((first, last)) => rules.push(MacRule {
            first,
            last,
            shared: shared.clone(),
            variant,
            recalled,
            sources: sources.clone(),
        }),
        None => at.mistake(format!("{text:?} is not a prefix of 24, 28 or 36 bits"), mistakes),
    };
    for text in table.texts("prefixes", "prefixes", mistakes) {
        add(text, mac::prefix_range(text), mistakes);
    }
    for text in table.texts("ranges", "FIRST-LAST", mistakes) {
        add(text, mac::range(text), mistakes);
    }
    if rules.is_empty() {
        at.mistake("expected \"prefixes\" or \"ranges\" with at least one entry", mistakes);
    }
    Some(rules)
}
