//! Kea's configuration (kea-dhcp4.conf, or what `config-get` answers).
//!
//! Which value wins: flex_option, reservation, pool, subnet, shared network, class (the first), global; for the
//! header fields a class wins over a subnet (Kea's administrator reference manual, "Precedence").

mod classes;
mod expressions;
mod hooks;
mod options;
mod text;

use std::net::Ipv4Addr;
use std::path::Path;
use std::rc::Rc;

use ipnet::{Ipv4Net, Ipv4Subnets};
use offhook_core::Mac;
use offhook_core::json::from_json_with_lines;
use offhook_core::tree::{Kind as Node, Tree};

use classes::Classes;
use options::{Definitions, Object, get, objects, option_data, text, texts};

use crate::model::{Cond, Expr, Host, Location, Mode, Old, Order, Place, Refused, Rule, Target};

/// The order in which rules apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Global,
    Class(std::cmp::Reverse<usize>),
    Shared,
    Subnet,
    Pool,
    /// Header fields of classes.
    Fields(std::cmp::Reverse<usize>),
    Host,
    Flex,
}

struct Reader {
    file: Rc<str>,
    old: Old,
    rules: Vec<(Level, Rule)>,
    names: Definitions,
    classes: Classes,
    /// Which classes a place requests.
    required: Vec<(String, usize)>,
}

const BY_HAND: &str =
    "write it by hand: an option of the policy with its code and value (docs/policy.md)";

/// The whole text, as plain JSON.
pub fn json(path: &Path) -> Result<String, Refused> {
    text::read(path).map(|read| read.text)
}

/// Reads the file.
pub fn read(path: &Path) -> Result<Old, Refused> {
    let file: Rc<str> = path.display().to_string().into();
    let read = text::read(path)?;
    let tree = from_json_with_lines(&read.text)
        .map_err(|error| Refused(error.in_file(&file).to_string()))?;
    let Some(dhcp4) = dhcp4(&tree) else {
        return Err(Refused(format!(
            "{file}: expected an object with \"Dhcp4\", found none: is this Kea's configuration?"
        )));
    };
    let mut reader = Reader {
        file,
        old: Old { sub_options: Order::Codes, ..Old::default() },
        rules: Vec::new(),
        names: Definitions::default(),
        classes: Classes::default(),
        required: Vec::new(),
    };
    for (line, reason, advice) in read.notes {
        reader.note(line, reason, advice);
    }
    if let Node::Table(entries) = &tree.kind
        && let Some(dhcp6) = get(entries, "Dhcp6")
    {
        let at = reader.at(dhcp6.line as usize);
        reader.old.stays(&at, "DHCPv6");
    }
    reader.all(dhcp4);
    reader.rules.sort_by_key(|(level, _)| *level);
    reader.old.rules = reader.rules.into_iter().map(|(_, rule)| rule).collect();
    Ok(reader.old)
}

/// `{"Dhcp4": ...}`, also inside the answer to `config-get`.
fn dhcp4(tree: &Tree) -> Option<&Object> {
    match &tree.kind {
        Node::List(items) => items.first().and_then(dhcp4),
        Node::Table(entries) => match (get(entries, "Dhcp4"), get(entries, "arguments")) {
            (Some(Tree { kind: Node::Table(inner), .. }), _) => Some(inner),
            (None, Some(arguments)) => dhcp4(arguments),
            _ => None,
        },
        _ => None,
    }
}

/// Keys that are read; all others of the top level stay in the server.
const READ: [&str; 10] = [
    "option-def",
    "option-data",
    "client-classes",
    "shared-networks",
    "subnet4",
    "reservations",
    "hooks-libraries",
    "next-server",
    "server-hostname",
    "boot-file-name",
];

impl Reader {
    fn at(&self, line: usize) -> Place {
        Place { file: Rc::clone(&self.file), line }
    }

    fn note(&mut self, line: usize, reason: impl Into<String>, advice: &str) {
        let at = self.at(line);
        self.old.note(&at, reason, advice);
    }

