//! How a vendor's phones want to be told, what they read in an answer, and the files they fetch.

use super::{Known, own, owned, read_proof, read_variant};
use crate::catalogue::record::{List, Text};
use crate::catalogue::{CIPHERS, ESCAPES, PhoneFile, Read, Tell, UrlRules, WHAT, What};
use crate::error::Mistakes;
use crate::reader::{Cursor, Table};
use crate::text;
use crate::value::{FORMS, OPTION_KEYS, OptionSpec};

pub(super) fn no_url() -> UrlRules {
    UrlRules { takes: own("base"), max_length: 0, schemes: List::default() }
}

pub(super) fn read_url(at: &Cursor<'_>, mistakes: &mut Mistakes) -> UrlRules {
    let mut rules = no_url();
    let Some(table) = at.table(&["takes", "max-length", "schemes"], mistakes) else { return rules };
    if let Some(takes) = table.get("takes") {
        let kinds = [("base", "base"), ("host", "host"), ("file", "file")];
        rules.takes = takes.one_of(&kinds, mistakes).map(own).unwrap_or_default();
    }
    if let Some(length) = table.get("max-length").and_then(|at| at.integer(1, 65535, mistakes)) {
        rules.max_length = u16::try_from(length).unwrap_or(0);
    }
    rules.schemes = owned(table.texts("schemes", "URL schemes", mistakes));
    rules
}

pub(super) fn read_tell(at: &Cursor<'_>, known: &Known, mistakes: &mut Mistakes) -> Option<Tell> {
    let own_keys = ["what", "header", "variants", "default", "harmless", "status", "source"];
    let keys: Vec<&str> = own_keys.into_iter().chain(OPTION_KEYS).chain(FORMS).collect();
    let table = at.table(&keys, mistakes)?;
    let (sources, recalled) = read_proof(at, &table, known, mistakes);
    let what = table.need("what", "what is told", mistakes)?.one_of(&WHAT, mistakes);
    let header = table.get("header").and_then(|at| {
        at.one_of(&[("siaddr", "siaddr"), ("sname", "sname"), ("file", "file")], mistakes)
    });
    let option = match header {
        None => OptionSpec::read_keys(at, &table, mistakes),
        // A header field has no number; its value is a text or an address all the same.
        Some(_) => header_value(at, &table, mistakes),
    };
    let variants = table.texts("variants", "variants", mistakes);
    let variants: Vec<u8> =
        variants.into_iter().filter_map(|name| read_variant(at, name, known, mistakes)).collect();
    let harmless = table.bool("harmless", mistakes).unwrap_or(false);
    let default = table.bool("default", mistakes).unwrap_or(!recalled || harmless);
    if recalled && default && !harmless {
        at.mistake("what is only recalled is not sent by default unless it is harmless", mistakes);
    }
    let option = option?;
    check_names(at, what?, &option, mistakes);
    Some(Tell {
        what: what?,
        option,
        header: header.map(own).unwrap_or_default(),
        variants: variants.into(),
        default,
        recalled,
        sources,
    })
}

fn header_value(at: &Cursor<'_>, table: &Table<'_>, m: &mut Mistakes) -> Option<OptionSpec> {
    use crate::value::{Existing, Send, Value};
    let text = table.text("text", "a text", m);
    let addresses = table.texts("ipv4", "an address", m);
    let value = match (text, addresses.is_empty()) {
        (Some(text), true) => Value::Text(own(text)),
        (None, false) => Value::Ipv4(owned(addresses)),
        _ => {
            at.mistake("a header field takes \"text\", or \"ipv4\" for siaddr", m);
            return None;
        }
    };
    Some(OptionSpec { code: 0, value, nul: false, send: Send::Unset, existing: Existing::Unset })
}

/// The names that a tell may use, beside those of the packet.
pub fn names_for(what: What) -> &'static [&'static str] {
    match what {
        What::Url | What::File => &["url", "host", "url-port", "path", "file"],
        What::VoiceVlan => &["vlan-id", "vlan-priority"],
        What::TimeServers => &["time-servers"],
        What::SipServers => &["sip-servers"],
    }
}

