//! `file-access`: who may fetch a phone's files. Three steps that can be combined, each off unless it
//! is read here. The key itself is never in a policy, only the name of its file.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::read_site::network;
use super::{ClientCertificates, Encryption, FileAccess, OnlyIf, RandomFolder, TokenRule};
use crate::catalogue::{Tables, Vendor};
use crate::error::Mistakes;
use crate::reader::{Cursor, Table};

pub(super) fn read_file_access(
    at: &Cursor<'_>,
    tables: &Tables,
    mistakes: &mut Mistakes,
) -> Option<FileAccess> {
    let table =
        at.table(&["random-folder", "token", "client-certificates", "encryption"], mistakes)?;
    Some(FileAccess {
        random_folder: table.get("random-folder").and_then(|at| read_folder(&at, mistakes)),
        token: table.get("token").and_then(|at| read_token(&at, mistakes)),
        client_certificates: table
            .get("client-certificates")
            .and_then(|at| read_certificates(&at, mistakes)),
        encryption: table.get("encryption").and_then(|at| read_encryption(&at, tables, mistakes)),
    })
}

/// 22 characters of 64 are 132 bits; what can be guessed protects nothing.
fn read_folder(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<RandomFolder> {
    let what = "at least 22 random letters, digits, '-' or '_' (openssl rand -hex 16)";
    let text = at.text(what, mistakes)?;
    if text.len() < 22 || !text.bytes().all(plain) {
        at.mistake(format!("expected {what}, found {} characters", text.chars().count()), mistakes);
        return None;
    }
    Some(RandomFolder::new(text))
}

fn read_token(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<TokenRule> {
    let keys = [
        "key-file",
        "previous-key-file",
        "address",
        "epoch",
        "previous-epoch",
        "relays",
        "only-if",
        "move-after",
    ];
    let table = at.table(&keys, mistakes)?;
    let only_if = table.get("only-if").map(|at| read_only_if(&at, mistakes)).unwrap_or_default();
    let move_after = table.get("move-after");
    if let Some(at) = move_after.filter(|_| !only_if.any()) {
        at.mistake("\"move-after\" without \"only-if\": nothing hinders a phone to move", mistakes);
    }
    let key_file = table.need("key-file", "the path of the key's file", mistakes)?;
    let rule = TokenRule {
        place: at.place(),
        key_file: path(&key_file, mistakes)?,
        previous_key_file: table.get("previous-key-file").and_then(|at| path(&at, mistakes)),
        address: table.bool("address", mistakes).unwrap_or(false),
        epoch: epoch(&table, "epoch", mistakes),
        previous_epoch: epoch(&table, "previous-epoch", mistakes),
        relays: table.get("relays").map(|at| read_relays(&at, mistakes)).unwrap_or_default(),
        only_if,
        move_after: move_after
            .and_then(|at| at.integer(60, 31_536_000, mistakes))
            .and_then(|seconds| u64::try_from(seconds).ok()),
    };
    if rule.epoch.is_empty() && !rule.previous_epoch.is_empty() {
        at.mistake("\"previous-epoch\" without \"epoch\"", mistakes);
    }
    Some(rule)
}

fn read_only_if(at: &Cursor<'_>, mistakes: &mut Mistakes) -> OnlyIf {
    let mut only_if = OnlyIf::default();
    let items: Vec<_> = at.list("\"same-phone\", \"same-port\"", mistakes).collect();
    for item in &items {
        match item.one_of(&[("same-phone", true), ("same-port", false)], mistakes) {
            Some(true) => only_if.same_phone = true,
            Some(false) => only_if.same_port = true,
            None => {}
        }
    }
    if items.is_empty() && mistakes.is_empty() {
        at.mistake(
            "an empty list: expected \"same-phone\", \"same-port\", or no \"only-if\"",
            mistakes,
        );
    }
    only_if
}

/// An empty list would be read as "no relay" by one and as "any relay" by another.
fn read_relays(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Vec<Ipv4Net> {
    let what = "a relay's address such as 10.7.0.1, or a network such as 10.7.0.0/16";
    let items: Vec<_> = at.list(what, mistakes).collect();
    let mut relays = Vec::with_capacity(items.len());
    for item in &items {
        let Some(text) = item.text(what, mistakes) else { continue };
        let address = text.parse::<Ipv4Addr>().map(Ipv4Net::from).ok();
        match address.or_else(|| network(text)) {
            Some(relay) => relays.push(relay),
            None => item.expected(what, mistakes),
        }
    }
    if items.is_empty() && mistakes.is_empty() {
        at.mistake(format!("an empty list: expected {what}, or no \"relays\""), mistakes);
    }
    relays
}

fn epoch(table: &Table<'_>, key: &str, mistakes: &mut Mistakes) -> String {
    let Some(at) = table.get(key) else { return String::new() };
    let what = "1 to 32 letters, digits, '-' or '_', such as 2026-11";
    let Some(text) = at.text(what, mistakes) else { return String::new() };
    if text.is_empty() || text.len() > 32 || !text.bytes().all(plain) {
        at.expected(what, mistakes);
    }
    text.to_owned()
}

fn read_certificates(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<ClientCertificates> {
    let table = at.table(&["authorities"], mistakes)?;
    let authorities = table.need("authorities", "a file of the makers' authorities", mistakes)?;
    Some(ClientCertificates { authorities: path(&authorities, mistakes)? })
}

fn read_encryption(
    at: &Cursor<'_>,
    tables: &Tables,
    mistakes: &mut Mistakes,
) -> Option<Encryption> {
    let table = at.table(&["key-file", "for"], mistakes)?;
    let key_file = table.need("key-file", "the path of the key's file", mistakes)?;
    let mut only = Vec::new();
    if let Some(at) = table.need("for", "the vendors whose phones know their password", mistakes) {
        for item in at.list("vendor ids", mistakes).collect::<Vec<_>>() {
            let Some(id) = item.text("a vendor's id", mistakes) else { continue };
            let can = |vendor: &Vendor| vendor.files.iter().any(|file| file.cipher.is_some());
            match tables.vendor(id).filter(|vendor| can(tables.at(*vendor))) {
                Some(vendor) => only.push(vendor),
                None => {
                    let able = tables.vendors.iter().filter(|vendor| can(vendor));
                    let able: Vec<&str> = able.map(|vendor| &*vendor.id).collect();
                    let text = format!(
                        "for {id:?} no encryption is known that can be checked; known for: {}",
                        able.join(", ")
                    );
                    item.mistake(text, mistakes);
                }
            }
        }
    }
    Some(Encryption { place: at.place(), key_file: path(&key_file, mistakes)?, only })
}

fn path(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<String> {
    let text = at.text("a path that begins with /", mistakes)?;
    let quiet = |c: char| {
        !c.is_control()
            && !c.is_whitespace()
            && !matches!(c, '"' | ';' | '\'' | '{' | '}' | '$' | '\\')
    };
    if !text.starts_with('/') || !text.chars().all(quiet) {
        at.expected(
            "a path that begins with /, without blanks, quotes, braces, ';' and '$'",
            mistakes,
        );
        return None;
    }
    Some(text.to_owned())
}

fn plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
