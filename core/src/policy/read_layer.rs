//! The keys that may appear in every layer of a policy: device, site, vendor and top level.

use std::net::Ipv4Addr;

use super::models::{MOST_MODELS, ModelLayer};
use super::phone_settings::read_phone_settings;
use super::read_system::{read_systems, read_vendor_id};
use super::{Answer, HeaderSpec, Layer, Placed, Scope, UnlistedPhones, VoiceVlan};
use crate::catalogue::{Tables, idn};
use crate::encode;
use crate::error::Mistakes;
use crate::reader::{Cursor, Table};
use crate::text;
use crate::value::{EXISTING, OptionSpec, SEND, template};

/// Keys that may appear in every layer.
pub(super) const LAYER_KEYS: [&str; 14] = [
    "systems",
    "answer",
    "unlisted-phones",
    "voice-vlan",
    "time-servers",
    "sip-servers",
    "send",
    "existing-options",
    "vars",
    "options",
    "next-server",
    "server-hostname",
    "boot-file-name",
    "phone-settings",
];

/// Names that a policy's `vars` and a system's parameters may not take.
const TAKEN: [&str; 14] = [
    "vendor",
    "site",
    "url",
    "host",
    "path",
    "url-port",
    "file",
    "vlan-id",
    "vlan-priority",
    "time-servers",
    "sip-servers",
    "sip-addresses",
    "token",
    "random-folder",
];

/// The keys of a layer and its `vendors`.
pub(super) fn read_scope(table: &Table<'_>, tables: &Tables, mistakes: &mut Mistakes) -> Scope {
    let layer = read_layer(table, tables, mistakes);
    let (mut vendors, mut all_models) = (Vec::new(), Vec::new());
    if let Some(at) = table.get("vendors")
        && let Some(entries) = at.any_table(mistakes)
    {
        let keys: Vec<&str> = LAYER_KEYS.into_iter().chain(["ignore", "models"]).collect();
        for (id, at) in entries.iter() {
            let vendor = read_vendor_id(id, &at, tables, mistakes);
            let Some(table) = at.table(&keys, mistakes) else { continue };
            let layer = read_phones_layer(&table, tables, mistakes);
            let models = table.get("models").map(|at| read_models(&at, tables, mistakes));
            if let Some(vendor) = vendor {
                vendors.push((vendor, layer));
                all_models.extend(models.map(|models| (vendor, models)));
            }
        }
    }
    Scope { layer, vendors, models: all_models }
}

/// The keys of an entry that is about phones: of a vendor, or of a model.
fn read_phones_layer(table: &Table<'_>, tables: &Tables, mistakes: &mut Mistakes) -> Layer {
    if let Some(at) = table.get("answer") {
        let text = "\"answer\" is about clients that are not recognised, so it belongs at the \
                    top level or in a site";
        at.mistake(text, mistakes);
    }
    if let Some(at) = table.get("unlisted-phones") {
        let text = "\"unlisted-phones\" is about makers that the catalogue does not have, so it belongs at \
                    the top level or in a site";
        at.mistake(text, mistakes);
    }
    let mut layer = read_layer(table, tables, mistakes);
    layer.ignore = table.bool("ignore", mistakes);
    layer
}

fn read_models(at: &Cursor<'_>, tables: &Tables, mistakes: &mut Mistakes) -> Vec<ModelLayer> {
    let Some(entries) = at.any_table(mistakes) else { return Vec::new() };
    let keys: Vec<&str> = LAYER_KEYS.into_iter().chain(["ignore"]).collect();
    let mut models: Vec<ModelLayer> = Vec::new();
    for (name, at) in entries.iter() {
        let head = name.strip_suffix('*').unwrap_or(name);
        let printable = name.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        if name.is_empty() || name.trim() != name || head.contains('*') || !printable {
            at.mistake(
                "expected a model such as T42S, or the beginning of models such as T46*, as its name",
                mistakes,
            );
        }
        if models.iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
            at.mistake("this model is listed twice; keep one of them", mistakes);
        }
        let Some(table) = at.table(&keys, mistakes) else { continue };
        let layer = read_phones_layer(&table, tables, mistakes);
        models.push(ModelLayer { name: name.to_owned(), layer });
    }
    if models.len() > MOST_MODELS {
        let text = format!("expected at most {MOST_MODELS} models, found {}", models.len());
        at.mistake(text, mistakes);
    }
    models
}

