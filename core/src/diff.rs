//! What would change? The same clients before two engines: whose answer differs, and how.
//!
//! One client at a time, so that neither a file of them nor a server's table need be in memory.
//! Serves `offhook diff` and the hook's `phone-policy-test`. Decides nothing: both engines answer as
//! they would answer a packet, and the two answers are compared byte for byte.

/// What only one client's answer can hold.
mod own;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;

use crate::catalogue::Tables;
use crate::decide::{Edits, Verdict};
use crate::engine::Engine;
use crate::query::Query;
use crate::text::printable;
use crate::url::without_userinfo;
use own::Own;

/// What an engine does with one option or header field of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Told {
    /// `set` or `remove`.
    pub action: &'static str,
    /// The bytes that are sent; empty where the option is taken out.
    #[serde(serialize_with = "as_hex", rename = "hex", skip_serializing_if = "Vec::is_empty")]
    pub bytes: Vec<u8>,
    /// The value, if it is printable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only where the server has not put one in itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub keeps_existing: bool,
    /// Stands for what is not shown (a token, a random folder, a password): another one is a change too.
    #[serde(skip)]
    hidden: u64,
}

fn as_hex<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&hex::encode(bytes))
}

impl Told {
    /// What people see of `real`.
    fn shown(shown: &[u8], real: &[u8]) -> Told {
        let shown = without_userinfo(shown);
        let mut hasher = DefaultHasher::new();
        real.hash(&mut hasher);
        let hidden = if *shown == *real { 0 } else { hasher.finish() };
        Told { hidden, ..Told::set(&shown) }
    }

    fn set(bytes: &[u8]) -> Told {
        let plain = !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e));
        let text = plain.then(|| String::from_utf8_lossy(bytes).into_owned());
        Told { action: "set", bytes: bytes.to_vec(), text, keeps_existing: false, hidden: 0 }
    }

    fn removed() -> Told {
        Told { action: "remove", bytes: Vec::new(), text: None, keeps_existing: false, hidden: 0 }
    }

    fn in_words(&self) -> String {
        let value = match (self.action, &self.text) {
            ("remove", _) => "taken out".to_owned(),
            (_, Some(text)) => format!("\"{text}\""),
            (_, None) => match self.bytes.iter().all(|b| matches!(b, 0x20..=0x7e | 0)) {
                true => format!("\"{}\"", printable(&self.bytes)),
                false => format!("0x{}", hex::encode(&self.bytes)),
            },
        };
        match self.keeps_existing {
            true => format!("{value} (if the server has none)"),
            false => value,
        }
    }
}

/// What of an answer is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// `continue` or `drop`: whether there is an answer at all.
    Answer,
    /// Whose phone it is recognised as; the client classes hang on it.
    Vendor,
    /// An option, by its number.
    Option(u8),
    /// A header field, by its name in a policy.
    Header(&'static str),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Answer => f.write_str("answer"),
            What::Vendor => f.write_str("vendor"),
            What::Option(code) => write!(f, "option {code}"),
            What::Header(name) => f.write_str(name),
        }
    }
}

impl Serialize for What {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One difference between two answers; `None`: the engine leaves it as the server has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Change {
    /// What is changed.
    pub what: What,
    /// What is sent now; `None`: nothing.
    pub before: Option<Told>,
    /// What the other policy sends; `None`: nothing.
    pub after: Option<Told>,
}

impl Change {
    /// The difference as a sentence without its subject.
    pub fn in_words(&self) -> String {
        let word = |told: &Option<Told>| told.as_ref().and_then(|told| told.text.clone());
        match (self.what, word(&self.before), word(&self.after)) {
            (What::Answer, _, Some(after)) if after == "drop" => {
                return "no answer at all any more".to_owned();
            }
            (What::Answer, ..) => return "an answer, where there was none".to_owned(),
            (What::Vendor, before, after) => {
                let name = |vendor: Option<String>| vendor.unwrap_or_else(|| "no phone".to_owned());
                return format!("recognised as {} instead of {}", name(after), name(before));
            }
            _ => {}
        }
        let what = self.what;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) if before.in_words() == after.in_words() => {
                format!("{what} {} with another secret in it", after.in_words())
            }
            (Some(before), Some(after)) => {
                format!("{what} {} instead of {}", after.in_words(), before.in_words())
            }
            (None, Some(after)) if after.action == "remove" => {
                format!("{what} {} of the server's answer", after.in_words())
            }
            (Some(before), None) if before.action == "remove" => {
                format!("{what} as the server has it instead of taken out")
            }
            (None, Some(after)) => format!("{what} {}, which was not sent", after.in_words()),
            (Some(before), None) => format!("no {what} any more (it was {})", before.in_words()),
            (None, None) => what.to_string(),
        }
    }
}

/// Everything that an engine says to one client.
#[derive(Debug, PartialEq)]
struct Answer {
    vendor: Option<String>,
    told: BTreeMap<What, Told>,
}

