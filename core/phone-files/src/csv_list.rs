//! The list of phones as CSV (RFC 4180): one row a line of a phone, the first row names the columns.
//! Rows of one address are one phone; a column `settings.KEY` is a maker's own key.

use std::collections::HashMap;

use crate::list::{LINE_KEYS, Meaning, PHONE_KEYS, PhoneList, check_whole, number_lines};
use crate::phone::{Line, Phone, Row};
use offhook_catalogue::error::Mistake;
use offhook_catalogue::mac::Mac;
use offhook_catalogue::reader::advice;
use offhook_core::engine::Engine;
use offhook_core::fields::{FieldIx, Where, check_setting, check_value, field_names};

/// What a column holds.
enum Column {
    Mac,
    Vendor,
    Model,
    Site,
    Line,
    Shared,
    Field(FieldIx),
    Setting(Box<str>),
}

/// Reads a list. Wrong rows are told and their phones left out; the rest is there.
pub fn read(text: &str, engine: &Engine) -> PhoneList {
    let mut list = PhoneList::default();
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text.as_bytes());
    let columns = match reader.headers() {
        Ok(names) => columns(names, &mut list.mistakes),
        Err(error) => {
            list.mistakes.push(broken(&error));
            return list;
        }
    };
    if !list.mistakes.is_empty() {
        return list;
    }
    let mut phones = Phones {
        meaning: Meaning { engine },
        list: &mut list,
        at: HashMap::new(),
        bad: Vec::new(),
    };
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line);
                phones.add(Row(u32::try_from(line).unwrap_or(u32::MAX)), &columns, &record);
            }
            Err(error) => {
                phones.list.mistakes.push(broken(&error));
                phones.list.left_out += 1;
                if !matches!(error.kind(), csv::ErrorKind::UnequalLengths { .. }) {
                    break;
                }
            }
        }
    }
    phones.finish();
    check_whole(&mut list);
    list
}

fn columns(names: &csv::StringRecord, mistakes: &mut Vec<Mistake>) -> Vec<Column> {
    let mut known: Vec<&str> = PHONE_KEYS.into_iter().chain(LINE_KEYS).collect();
    known.retain(|name| !matches!(*name, "lines" | "settings"));
    known.extend(field_names(true).chain(field_names(false)));
    let mut columns = Vec::new();
    for (index, name) in names.iter().enumerate() {
        // A byte order mark is not part of the first name.
        let name = name.trim_start_matches('\u{feff}').trim();
        let wrong = |text: String| Mistake::new(format!("column {}", index + 1), text);
        if names.iter().take(index).any(|other| other.trim() == name) {
            mistakes.push(wrong(format!("{name:?} stands twice; keep one of them")));
        }
        columns.push(match name {
            "mac" => Column::Mac,
            "vendor" => Column::Vendor,
            "model" => Column::Model,
            "site" => Column::Site,
            "line" => Column::Line,
            "shared" => Column::Shared,
            _ => match (FieldIx::named(name), name.strip_prefix("settings.")) {
                (Some(field), _) => Column::Field(field),
                (None, Some(key)) => {
                    if let Err(text) = check_setting(key, "") {
                        mistakes.push(wrong(text));
                    }
                    Column::Setting(key.into())
                }
                (None, None) => {
                    let text =
                        format!("unknown column {name:?}; {}, settings.KEY", advice(name, &known));
                    mistakes.push(wrong(text));
                    continue;
                }
            },
        });
    }
    if !names.iter().any(|name| name.trim_start_matches('\u{feff}').trim() == "mac") {
        let text = "no column \"mac\": the first row must name the columns".to_owned();
        mistakes.push(Mistake::new("row 1", text));
    }
    columns
}

struct Phones<'l, 'e> {
    meaning: Meaning<'e>,
    list: &'l mut PhoneList,
    /// Where the phone of an address is; beside it in `bad` whether a row of it is wrong.
    at: HashMap<Mac, usize>,
    bad: Vec<bool>,
}

impl Phones<'_, '_> {
    fn add(&mut self, row: Row, columns: &[Column], record: &csv::StringRecord) {
        let mut wrong: Vec<(&str, String)> = Vec::new();
        let named = |wanted: fn(&Column) -> bool| {
            let cell = columns.iter().zip(record).find(|(column, _)| wanted(column));
            cell.map_or("", |(_, value)| value.trim())
        };
        let mac = match self.meaning.mac(named(|c| matches!(c, Column::Mac))) {
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
            _ => self.meaning.vendor(vendor, mac),
        };
        let model = self.meaning.model(named(|c| matches!(c, Column::Model)));
        let site = self.meaning.site(named(|c| matches!(c, Column::Site)));
        let mut line = Line { row, ..Line::default() };
        match named(|c| matches!(c, Column::Line)) {
            "" => {}
            text => match text.parse::<u16>() {
                Ok(number @ 1..=999) => line.number = number,
                _ => wrong.push(("line", format!("expected a number from 1, found {text:?}"))),
            },
        }
        match named(|c| matches!(c, Column::Shared)) {
            "" | "false" | "f" | "no" | "0" => {}
            "true" | "t" | "yes" | "1" => line.shared = true,
            text => wrong.push(("shared", format!("expected true or false, found {text:?}"))),
        }
        let mut phone = Phone {
            row,
            mac,
            vendor: kept(vendor, "vendor", &mut wrong).unwrap_or(offhook_catalogue::VendorIx(0)),
            model: kept(model, "model", &mut wrong).unwrap_or_default(),
            site: kept(site, "site", &mut wrong).unwrap_or_default(),
            lines: Vec::new(),
            values: Default::default(),
            settings: Vec::new(),
        };
        for (column, value) in columns.iter().zip(record) {
            match column {
                _ if value.is_empty() => {}
                Column::Field(field) => match check_value(*field, value) {
                    Ok(value) if field.field().place == Where::Phone => {
                        phone.values.set(*field, &value);
                    }
                    Ok(value) => {
                        line.values.set(*field, &value);
                    }
                    Err(text) => wrong.push((field.field().name, text)),
                },
                Column::Setting(key) => match check_setting(key, value) {
                    Ok(()) => phone.settings.push((key.clone(), value.into())),
                    Err(text) => wrong.push((key, text)),
                },
                _ => {}
            }
        }
        line.values.shrink();
        phone.values.shrink();
        if line.values.named("user").is_some() {
            phone.lines.push(line);
        } else if !line.values.is_empty() {
            wrong.push(("user", "expected the line's number or name, found none".to_owned()));
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
                Some((_, other)) if *other != value => differs(&key),
                Some(_) => {}
            }
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

fn kept<'w, T>(
    result: Result<T, String>,
    place: &'w str,
    wrong: &mut Vec<(&'w str, String)>,
) -> Option<T> {
    result.map_err(|text| wrong.push((place, text))).ok()
}

/// What the reader of CSV itself complains of; never with the row's content, which may be a secret.
fn broken(error: &csv::Error) -> Mistake {
    let line = error.position().map_or(1, csv::Position::line);
    let text = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("expected {expected_len} columns as in the first row, found {len}")
        }
        csv::ErrorKind::Utf8 { .. } => "expected UTF-8".to_owned(),
        _ => "not CSV".to_owned(),
    };
    Mistake::new(format!("row {line}"), text)
}
