//! Reads a vendor's folder (`vendor.toml`) into the catalogue's types, with file and line for every
//! mistake. The same code runs when the crate is built and over a user's overlay at run time.

/// How its phones are recognised.
mod rules;
/// The options they expect, what they read, and the files they fetch.
mod telling;

pub use telling::names_for;

use crate::error::Mistakes;
use crate::facts::{Field, MacRule, Source, VariantIx, Vendor};
use crate::reader::{Cursor, Table};
use crate::record::{List, Text};
use crate::tree::{self, Kind, Tree};
use rules::read_rule;
pub(crate) use rules::{read_head, read_macs};
use telling::{check_files, no_url, read_file, read_read, read_tell, read_url, read_vlan};

const KEYS: [&str; 18] = [
    "name",
    "aliases",
    "left-alone",
    "quirks",
    "variants",
    "default-variant",
    "sources",
    "option-60",
    "option-77",
    "host-name",
    "enterprise",
    "mac",
    "url",
    "voice-vlan",
    "tell",
    "reads",
    "file",
    "user-agent",
];
/// Reads the text of `core/catalogue/vendors/<id>/vendor.toml`.
///
/// # Errors
/// Every mistake in `text`, each with its place.
pub fn vendor(id: &str, text: &str) -> Result<Vendor, Mistakes> {
    vendor_of(id, &tree::from_toml(text)?)
}

/// The same of a text that was read already.
pub(crate) fn vendor_of(id: &str, tree: &Tree) -> Result<Vendor, Mistakes> {
    let root = Cursor::root(tree);
    let mut mistakes = Mistakes::default();
    let vendor = read_vendor(id, &root, &mut mistakes);
    mistakes.or(vendor)
}

/// What every entry of a vendor or system needs to read its `source` and `variant`.
pub(crate) struct Known {
    /// The documents that the facts are from.
    pub sources: List<Source>,
    /// Names of the vendor's variants.
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
    let default_variant = match table.get("default-variant") {
        Some(at) => at
            .text("one of \"variants\"", mistakes)
            .and_then(|name| read_variant(&at, name, &known, mistakes))
            .unwrap_or_default(),
        // The first of them.
        None if known.variants.is_empty() => VariantIx::NONE,
        None => VariantIx::at(0)?,
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
    let files = each(&table, "file", mistakes, |at, m| read_file(at, &known, m));
    check_files(root, &files, mistakes);
    let vlan = table.get("voice-vlan").and_then(|at| read_vlan(&at, &known, mistakes));
    let (vlan_otherwise, vlan_sources) =
        vlan.map_or_else(Default::default, |(otherwise, sources)| (Some(otherwise), sources));
    Some(Vendor {
        id: Text::Owned(id.to_owned()),
        name: own(name?),
        aliases: owned(table.texts("aliases", "names", mistakes)),
        left_alone: table.text("left-alone", "the reason", mistakes).map(own),
        quirks: owned(table.texts("quirks", "sentences", mistakes)),
        url: table.get("url").map_or_else(no_url, |at| read_url(&at, &known, mistakes)),
        vlan_otherwise,
        vlan_sources,
        tells: each(&table, "tell", mistakes, |at, m| read_tell(at, &known, m)).into(),
        reads: each(&table, "reads", mistakes, |at, m| read_read(at, &known, m)).into(),
        files: files.into(),
        variants: known.variants,
        default_variant,
        sources: known.sources,
        rules: rules.into(),
        macs: macs.into(),
    })
}

/// An id is a folder's name, a key in policies and part of a client class: it stays plain.
pub(crate) fn check_id(id: &str, root: &Cursor<'_>, mistakes: &mut Mistakes) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if id.is_empty() || !id.chars().all(plain) {
        root.mistake(format!("the id {id:?} is not made of a-z, 0-9 and '-'"), mistakes);
    }
}

pub(crate) fn read_sources(table: &Table<'_>, mistakes: &mut Mistakes) -> List<Source> {
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
pub(crate) fn each<T>(
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
pub(crate) fn read_proof(
    at: &Cursor<'_>,
    table: &Table<'_>,
    known: &Known,
    mistakes: &mut Mistakes,
) -> (List<Text>, bool) {
    let recalled = table
        .get("status")
        .and_then(|at| at.one_of(&[("verified", false), ("recalled", true)], mistakes))
        .unwrap_or(false);
    if !recalled && !table.has("source") {
        at.mistake("\"source\" is missing: expected a key of [sources]", mistakes);
    }
    (read_source_keys("source", at, table, known, mistakes), recalled)
}

/// A key of `[sources]`, or a list of them.
fn read_source_keys(
    name: &str,
    at: &Cursor<'_>,
    table: &Table<'_>,
    known: &Known,
    mistakes: &mut Mistakes,
) -> List<Text> {
    let keys = match table.get(name).map(|at| &at.tree.kind) {
        Some(Kind::Text(key)) => vec![key.as_str()],
        _ => table.texts(name, "keys of [sources]", mistakes),
    };
    for key in &keys {
        if !known.sources.iter().any(|source| source.key == *key) {
            at.mistake(format!("the source {key:?} is not in [sources]"), mistakes);
        }
    }
    owned(keys)
}

pub(crate) fn read_variant(
    at: &Cursor<'_>,
    name: &str,
    known: &Known,
    mistakes: &mut Mistakes,
) -> Option<VariantIx> {
    let found = known.variants.iter().position(|variant| *variant == name);
    let found = found.and_then(VariantIx::at);
    if found.is_none() {
        at.mistake(format!("{name:?} is not in \"variants\""), mistakes);
    }
    found
}

pub(crate) fn own(text: &str) -> Text {
    Text::Owned(text.to_owned())
}

pub(crate) fn owned(texts: Vec<&str>) -> List<Text> {
    texts.into_iter().map(own).collect()
}
