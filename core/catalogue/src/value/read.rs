//! How options and their values are read: their shape, and everything that can be checked without knowing
//! the phone.

use super::{
    EXISTING, EnterpriseBlock, Existing, FORMS, OPTION_KEYS, OptionSpec, SEND, Send, SubOption,
    Value,
};
use crate::error::Mistakes;
use crate::idn;
use crate::reader::{Cursor, Table};
use crate::record::{List, Text};
use crate::text;
use crate::tree::Kind;

/// Options that belong to the protocol or carry the lease itself; a phone's policy must not touch them (RFC
/// 2131; 61: RFC 6842, 82: RFC 3046, 90: RFC 3118, 118: RFC 3011).
const RESERVED: [(u8, &str); 17] = [
    (0, "the pad option"),
    (1, "the subnet mask"),
    (50, "the requested address"),
    (51, "the lease time"),
    (52, "option overload"),
    (53, "the message type"),
    (54, "the server identifier"),
    (55, "the client's request list"),
    (56, "the server's message"),
    (57, "the largest message size"),
    (58, "the renewal time"),
    (59, "the rebinding time"),
    (61, "the client identifier"),
    (82, "the relay agent's information"),
    (90, "the authentication"),
    (118, "the subnet selection"),
    (255, "the end option"),
];

