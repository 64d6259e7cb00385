//! What every list of phones has in common, whatever it was written in: rows, how a value finds its
//! field, and the mistakes that only the whole list shows.

use std::collections::{HashMap, HashSet};

use crate::phone::{Line, Phone, Row};
use offhook_catalogue::VendorIx;
use offhook_catalogue::error::Mistake;
use offhook_catalogue::mac::Mac;
use offhook_catalogue::parts::Parts;
use offhook_catalogue::reader::advice;
use offhook_core::engine::Engine;
use offhook_core::query::Query;
use offhook_core::recognise::{Finding, recognise};

/// A list that was read: the phones that are as they should be, and everything that is wrong.
#[derive(Debug, Default)]
pub struct PhoneList {
    pub phones: Vec<Phone>,
    pub mistakes: Vec<Mistake>,
    /// Entries that were left out because something in them is wrong.
    pub left_out: usize,
}

/// Keys of a phone that are no fields.
pub const PHONE_KEYS: [&str; 6] = ["mac", "vendor", "model", "site", "lines", "settings"];
/// Keys of a line that are no fields.
pub const LINE_KEYS: [&str; 2] = ["line", "shared"];

/// Fills in what the words of a list mean under a policy.
pub(crate) struct Meaning<'e> {
    pub engine: &'e Engine,
}

impl Meaning<'_> {
    pub fn mac(&self, text: &str) -> Result<Mac, String> {
        let wrong = || format!("expected a hardware address, found {text:?}");
        Mac::parse(text.trim()).ok_or_else(wrong)
    }

    /// The vendor that the list names; without a name, whose address it is.
    pub fn vendor(&self, text: &str, mac: Mac) -> Result<VendorIx, String> {
        let tables = self.engine.tables();
        if text.is_empty() {
            let parts = Parts { mac: Some(mac), ..Parts::default() };
            return match recognise(tables, &Query::from_parts(&parts, &[])) {
                Finding::Phone(identity) => Ok(identity.vendor),
                _ => Err("\"vendor\" is missing, and the address is no single maker's: say whose \
                          phone it is"
                    .to_owned()),
            };
        }
        tables.vendor(text).ok_or_else(|| {
            let known: Vec<&str> = tables.vendors.iter().map(|vendor| &*vendor.id).collect();
            format!("there is no vendor {text:?}; {}", advice(text, &known))
        })
    }

    pub fn site(&self, text: &str) -> Result<Option<u32>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let sites = &self.engine.policy().sites;
        let found = sites.iter().position(|site| site.name == text);
        let known = || {
            let known: Vec<&str> = sites.iter().map(|site| site.name.as_str()).collect();
            format!("the policy has no site {text:?}; {}", advice(text, &known))
        };
        found.and_then(|at| u32::try_from(at).ok()).map(Some).ok_or_else(known)
    }

    /// A model is part of files' names: it stays plain.
    pub fn model(&self, text: &str) -> Result<Box<str>, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '.');
        if text.starts_with('.') || text.len() > 64 || !text.chars().all(plain) {
            return Err(format!(
                "expected a model's name of letters, digits, '-', '_', '+', '.', found {text:?}"
            ));
        }
        Ok(text.into())
    }
}

/// What only the whole list shows: addresses that stand twice, and users on two phones. Which of the
/// two is right nobody can tell here, so both are left out.
pub(crate) fn check_whole(list: &mut PhoneList) {
    let mut seen: HashMap<Mac, usize> = HashMap::with_capacity(list.phones.len());
    let mut users: HashMap<(&str, &str), (usize, &Line)> =
        HashMap::with_capacity(list.phones.len());
    let mut wrong = Vec::new();
    let mut bad = HashSet::new();
    let row = |index: usize| list.phones.get(index).map_or(Row(0), |phone| phone.row);
    for (index, phone) in list.phones.iter().enumerate() {
        if let Some(first) = seen.insert(phone.mac, index) {
            let text = format!("the phone {} stands in {} already", phone.mac, row(first));
            wrong.push(Mistake::new(phone.row.to_string(), text));
            bad.extend([first, index]);
            continue;
        }
        for line in &phone.lines {
            let Some(user) = line.values.named("user") else { continue };
            let server = line.values.named("server").or_else(|| phone.values.named("server"));
            let Some((first, other)) =
                users.insert((server.unwrap_or_default(), user), (index, line))
            else {
                continue;
            };
            if !(other.shared && line.shared) {
                let text = format!(
                    "user {user:?} stands in {} already; if both lines are meant to ring, say \
                     \"shared\" in both",
                    other.row
                );
                wrong.push(Mistake::new(format!("{}: user", line.row), text));
                bad.extend([first, index]);
            }
        }
    }
    list.mistakes.extend(wrong);
    list.left_out += bad.len();
    let mut index = 0;
    list.phones.retain(|_| {
        index += 1;
        !bad.contains(&(index - 1))
    });
}

/// Gives the lines their numbers, in the order of the list where it names none.
pub(crate) fn number_lines(lines: &mut [Line]) -> Result<(), (Row, String)> {
    let mut next = 1;
    for line in lines.iter_mut() {
        if line.number == 0 {
            line.number = next;
        }
        next = line.number.saturating_add(1);
    }
    lines.sort_by_key(|line| line.number);
    for pair in lines.windows(2) {
        if let [first, second] = pair
            && first.number == second.number
        {
            let number = first.number;
            return Err((second.row, format!("line {number} of this phone stands twice")));
        }
    }
    Ok(())
}
