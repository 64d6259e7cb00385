//! The options that a vendor's phones expect, what they read in an answer, and the files they fetch.

use super::{Known, own, owned, read_proof, read_source_keys, read_variant};
use crate::error::Mistakes;
use crate::facts::{
    CIPHERS, ESCAPES, FORMATS, GIVES, HEADER_FIELDS, ModelCode, PhoneFile, Read, ReadFrom, SCOPES,
    SubOptionCode, TAKES, Takes, Tell, UrlRules, VariantIx, WHAT, What,
};
use crate::reader::{Cursor, Table};
use crate::record::{List, Text};
use crate::text;
use crate::value::{Existing, FORMS, Joined, OPTION_KEYS, OptionSpec, Send, Value};

pub(super) fn no_url() -> UrlRules {
    UrlRules {
        takes: Takes::Base,
        max_length: None,
        schemes: List::default(),
        bare: List::default(),
        bare_sources: List::default(),
    }
}

pub(super) fn read_url(at: &Cursor<'_>, known: &Known, mistakes: &mut Mistakes) -> UrlRules {
    let mut rules = no_url();
    let keys = ["takes", "max-length", "schemes", "bare", "bare-source"];
    let Some(table) = at.table(&keys, mistakes) else { return rules };
    if let Some(takes) = table.get("takes") {
        rules.takes = takes.one_of(&TAKES, mistakes).unwrap_or_default();
    }
    if let Some(length) = table.get("max-length").and_then(|at| at.integer(1, 65535, mistakes)) {
        rules.max_length = u16::try_from(length).ok();
    }
    rules.schemes = owned(table.texts("schemes", "URL schemes", mistakes));
    rules.bare = owned(table.texts("bare", "URL schemes", mistakes));
    for scheme in &rules.bare {
        if !rules.schemes.contains(scheme) {
            at.mistake(format!("\"bare\" has {scheme:?}, which \"schemes\" does not"), mistakes);
        }
    }
    if table.has("bare") != table.has("bare-source") {
        at.mistake("\"bare\" and \"bare-source\" go together", mistakes);
    }
    rules.bare_sources = read_source_keys("bare-source", at, &table, known, mistakes);
    rules
}

pub(super) fn read_tell(at: &Cursor<'_>, known: &Known, mistakes: &mut Mistakes) -> Option<Tell> {
    let own_keys = [
        "what", "header", "variants", "schemes", "default", "harmless", "status", "source",
        "joined", "by",
    ];
    let keys: Vec<&str> = own_keys.into_iter().chain(OPTION_KEYS).chain(FORMS).collect();
    let table = at.table(&keys, mistakes)?;
    let (sources, recalled) = read_proof(at, &table, known, mistakes);
    let what = table.need("what", "what is sent", mistakes)?.one_of(&WHAT, mistakes);
    let header = table.get("header").and_then(|at| at.one_of(&HEADER_FIELDS, mistakes));
    let option = match header {
        None if table.has("joined") => joined(&table, mistakes),
        None => OptionSpec::read_keys(at, &table, mistakes),
        // A header field has no number; its value is a text or an address all the same.
        Some(_) => header_value(at, &table, mistakes),
    };
    let variants = read_variants(at, &table, known, mistakes);
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
        header,
        schemes: owned(table.texts("schemes", "URL schemes", mistakes)),
        variants,
        default,
        recalled,
        sources,
    })
}

/// `joined = [texts]`, with `by` between them.
fn joined(table: &Table<'_>, mistakes: &mut Mistakes) -> Option<OptionSpec> {
    let code = table.need("code", "an option's number", mistakes)?;
    let code = u8::try_from(code.integer(1, 254, mistakes)?).ok()?;
    let by = own(table.text("by", "a separator", mistakes).unwrap_or(","));
    let parts = owned(table.texts("joined", "texts", mistakes));
    let value = Value::Joined(Joined { by, parts });
    Some(OptionSpec { code, value, nul: false, send: Send::Unset, existing: Existing::Unset })
}