pub(super) fn read_layer(table: &Table<'_>, tables: &Tables, mistakes: &mut Mistakes) -> Layer {
    Layer {
        systems: table.get("systems").map(|at| read_systems(&at, tables, mistakes)),
        answer: table.get("answer").and_then(|at| {
            at.one_of(&[("everyone", Answer::Everyone), ("phones", Answer::Phones)], mistakes)
        }),
        unlisted_phones: table.get("unlisted-phones").and_then(|at| {
            let words = [
                ("name", UnlistedPhones::Name),
                ("send", UnlistedPhones::Send),
                ("ignore", UnlistedPhones::Ignore),
            ];
            at.one_of(&words, mistakes)
        }),
        voice_vlan: table.get("voice-vlan").and_then(|at| read_vlan(&at, mistakes)),
        time_servers: table.get("time-servers").and_then(|at| {
            read_servers(&at, "IPv4 addresses", mistakes, |text| text.parse::<Ipv4Addr>().is_ok())
        }),
        sip_servers: table.get("sip-servers").and_then(|at| read_sip_servers(&at, mistakes)),
        send: table.get("send").and_then(|at| at.one_of(&SEND, mistakes)),
        existing: table.get("existing-options").and_then(|at| at.one_of(&EXISTING, mistakes)),
        vars: table.get("vars").map(|at| read_vars(&at, mistakes)).unwrap_or_default(),
        options: table.get("options").map(|at| read_options(&at, mistakes)).unwrap_or_default(),
        header: read_header(table, mistakes),
        ignore: None,
        phone_settings: table
            .get("phone-settings")
            .map(|at| read_phone_settings(&at, mistakes))
            .unwrap_or_default(),
    }
}

fn read_header(table: &Table<'_>, mistakes: &mut Mistakes) -> HeaderSpec {
    let mut field = |key: &str, what: &str| {
        let at = table.get(key)?;
        let value = template(&at, what, mistakes)?.into_owned();
        Some(Placed { place: at.place(), value })
    };
    HeaderSpec {
        next_server: field("next-server", "an IPv4 address"),
        server_hostname: field("server-hostname", "a name of at most 63 bytes"),
        boot_file_name: field("boot-file-name", "a name of at most 127 bytes"),
    }
}

fn read_options(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Vec<Placed<OptionSpec>> {
    let items: Vec<_> = at.list("options", mistakes).collect();
    let mut options: Vec<Placed<OptionSpec>> = Vec::with_capacity(items.len());
    for item in &items {
        let Some(value) = OptionSpec::read(item, mistakes) else { continue };
        if options.iter().any(|other| other.value.code == value.code) {
            item.mistake(format!("option {} is listed twice in this list", value.code), mistakes);
        }
        options.push(Placed { place: item.place(), value });
    }
    options
}

fn read_vlan(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<Option<VoiceVlan>> {
    if at.is_null() {
        return Some(None);
    }
    let table = at.table(&["id", "priority"], mistakes)?;
    let id = table.need("id", "a VLAN id", mistakes)?.integer(1, 4094, mistakes)?;
    let priority = match table.get("priority") {
        Some(at) => Some(u8::try_from(at.integer(0, 7, mistakes)?).ok()?),
        None => None,
    };
    Some(Some(VoiceVlan { id: u16::try_from(id).ok()?, priority }))
}

fn read_servers(
    at: &Cursor<'_>,
    what: &str,
    mistakes: &mut Mistakes,
    check: impl Fn(&str) -> bool,
) -> Option<Placed<Vec<String>>> {
    if at.is_null() {
        return Some(Placed { place: at.place(), value: Vec::new() });
    }
    let items: Vec<_> = at.list(what, mistakes).collect();
    let mut servers = Vec::with_capacity(items.len());
    for item in &items {
        let Some(text) = template(item, what, mistakes) else { continue };
        let text = idn::host(&text).into_owned();
        if text.is_empty() || (!text.contains("{{") && !check(&text)) {
            item.expected(what, mistakes);
        }
        servers.push(text);
    }
    Some(Placed { place: at.place(), value: servers })
}

/// RFC 3361 takes all names or all addresses.
fn read_sip_servers(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<Placed<Vec<String>>> {
    let is_address = |text: &str| text.parse::<Ipv4Addr>().is_ok();
    let servers = read_servers(at, "a name, or an IPv4 address", mistakes, |text| {
        is_address(text) || encode::domain(text).is_ok()
    })?;
    let fixed = || servers.value.iter().filter(|text| !text.contains("{{"));
    if fixed().any(|text| is_address(text)) && !fixed().all(|text| is_address(text)) {
        at.mistake("expected all names or all addresses (RFC 3361), found both", mistakes);
    }
    Some(servers)
}

fn read_vars(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Vec<(String, String)> {
    let Some(table) = at.any_table(mistakes) else { return Vec::new() };
    let mut vars = Vec::new();
    for (name, at) in table.iter() {
        check_name(name, &at, mistakes);
        let Some(value) = at.text("a text", mistakes) else { continue };
        if value.contains("{{") {
            at.mistake("a variable's value is taken as it is: take the {{...}} out", mistakes);
        }
        vars.push((name.to_owned(), value.to_owned()));
    }
    vars
}

fn check_name(name: &str, at: &Cursor<'_>, mistakes: &mut Mistakes) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(plain) {
        at.mistake("a variable's name is made of letters, digits, '-' and '_'", mistakes);
    } else if TAKEN.contains(&name) || text::Live::named(name).is_some() {
        at.mistake(format!("{{{{{name}}}}} has a meaning already; choose another name"), mistakes);
    }
}
