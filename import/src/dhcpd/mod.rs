//! ISC's dhcpd.conf.
//!
//! Which statement wins is dhcpd's order: host, class (the first that matches), pool, subnet, shared network,
//! global; within each a later statement (dhcpd.conf(5), "Declarations"; measured with 4.4.3). A group's
//! statements belong to each declaration inside it.

mod classes;
mod definitions;
mod expressions;
mod items;
mod statements;
mod tokens;
mod unread;

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::path::Path;

use ipnet::{Ipv4Net, Ipv4Subnets};
use offhook_core::Mac;

use classes::Classes;
use definitions::Definitions;
use items::{Branch, Item};
use tokens::Token;

use crate::model::{Cond, Host, Location, Old, Place, Refused, Rule};

/// Whose statements these are: the order in which they apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Global,
    Shared,
    Subnet,
    Pool,
    /// By the class's position from the end: the first that matches wins.
    Class(std::cmp::Reverse<usize>),
    Host,
}

/// For whom a list of statements holds.
#[derive(Debug, Clone)]
struct Scope {
    level: Level,
    when: Cond,
}

struct Reader {
    old: Old,
    rules: Vec<(Level, Rule)>,
    names: Definitions,
    classes: Classes,
    /// The statements that were looked at, each by the address of its words.
    looked_at: HashSet<usize>,
}

/// Reads a dhcpd.conf and the files that it includes.
pub fn read(path: &Path) -> Result<Old, Refused> {
    let tree = items::read(path)?;
    let names = Definitions::of(&tree.items);
    let mut reader = Reader {
        old: Old::default(),
        rules: Vec::new(),
        names,
        classes: Classes::default(),
        looked_at: HashSet::new(),
    };
    for (at, name) in &tree.missing {
        reader.old.note(
            at,
            format!("{name} is included here and is not there"),
            "copy it beside this file, and import again",
        );
    }
    for (at, text) in std::mem::take(&mut reader.names.wrong) {
        reader.old.note(
            &at,
            format!("a definition of an option that cannot be read: {text}"),
            BY_HAND,
        );
    }
    for (outer, space, at) in reader.names.around.clone() {
        let scope = Scope { level: Level::Global, when: Cond::EVERY };
        reader.rule(&at, &scope, statements::encapsulate(outer, &space));
    }
    reader.classes.collect(&tree.items, &mut reader.old, &reader.names);
    let global = Scope { level: Level::Global, when: Cond::EVERY };
    reader.statements(&tree.items, &global);
    reader.declarations(&tree.items, &[], None);
    reader.all_classes(&tree.items);
    reader.unread(&tree.items, None);
    reader.rules.sort_by_key(|(level, _)| *level);
    reader.old.rules = reader.rules.into_iter().map(|(_, rule)| rule).collect();
    Ok(reader.old)
}

const BY_HAND: &str =
    "write it by hand: an option of the policy with its code and value (docs/policy.md)";

/// The words of a head or statement, as far as they are words.
fn texts(words: &[Token]) -> Vec<String> {
    let text = |token: &Token| match token {
        Token::Word(word) => word.clone(),
        Token::Quoted(text) => String::from_utf8_lossy(text).into_owned(),
        Token::Sign(sign) => (*sign).to_owned(),
    };
    words.iter().map(text).collect()
}

/// The parts of the network around a declaration.
#[derive(Debug, Clone)]
struct Around {
    level: Level,
    places: Vec<usize>,
}

impl Reader {
    fn rule(&mut self, at: &Place, scope: &Scope, change: statements::Change) {
        let statements::Change { target, mode, value } = change;
        let rule = Rule { at: at.clone(), when: scope.when.clone(), target, mode, value };
        self.rules.push((scope.level, rule));
    }

    /// The statements of one list, not those of the blocks in it.
    fn statements(&mut self, items: &[Item], scope: &Scope) {
        for item in items {
            match item {
                Item::Statement { at, words } => self.statement(at, words, scope),
                Item::If(branches) => self.branches(branches, scope),
                Item::Block { .. } => {}
            }
        }
    }