impl OptionSpec {
    /// Reads one entry of an `options` list.
    pub fn read(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<OptionSpec> {
        let known: Vec<&str> = OPTION_KEYS.into_iter().chain(FORMS).collect();
        let table = at.table(&known, mistakes)?;
        OptionSpec::read_keys(at, &table, mistakes)
    }

    /// Reads the keys of an option out of a table that may have further keys.
    pub fn read_keys(
        at: &Cursor<'_>,
        table: &Table<'_>,
        mistakes: &mut Mistakes,
    ) -> Option<OptionSpec> {
        let code = table
            .need("code", "an option's number", mistakes)
            .and_then(|code| option_code(&code, mistakes));
        let remove = table.bool("remove", mistakes).unwrap_or(false);
        let value = match (remove, form(at, table, mistakes)) {
            (true, None) => Some(Value::Remove),
            (true, Some(_)) => {
                at.mistake("\"remove\" and a value: keep one of them", mistakes);
                None
            }
            (false, Some((form, value))) => read_value(form, &value, mistakes),
            (false, None) => {
                let expected = FORMS.join(", ");
                at.mistake(
                    format!("no value: expected one of {expected}, or \"remove\": true"),
                    mistakes,
                );
                None
            }
        };
        let nul = read_nul(table, value.as_ref(), mistakes);
        let send = table.get("send").and_then(|send| send.one_of(&SEND, mistakes));
        let existing = table.get("existing").and_then(|at| at.one_of(&EXISTING, mistakes));
        Some(OptionSpec {
            code: code?,
            value: value?,
            nul,
            send: send.unwrap_or(Send::Unset),
            existing: existing.unwrap_or(Existing::Unset),
        })
    }
}

fn option_code(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<u8> {
    let code = u8::try_from(at.integer(1, 254, mistakes)?).ok()?;
    if let Some((_, what)) = RESERVED.iter().find(|(reserved, _)| *reserved == code) {
        let text = format!("option {code} is {what}: the DHCP server alone sets it; take it out");
        at.mistake(text, mistakes);
        return None;
    }
    Some(code)
}

/// The one form key in a table.
fn form<'a>(
    at: &Cursor<'_>,
    table: &Table<'a>,
    mistakes: &mut Mistakes,
) -> Option<(&'static str, Cursor<'a>)> {
    let mut found = FORMS.iter().filter_map(|form| Some((*form, table.get(form)?)));
    let first = found.next()?;
    if let Some((second, _)) = found.next() {
        let text = format!("\"{}\" and \"{second}\": an option has one value; keep one", first.0);
        at.mistake(text, mistakes);
    }
    Some(first)
}

fn read_nul(table: &Table<'_>, value: Option<&Value>, mistakes: &mut Mistakes) -> bool {
    let Some(at) = table.get("nul") else { return false };
    let nul = at.bool(mistakes).unwrap_or(false);
    if nul && !matches!(value, Some(Value::Text(_)) | None) {
        at.mistake("\"nul\" goes with \"text\" only", mistakes);
    }
    nul
}

fn read_value(form: &str, at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<Value> {
    match form {
        "text" => {
            let text = Text::Owned(idn::url(&template(at, "a text", mistakes)?).into_owned());
            if text.is_empty() {
                at.mistake("expected a text of at least one byte, found none (RFC 2132)", mistakes);
                return None;
            }
            Some(Value::Text(text))
        }
        "hex" => {
            let digits = at.text("hex digits", mistakes)?;
            match text::parse_hex(digits) {
                Ok(bytes) if bytes.is_empty() => at.expected("at least one byte", mistakes),
                Ok(bytes) => return Some(Value::Hex(bytes.into())),
                Err(error) => at.mistake(format!("expected hex digits, found {error}"), mistakes),
            }
            None
        }
        "ipv4" => templates(at, "IPv4 addresses", mistakes, |text| {
            text.parse::<std::net::Ipv4Addr>().map(drop).map_err(|_| "an IPv4 address")
        })
        .map(Value::Ipv4),
        "u8" => number(at, 0, u8::MAX.into(), mistakes).map(Value::U8),
        "u16" => number(at, 0, u16::MAX.into(), mistakes).map(Value::U16),
        "u32" => number(at, 0, u32::MAX.into(), mistakes).map(Value::U32),
        "i8" => number(at, i8::MIN.into(), i8::MAX.into(), mistakes).map(Value::I8),
        "i16" => number(at, i16::MIN.into(), i16::MAX.into(), mistakes).map(Value::I16),
        "i32" => number(at, i32::MIN.into(), i32::MAX.into(), mistakes).map(Value::I32),
        "domains" => {
            templates(at, "domain names", mistakes, |_| Ok::<_, &str>(())).map(Value::Domains)
        }
        "sip-servers" => {
            templates(at, "names, or addresses", mistakes, |_| Ok(())).map(Value::SipServers)
        }
        "sub-options" => read_sub_options(at, mistakes).map(Value::SubOptions),
        _ => read_enterprise(at, mistakes).map(Value::Enterprise),
    }
}

/// A text whose braces are in order.
pub fn template(at: &Cursor<'_>, what: &str, mistakes: &mut Mistakes) -> Option<Text> {
    let found = at.text(what, mistakes)?;
    match text::pieces(found) {
        Ok(_) => Some(Text::Owned(found.to_owned())),
        Err(error) => {
            at.mistake(error, mistakes);
            None
        }
    }
}

/// A list of texts (or a single one); those without names in them are checked now.
fn templates(
    at: &Cursor<'_>,
    what: &str,
    mistakes: &mut Mistakes,
    check: impl Fn(&str) -> Result<(), &'static str>,
) -> Option<List<Text>> {
    let before = mistakes.0.len();
    let mut read = |item: &Cursor<'_>| {
        let text = Text::Owned(idn::host(&template(item, what, mistakes)?).into_owned());
        if !text.contains("{{") {
            if text.is_empty() {
                item.expected(what, mistakes);
            } else if let Err(expected) = check(&text) {
                item.expected(expected, mistakes);
            }
        }
        Some(text)
    };
    let texts: Vec<Text> = match at.tree.kind {
        Kind::Text(_) => read(at).into_iter().collect(),
        _ => {
            let mut ignored = Mistakes::default();
            let items: Vec<_> = at.list(what, &mut ignored).collect();
            let texts = items.iter().filter_map(read).collect();
            mistakes.0.append(&mut ignored.0);
            texts
        }
    };
    if texts.is_empty() && mistakes.0.len() == before {
        at.mistake(format!("expected {what}, found an empty list"), mistakes);
    }
    (mistakes.0.len() == before).then(|| texts.into())
}

/// A whole number, or a text with names that becomes one.
fn number(at: &Cursor<'_>, least: i64, most: i64, mistakes: &mut Mistakes) -> Option<Text> {
    match &at.tree.kind {
        Kind::Text(text) if text.contains("{{") => template(at, "a number", mistakes),
        Kind::Integer(value) if *value < 0 && least == 0 => {
            let signed = match most {
                255 => "i8",
                65_535 => "i16",
                _ => "i32",
            };
            at.expected(
                &format!("a whole number from 0 to {most}; \"{signed}\" takes negative ones"),
                mistakes,
            );
            None
        }
        _ => Some(Text::Owned(at.integer(least, most, mistakes)?.to_string())),
    }
}

fn read_sub_options(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<List<SubOption>> {
    let before = mistakes.0.len();
    let items: Vec<_> = at.list("sub-options", mistakes).collect();
    let known: Vec<&str> = ["code", "nul"].into_iter().chain(FORMS).collect();
    let mut subs = Vec::with_capacity(items.len());
    for item in &items {
        let Some(table) = item.table(&known, mistakes) else { continue };
        let code = table
            .need("code", "a sub-option's number", mistakes)
            .and_then(|code| code.integer(1, 254, mistakes));
        let value = match form(item, &table, mistakes) {
            Some((form, value)) => read_value(form, &value, mistakes),
            None => {
                let expected = FORMS.join(", ");
                item.mistake(format!("no value: expected one of {expected}"), mistakes);
                None
            }
        };
        let nul = read_nul(&table, value.as_ref(), mistakes);
        if let (Some(Ok(code)), Some(value)) = (code.map(u8::try_from), value) {
            subs.push(SubOption { code, value, nul });
        }
    }
    if subs.is_empty() && mistakes.0.len() == before {
        at.mistake("expected at least one sub-option, found an empty list", mistakes);
    }
    (mistakes.0.len() == before).then(|| subs.into())
}

fn read_enterprise(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<List<EnterpriseBlock>> {
    let before = mistakes.0.len();
    let items: Vec<_> = at.list("enterprises", mistakes).collect();
    let mut blocks = Vec::with_capacity(items.len());
    for item in &items {
        let Some(table) = item.table(&["number", "sub-options", "hex", "text"], mistakes) else {
            continue;
        };
        let number = table
            .need("number", "an enterprise number (IANA)", mistakes)
            .and_then(|number| number.integer(0, u32::MAX.into(), mistakes));
        let data = match form(item, &table, mistakes) {
            Some((form, value)) => read_value(form, &value, mistakes),
            None => {
                item.mistake("no data: expected one of sub-options, hex, text", mistakes);
                None
            }
        };
        if let (Some(Ok(number)), Some(data)) = (number.map(u32::try_from), data) {
            blocks.push(EnterpriseBlock { number, data });
        }
    }
    if blocks.is_empty() && mistakes.0.len() == before {
        at.mistake("expected at least one enterprise, found an empty list", mistakes);
    }
    (mistakes.0.len() == before).then(|| blocks.into())
}
