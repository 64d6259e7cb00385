//! Windows' DHCP server: the lines of `netsh dhcp server dump` (and of scripts made of such lines, as Microsoft's
//! for Lync), or the XML of `Export-DhcpServer`.
//!
//! Which value wins: reservation, policy, scope, server; at each level the value for a class before the one
//! for all (Microsoft, "DHCP options" and "DHCP policies").

mod export;
mod netsh;

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::rc::Rc;

use ipnet::Ipv4Net;
use offhook_core::Mac;
use offhook_edge::file::{self, Kind, Unreadable};

use crate::model::{Cond, Expr, Host, Location, Mode, Old, Order, Place, Refused, Rule, Target};

/// The order in which values apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Server,
    ServerClass,
    Scope,
    ScopeClass,
    /// By the policy's position from the end: the first counts.
    ServerPolicy(std::cmp::Reverse<usize>),
    ScopePolicy(std::cmp::Reverse<usize>),
    Host,
    HostClass,
}

const BY_HAND: &str =
    "write it by hand: an option of the policy with its code and value (docs/policy.md)";

/// Reads the file, whichever of the two it is.
pub fn read(path: &Path) -> Result<Old, Refused> {
    let shown: Rc<str> = path.display().to_string().into();
    let bytes = file::read(path, Kind::FileOrPipe, file::LARGEST);
    let text = bytes.and_then(text_of).map_err(|error| Refused(format!("{shown}: {error}")))?;
    let mut reader = Reader::new(shown);
    match text.trim_start().starts_with('<') {
        true => export::read(&mut reader, &text)?,
        false => netsh::read(&mut reader, &text)?,
    }
    Ok(reader.finish())
}

/// PowerShell writes UTF-16 with a byte order mark, `cmd /u` without one.
fn text_of(bytes: Vec<u8>) -> Result<String, Unreadable> {
    let (big, rest) = match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => (false, rest),
        [0xfe, 0xff, rest @ ..] => (true, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => return file::as_text(rest.to_vec()),
        [first, 0, second, 0, ..] if *first != 0 && *second != 0 => (false, bytes.as_slice()),
        // Names of scopes in an old code page: no value depends on them.
        _ => return Ok(String::from_utf8_lossy(&bytes).into_owned()),
    };
    let units = rest.as_chunks::<2>().0.iter();
    let units =
        units.map(|pair| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) });
    Ok(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

struct Reader {
    file: Rc<str>,
    old: Old,
    rules: Vec<(Level, Rule)>,
    /// Classes by name: option 60 or 77, and the bytes.
    classes: HashMap<String, (u8, Vec<u8>)>,
    /// Scopes by their address.
    scopes: HashMap<Ipv4Addr, usize>,
    /// Reservations by their address.
    reserved: HashMap<Ipv4Addr, Mac>,
}

/// An option's value as both formats have it.
struct Written<'w> {
    line: usize,
    code: &'w str,
    kind: &'w str,
    vendor: &'w str,
    user: &'w str,
    values: &'w [String],
}

/// For whom a value is.
enum Whom {
    Server,
    Scope(Ipv4Addr),
    Reserved(Ipv4Addr),
    Policy { position: usize, scope: Option<Ipv4Addr>, when: Cond },
}

impl Reader {
    fn new(file: Rc<str>) -> Reader {
        Reader {
            file,
            old: Old { sub_options: Order::Codes, ..Old::default() },
            rules: Vec::new(),
            classes: HashMap::new(),
            scopes: HashMap::new(),
            reserved: HashMap::new(),
        }
    }

    fn finish(mut self) -> Old {
        self.rules.sort_by_key(|(level, _)| *level);
        self.old.rules = self.rules.into_iter().map(|(_, rule)| rule).collect();
        self.old
    }

    fn at(&self, line: usize) -> Place {
        Place { file: Rc::clone(&self.file), line }
    }

    fn note(&mut self, line: usize, reason: impl Into<String>, advice: &str) {
        let at = self.at(line);
        self.old.note(&at, reason, advice);
    }

    fn scope(&mut self, line: usize, address: &str, mask: &str) {
        let network = address.parse().ok().zip(mask.parse().ok());
        let network = network.and_then(|(address, mask): (Ipv4Addr, Ipv4Addr)| {
            Some((address, Ipv4Net::with_netmask(address, mask).ok()?))
        });
        let Some((address, network)) = network else {
            self.note(
                line,
                format!("{address} {mask} is not a scope"),
                "correct it, and import again",
            );
            return;
        };
        let here = self.old.locations.len();
        let name = network.trunc().to_string().replace('/', "-");
        let at = self.at(line);
        self.old.locations.push(Location {
            name,
            networks: vec![network.trunc()],
            at,
            inside: None,
        });
        self.scopes.insert(address, here);
    }

    fn reserve(&mut self, line: usize, address: &str, mac: &str) {
        let found: Option<Ipv4Addr> = address.parse().ok();
        match found.zip(Mac::parse(mac)) {
            Some((address, mac)) => {
                self.reserved.insert(address, mac);
                let at = self.at(line);
                self.old.stays(&at, "the address that a reservation has");
                self.old.hosts.push(Host { mac, address: Some(address), at });
            }
            None => self.note(
                line,
                "a reservation by something other than a hardware address",
                "write a device of the policy with its hardware address, if it is a phone",
            ),
        }
    }

