//! The examples in a vendor's folder and in a system's file: packets, and the full answer to each.
//!
//! They prove the data (the catalogue's own test runs them all), they prove every edge (Kea, dnsmasq
//! and the generator must give the same), and they say what a phone of that maker sends, which is
//! what an emulated phone needs.

/// Packets and answers.
mod packet;

use crate::error::Mistakes;
use crate::parts::Parts;
use crate::reader::{Cursor, Table};
use crate::texts;
use crate::tree::{self, Kind, Tree};
use crate::unlisted::UNLISTED;
use packet::{PACKET_KEYS, read_packet, read_told};

/// The policy that a vendor's examples are answered by, unless they bring their own.
pub const POLICY: &str = include_str!("../vendors/example-policy.json");

/// One packet and what must come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// What it shows; unlike every other name in the folder.
    pub name: String,
    /// The vendor that must win; empty if the client must not be recognised.
    pub vendor: String,
    /// What the client sends.
    pub packet: Parts,
    /// In a vendor's folder an absent model, firmware or variant means that there must be none.
    pub reads: bool,
    /// The model that must be read.
    pub model: Option<String>,
    /// The firmware that must be read.
    pub firmware: Option<String>,
    /// The variant that must be found, by its name.
    pub variant: Option<String>,
    /// Code and value of every option of the full answer; none where the example only recognises.
    pub told: Option<Vec<(u8, Vec<u8>)>>,
    /// The address that must be in the header's `siaddr`.
    pub next_server: Option<String>,
    /// The text that must be in the header's `sname`.
    pub server_hostname: Option<String>,
    /// The text that must be in the header's `file`.
    pub boot_file_name: Option<String>,
    /// The policy, as JSON.
    pub policy: String,
    /// Where the packet's strings come from: a key of the folder's `[sources]`.
    pub source: String,
}

/// A device that may be a phone of a maker that the catalogue does not have.
#[derive(Debug, Clone, PartialEq)]
pub struct UnlistedExample {
    /// What it shows.
    pub name: String,
    /// What the client sends.
    pub packet: Parts,
    /// The kinds of weak signs that count: `option-60`, `option-55`, `host-name`, `hardware-address`.
    pub signs: Vec<String>,
    /// Code and value of every option of the full answer by [`UNLISTED_POLICY`].
    pub told: Vec<(u8, Vec<u8>)>,
}

/// The policy that the examples of [`unlisted`] are answered by.
pub const UNLISTED_POLICY: &str = include_str!("../unlisted/example-policy.json");

/// The examples of phones of makers that the catalogue does not have, and of what is not one.
///
/// # Errors
/// Every mistake in the file, each with its place.
pub fn unlisted() -> Result<Vec<UnlistedExample>, Mistakes> {
    let tree = tree::from_toml(texts::UNLISTED)?;
    let mut mistakes = Mistakes::default();
    let root = Cursor::root(&tree);
    let mut examples = Vec::new();
    if let Some(table) = root.table(&["example"], &mut mistakes)
        && let Some(at) = table.need("example", "tables", &mut mistakes)
    {
        for item in at.list("tables", &mut mistakes).collect::<Vec<_>>() {
            examples.extend(read_unlisted(&item, &mut mistakes));
        }
    }
    mistakes.or(Some(examples))
}

/// The examples of [`unlisted`] that are sent something, in the form that a maker's examples have.
///
/// # Errors
/// Every mistake in them, each with its place.
pub fn of_unlisted_makers() -> Result<Vec<Example>, Mistakes> {
    let told = unlisted()?.into_iter().filter(|example| !example.told.is_empty());
    Ok(told.map(of_unlisted_maker).collect())
}

fn of_unlisted_maker(example: UnlistedExample) -> Example {
    Example {
        name: example.name,
        vendor: UNLISTED.to_owned(),
        packet: example.packet,
        reads: true,
        model: None,
        firmware: None,
        variant: None,
        told: Some(example.told),
        next_server: None,
        server_hostname: None,
        boot_file_name: None,
        policy: UNLISTED_POLICY.to_owned(),
        source: String::new(),
    }
}

