//! Reads a vendor's folder (`vendor.toml`) into the catalogue's types, with file and line for every
//! mistake. The same code runs when the crate is built and over a user's overlay at run time.

use super::record::{Bytes, List, Text};
use super::{
    CIPHERS, ESCAPES, Field, MacRule, PhoneFile, Read, Rule, Source, Tell, UrlRules, Vendor, WHAT,
    What,
};
use crate::error::Mistakes;
use crate::mac;
use crate::reader::{Cursor, Table};
use crate::text::{self, parse_hex};
use crate::tree;
use crate::tree::Kind;
use crate::value::{FORMS, OPTION_KEYS, OptionSpec};

const KEYS: [&str; 16] = [
    "name",
    "aliases",
    "left-alone",
    "quirks",
    "variants",
    "sources",
    "option-60",
    "option-77",
    "host-name",
    "enterprise",
    "mac",
    "url",
    "tell",
    "reads",
    "file",
    "user-agent",
];
const RULE_KEYS: [&str; 10] =
    ["is", "is-hex", "starts", "starts-hex", "read", "model", "variant", "phone", "weak", "status"];

/// Reads the text of `core/vendors/<id>/vendor.toml`.
pub fn vendor(id: &str, text: &str) -> Result<Vendor, Mistakes> {
    let tree = tree::from_toml(text)?;
    let root = Cursor::root(&tree);
    let mut mistakes = Mistakes::default();
    let vendor = read_vendor(id, &root, &mut mistakes);
    mistakes.or(vendor)
}

/// What every entry of a vendor or system needs to read its `source` and `variant`.
pub(super) struct Known {
    pub sources: List<Source>,
    pub variants: List<Text>,
}

fn read_vendor(id: &str, root: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<Vendor> {
    check_id(id, root, mistakes);
    let table = root.table(&KEYS, mistakes)?;
    let name = table.need("name", "the maker's name", mistakes);
    let name = name.and_then(|name| name.text("the maker's name", mistakes));
    let known = Known {
        sources: read_sources(&table, mistakes),
        variants: owned(table.texts("variants", "names", mistakes)),
    };
    let mut rules = Vec::new();
    let fields = [
        ("option-60", Field::VendorClass),
        ("option-77", Field::UserClass),
        ("host-name", Field::HostName),
        ("enterprise", Field::Enterprise),
    ];
    for (key, field) in fields {
        rules.extend(each(&table, key, mistakes, |at, m| read_rule(field, at, &known, m)));
    }
    let macs = each(&table, "mac", mistakes, |at, m| read_macs(at, &known, m));
    let macs: Vec<MacRule> = macs.into_iter().flatten().collect();
    Some(Vendor {
        id: Text::Owned(id.to_owned()),
        name: own(name?),
        aliases: owned(table.texts("aliases", "names", mistakes)),
        left_alone: table.text("left-alone", "the reason", mistakes).map(own).unwrap_or_default(),
        quirks: owned(table.texts("quirks", "sentences", mistakes)),
        url: table.get("url").map_or_else(no_url, |at| read_url(&at, mistakes)),
        tells: each(&table, "tell", mistakes, |at, m| read_tell(at, &known, m)).into(),
        reads: each(&table, "reads", mistakes, |at, m| read_read(at, &known, m)).into(),
        files: each(&table, "file", mistakes, |at, m| read_file(at, &known, m)).into(),
        variants: known.variants,
        sources: known.sources,
        rules: rules.into(),
        macs: macs.into(),
    })
}

/// An id is a folder's name, a key in policies and part of a client class: it stays plain.
pub(super) fn check_id(id: &str, root: &Cursor<'_>, mistakes: &mut Mistakes) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || !id.chars().all(plain) {
        root.mistake(format!("the id {id:?} is not made of a-z, 0-9 and '-'"), mistakes);
    }
}

pub(super) fn read_sources(table: &Table<'_>, mistakes: &mut Mistakes) -> List<Source> {
    let Some(at) = table.need("sources", "a table of key = \"citation\"", mistakes) else {
        return List::default();
    };
    let Some(sources) = at.any_table(mistakes) else { return List::default() };
    let read = |(key, at): (&str, Cursor<'_>)| {
        let citation = at.text("a citation", mistakes)?;
        Some(Source { key: own(key), citation: own(citation) })
    };
    sources.iter().filter_map(read).collect()
}

