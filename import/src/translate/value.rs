//! A value of the old answer as a policy writes it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use offhook_core::parts::Parts;
use offhook_core::text::{self, write_mac};
use offhook_core::url::without_userinfo;
use offhook_core::{Edits, Engine, Mac, Query};
use serde_json::{Map, Value, json};

use crate::evaluate::{Said, Told};
use crate::kinds::Kind;
use crate::names;

/// A part of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// An option.
    Option(u8),
    /// `siaddr`.
    NextServer,
    /// `sname`.
    ServerName,
    /// `file`.
    BootFile,
}

impl Key {
    /// For people.
    pub fn shown(self) -> String {
        match self {
            Key::Option(code) => format!("option {code}"),
            Key::NextServer => "next-server (siaddr)".to_owned(),
            Key::ServerName => "server-hostname (sname)".to_owned(),
            Key::BootFile => "boot-file-name (file)".to_owned(),
        }
    }

    /// Its key in a level of a policy; `None`: in `options`.
    pub fn of_policy(self) -> Option<&'static str> {
        match self {
            Key::Option(_) => None,
            Key::NextServer => Some("next-server"),
            Key::ServerName => Some("server-hostname"),
            Key::BootFile => Some("boot-file-name"),
        }
    }
}

/// A value: as a policy writes it, its bytes for the phone that was asked, and its rules.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// `{"text": ...}`; for a header field the text itself. `Null`: a policy has no form for it.
    pub json: Value,
    pub bytes: Vec<u8>,
    pub by: Vec<usize>,
}

/// Everything in an old answer.
pub fn parts_of(told: &Told) -> BTreeMap<Key, &Said> {
    let options = told.options.iter().map(|(code, said)| (Key::Option(*code), said));
    let fields = [
        (Key::NextServer, &told.next_server),
        (Key::ServerName, &told.server_name),
        (Key::BootFile, &told.boot_file),
    ];
    options
        .chain(fields.into_iter().filter_map(|(key, said)| Some((key, said.as_ref()?))))
        .collect()
}

/// A value as the policy writes it. `mac`: the phone that was asked, whose address in the value becomes a name.
pub fn wanted(key: Key, said: &Said, mac: Option<Mac>) -> Wanted {
    let mac = mac.filter(|_| said.of_mac);
    let json = match key {
        Key::Option(_) if said.bytes.is_empty() => Value::Null,
        Key::Option(code) => {
            let value = option(code, said, mac);
            let is_hex = value.contains_key("hex") || value.get("sub-options").is_some_and(has_hex);
            // Bytes that were made of this phone's address do not fit another phone.
            if mac.is_some() && is_hex { Value::Null } else { Value::Object(value) }
        }
        Key::NextServer => match <[u8; 4]>::try_from(said.bytes.as_slice()) {
            Ok(octets) => Ipv4Addr::from(octets).to_string().into(),
            Err(_) => Value::Null,
        },
        Key::ServerName | Key::BootFile => {
            as_text(&said.bytes, mac).map_or(Value::Null, |(text, _)| text.into())
        }
    };
    Wanted { json, bytes: said.bytes.clone(), by: said.by.clone() }
}

/// Option 120 (RFC 3361), where its bytes are whole.
fn sip_servers(code: u8, bytes: &[u8]) -> Option<Map<String, Value>> {
    let servers =
        super::unify::sip_servers(bytes).filter(|servers| code == 120 && !servers.is_empty())?;
    let mut again = vec![*bytes.first()?];
    for server in &servers {
        match server.parse::<Ipv4Addr>() {
            Ok(address) => again.extend(address.octets()),
            Err(_) => {
                for label in server.split('.') {
                    again.push(u8::try_from(label.len()).ok()?);
                    again.extend(label.as_bytes());
                }
                again.push(0);
            }
        }
    }
    (again == bytes).then(|| Map::from_iter([("sip-servers".to_owned(), json!(servers))]))
}

fn has_hex(subs: &Value) -> bool {
    subs.as_array().is_some_and(|subs| subs.iter().any(|sub| sub.get("hex").is_some()))
}