/// `[voice-vlan]`: how else the phones take their VLAN.
pub(super) fn read_vlan(
    at: &Cursor<'_>,
    known: &Known,
    mistakes: &mut Mistakes,
) -> Option<(Text, List<Text>)> {
    let table = at.table(&["otherwise", "status", "source"], mistakes)?;
    let (sources, _) = read_proof(at, &table, known, mistakes);
    let otherwise = table.need("otherwise", "LLDP-MED, CDP or the like", mistakes)?;
    Some((own(otherwise.text("LLDP-MED, CDP or the like", mistakes)?), sources))
}

fn header_value(at: &Cursor<'_>, table: &Table<'_>, m: &mut Mistakes) -> Option<OptionSpec> {
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
        What::SipServers => &["sip-servers", "sip-addresses"],
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
    let keys = [
        "code",
        "sub",
        "name",
        "order",
        "gives",
        "form",
        "opaque",
        "models",
        "firmware-from",
        "if-switched-on",
        "note",
        "status",
        "source",
    ];
    let table = at.table(&keys, mistakes)?;
    let (sources, recalled) = read_proof(at, &table, known, mistakes);
    let number = |at: Cursor<'_>, least, most, mistakes: &mut Mistakes| {
        u8::try_from(at.integer(least, most, mistakes)?).ok()
    };
    let sub = table.get("sub").and_then(|sub| number(sub, 0, 255, mistakes));
    let code = match (table.get("code"), table.text("name", "a header field", mistakes)) {
        (Some(code), None) => {
            let option = number(code, 1, 254, mistakes)?;
            match sub {
                Some(sub) => ReadFrom::SubOption(SubOptionCode { option, sub }),
                None => ReadFrom::Option(option),
            }
        }
        (None, Some(_)) => ReadFrom::Header(table.get("name")?.one_of(&HEADER_FIELDS, mistakes)?),
        _ => {
            at.mistake("expected \"code\" or \"name\"", mistakes);
            return None;
        }
    };
    let order = table.get("order").and_then(|order| order.integer(1, 999, mistakes));
    Some(Read {
        code,
        order: order.and_then(|order| u16::try_from(order).ok()),
        gives: table.need("gives", "what it gives", mistakes)?.one_of(&GIVES, mistakes)?,
        form: table.text("form", "a text", mistakes).map(own),
        opaque: table.bool("opaque", mistakes).unwrap_or(false),
        models: owned(table.texts("models", "beginnings of models", mistakes)),
        firmware_from: read_firmware(at, &table, mistakes),
        if_switched_on: table.bool("if-switched-on", mistakes).unwrap_or(false),
        note: table.text("note", "a text", mistakes).map(own),
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
        "name",
        "scope",
        "format",
        "template",
        "escape",
        "refuse",
        "models",
        "cipher",
        "without",
        "variants",
        "codes",
        "only-if-missing",
        "named-by",
        "firmware-from",
        "by",
        "note",
        "status",
        "source",
    ];
    let table = at.table(&keys, mistakes)?;
    let (sources, recalled) = read_proof(at, &table, known, mistakes);
    let name = table.need("name", "a file name", mistakes)?.text("a file name", mistakes)?;
    let template = table.text("template", "a template's file name", mistakes);
    let escape = table.get("escape").and_then(|at| at.one_of(&ESCAPES, mistakes));
    if template.is_none() != escape.is_none() {
        at.mistake("\"template\" and \"escape\" go together", mistakes);
    }
    if let Some(template) = template.filter(|name| name.contains('/') || !name.ends_with(".j2")) {
        at.mistake(format!("{template:?} is not a name of a .j2 file in this folder"), mistakes);
    }
    let codes = read_codes(&table, mistakes);
    if name.contains("{{code}}") == codes.is_empty() {
        at.mistake("{{code}} in the name and \"codes\" go together", mistakes);
    }
    Some(PhoneFile {
        name: own(name),
        codes,
        variants: read_variants(at, &table, known, mistakes),
        only_if_missing: owned(table.texts("only-if-missing", "names of files", mistakes)),
        named_by: owned(table.texts("named-by", "names of files", mistakes)),
        firmware_from: read_firmware(at, &table, mistakes),
        by: owned(table.texts("by", "URL schemes", mistakes)),
        template: template.map(own),
        escape,
        refuse: table.text("refuse", "characters", mistakes).map(own).unwrap_or_default(),
        models: owned(table.texts("models", "beginnings of models", mistakes)),
        cipher: table.get("cipher").and_then(|at| at.one_of(&CIPHERS, mistakes)),
        without: table.text("without", "a text", mistakes).map(own),
        scope: table.need("scope", "a scope", mistakes)?.one_of(&SCOPES, mistakes)?,
        format: table.need("format", "a format", mistakes)?.one_of(&FORMATS, mistakes)?,
        note: table.text("note", "a text", mistakes).map(own),
        recalled,
        sources,
    })
}

