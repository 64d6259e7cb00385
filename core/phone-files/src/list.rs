//! What every list of phones has in common, whatever it was written in: rows, how a value finds its
//! field, and the mistakes that only the whole list shows.

use std::collections::{HashMap, HashSet};

use crate::makers::Makers;
use crate::phone::{Line, Phone, Row};
use crate::rows::Rows;
use offhook_catalogue::VendorIx;
use offhook_catalogue::error::Mistake;
use offhook_catalogue::mac::Mac;
use offhook_catalogue::parts::Parts;
use offhook_catalogue::reader::advice;
use offhook_core::Engine;
use offhook_core::fields::{FieldIx, Kind};
use offhook_core::query::Query;
use offhook_core::recognise::{Finding, recognise};

/// A list that was read: the phones that are as they should be, and everything that is wrong.
#[derive(Debug, Default)]
pub struct PhoneList {
    /// The phones without a mistake.
    pub phones: Vec<Phone>,
    /// Every mistake, each with its row.
    pub mistakes: Vec<Mistake>,
    /// Entries that were left out because something in them is wrong.
    pub left_out: usize,
}

impl PhoneList {
    /// Whether a phone or line of it has a password.
    pub fn has_secrets(&self) -> bool {
        self.phones.iter().any(|phone| {
            let lines = phone.lines.iter().flat_map(|line| line.values.iter());
            phone.values.iter().chain(lines).any(|(at, _)| at.field().secret)
        })
    }
}

/// Keys of a phone that are not fields.
pub const PHONE_KEYS: [&str; 7] = ["mac", "vendor", "model", "site", "lines", "settings", "keys"];
/// Keys of a line that are not fields.
pub const LINE_KEYS: [&str; 3] = ["line", "shared", "settings"];

/// What a list is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A list of objects.
    Json,
    /// A row for each line.
    Csv,
}

/// Under what a list is read.
#[derive(Clone, Copy)]
pub struct Reading<'r> {
    /// The policy and the catalogue.
    pub engine: &'r Engine,
    /// What the makers' files can say.
    pub makers: &'r Makers,
    /// `None`: its beginning decides.
    pub format: Option<Format>,
    /// Columns of a CSV list that nothing is known of are skipped.
    pub ignore_unknown_columns: bool,
}

impl<'r> Reading<'r> {
    /// With the defaults: the format by its beginning, unknown columns are mistakes.
    pub fn new(engine: &'r Engine, makers: &'r Makers) -> Reading<'r> {
        Reading { engine, makers, format: None, ignore_unknown_columns: false }
    }

    pub(crate) fn mac(&self, text: &str) -> Result<Mac, String> {
        let expected = "expected a hardware address such as 00:15:65:01:02:03";
        // What a copy from a page has between its letters, and a spreadsheet's marks for a text.
        let seen = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
        let text: String = text.chars().filter(seen).collect();
        let text = text.trim().trim_start_matches(['\'', '=']).trim_matches('"');
        let found = Mac::parse(text);
        match found.map(|mac| mac.0) {
            Some([first, ..]) if first & 1 == 1 => {
                return Err(format!("{expected}, found a group's: its second digit is odd"));
            }
            Some([0, 0, 0, 0, 0, 0]) => return Err(format!("{expected}, found zeros alone")),
            _ => {}
        }
        found.ok_or_else(|| {
            let digits = text.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' '));
            let number = text.contains(['E', 'e']) && text.contains('+');
            let short = (6..12).contains(&digits.clone().count())
                && digits.clone().all(|c| c.is_ascii_hexdigit());
            if text.parse::<std::net::Ipv4Addr>().is_ok() {
                format!("{expected}, found an IP address")
            } else if number {
                format!(
                    "{expected}: a spreadsheet has made a number of it; format the column as text"
                )
            } else if short {
                format!(
                    "{expected}: digits are missing, perhaps zeros at the beginning; format the \
                     spreadsheet's column as text"
                )
            } else {
                expected.to_owned()
            }
        })
    }

    /// The vendor that the list names; without a name, whose address it is.
    pub(crate) fn vendor(&self, text: &str, mac: Mac) -> Result<VendorIx, String> {
        let tables = self.engine.tables();
        if text.is_empty() {
            let parts = Parts { mac: Some(mac), ..Parts::default() };
            return match recognise(tables, &Query::from_parts(&parts, &[])) {
                Finding::Phone(identity) => Ok(identity.vendor),
                _ => Err(
                    "\"vendor\" is missing, and the address is not a single maker's: say whose \
                          phone it is"
                        .to_owned(),
                ),
            };
        }
        let usual = text.to_ascii_lowercase();
        tables.vendor(&usual).ok_or_else(|| {
            let known: Vec<&str> = tables.vendors.iter().map(|vendor| &*vendor.id).collect();
            format!("not a vendor; {}", advice(&usual, &known))
        })
    }

    pub(crate) fn site(&self, text: &str) -> Result<Option<u32>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        let sites = &self.engine.policy().sites;
        let found = sites.iter().position(|site| site.name == text);
        let known = || {
            let known: Vec<&str> = sites.iter().map(|site| site.name.as_str()).collect();
            format!("not a site of the policy; {}", advice(text, &known))
        };
        found.and_then(|at| u32::try_from(at).ok()).map(Some).ok_or_else(known)
    }

    /// A model as the phone writes it. It is part of files' names: it stays plain.
    pub(crate) fn model(&self, text: &str, vendor: Option<VendorIx>) -> Result<Box<str>, String> {
        let maker = vendor.and_then(|vendor| self.makers.of(&self.engine.tables().at(vendor).id));
        let usual = match maker {
            Some(maker) if !text.is_empty() => maker.model.usual(text),
            _ => text.to_owned(),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+' | '.');
        if usual.starts_with('.') || usual.len() > 64 || !usual.chars().all(plain) {
            let text = "expected a model's name of letters, digits, '-', '_', '+' and '.'";
            return Err(text.to_owned());
        }
        Ok(usual.into())
    }
}