    fn all(&mut self, dhcp4: &Object) {
        for (key, value) in dhcp4.iter().filter(|(key, _)| !READ.contains(&key.as_str())) {
            let at = self.at(value.line as usize);
            match key.as_str() {
                "hosts-database" | "hosts-databases" | "config-control" => self.old.note(
                    &at,
                    format!("\"{key}\": what a database says of phones is not in this file"),
                    "write it by hand: devices and sites of the policy (docs/policy.md)",
                ),
                _ => self.old.stays(&at, &format!("\"{key}\"")),
            }
        }
        for (line, text) in self.names.add(dhcp4) {
            self.note(line, text, BY_HAND);
        }
        self.reservations(dhcp4);
        for (_, network) in objects(dhcp4, "shared-networks") {
            self.reservations(network);
            for (_, subnet) in objects(network, "subnet4") {
                self.reservations(subnet);
            }
        }
        for (_, subnet) in objects(dhcp4, "subnet4") {
            self.reservations(subnet);
        }
        self.level(dhcp4, Level::Global, Level::Global, &Cond::EVERY);
        for (_, network) in objects(dhcp4, "shared-networks") {
            self.shared(network);
        }
        for (line, subnet) in objects(dhcp4, "subnet4") {
            self.subnet(line, subnet);
        }
        let classes = self.classes(dhcp4);
        for (position, class) in classes.into_iter().enumerate() {
            let position = std::cmp::Reverse(position);
            let mut when = class.when;
            if let Some(name) = &class.required {
                let places = self.required.iter().filter(|(wanted, _)| wanted == name);
                when = when.and(Cond::At(places.map(|(_, place)| *place).collect()));
            }
            let before = self.names.clone();
            for (line, text) in self.names.add(class.object) {
                self.note(line, text, BY_HAND);
            }
            self.level(class.object, Level::Class(position), Level::Fields(position), &when);
            self.names = before;
        }
        self.hooks(dhcp4);
    }

    /// The options and header fields of one object.
    fn level(&mut self, object: &Object, level: Level, fields: Level, when: &Cond) {
        for (line, data) in objects(object, "option-data") {
            let mut when = when.clone();
            let classes = texts(data, "client-classes");
            if !classes.is_empty() {
                let known =
                    classes.iter().map(|name| expressions::Members::member(&self.classes, name));
                match known.collect::<Option<Vec<Cond>>>() {
                    Some(any) => when = when.and(Cond::Any(any)),
                    None => {
                        self.note(
                            line,
                            "\"client-classes\" of an option: classes that are not known yet",
                            BY_HAND,
                        );
                        continue;
                    }
                }
            }
            match option_data(data, &self.names) {
                Ok(changes) => {
                    for (target, mode, value) in changes {
                        let rule =
                            Rule { at: self.at(line), when: when.clone(), target, mode, value };
                        self.rules.push((level, rule));
                    }
                }
                Err(text) => self.note(line, format!("option-data: {text}"), BY_HAND),
            }
        }
        let header = [
            ("next-server", Target::NextServer),
            ("server-hostname", Target::ServerName),
            ("boot-file-name", Target::BootFile),
        ];
        for (key, target) in header {
            let Some(value) = text(object, key).filter(|value| !value.is_empty()) else { continue };
            let line = get(object, key).map_or(0, |tree| tree.line as usize);
            let value = match (&target, value.parse::<Ipv4Addr>()) {
                (Target::NextServer, Ok(address)) if address.is_unspecified() => continue,
                (Target::NextServer, Ok(address)) => Expr::Bytes(address.octets().to_vec()),
                (Target::NextServer, Err(_)) => {
                    self.note(
                        line,
                        "next-server is not an IPv4 address",
                        "correct it, and import again",
                    );
                    continue;
                }
                _ => Expr::text(value),
            };
            let rule =
                Rule { at: self.at(line), when: when.clone(), target, mode: Mode::Set, value };
            self.rules.push((fields, rule));
        }
    }

    /// Notes what an object says that is not taken over as a whole.
    fn lost(&mut self, object: &Object, line: usize, what: &str) {
        let header = ["next-server", "server-hostname", "boot-file-name"];
        let header = header.iter().filter_map(|key| get(object, key));
        let header =
            header.filter(|tree| !matches!(&tree.kind, Node::Text(text) if text.is_empty()));
        let header: Vec<usize> = header.map(|tree| tree.line as usize).collect();
        let options = objects(object, "option-data").into_iter().map(|(line, _)| line);
        for own in options.chain(header).filter(|own| *own != line) {
            let text = format!("it belongs to the {what} of line {line}, which was not taken over");
            self.note(own, text, BY_HAND);
        }
    }