    fn branches(&mut self, branches: &[Branch], scope: &Scope) {
        let mut before = Cond::EVERY;
        for branch in branches {
            let own = match &branch.when {
                None => Ok(Cond::EVERY),
                Some(words) => expressions::condition(words, &self.names),
            };
            match own {
                Ok(own) => {
                    let when = scope.when.clone().and(before.clone()).and(own.clone());
                    self.statements(&branch.items, &Scope { when, ..scope.clone() });
                    before = before.and(own.negated());
                }
                Err(text) => {
                    self.old.note(
                        &branch.at,
                        format!("a condition that cannot be judged here: {text}"),
                        "say in the policy whom it means (vendors, sites or devices)",
                    );
                    // What follows depends on it too.
                    let at = branches.iter().skip_while(|other| other.at != branch.at);
                    for branch in at {
                        self.under_unknown(&branch.items, &branch.at);
                    }
                    return;
                }
            }
        }
    }

    fn under_unknown(&mut self, items: &[Item], condition: &Place) {
        for item in items {
            match item {
                Item::Statement { at, .. } | Item::Block { at, .. } => {
                    if let Item::Statement { words, .. } = item {
                        self.look_at(words);
                    }
                    let text = format!(
                        "it depends on the condition in line {}, which cannot be judged here",
                        condition.line
                    );
                    self.old.note(at, text, BY_HAND);
                }
                Item::If(branches) => {
                    for branch in branches {
                        self.under_unknown(&branch.items, condition);
                    }
                }
            }
        }
    }

    /// A declaration's rules: those of the groups around it, then its own.
    fn scope(&mut self, groups: &[&[Item]], items: &[Item], scope: &Scope) {
        for group in groups {
            self.statements(group, scope);
        }
        self.statements(items, scope);
    }