fn answer(engine: &Engine, query: &Query<'_>) -> Answer {
    let decision = engine.decide(query);
    let mut edits = Edits::default();
    decision.edits(engine, query, &mut edits);
    let vendor = decision.identity.map(|found| engine.tables().at(found.vendor).id.to_string());
    let mut told = BTreeMap::new();
    let verdict: &[u8] = match decision.verdict {
        Verdict::Continue => b"continue",
        Verdict::Drop => b"drop",
    };
    told.insert(What::Answer, Told::set(verdict));
    if let Some(vendor) = &vendor {
        told.insert(What::Vendor, Told::set(vendor.as_bytes()));
    }
    let people = engine.for_people();
    let mut shown = Edits::default();
    people.decide(query).edits(people, query, &mut shown);
    for (edit, seen) in edits.iter().zip(shown.iter()) {
        let value = match edit.value.zip(seen.value) {
            None => Told::removed(),
            Some((real, seen)) => Told::shown(shown.bytes(people, seen), edits.bytes(engine, real)),
        };
        told.insert(What::Option(edit.code), Told { keeps_existing: edit.keep_existing, ..value });
    }
    let header = &edits.header;
    let server = header.next_server.map(|address| address.to_string().into_bytes());
    let seen = &shown.header;
    for (name, value, seen) in [
        ("next-server", &server, &server),
        ("server-hostname", &header.server_hostname, &seen.server_hostname),
        ("boot-file-name", &header.boot_file_name, &seen.boot_file_name),
    ] {
        if let Some((value, seen)) = value.as_ref().zip(seen.as_ref()) {
            told.insert(What::Header(name), Told::shown(seen, value));
        }
    }
    Answer { vendor, told }
}

/// What of a client's answer differs, in the order of [`What`].
fn changes(before: &Answer, after: &Answer) -> Vec<Change> {
    let mut all: Vec<What> = before.told.keys().chain(after.told.keys()).copied().collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
        .map(|what| Change {
            what,
            before: before.told.get(&what).cloned(),
            after: after.told.get(&what).cloned(),
        })
        .filter(|change| change.before != change.after)
        .collect()
}

/// One client whose answer differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// The client's hardware address.
    pub hw_address: Option<String>,
    /// By the new engine; where that knows none, by the old one.
    pub vendor: Option<String>,
    /// What differs for it.
    pub changes: Vec<Change>,
}

/// Clients of one vendor whose answers differ in the same way.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Group {
    /// The vendor's id; `None`: not recognised.
    pub vendor: Option<String>,
    /// As people say it.
    pub name: String,
    /// How many clients have these changes.
    pub phones: usize,
    /// The changes in words, what is each client's own (`{{mac}}`, `{{ip}}`) named instead of shown.
    pub words: Vec<String>,
    /// One of them, byte for byte.
    pub example: Difference,
}

/// Everything that was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// All clients that were compared.
    pub phones: usize,
    /// Those with a difference.
    pub changed: usize,
    /// The largest first.
    pub groups: Vec<Group>,
    /// Changed clients that are in none of the groups, because there would be too many groups.
    pub ungrouped: usize,
    /// The first of the clients that change, as many as were wanted.
    pub differences: Vec<Difference>,
}

/// Upper bound on reported groups, so that a diff inside a server uses bounded memory.
const MOST_GROUPS: usize = 1000;

/// Two engines, and what has been found so far.
pub struct Comparison<'e> {
    old: &'e Engine,
    new: &'e Engine,
    most: usize,
    places: HashMap<(Option<String>, Vec<String>), usize>,
    report: Report,
}

impl<'e> Comparison<'e> {
    /// `most` of the changed clients are kept one by one; all are counted and grouped.
    pub fn new(old: &'e Engine, new: &'e Engine, most: usize) -> Comparison<'e> {
        Comparison { old, new, most, places: HashMap::new(), report: Report::default() }
    }

    /// Asks both engines about one client. True if their answers differ.
    pub fn ask(&mut self, query: &Query<'_>) -> bool {
        self.report.phones += 1;
        let (before, after) = (answer(self.old, query), answer(self.new, query));
        if before == after {
            return false;
        }
        self.report.changed += 1;
        let difference = Difference {
            hw_address: query.mac.map(|mac| mac.to_string()),
            changes: changes(&before, &after),
            vendor: after.vendor.or(before.vendor),
        };
        self.group(query, &difference);
        if self.report.differences.len() < self.most {
            self.report.differences.push(difference);
        }
        true
    }

    fn group(&mut self, query: &Query<'_>, difference: &Difference) {
        let own = Own::of(query);
        let words: Vec<String> =
            difference.changes.iter().map(|change| own.named(change).in_words()).collect();
        let key = (difference.vendor.clone(), words);
        if let Some(group) = self.places.get(&key).and_then(|at| self.report.groups.get_mut(*at)) {
            group.phones += 1;
            return;
        }
        if self.report.groups.len() >= MOST_GROUPS {
            self.report.ungrouped += 1;
            return;
        }
        let name = match &difference.vendor {
            None => "no phone".to_owned(),
            Some(id) => name_of(self.new.tables(), id)
                .or_else(|| name_of(self.old.tables(), id))
                .unwrap_or_else(|| id.clone()),
        };
        self.report.groups.push(Group {
            vendor: difference.vendor.clone(),
            name,
            phones: 1,
            words: key.1.clone(),
            example: difference.clone(),
        });
        self.places.insert(key, self.report.groups.len() - 1);
    }

    /// What was found, the largest group first.
    pub fn finish(mut self) -> Report {
        self.report
            .groups
            .sort_by(|a, b| (b.phones, &a.vendor, &a.words).cmp(&(a.phones, &b.vendor, &b.words)));
        self.report
    }
}

fn name_of(tables: &Tables, id: &str) -> Option<String> {
    tables.vendor(id).map(|vendor| tables.at(vendor).name.to_string())
}

impl fmt::Display for Report {
    /// `2 of 3 phones: 1 Yealink gets option 66 "b" instead of "a"; ...`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} phones would be sent something else", self.changed, self.phones)?;
        for (number, group) in self.groups.iter().enumerate() {
            f.write_str(if number == 0 { ": " } else { "; " })?;
            write!(f, "{} {}: {}", group.phones, group.name, group.words.join(", "))?;
        }
        match self.ungrouped {
            0 => Ok(()),
            more => write!(f, "; {more} more in other ways"),
        }
    }
}
