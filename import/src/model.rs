//! What every old configuration becomes: rules with a condition, in the order in which they apply.

use std::fmt;
use std::net::Ipv4Addr;
use std::rc::Rc;

use ipnet::Ipv4Net;
use offhook_core::Mac;

/// Where in the old configuration something is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as it was named.
    pub file: Rc<str>,
    /// From 1; 0 where the format has no lines.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Why a configuration cannot be imported at all.
#[derive(Debug)]
pub struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// A value that may depend on the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// These bytes.
    Bytes(Vec<u8>),
    /// An option of the client's packet.
    Option(u8),
    /// A sub-option of the relay's option 82.
    Relay(u8),
    /// The hardware address.
    Mac,
    /// An option that the answer has so far, by space (empty: DHCP's own) and code.
    Config(String, u32),
    /// Some bytes of a value.
    Part {
        /// The whole value.
        of: Box<Expr>,
        /// The first byte.
        from: usize,
        /// How many bytes; fewer where it ends before.
        length: usize,
    },
    /// The last bytes of a value.
    End(Box<Expr>, usize),
    /// One behind the other.
    Concat(Vec<Expr>),
    /// In lower case (`false`) or upper case (`true`).
    Case(Box<Expr>, bool),
    /// Each number of `width` bytes in digits of `base`, with a separator.
    Digits {
        /// 8, 10 or 16.
        base: u8,
        /// 1, 2 or 4 bytes.
        width: usize,
        /// Between two numbers.
        separator: Vec<u8>,
        /// At least two digits of base 16.
        padded: bool,
        /// The numbers' bytes.
        of: Box<Expr>,
    },
    /// The first of these that is there.
    First(Vec<Expr>),
    /// One value or another.
    If(Box<Cond>, Box<Expr>, Box<Expr>),
}

impl Expr {
    /// Text as bytes.
    pub fn text(text: &str) -> Expr {
        Expr::Bytes(text.as_bytes().to_vec())
    }

    /// Whether the value depends on the hardware address.
    pub fn has_mac(&self) -> bool {
        match self {
            Expr::Mac => true,
            Expr::Bytes(_) | Expr::Option(_) | Expr::Relay(_) | Expr::Config(..) => false,
            Expr::Part { of, .. }
            | Expr::End(of, _)
            | Expr::Case(of, _)
            | Expr::Digits { of, .. } => of.has_mac(),
            Expr::Concat(parts) | Expr::First(parts) => parts.iter().any(Expr::has_mac),
            Expr::If(_, yes, no) => yes.has_mac() || no.has_mac(),
        }
    }
}

/// For whom a rule holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cond {
    /// All of them hold; the empty list: every client.
    All(Vec<Cond>),
    /// One of them holds; the empty list: no client.
    Any(Vec<Cond>),
    /// It does not hold.
    Not(Box<Cond>),
    /// Both values are the same. Two that are absent are the same.
    Same(Expr, Expr),
    /// The same without regard to case.
    SameText(Expr, Expr),
    /// The bytes are somewhere in the value.
    Contains(Expr, Vec<u8>),
    /// The value begins so; `None` is any byte.
    Begins(Expr, Vec<Option<u8>>),
    /// The bytes are at some multiple of their length.
    Item(Expr, Vec<u8>),
    /// The packet has this option.
    Exists(u8),
    /// The packet has a relay's option 82 with this sub-option.
    FromRelay(u8),
    /// The client's hardware address; `None` is any byte.
    Mac([Option<u8>; 6]),
    /// The client is in one of these places ([`Old::locations`]).
    At(Vec<usize>),
}

impl Cond {
    /// Every client.
    pub const EVERY: Cond = Cond::All(Vec::new());
    /// No client.
    pub const NONE: Cond = Cond::Any(Vec::new());

    /// Both.
    pub fn and(self, other: Cond) -> Cond {
        match (self, other) {
            (Cond::All(mut left), Cond::All(right)) => {
                left.extend(right);
                Cond::All(left)
            }
            (Cond::All(mut left), right) => {
                left.push(right);
                Cond::All(left)
            }
            (left, Cond::All(mut right)) => {
                right.insert(0, left);
                Cond::All(right)
            }
            (left, right) => Cond::All(vec![left, right]),
        }
    }

    /// Not this one.
    pub fn negated(self) -> Cond {
        Cond::Not(Box::new(self))
    }

    /// The one hardware address that it is for, if it is for one alone.
    pub fn only_mac(&self) -> Option<Mac> {
        match self {
            Cond::Mac(pattern) => whole(pattern),
            Cond::All(parts) => parts.iter().find_map(Cond::only_mac),
            _ => None,
        }
    }