fn option(code: u8, said: &Said, mac: Option<Mac>) -> Map<String, Value> {
    if let Some(subs) = &said.subs {
        let one = |(code, bytes): &(u8, Vec<u8>)| {
            // Not each part need be made of the address.
            let mut value = bytes_as_value(bytes, mac, false);
            if mac.is_some() && value.contains_key("hex") {
                value = bytes_as_value(bytes, None, false);
            }
            value.insert("code".to_owned(), (*code).into());
            Value::Object(value)
        };
        if subs.iter().all(|(code, bytes)| (1..255).contains(code) && !bytes.is_empty()) {
            return Map::from_iter([("sub-options".to_owned(), subs.iter().map(one).collect())]);
        }
    }
    if let Some(servers) = sip_servers(code, &said.bytes) {
        return servers;
    }
    let form = names::form_of(code);
    let addresses = form.is_some_and(|form| form.fields == [Kind::Address]);
    bytes_as_value(&said.bytes, mac, addresses)
}

fn bytes_as_value(bytes: &[u8], mac: Option<Mac>, addresses: bool) -> Map<String, Value> {
    let (quads, rest) = bytes.as_chunks::<4>();
    if addresses && rest.is_empty() && !quads.is_empty() {
        let list: Vec<String> =
            quads.iter().map(|quad| Ipv4Addr::from(*quad).to_string()).collect();
        return Map::from_iter([("ipv4".to_owned(), json!(list))]);
    }
    if let Some((text, nul)) = as_text(bytes, mac) {
        let mut value = Map::from_iter([("text".to_owned(), text.into())]);
        if nul {
            value.insert("nul".to_owned(), true.into());
        }
        return value;
    }
    Map::from_iter([("hex".to_owned(), hex::encode(bytes).into())])
}

/// The text, and whether a NUL ends it; `None`: it is not a text that a policy can hold.
fn as_text(bytes: &[u8], mac: Option<Mac>) -> Option<(String, bool)> {
    let (bare, nul) = match bytes {
        [bare @ .., 0] => (bare, true),
        all => (all, false),
    };
    let text = std::str::from_utf8(bare).ok()?;
    if text.is_empty() || text.chars().any(char::is_control) || text.contains("{{") {
        return None;
    }
    match mac.map(|mac| with_names(text, mac)) {
        None => Some((text.to_owned(), nul)),
        // A part of the address, or digits that a policy has no name for.
        Some(named) if named == text => None,
        Some(named) => Some((named, nul)),
    }
}

/// The phone's own address in a text becomes the name that a policy has for it.
fn with_names(text: &str, mac: Mac) -> String {
    const NAMES: [(&str, bool, u8); 8] = [
        ("{{mac:colon}}", false, b':'),
        ("{{MAC:colon}}", true, b':'),
        ("{{mac:dash}}", false, b'-'),
        ("{{MAC:dash}}", true, b'-'),
        ("{{mac:underscore}}", false, b'_'),
        ("{{MAC:underscore}}", true, b'_'),
        ("{{mac}}", false, 0),
        ("{{MAC}}", true, 0),
    ];
    let mut text = text.to_owned();
    for (name, upper, separator) in NAMES {
        let mut digits = Vec::new();
        write_mac(mac.0, upper, separator, &mut digits);
        text = text.replace(&String::from_utf8_lossy(&digits).into_owned(), name);
    }
    text
}

/// What a compiled policy sends to a client.
pub fn sent(engine: &Engine, parts: &Parts) -> BTreeMap<Key, Option<Vec<u8>>> {
    let query = Query::from_parts(parts, &[]);
    let decision = engine.decide(&query);
    let mut edits = Edits::default();
    decision.edits(engine, &query, &mut edits);
    let mut sent: BTreeMap<Key, Option<Vec<u8>>> = BTreeMap::new();
    for edit in edits.iter() {
        let bytes = edit.value.map(|value| edits.bytes(engine, value).to_vec());
        sent.insert(Key::Option(edit.code), bytes);
    }
    if let Some(address) = edits.header.next_server {
        sent.insert(Key::NextServer, Some(address.octets().to_vec()));
    }
    let fields = [
        (Key::ServerName, &edits.header.server_hostname),
        (Key::BootFile, &edits.header.boot_file_name),
    ];
    for (key, field) in fields {
        if let Some(bytes) = field {
            sent.insert(key, Some(bytes.clone()));
        }
    }
    sent
}

/// A value for a person's eye, without passwords.
pub fn shown(key: Key, bytes: &[u8]) -> String {
    if key == Key::NextServer
        && let Ok(octets) = <[u8; 4]>::try_from(bytes)
    {
        return Ipv4Addr::from(octets).to_string();
    }
    let bytes = without_userinfo(bytes);
    let printable = bytes.iter().all(|byte| (0x20..0x7f).contains(byte));
    match printable && !bytes.is_empty() {
        true => format!("\"{}\"", text::printable(&bytes)),
        false => format!("hex {}", hex::encode(&bytes)),
    }
}
