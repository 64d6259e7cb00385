//! The `sites` of a policy.

use std::collections::HashSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::limits::LONGEST_NAME;
use super::read_layer::{LAYER_KEYS, read_scope};
use super::relay_id::{EXPECTED, RelayId};
use super::{Site, SiteMatch};
use crate::catalogue::Tables;
use crate::error::Mistakes;
use crate::reader::{Cursor, Table};

pub(super) fn read_sites(at: &Cursor<'_>, tables: &Tables, mistakes: &mut Mistakes) -> Vec<Site> {
    let items: Vec<_> = at.list("sites", mistakes).collect();
    let mut sites: Vec<Site> = Vec::with_capacity(items.len());
    let mut names = HashSet::new();
    for item in &items {
        let Some(site) = read_site(item, tables, mistakes) else { continue };
        if !names.insert(site.name.clone()) {
            item.mistake(format!("the site {:?} is listed twice", site.name), mistakes);
        }
        sites.push(site);
    }
    sites
}

fn read_site(at: &Cursor<'_>, tables: &Tables, mistakes: &mut Mistakes) -> Option<Site> {
    let own = ["name", "match", "vendors"];
    let keys: Vec<&str> = LAYER_KEYS.into_iter().chain(own).collect();
    let table = at.table(&keys, mistakes)?;
    let scope = read_scope(&table, tables, mistakes);
    let matching = table
        .need("match", "an object that says where the site is", mistakes)
        .and_then(|at| read_match(&at, mistakes));
    let name = table.need("name", "the site's name", mistakes)?.text("a name", mistakes)?;
    if name.is_empty() {
        at.mistake("\"name\": expected a name, found an empty text", mistakes);
    }
    if name.chars().any(char::is_control) {
        at.mistake("\"name\": expected a name in one line, found a control character", mistakes);
    }
    if name.len() > LONGEST_NAME {
        let text = format!("\"name\": expected at most {LONGEST_NAME} bytes, found {}", name.len());
        at.mistake(text, mistakes);
    }
    Some(Site { name: name.to_owned(), matching: matching?, scope })
}

fn read_match(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<SiteMatch> {
    let keys = ["networks", "relays", "interfaces", "client-classes", "circuit-ids", "remote-ids"];
    let table = at.table(&keys, mistakes)?;
    let matching = SiteMatch {
        networks: values(&table, "networks", "a network such as 10.7.0.0/16", mistakes, network),
        relays: values(&table, "relays", "an IPv4 address", mistakes, |text| {
            text.parse::<Ipv4Addr>().ok()
        }),
        interfaces: values(&table, "interfaces", "an interface's name", mistakes, name),
        client_classes: values(&table, "client-classes", "a client class", mistakes, name),
        circuit_ids: values(&table, "circuit-ids", EXPECTED, mistakes, RelayId::parse),
        remote_ids: values(&table, "remote-ids", EXPECTED, mistakes, RelayId::parse),
    };
    if matching == SiteMatch::default() && mistakes.is_empty() {
        at.mistake(format!("expected at least one value of {}", keys.join(", ")), mistakes);
    }
    Some(matching)
}

fn values<T>(
    table: &Table<'_>,
    key: &str,
    what: &str,
    mistakes: &mut Mistakes,
    read: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let Some(at) = table.get(key) else { return Vec::new() };
    let before = mistakes.0.len();
    let items: Vec<_> = at.list(what, mistakes).collect();
    if items.is_empty() && mistakes.0.len() == before {
        at.mistake(
            format!(
                "expected {what}, found an empty list: no client matches it; without the key all do"
            ),
            mistakes,
        );
    }
    let mut values = Vec::with_capacity(items.len());
    for item in &items {
        let Some(text) = item.text(what, mistakes) else { continue };
        match read(text) {
            Some(value) => values.push(value),
            None => item.expected(&hint(key, text).unwrap_or_else(|| what.to_owned()), mistakes),
        }
    }
    values
}

/// What was probably meant by something that is nearly a network.
fn hint(key: &str, text: &str) -> Option<String> {
    if key != "networks" {
        return None;
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Some(format!("a network such as {address}/32, which is this one address"));
    }
    let network: Ipv4Net = text.parse().ok()?;
    Some(format!("a network such as {}, without host bits", network.trunc()))
}

pub(super) fn network(text: &str) -> Option<Ipv4Net> {
    let network: Ipv4Net = text.parse().ok()?;
    // 10.7.0.1/16 is more likely a slip than a network.
    (network.addr() == network.network()).then_some(network)
}

fn name(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