    /// Whether it looks at the client itself, and not only at where it is.
    pub fn is_about_clients(&self) -> bool {
        match self {
            Cond::At(_) => false,
            Cond::All(parts) => parts.iter().any(Cond::is_about_clients),
            Cond::Any(parts) => parts.is_empty() || parts.iter().any(Cond::is_about_clients),
            Cond::Not(inner) => inner.is_about_clients(),
            _ => true,
        }
    }

    /// Calls `visit` for each condition in it.
    pub fn each(&self, visit: &mut impl FnMut(&Cond)) {
        visit(self);
        match self {
            Cond::All(parts) | Cond::Any(parts) => parts.iter().for_each(|part| part.each(visit)),
            Cond::Not(inner) => inner.each(visit),
            _ => {}
        }
    }
}

/// The address, if it has no free byte.
pub fn whole(pattern: &[Option<u8>; 6]) -> Option<Mac> {
    let mut mac = [0; 6];
    for (byte, wanted) in mac.iter_mut().zip(pattern) {
        *byte = (*wanted)?;
    }
    Some(Mac(mac))
}

/// What a rule changes in the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A whole option.
    Option(u8),
    /// An option of an option space, by its code there.
    Space(String, u32),
    /// The options of a space go into this option, as sub-options.
    Encapsulate {
        /// The option around them.
        outer: u8,
        /// The space; for options 124 and 125 the enterprise's number in digits.
        space: String,
    },
    /// `siaddr`.
    NextServer,
    /// `sname`.
    ServerName,
    /// `file`.
    BootFile,
}

/// How a rule changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In place of what is there.
    Set,
    /// Only where there is nothing.
    Default,
    /// Behind what is there.
    Append,
    /// Before what is there.
    Prepend,
    /// Takes it out.
    Remove,
}

/// One change to the answer of some clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Where it is written.
    pub at: Place,
    /// For whom it holds.
    pub when: Cond,
    /// What it changes.
    pub target: Target,
    /// How.
    pub mode: Mode,
    /// The value.
    pub value: Expr,
}

/// A part of the network: a subnet, a pool, a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// For the site's name.
    pub name: String,
    /// Its addresses.
    pub networks: Vec<Ipv4Net>,
    /// Where it is written.
    pub at: Place,
    /// The location around it (a pool's subnet).
    pub inside: Option<usize>,
}

/// A client that the configuration names by its hardware address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The address.
    pub mac: Mac,
    /// The IPv4 address that it gets, where that is fixed.
    pub address: Option<Ipv4Addr>,
    /// Where it is written.
    pub at: Place,
}

/// A line that was not taken over, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// Where it is written.
    pub at: Place,
    /// Why it was not taken over.
    pub reason: String,
    /// What to do.
    pub advice: String,
}

/// A whole old configuration.
#[derive(Debug, Default)]
pub struct Old {
    /// In the order in which they apply: a later one wins.
    pub rules: Vec<Rule>,
    /// Parts of the network for which something else is said.
    pub locations: Vec<Location>,
    /// Clients named by their address.
    pub hosts: Vec<Host>,
    /// What could not be taken over.
    pub notes: Vec<Note>,
    /// In which order the server sends sub-options.
    pub sub_options: Order,
}

/// The order of sub-options on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// As the lines are.
    #[default]
    Lines,
    /// The last line first.
    LastFirst,
    /// By their codes.
    Codes,
}

/// More rules than any site has; each is tried with every phone of the catalogue.
const MOST_RULES: usize = 200_000;
/// More parts than any network has that one server serves.
const MOST_LOCATIONS: usize = 2_000;

impl Old {
    /// Adds a line that is not taken over.
    pub fn note(&mut self, at: &Place, reason: impl Into<String>, advice: impl Into<String>) {
        self.notes.push(Note { at: at.clone(), reason: reason.into(), advice: advice.into() });
    }

    /// A line about something that offhook does not do.
    pub fn stays(&mut self, at: &Place, what: &str) {
        let reason = format!("{what}: not about what phones are sent");
        self.note(at, reason, "nothing: it stays in the server's own configuration");
    }

    /// # Errors
    /// More than offhook takes on; the text says how many.
    pub(crate) fn within_limits(self) -> Result<Old, Refused> {
        let over = |what: &str, found: usize, most: usize| {
            Refused(format!(
                "{found} {what} in this configuration: expected at most {most}; split the file, and import each part"
            ))
        };
        if self.rules.len() > MOST_RULES {
            return Err(over("rules", self.rules.len(), MOST_RULES));
        }
        if self.locations.len() > MOST_LOCATIONS {
            return Err(over("subnets, pools and ranges", self.locations.len(), MOST_LOCATIONS));
        }
        Ok(self)
    }
}