    fn class(&mut self, name: &str, data: Vec<u8>, vendor: bool) {
        self.classes.insert(name.to_lowercase(), (if vendor { 60 } else { 77 }, data));
    }

    /// One value of an option.
    fn value(&mut self, written: &Written<'_>, whom: Whom) {
        let line = written.line;
        let Ok(code) = written.code.parse::<u8>() else {
            self.note(line, format!("{:?} is not an option", written.code), BY_HAND);
            return;
        };
        let bytes = match bytes(written) {
            Ok(bytes) => bytes,
            Err(text) => {
                self.note(line, format!("option {code}: {text}"), BY_HAND);
                return;
            }
        };
        let mut when = match self.place(&whom) {
            Some(when) => when,
            None => {
                self.note(line, "a scope or reservation that this file does not have", BY_HAND);
                return;
            }
        };
        let mut by_class = false;
        for (name, wanted) in [(written.vendor, 60), (written.user, 77)] {
            if name.is_empty() {
                continue;
            }
            by_class = true;
            match self.classes.get(&name.to_lowercase()) {
                Some((60, data)) if wanted == 60 => {
                    when = when.and(Cond::Same(Expr::Option(60), Expr::Bytes(data.clone())));
                }
                // RFC 3004 counts each text; Windows' own clients send it bare.
                Some((77, data)) if wanted == 77 => {
                    when = when.and(Cond::Contains(Expr::Option(77), data.clone()));
                }
                _ => {
                    let text = format!("the class {name:?} is not defined in this file");
                    self.note(
                        line,
                        text,
                        "say in the policy whom it means (vendors, sites or devices)",
                    );
                    return;
                }
            }
        }
        let level = level(&whom, by_class);
        let at = self.at(line);
        let mut add = |target: Target, value: Vec<u8>| {
            let rule = Rule {
                at: at.clone(),
                when: when.clone(),
                target,
                mode: Mode::Set,
                value: Expr::Bytes(value),
            };
            self.rules.push((level, rule));
        };
        match written.vendor.is_empty() {
            true => add(Target::Option(code), bytes),
            // The options of a vendor class go into option 43.
            false => {
                let space = format!("class {}", written.vendor.to_lowercase());
                add(Target::Encapsulate { outer: 43, space: space.clone() }, Vec::new());
                add(Target::Space(space, code.into()), bytes);
            }
        }
    }

    fn place(&self, whom: &Whom) -> Option<Cond> {
        let at = |scope: &Ipv4Addr| Some(Cond::At(vec![*self.scopes.get(scope)?]));
        match whom {
            Whom::Server => Some(Cond::EVERY),
            Whom::Scope(scope) => at(scope),
            Whom::Reserved(address) => Some(Cond::Mac(self.reserved.get(address)?.0.map(Some))),
            Whom::Policy { scope: None, when, .. } => Some(when.clone()),
            Whom::Policy { scope: Some(scope), when, .. } => Some(at(scope)?.and(when.clone())),
        }
    }
}

fn level(whom: &Whom, by_class: bool) -> Level {
    match (whom, by_class) {
        (Whom::Server, false) => Level::Server,
        (Whom::Server, true) => Level::ServerClass,
        (Whom::Scope(_), false) => Level::Scope,
        (Whom::Scope(_), true) => Level::ScopeClass,
        (Whom::Reserved(_), false) => Level::Host,
        (Whom::Reserved(_), true) => Level::HostClass,
        (Whom::Policy { position, scope, .. }, _) => {
            let position = std::cmp::Reverse(*position);
            if scope.is_some() {
                Level::ScopePolicy(position)
            } else {
                Level::ServerPolicy(position)
            }
        }
    }
}

/// The bytes of a value, by the type that is written beside it.
fn bytes(written: &Written<'_>) -> Result<Vec<u8>, String> {
    let number = |text: &String| {
        let bare = text.trim();
        match bare.strip_prefix("0x").or_else(|| bare.strip_prefix("0X")) {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None => bare.parse().ok(),
        }
        .ok_or_else(|| "expected a number".to_owned())
    };
    let mut bytes = Vec::new();
    for value in written.values {
        match written.kind.to_ascii_lowercase().as_str() {
            "string" => bytes.extend(value.as_bytes()),
            "ipaddress" | "ipv4address" => {
                let address: Ipv4Addr =
                    value.trim().parse().map_err(|_| "expected an IPv4 address".to_owned())?;
                bytes.extend(address.octets());
            }
            "byte" => bytes.extend(number(value)?.to_be_bytes().last()),
            "word" => bytes.extend(number(value)?.to_be_bytes().get(6..).unwrap_or_default()),
            "dword" => bytes.extend(number(value)?.to_be_bytes().get(4..).unwrap_or_default()),
            "binary" | "binarydata" | "encapsulated" | "encapsulateddata" => {
                let hex =
                    crate::kinds::hex(value).ok_or_else(|| "expected hex digits".to_owned())?;
                bytes.extend(hex);
            }
            other => return Err(format!("the type {other:?} is not known here")),
        }
    }
    match bytes.is_empty() {
        true => Err("the value is empty".to_owned()),
        false => Ok(bytes),
    }
}