/// A value without what spreadsheets put around it: blanks, and the decimals of a whole number.
pub(crate) fn bare(field: FieldIx, value: &str) -> &str {
    match field.field().kind {
        Kind::Text => value,
        Kind::Number { .. } => {
            let value = value.trim();
            value
                .split_once('.')
                .filter(|(_, rest)| rest.bytes().all(|c| c == b'0'))
                .map_or(value, |(whole, _)| whole)
        }
        _ => value.trim(),
    }
}

/// Mistakes that rows share, once, with their rows.
pub fn gathered(mistakes: Vec<Mistake>) -> Vec<Mistake> {
    let mut found: Vec<(Mistake, String, Rows)> = Vec::new();
    let mut at: HashMap<(String, String), usize> = HashMap::new();
    let mut out: Vec<Result<Mistake, usize>> = Vec::new();
    for mistake in mistakes {
        let row = mistake
            .place
            .strip_prefix("row ")
            .map(|rest| rest.split_once(": ").unwrap_or((rest, "")));
        let row = row.and_then(|(number, rest)| Some((number.parse().ok()?, rest.to_owned())));
        let Some((number, rest)) = row.filter(|_| mistake.file.is_none()) else {
            out.push(Ok(mistake));
            continue;
        };
        let index = *at.entry((rest.clone(), mistake.text.clone())).or_insert_with(|| {
            out.push(Err(found.len()));
            found.push((mistake, rest, Rows::default()));
            found.len() - 1
        });
        if let Some((_, _, rows)) = found.get_mut(index) {
            rows.add(Row(number));
        }
    }
    let whole = |entry: Result<Mistake, usize>| match entry {
        Ok(mistake) => Some(mistake),
        Err(index) => found.get(index).map(|(mistake, rest, rows)| {
            let within = if rest.is_empty() { "" } else { ": " };
            Mistake { place: format!("{rows}{within}{rest}"), ..mistake.clone() }
        }),
    };
    out.into_iter().filter_map(whole).collect()
}

/// What only the whole list shows: addresses that are listed twice, and users on two phones. Which of the
/// two is right cannot be known here, so both are left out.
pub(crate) fn check_whole(list: &mut PhoneList) {
    let mut seen: HashMap<Mac, usize> = HashMap::with_capacity(list.phones.len());
    let mut users: HashMap<(&str, &str), (usize, &Line)> =
        HashMap::with_capacity(list.phones.len());
    let mut wrong = Vec::new();
    let mut bad = HashSet::new();
    let row = |index: usize| list.phones.get(index).map_or(Row(0), |phone| phone.row);
    for (index, phone) in list.phones.iter().enumerate() {
        if let Some(first) = seen.insert(phone.mac, index) {
            let text = format!("the phone {} is in {} already", phone.mac, row(first));
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
                    "this user is in {} already; if both lines are meant to ring, say \
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
            return Err((second.row, format!("line {number} of this phone is listed twice")));
        }
    }
    Ok(())
}