    fn declarations(&mut self, items: &[Item], groups: &[&[Item]], around: Option<&Around>) {
        for item in items {
            let Item::Block { at, head, items: inner } = item else { continue };
            let words = texts(head);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["group", ..] => {
                    let mut groups = groups.to_vec();
                    groups.push(inner);
                    self.declarations(inner, &groups, around);
                }
                ["shared-network", name, ..] => self.shared(name, inner, groups),
                ["subnet", address, "netmask", mask, ..] => {
                    self.subnet(at, address, mask, inner, groups, around);
                }
                ["pool", ..] => self.pool(at, inner, groups, around),
                ["host", name, ..] => self.host(at, name, inner, groups),
                // See `all_classes`.
                ["class" | "subclass", ..] => {}
                ["subnet6" | "pool6" | "shared-network6", ..] => {
                    self.old.stays(at, "a declaration for DHCPv6");
                }
                ["failover" | "key" | "zone" | "omapi-key", ..] => {
                    self.old.stays(at, &format!("\"{}\"", words.first().unwrap_or(&"")));
                }
                // See `unread`.
                _ => {}
            }
        }
    }

    fn shared(&mut self, _name: &str, items: &[Item], groups: &[&[Item]]) {
        let first = self.old.locations.len();
        let around = Around { level: Level::Shared, places: Vec::new() };
        self.declarations(items, &[], Some(&around));
        let places: Vec<usize> = (first..self.old.locations.len()).collect();
        let when = Cond::At(places);
        self.scope(groups, items, &Scope { level: Level::Shared, when });
    }

    fn subnet(
        &mut self,
        at: &Place,
        address: &str,
        mask: &str,
        items: &[Item],
        groups: &[&[Item]],
        around: Option<&Around>,
    ) {
        let network = address.parse().ok().zip(mask.parse().ok());
        let network = network.and_then(|(address, mask): (Ipv4Addr, Ipv4Addr)| {
            Ipv4Net::with_netmask(address, mask).ok()
        });
        let Some(network) = network else {
            self.old.note(
                at,
                format!("{address} netmask {mask} is not an IPv4 network"),
                "correct it, and import again",
            );
            return;
        };
        let here = self.old.locations.len();
        self.old.locations.push(Location {
            name: network.to_string().replace('/', "-"),
            networks: vec![network],
            at: at.clone(),
            inside: None,
        });
        let inner = Around { level: Level::Subnet, places: vec![here] };
        self.declarations(items, &[], Some(&inner));
        let groups = if around.is_some() { &[][..] } else { groups };
        let places = (here..self.old.locations.len()).collect();
        self.scope(groups, items, &Scope { level: Level::Subnet, when: Cond::At(places) });
    }

    /// A pool that says something of its own is a place; another one is its subnet.
    fn pool(&mut self, at: &Place, items: &[Item], groups: &[&[Item]], around: Option<&Around>) {
        let mut networks = Vec::new();
        for item in items {
            let Item::Statement { at, words } = item else { continue };
            let words = texts(words);
            if words.first().is_some_and(|word| word == "range") {
                let addresses: Vec<Ipv4Addr> =
                    words.iter().filter_map(|word| word.parse().ok()).collect();
                match addresses.as_slice() {
                    [first, last] if first <= last => {
                        networks.extend(Ipv4Subnets::new(*first, *last, 0))
                    }
                    [only] => networks.push(Ipv4Net::from(*only)),
                    _ => self.old.note(
                        at,
                        "not a range of IPv4 addresses",
                        "correct it, and import again",
                    ),
                }
            }
        }
        let says = |item: &Item| match item {
            Item::Statement { words, .. } => statements::is_about_answers(words),
            Item::If(_) => true,
            Item::Block { .. } => false,
        };
        if !items.iter().any(says) && groups.is_empty() {
            for item in items {
                if let Item::Statement { at, words } = item {
                    self.look_at(words);
                    self.old.stays(at, "which addresses a pool has, and who gets them");
                }
            }
            return;
        }
        let inside = around.filter(|around| around.level == Level::Subnet);
        let inside = inside.and_then(|around| around.places.first().copied());
        let here = self.old.locations.len();
        let name = networks.first().map(|network| format!("pool-{}", network.addr()));
        self.old.locations.push(Location {
            name: name.unwrap_or_else(|| format!("pool-{here}")),
            networks,
            at: at.clone(),
            inside,
        });
        self.scope(groups, items, &Scope { level: Level::Pool, when: Cond::At(vec![here]) });
    }

    fn host(&mut self, at: &Place, name: &str, items: &[Item], groups: &[&[Item]]) {
        let mut macs: Vec<Mac> = Vec::new();
        let mut address = None;
        for item in items {
            let Item::Statement { at, words } = item else { continue };
            let words = texts(words);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["hardware", "ethernet", mac] => {
                    match crate::kinds::hex(mac).map(<[u8; 6]>::try_from) {
                        Some(Ok(mac)) => macs.push(Mac(mac)),
                        _ => self.old.note(
                            at,
                            format!("{mac:?} is not a hardware address"),
                            "correct it, and import again",
                        ),
                    }
                }
                ["fixed-address", first, ..] => {
                    address = first.parse().ok();
                    self.old.stays(at, "the address that a reservation has");
                }
                _ => {}
            }
        }
        if macs.len() > 1 {
            let text =
                format!("the host {name:?} has {} hardware addresses: dhcpd takes one", macs.len());
            let advice = "write a device of the policy for each other one, if it is a phone";
            self.old.note(at, text, advice);
        }
        let Some(mac) = macs.first().copied() else {
            self.old.note(
                at,
                format!("the host {name:?} is named by something other than a hardware address"),
                "write a device of the policy with its hardware address, if it is a phone",
            );
            return;
        };
        self.old.hosts.push(Host { mac, address, at: at.clone() });
        let when = Cond::Mac(mac.0.map(Some));
        self.scope(groups, items, &Scope { level: Level::Host, when });
    }
}