    fn shared(&mut self, network: &Object) {
        let first = self.old.locations.len();
        for (line, subnet) in objects(network, "subnet4") {
            self.subnet(line, subnet);
        }
        let places: Vec<usize> = (first..self.old.locations.len()).collect();
        self.requires(network, &places);
        self.level(network, Level::Shared, Level::Shared, &Cond::At(places));
    }

    fn requires(&mut self, object: &Object, places: &[usize]) {
        for key in ["require-client-classes", "evaluate-additional-classes"] {
            for name in texts(object, key) {
                self.required.extend(places.iter().map(|place| (name.to_owned(), *place)));
            }
        }
    }

    fn subnet(&mut self, line: usize, subnet: &Object) {
        let written = text(subnet, "subnet").unwrap_or_default();
        let Ok(network) = written.parse::<Ipv4Net>() else {
            self.note(
                line,
                format!("{written:?} is not an IPv4 network"),
                "correct it, and import again",
            );
            return;
        };
        let here = self.old.locations.len();
        let at = self.at(line);
        let name = network.trunc().to_string().replace('/', "-");
        self.old.locations.push(Location {
            name,
            networks: vec![network.trunc()],
            at,
            inside: None,
        });
        for (line, pool) in objects(subnet, "pools") {
            self.pool(line, pool, here);
        }
        let places: Vec<usize> = (here..self.old.locations.len()).collect();
        self.requires(subnet, &places);
        self.level(subnet, Level::Subnet, Level::Subnet, &Cond::At(places));
    }

    /// A pool that says something of its own is a place; another one is its subnet.
    fn pool(&mut self, line: usize, pool: &Object, subnet: usize) {
        let says = ["option-data", "require-client-classes", "evaluate-additional-classes"];
        let says = says.iter().any(|key| match get(pool, key).map(|tree| &tree.kind) {
            Some(Node::List(items)) => !items.is_empty(),
            _ => false,
        });
        if !says {
            return;
        }
        let Some(networks) = pool_networks(text(pool, "pool").unwrap_or_default()) else {
            self.note(
                line,
                "a pool whose addresses cannot be read",
                "correct it, and import again",
            );
            return;
        };
        let here = self.old.locations.len();
        let name =
            networks.first().map_or_else(String::new, |network| format!("pool-{}", network.addr()));
        let at = self.at(line);
        self.old.locations.push(Location { name, networks, at, inside: Some(subnet) });
        self.requires(pool, &[here]);
        self.level(pool, Level::Pool, Level::Pool, &Cond::At(vec![here]));
    }

    fn reservations(&mut self, object: &Object) {
        for (line, host) in objects(object, "reservations") {
            let Some(written) = text(host, "hw-address") else {
                self.note(
                    line,
                    "a reservation by something other than a hardware address",
                    "write a device of the policy with its hardware address, if it is a phone",
                );
                self.lost(host, line, "reservation");
                continue;
            };
            let Some(mac) = Mac::parse(written) else {
                self.note(
                    line,
                    format!("{written:?} is not an Ethernet address"),
                    "correct it, and import again",
                );
                continue;
            };
            let address = text(host, "ip-address").and_then(|address| address.parse().ok());
            self.old.hosts.push(Host { mac, address, at: self.at(line) });
            self.classes.host(mac.0, host);
            self.level(host, Level::Host, Level::Host, &Cond::Mac(mac.0.map(Some)));
        }
    }
}

/// `10.0.0.1 - 10.0.0.9` or `10.0.0.0/28`.
fn pool_networks(written: &str) -> Option<Vec<Ipv4Net>> {
    if let Ok(network) = written.trim().parse::<Ipv4Net>() {
        return Some(vec![network.trunc()]);
    }
    let (first, last) = written.split_once('-')?;
    let (first, last): (Ipv4Addr, Ipv4Addr) =
        (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then(|| Ipv4Subnets::new(first, last, 0).collect())
}