fn read_variants(
    at: &Cursor<'_>,
    table: &Table<'_>,
    known: &Known,
    mistakes: &mut Mistakes,
) -> List<VariantIx> {
    let names = table.texts("variants", "variants", mistakes);
    names.into_iter().filter_map(|name| read_variant(at, name, known, mistakes)).collect()
}

/// `codes = { T46G = "28" }`
fn read_codes(table: &Table<'_>, mistakes: &mut Mistakes) -> List<ModelCode> {
    let Some(at) = table.get("codes") else { return List::default() };
    let Some(codes) = at.any_table(mistakes) else { return List::default() };
    let read = |(model, at): (&str, Cursor<'_>)| {
        Some(ModelCode { model: own(model), code: own(at.text("a code", mistakes)?) })
    };
    codes.iter().filter_map(read).collect()
}

fn read_firmware(at: &Cursor<'_>, table: &Table<'_>, mistakes: &mut Mistakes) -> List<Text> {
    let from = table.texts("firmware-from", "numbers with dots", mistakes);
    for text in &from {
        if !text.split('.').all(|part| part == "x" || part.parse::<u32>().is_ok()) {
            let wrong = "expected numbers with dots, \"x\" for a part that does not count";
            at.mistake(format!("\"firmware-from\": {wrong}, found {text:?}"), mistakes);
        }
    }
    owned(from)
}

/// A condition is about other files of the same vendor.
pub(super) fn check_files(at: &Cursor<'_>, files: &[PhoneFile], mistakes: &mut Mistakes) {
    for file in files {
        for other in file.only_if_missing.iter().chain(&file.named_by) {
            if *other == file.name || !files.iter().any(|known| known.name == *other) {
                let text = format!(
                    "the condition of {:?} has {other:?}, which is not the name of another [[file]]",
                    file.name
                );
                at.mistake(text, mistakes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    fn mistakes(file: &str) -> String {
        let head = "name = \"V\"\n[sources]\ns = \"a page\"\n[url]\nschemes = [\"http\"]\n";
        let device =
            "[[file]]\nname = \"a\"\nscope = \"device\"\nformat = \"text\"\nsource = \"s\"\n";
        let own = "scope = \"common\"\nformat = \"text\"\nsource = \"s\"\n";
        let text = format!("{head}{device}[[file]]\n{file}\n{own}");
        super::super::vendor("v", &text)
            .map_or_else(|mistakes| mistakes.to_string(), |_| String::new())
    }

    #[test]
    fn conditions_of_files_are_checked() {
        assert_eq!(mistakes("name = \"b\"\nonly-if-missing = [\"a\"]\nnamed-by = [\"a\"]"), "");
        for (file, wrong) in [
            ("name = \"b\"\nonly-if-missing = [\"c\"]", "\"c\", which is not the name"),
            ("name = \"b\"\nnamed-by = [\"b\"]", "\"b\", which is not the name"),
            ("name = \"{{code}}.cfg\"", "go together"),
            ("name = \"b\"\ncodes = { X = \"1\" }", "go together"),
            ("name = \"b\"\nfirmware-from = [\"v81\"]", "found \"v81\""),
            ("name = \"b\"\nvariants = [\"noe\"]", "not in \"variants\""),
        ] {
            let found = mistakes(file);
            assert!(found.contains(wrong), "{file}: expected {wrong}, found {found}");
        }
    }
}
