//! The list of phones as CSV (RFC 4180, and as spreadsheets write it): one row a line of a phone, the first
//! row names the columns. Rows of one address are one phone; a column `settings.KEY` is a maker's own key.

/// Where a list begins.
mod beginning;
/// The first row.
mod columns;

use std::collections::HashMap;

use crate::list::{PhoneList, Reading, bare, number_lines};
use crate::phone::{Line, Phone, Row};
use foldhash::fast::RandomState;
use offhook_catalogue::VendorIx;
use offhook_catalogue::error::Mistake;
use offhook_catalogue::mac::Mac;
use offhook_core::fields::{FieldIx, Kind, Where, check_setting, check_value, truth};
use offhook_core::keys::{Keys, parse_key, twice, twice_text};

use beginning::Beginning;
use columns::{Column, columns};

/// Reads a list. Wrong rows are reported and their phones skipped; the rest is returned.
pub(crate) fn read(text: &str, reading: &Reading<'_>) -> PhoneList {
    let mut list = PhoneList::default();
    let beginning = Beginning::new(text);
    let Beginning { text, skipped, .. } = beginning;
    let mut reader = csv::ReaderBuilder::new();
    let mut reader =
        reader.delimiter(beginning.separator).flexible(false).from_reader(text.as_bytes());
    let columns = match reader.headers() {
        Ok(names) if columns::named(names.iter()) == 0 => {
            list.mistakes.push(beginning.no_names());
            return list;
        }
        Ok(names) => columns(names, reading, &mut list.mistakes),
        Err(error) => {
            list.mistakes.push(beginning.broken(&error));
            return list;
        }
    };
    if !list.mistakes.is_empty() {
        return list;
    }
    let (at, models) = (HashMap::default(), HashMap::default());
    let mut phones = Phones { reading, list: &mut list, at, bad: Vec::new(), models };
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) if record.iter().all(|cell| cell.trim().is_empty()) => {}
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line) + skipped;
                phones.add(Row(u32::try_from(line).unwrap_or(u32::MAX)), &columns, &record);
            }
            Err(error) => {
                phones.list.mistakes.push(beginning.broken(&error));
                phones.list.left_out += 1;
                if !matches!(error.kind(), csv::ErrorKind::UnequalLengths { .. }) {
                    break;
                }
            }
        }
    }
    phones.finish();
    list
}

/// By what a list says, what the phone writes.
type Spellings = HashMap<Box<str>, Box<str>, RandomState>;

struct Phones<'l, 'r> {
    reading: &'l Reading<'r>,
    list: &'l mut PhoneList,
    /// Where the phone of an address is; beside it in `bad` whether a row of it is wrong.
    at: HashMap<Mac, usize, RandomState>,
    bad: Vec<bool>,
    /// Models as the phones write them, by maker and by what lists say: most phones are of few.
    models: HashMap<Option<VendorIx>, Spellings, RandomState>,
}

impl Phones<'_, '_> {
    fn add(&mut self, row: Row, columns: &[Column], record: &csv::StringRecord) {
        let mut wrong: Vec<(String, String)> = Vec::new();
        let named = |wanted: fn(&Column) -> bool| {
            let cell = columns.iter().zip(record).find(|(column, _)| wanted(column));
            cell.map_or("", |(_, value)| value.trim())
        };
        let mac = match self.reading.mac(named(|c| matches!(c, Column::Mac))) {
            Ok(mac) => mac,
            Err(text) => {
                self.list.mistakes.push(Mistake::new(format!("{row}: mac"), text));
                self.list.left_out += 1;
                return;
            }
        };
        let known = self.at.get(&mac).copied();
        let vendor = named(|c| matches!(c, Column::Vendor));
        let vendor = match known.and_then(|at| self.list.phones.get(at)) {
            Some(phone) if vendor.is_empty() => Ok(phone.vendor),
            _ => self.reading.vendor(vendor, mac),
        };
        let vendor = kept(vendor, "vendor", &mut wrong);
        let model = self.model(named(|c| matches!(c, Column::Model)), vendor);
        let site = self.reading.site(named(|c| matches!(c, Column::Site)));
        let mut line = Line { row, ..Line::default() };
        match named(|c| matches!(c, Column::Line)) {
            "" => {}
            text => match text.trim_end_matches(".0").parse::<u16>() {
                Ok(number @ 1..=999) => line.number = number,
                _ => wrong.push(("line".to_owned(), "expected a number from 1 to 999".to_owned())),
            },
        }
        match truth(named(|c| matches!(c, Column::Shared))) {
            Some(shared) => line.shared = shared,
            None => wrong.push(("shared".to_owned(), "expected true or false".to_owned())),
        }
        let mut phone = Phone {
            row,
            mac,
            vendor: vendor.unwrap_or(VendorIx(0)),
            model: kept(model, "model", &mut wrong).unwrap_or_default(),
            site: kept(site, "site", &mut wrong).unwrap_or_default(),
            lines: Vec::new(),
            values: Default::default(),
            settings: Vec::new(),
            keys: Keys::default(),
        };
        for (index, (column, value)) in columns.iter().zip(record).enumerate() {
            let place = || format!("column {}", index + 1);
            let bare_value = value.trim();
            match column {
                _ if bare_value.is_empty() => {}
                Column::Field(field) if as_number(*field, value) => {
                    let text = "a spreadsheet has made a number of it; format the column as text";
                    wrong.push((field.field().name.to_owned(), text.to_owned()));
                }
                Column::Field(field) => match check_value(*field, bare(*field, value)) {
                    Ok(value) if field.field().place == Where::Phone => {
                        phone.values.set(*field, &value);
                    }
                    Ok(value) => {
                        line.values.set(*field, &value);
                    }
                    Err(error) => wrong.push((field.field().name.to_owned(), error.into())),
                },
                Column::Setting(key) => match check_setting(key, value) {
                    Ok(()) => phone.settings.push((key.clone(), value.into())),
                    Err(error) => wrong.push((place(), error.into())),
                },
                Column::LineSetting(key) => match check_setting(key, value) {
                    Ok(()) => line.settings.push((key.clone(), value.into())),
                    Err(error) => wrong.push((place(), error.into())),
                },
                Column::Key(number) => match parse_key(*number, bare_value) {
                    Ok(key) => phone.keys.push(key),
                    Err(error) => wrong.push((format!("key.{number}"), error.into())),
                },
                Column::Nameless => {
                    let text = "there is a value, and the first row has no name for the column";
                    wrong.push((place(), text.to_owned()));
                }
                _ => {}
            }
        }
        line.values.shrink();
        phone.values.shrink();
        phone.keys.shrink();
        if line.values.named("user").is_some() {
            phone.lines.push(line);
        } else if (!line.values.is_empty() || !line.settings.is_empty())
            && !wrong.iter().any(|(place, _)| place == "user")
        {
            let text = "expected the line's number or name, found none";
            wrong.push(("user".to_owned(), text.to_owned()));
        }
        let mut bad = !wrong.is_empty();
        for (place, text) in wrong {
            self.list.mistakes.push(Mistake::new(format!("{row}: {place}"), text));
        }
        match known {
            None => {
                self.at.insert(mac, self.list.phones.len());
                self.list.phones.push(phone);
                self.bad.push(bad);
            }
            Some(at) => {
                bad |= self.merge(at, phone);
                if let Some(was) = self.bad.get_mut(at) {
                    *was |= bad;
                }
            }
        }
    }