fn check_names(at: &Cursor<'_>, what: What, option: &OptionSpec, mistakes: &mut Mistakes) {
    let known = names_for(what);
    crate::value::each_text(&option.value, &mut |text| {
        for piece in text::pieces(text).unwrap_or_default() {
            if let text::Piece::Name(name) = piece
                && !known.contains(&name)
                && text::Live::named(name).is_none()
                && name != "vendor"
            {
                let list = known.join("}}, {{");
                at.mistake(
                    format!("{{{{{name}}}}} is not known here: use {{{{{list}}}}}"),
                    mistakes,
                );
            }
        }
    });
}

pub(super) fn read_read(at: &Cursor<'_>, known: &Known, mistakes: &mut Mistakes) -> Option<Read> {
    let keys = ["code", "sub", "name", "order", "gives", "form", "note", "status", "source"];
    let table = at.table(&keys, mistakes)?;
    let (sources, recalled) = read_proof(at, &table, known, mistakes);
    let sub = table.get("sub").and_then(|sub| sub.integer(0, 255, mistakes));
    let code = match (table.get("code"), table.text("name", "a header field", mistakes)) {
        (Some(code), None) => {
            let code = code.integer(1, 254, mistakes)?;
            sub.map_or_else(|| code.to_string(), |sub| format!("{code}.{sub}"))
        }
        (None, Some(name)) => name.to_owned(),
        _ => {
            at.mistake("expected \"code\" or \"name\"", mistakes);
            return None;
        }
    };
    let order = table.get("order").and_then(|order| order.integer(0, 999, mistakes)).unwrap_or(0);
    let gives = [
        ("url", "url"),
        ("file", "file"),
        ("voice-vlan", "voice-vlan"),
        ("time-servers", "time-servers"),
        ("sip-servers", "sip-servers"),
        ("other", "other"),
    ];
    Some(Read {
        code: Text::Owned(code),
        order: u16::try_from(order).unwrap_or(0),
        gives: own(table.need("gives", "what it gives", mistakes)?.one_of(&gives, mistakes)?),
        form: table.text("form", "a text", mistakes).map(own).unwrap_or_default(),
        note: table.text("note", "a text", mistakes).map(own).unwrap_or_default(),
        recalled,
        sources,
    })
}

pub(super) fn read_file(
    at: &Cursor<'_>,
    known: &Known,
    mistakes: &mut Mistakes,
) -> Option<PhoneFile> {
    let keys = [
        "name", "scope", "format", "template", "escape", "refuse", "models", "cipher", "without",
        "note", "status", "source",
    ];
    let table = at.table(&keys, mistakes)?;
    let (sources, recalled) = read_proof(at, &table, known, mistakes);
    let name = table.need("name", "a file name", mistakes)?.text("a file name", mistakes)?;
    let scopes = [("device", "device"), ("model", "model"), ("common", "common")];
    let formats = [("xml", "xml"), ("text", "text"), ("json", "json"), ("binary", "binary")];
    let template = table.text("template", "a template's file name", mistakes).unwrap_or_default();
    let escape = table.get("escape").and_then(|at| at.one_of(&ESCAPES, mistakes));
    if template.is_empty() != escape.is_none() {
        at.mistake("\"template\" and \"escape\" go together", mistakes);
    }
    if template.contains('/') || (!template.is_empty() && !template.ends_with(".j2")) {
        at.mistake(format!("{template:?} is no name of a .j2 file in this folder"), mistakes);
    }
    Some(PhoneFile {
        name: own(name),
        template: own(template),
        escape: escape.map(own).unwrap_or_default(),
        refuse: table.text("refuse", "characters", mistakes).map(own).unwrap_or_default(),
        models: owned(table.texts("models", "beginnings of models", mistakes)),
        cipher: table
            .get("cipher")
            .and_then(|at| at.one_of(&CIPHERS, mistakes))
            .map(own)
            .unwrap_or_default(),
        without: table.text("without", "a text", mistakes).map(own).unwrap_or_default(),
        scope: own(table.need("scope", "a scope", mistakes)?.one_of(&scopes, mistakes)?),
        format: own(table.need("format", "a format", mistakes)?.one_of(&formats, mistakes)?),
        note: table.text("note", "a text", mistakes).map(own).unwrap_or_default(),
        recalled,
        sources,
    })
}