fn read_unlisted(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<UnlistedExample> {
    let keys: Vec<&str> = ["name", "signs", "told"].into_iter().chain(PACKET_KEYS).collect();
    let table = at.table(&keys, mistakes)?;
    let name = table.text("name", "a text", mistakes)?.to_owned();
    let signs = table.texts("signs", "kinds of signs", mistakes);
    let told = table.need("told", "the full answer", mistakes)?;
    let told = read_told(&told, mistakes)?;
    let signs = signs.into_iter().map(str::to_owned).collect();
    Some(UnlistedExample { name, packet: read_packet(&table, mistakes), signs, told })
}

/// All of the built-in catalogue, in the order of the folders.
///
/// # Errors
/// Every mistake in the folders' examples, each with its file.
pub fn all() -> Result<Vec<Example>, Mistakes> {
    let mut examples = Vec::new();
    let mut mistakes = Mistakes::default();
    for (id, text) in texts::vendor_examples() {
        match of_vendor(id, text) {
            Ok(read) => examples.extend(read),
            Err(wrong) => mistakes.0.extend(wrong.in_file(&format!("{id}/examples.toml")).0),
        }
    }
    for (id, text) in texts::systems() {
        match of_system(id, text) {
            Ok(read) => examples.extend(read),
            Err(wrong) => mistakes.0.extend(wrong.in_file(&format!("{id}.toml")).0),
        }
    }
    match of_vendor("", texts::OTHER_DEVICES) {
        Ok(read) => examples.extend(read),
        Err(wrong) => mistakes.0.extend(wrong.in_file("other-devices/examples.toml").0),
    }
    mistakes.or(Some(examples))
}

/// The examples of a vendor's folder.
///
/// # Errors
/// Every mistake in `text`, each with its place.
pub fn of_vendor(id: &str, text: &str) -> Result<Vec<Example>, Mistakes> {
    let tree = tree::from_toml(text)?;
    let mut mistakes = Mistakes::default();
    let root = Cursor::root(&tree);
    let mut examples = Vec::new();
    if let Some(table) = root.table(&["example", "near-miss"], &mut mistakes) {
        if let Some(at) = table.get("example") {
            for item in at.list("tables", &mut mistakes).collect::<Vec<_>>() {
                examples.extend(read_example(&item, id, &mut mistakes));
            }
        }
        if let Some(at) = table.get("near-miss") {
            for item in at.list("tables", &mut mistakes).collect::<Vec<_>>() {
                examples.extend(read_near_miss(&item, &mut mistakes));
            }
        }
    }
    mistakes.or(Some(examples))
}

/// The examples of a system's file; their policy is the system's entry and what they add to it.
///
/// # Errors
/// Every mistake in `text`, each with its place.
pub fn of_system(id: &str, text: &str) -> Result<Vec<Example>, Mistakes> {
    let tree = tree::from_toml(text)?;
    let mut mistakes = Mistakes::default();
    let root = Cursor::root(&tree);
    let mut examples = Vec::new();
    if let Some(table) = root.any_table(&mut mistakes)
        && let Some(at) = table.get("example")
    {
        for item in at.list("tables", &mut mistakes).collect::<Vec<_>>() {
            examples.extend(read_system_example(&item, id, &mut mistakes));
        }
    }
    mistakes.or(Some(examples))
}

fn read_example(at: &Cursor<'_>, vendor: &str, mistakes: &mut Mistakes) -> Option<Example> {
    let own = [
        "name",
        "source",
        "model",
        "firmware",
        "variant",
        "told",
        "policy",
        "next-server",
        "server-hostname",
        "boot-file-name",
    ];
    let keys: Vec<&str> = own.into_iter().chain(PACKET_KEYS).collect();
    let table = at.table(&keys, mistakes)?;
    let policy = match table.get("policy") {
        Some(policy) => to_json(policy.tree),
        None => POLICY.to_owned(),
    };
    let told = table.need("told", "the full answer", mistakes)?;
    let told = read_told(&told, mistakes);
    example(at, &table, vendor, policy, told, mistakes)
}

fn read_near_miss(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<Example> {
    let keys: Vec<&str> = ["name", "source", "is"].into_iter().chain(PACKET_KEYS).collect();
    let table = at.table(&keys, mistakes)?;
    let vendor = table.need("is", "\"\" or a vendor's id", mistakes)?;
    let vendor = vendor.text("\"\" or a vendor's id", mistakes)?;
    let told = vendor.is_empty().then(Vec::new);
    example(at, &table, vendor, POLICY.to_owned(), told, mistakes)
}

fn read_system_example(at: &Cursor<'_>, id: &str, mistakes: &mut Mistakes) -> Option<Example> {
    let own = [
        "name",
        "source",
        "model",
        "firmware",
        "variant",
        "told",
        "policy",
        "parameters",
        "vendor",
        "next-server",
        "server-hostname",
        "boot-file-name",
    ];
    let keys: Vec<&str> = own.into_iter().chain(PACKET_KEYS).collect();
    let table = at.table(&keys, mistakes)?;
    let vendor = table.need("vendor", "the vendor that must win", mistakes)?;
    let vendor = vendor.text("a vendor's id", mistakes)?;
    let mut entry = vec![("system".to_owned(), Tree::new(Kind::Text(id.to_owned())))];
    if let Some(parameters) = table.get("parameters")
        && let Kind::Table(entries) = &parameters.tree.kind
    {
        entry.extend(entries.iter().cloned());
    }
    let entry = Tree::new(Kind::Table(entry));
    let mut policy = vec![("systems".to_owned(), Tree::new(Kind::List(vec![entry])))];
    if let Some(more) = table.get("policy")
        && let Kind::Table(entries) = &more.tree.kind
    {
        policy.extend(entries.iter().cloned());
    }
    let policy = to_json(&Tree::new(Kind::Table(policy)));
    let told = table.need("told", "the full answer", mistakes)?;
    let told = read_told(&told, mistakes);
    example(at, &table, vendor, policy, told, mistakes)
}

fn example(
    at: &Cursor<'_>,
    table: &Table<'_>,
    vendor: &str,
    policy: String,
    told: Option<Vec<(u8, Vec<u8>)>>,
    mistakes: &mut Mistakes,
) -> Option<Example> {
    let mut text = |key: &str| table.text(key, "a text", mistakes).map(str::to_owned);
    let (name, source) = (text("name"), text("source"));
    let (model, firmware, variant) = (text("model"), text("firmware"), text("variant"));
    let (next_server, server_hostname, boot_file_name) =
        (text("next-server"), text("server-hostname"), text("boot-file-name"));
    // A system's sources are at the head of its file; a packet needs one of its own.
    if source.is_none() && !table.has("vendor") {
        at.mistake("\"source\" is missing: where the packet's strings come from", mistakes);
    }
    let packet = read_packet(table, mistakes);
    Some(Example {
        name: name?,
        vendor: vendor.to_owned(),
        packet,
        reads: !table.has("vendor"),
        model,
        firmware,
        variant,
        told,
        next_server,
        server_hostname,
        boot_file_name,
        policy,
        source: source.unwrap_or_default(),
    })
}

/// A tree as JSON text.
fn to_json(tree: &Tree) -> String {
    fn value(tree: &Tree) -> serde_json::Value {
        match &tree.kind {
            Kind::Null => serde_json::Value::Null,
            Kind::Bool(value) => (*value).into(),
            Kind::Integer(value) => (*value).into(),
            Kind::Float(value) => (*value).into(),
            Kind::Text(text) => text.as_str().into(),
            Kind::List(items) => items.iter().map(value).collect(),
            Kind::Table(entries) => serde_json::Value::Object(
                entries.iter().map(|(key, tree)| (key.clone(), value(tree))).collect(),
            ),
        }
    }
    value(tree).to_string()
}