    fn model(&mut self, text: &str, vendor: Option<VendorIx>) -> Result<Box<str>, String> {
        if let Some(known) = self.models.get(&vendor).and_then(|models| models.get(text)) {
            return Ok(known.clone());
        }
        let model = self.reading.model(text, vendor)?;
        self.models.entry(vendor).or_default().insert(text.into(), model.clone());
        Ok(model)
    }

    /// Another row of a phone: more lines, and nothing that says otherwise. True if it does.
    fn merge(&mut self, at: usize, more: Phone) -> bool {
        let Some(phone) = self.list.phones.get_mut(at) else { return true };
        let mut wrong = Vec::new();
        let mut differs = |what: &str| {
            let text = format!("another {what} than in {}; say the same, or nothing", phone.row);
            wrong.push(Mistake::new(format!("{}: {what}", more.row), text));
        };
        if more.vendor != phone.vendor {
            differs("vendor");
        }
        match (&*phone.model, &*more.model) {
            (_, "") => {}
            ("", _) => phone.model = more.model,
            (one, other) if one != other => differs("model"),
            _ => {}
        }
        match (phone.site, more.site) {
            (_, None) => {}
            (None, site) => phone.site = site,
            (one, other) if one != other => differs("site"),
            _ => {}
        }
        for (field, value) in more.values.iter() {
            match phone.values.get(field) {
                None => {
                    phone.values.set(field, value);
                }
                Some(other) if other != value => differs(field.field().name),
                Some(_) => {}
            }
        }
        for (key, value) in more.settings {
            match phone.settings.iter().find(|(other, _)| *other == key) {
                None => phone.settings.push((key, value)),
                Some((_, other)) if *other != value => differs("settings"),
                Some(_) => {}
            }
        }
        for key in more.keys.iter() {
            if !phone.keys.iter().any(|other| other == key) {
                phone.keys.push(key);
            }
        }
        if let Some(key) = twice(&phone.keys) {
            differs(&twice_text(&key));
        }
        if more.lines.is_empty() {
            differs("line (a second row needs one)");
        }
        phone.lines.extend(more.lines);
        let bad = !wrong.is_empty();
        self.list.mistakes.extend(wrong);
        bad
    }

    fn finish(mut self) {
        for (phone, bad) in self.list.phones.iter_mut().zip(&mut self.bad) {
            if let Err((row, text)) = number_lines(&mut phone.lines) {
                self.list.mistakes.push(Mistake::new(format!("{row}: line"), text));
                *bad = true;
            }
            phone.lines.shrink_to_fit();
        }
        let mut bad = self.bad.iter();
        let left_out = &mut self.list.left_out;
        self.list.phones.retain(|_| {
            let bad = bad.next().copied().unwrap_or(false);
            *left_out += usize::from(bad);
            !bad
        });
    }
}

fn kept<T>(result: Result<T, String>, place: &str, wrong: &mut Vec<(String, String)>) -> Option<T> {
    result.map_err(|text| wrong.push((place.to_owned(), text))).ok()
}

/// A line's number as a spreadsheet writes numbers: `1001.0`, `1,001`.
fn as_number(field: FieldIx, value: &str) -> bool {
    let value = value.trim();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let mut groups = value.split([',', '.']);
    let first = groups.next().is_some_and(|group| group.len() <= 3 && digits(group));
    let mut groups = groups.peekable();
    let in_thousands =
        first && groups.peek().is_some() && groups.all(|group| group.len() == 3 && digits(group));
    let whole = value.strip_suffix(".0").or_else(|| value.strip_suffix(",0")).is_some_and(digits);
    field.field().kind == Kind::SipUser && (whole || in_thousands)
}