/// Reads every entry of an array of tables.
pub(super) fn each<T>(
    table: &Table<'_>,
    key: &str,
    mistakes: &mut Mistakes,
    mut read: impl FnMut(&Cursor<'_>, &mut Mistakes) -> Option<T>,
) -> Vec<T> {
    let Some(at) = table.get(key) else { return Vec::new() };
    let items: Vec<_> = at.list("tables", mistakes).collect();
    items.iter().filter_map(|item| read(item, mistakes)).collect()
}

/// `source` (a key or a list of keys) and `status` of an entry.
pub(super) fn read_proof(
    at: &Cursor<'_>,
    table: &Table<'_>,
    known: &Known,
    mistakes: &mut Mistakes,
) -> (List<Text>, bool) {
    let recalled = table
        .get("status")
        .and_then(|at| at.one_of(&[("verified", false), ("recalled", true)], mistakes))
        .unwrap_or(false);
    let keys = match table.get("source").map(|at| &at.tree.kind) {
        None if recalled => Vec::new(),
        None => {
            at.mistake("\"source\" is missing: expected a key of [sources]", mistakes);
            Vec::new()
        }
        Some(Kind::Text(key)) => vec![key.as_str()],
        Some(_) => table.texts("source", "keys of [sources]", mistakes),
    };
    for key in &keys {
        if !known.sources.iter().any(|source| source.key == *key) {
            at.mistake(format!("the source {key:?} is not in [sources]"), mistakes);
        }
    }
    (owned(keys), recalled)
}

pub(super) fn read_variant(
    at: &Cursor<'_>,
    name: &str,
    known: &Known,
    mistakes: &mut Mistakes,
) -> Option<u8> {
    let found = known.variants.iter().position(|variant| *variant == name);
    match found.map(|index| u8::try_from(index + 1)) {
        Some(Ok(variant)) => Some(variant),
        _ => {
            at.mistake(format!("{name:?} is not in \"variants\""), mistakes);
            None
        }
    }
}

fn read_rule(
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
    let variant = variant.map_or(Some(0), |name| read_variant(at, name, known, mistakes));
    let mut rule = Rule {
        field,
        head: List::default(),
        any: List::default(),
        exact: false,
        number: 0,
        read: table.text("read", "a pattern", mistakes).map(own).unwrap_or_default(),
        model_sub: 0,
        firmware_sub: 0,
        model: table.text("model", "a model", mistakes).map(own).unwrap_or_default(),
        variant: variant?,
        phone: table.bool("phone", mistakes).unwrap_or(true),
        weak: field == Field::HostName || table.bool("weak", mistakes).unwrap_or(false),
        recalled,
        sources,
    };
    if let Err(error) = crate::catalogue::index::read_parts(&rule.read) {
        at.mistake(error, mistakes);
    }
    if field == Field::Enterprise {
        let number = table.need("number", "an enterprise number", mistakes)?;
        rule.number = u32::try_from(number.integer(1, u32::MAX.into(), mistakes)?).ok()?;
        if let Some(at) = table.get("read-sub-options") {
            let subs = at.table(&["model", "firmware"], mistakes)?;
            let mut sub = |key| {
                let code = subs.get(key)?.integer(1, 254, mistakes)?;
                u8::try_from(code).ok()
            };
            (rule.model_sub, rule.firmware_sub) =
                (sub("model").unwrap_or(0), sub("firmware").unwrap_or(0));
        }
        return Some(rule);
    }
    (rule.head, rule.any, rule.exact) = read_head(at, &table, mistakes)?;
    Some(rule)
}

/// Exactly one of `is`, `is-hex`, `starts`, `starts-hex`.
fn read_head(
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

fn hex_head(text: &str) -> Result<(Vec<u8>, Vec<u8>), String> {
    let bare: String = text.chars().filter(|c| !matches!(c, ' ' | ':')).collect();
    let any = bare.as_bytes().chunks(2).map(|pair| u8::from(pair == b"??")).collect();
    let bytes = parse_hex(&bare.replace("??", "00"))?;
    Ok((bytes, any))
}

fn read_macs(at: &Cursor<'_>, known: &Known, mistakes: &mut Mistakes) -> Option<Vec<MacRule>> {
    let keys = ["prefixes", "ranges", "shared", "variant", "status", "source"];
    let table = at.table(&keys, mistakes)?;
    let (sources, recalled) = read_proof(at, &table, known, mistakes);
    let shared = table.text("shared", "what else wears it", mistakes).map(own).unwrap_or_default();
    let variant = table.text("variant", "a variant", mistakes);
    let variant = variant.map_or(Some(0), |name| read_variant(at, name, known, mistakes))?;
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
        None => at.mistake(format!("{text:?} is no prefix of 24, 28 or 36 bits"), mistakes),
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

fn no_url() -> UrlRules {
    UrlRules { takes: own("base"), max_length: 0, schemes: List::default() }
}

fn read_url(at: &Cursor<'_>, mistakes: &mut Mistakes) -> UrlRules {
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

fn read_tell(at: &Cursor<'_>, known: &Known, mistakes: &mut Mistakes) -> Option<Tell> {
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
        What::Url | What::File => &["url", "host", "path", "file"],
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

fn read_read(at: &Cursor<'_>, known: &Known, mistakes: &mut Mistakes) -> Option<Read> {
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

fn read_file(at: &Cursor<'_>, known: &Known, mistakes: &mut Mistakes) -> Option<PhoneFile> {
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

pub(super) fn own(text: &str) -> Text {
    Text::Owned(text.to_owned())
}

pub(super) fn owned(texts: Vec<&str>) -> List<Text> {
    texts.into_iter().map(own).collect()
}
