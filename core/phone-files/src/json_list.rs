//! The list of phones as JSON: one object a phone. Read phone by phone, so that a long list never
//! is in memory as a whole tree.

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use crate::list::{LINE_KEYS, PHONE_KEYS, PhoneList, Reading, bare, number_lines};
use crate::phone::{Line, Phone, Row};
use offhook_catalogue::error::{Mistake, Mistakes};
use offhook_catalogue::json::without_comments;
use offhook_catalogue::reader::{Cursor, Table, advice};
use offhook_catalogue::tree::{Kind, Tree};
use offhook_core::fields::{FieldIx, Kind as FieldKind, check_setting, check_value, field_names};
use offhook_core::keys::{Keys, read_keys};

/// Reads a list. Wrong entries are reported and skipped; the rest is returned.
pub(crate) fn read(text: &str, reading: &Reading<'_>) -> PhoneList {
    let mut list = PhoneList::default();
    let bare = match without_comments(text) {
        Ok(bare) => bare,
        Err(mistakes) => {
            list.mistakes = mistakes.0;
            return list;
        }
    };
    if bare.trim_start().starts_with('{') {
        let text =
            "expected a list of phones: [ before the first, a comma between two, ] after the last";
        list.mistakes.push(Mistake {
            file: None,
            line: Some(1),
            place: String::new(),
            text: text.to_owned(),
        });
        return list;
    }
    let mut phones = Phones { reading, list: &mut list };
    let mut deserializer = serde_json::Deserializer::from_str(&bare);
    let end = phones.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Err(error) = end {
        let line = u32::try_from(error.line()).ok().filter(|line| *line > 0);
        // What serde says of a value repeats it; what it says of the form does not.
        let text = match error.classify() {
            serde_json::error::Category::Data => "expected a list of phones".to_owned(),
            _ => format!("not a JSON list of phones: {error}"),
        };
        list.mistakes.push(Mistake { file: None, line, place: String::new(), text });
    }
    list
}

struct Phones<'l, 'r> {
    reading: &'l Reading<'r>,
    list: &'l mut PhoneList,
}

impl<'de> DeserializeSeed<'de> for &mut Phones<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for &mut Phones<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of phones")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut row = 0;
        while let Some(tree) = items.next_element::<Tree>()? {
            row += 1;
            let mut mistakes = Mistakes::default();
            let phone =
                read_phone(Row(row), &Cursor::quiet_root(&tree), self.reading, &mut mistakes);
            match phone {
                Some(phone) if mistakes.is_empty() => self.list.phones.push(phone),
                _ => self.list.left_out += 1,
            }
            for mut mistake in mistakes.0 {
                let within = if mistake.place.is_empty() { "" } else { ": " };
                mistake.place = format!("{}{within}{}", Row(row), mistake.place);
                self.list.mistakes.push(mistake);
            }
        }
        Ok(())
    }
}

fn read_phone(
    row: Row,
    at: &Cursor<'_>,
    reading: &Reading<'_>,
    mistakes: &mut Mistakes,
) -> Option<Phone> {
    let known: Vec<&str> = PHONE_KEYS.into_iter().chain(field_names(false)).collect();
    let table = at.any_table(mistakes)?;
    for (key, at) in table.iter().filter(|(key, _)| !known.contains(key)) {
        match field_names(true).find(|name| *name == key) {
            Some(name) => {
                at.mistake(format!("{name:?} belongs into an entry of \"lines\""), mistakes);
            }
            None => at.mistake(format!("unknown key; {}", advice(key, &known)), mistakes),
        }
    }
    let mac = table.need("mac", "a hardware address", mistakes).and_then(|at| {
        let text = at.text("a hardware address", mistakes)?;
        told(&at, reading.mac(text), mistakes)
    });
    let optional = |key: &str, mistakes: &mut Mistakes| match table.get(key) {
        Some(at) if !at.is_null() => (at.text("a text", mistakes).unwrap_or_default(), at),
        _ => ("", *at),
    };
    let (vendor, vendor_at) = optional("vendor", mistakes);
    let vendor = mac.and_then(|mac| told(&vendor_at, reading.vendor(vendor, mac), mistakes));
    let (model, model_at) = optional("model", mistakes);
    let model = told(&model_at, reading.model(model, vendor), mistakes);
    let (site, site_at) = optional("site", mistakes);
    let site = told(&site_at, reading.site(site), mistakes);
    let mut phone = Phone {
        row,
        mac: mac?,
        vendor: vendor?,
        model: model?,
        site: site?,
        lines: Vec::new(),
        values: Default::default(),
        settings: Vec::new(),
        keys: Keys::default(),
    };
    read_values(&table, false, mistakes, |field, value| phone.values.set(field, value));
    phone.values.shrink();
    if let Some(at) = table.get("settings") {
        phone.settings = read_settings(&at, mistakes);
    }
    if let Some(at) = table.get("keys").filter(|at| !at.is_null()) {
        phone.keys = read_keys(&at, mistakes);
    }
    if let Some(at) = table.get("lines") {
        let items: Vec<_> = at.list("lines", mistakes).collect();
        phone.lines = items.iter().filter_map(|item| read_line(row, item, mistakes)).collect();
        if let Err((_, text)) = number_lines(&mut phone.lines) {
            at.mistake(text, mistakes);
        }
    }
    Some(phone)
}

fn read_line(row: Row, at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<Line> {
    let known: Vec<&str> = LINE_KEYS.into_iter().chain(field_names(true)).collect();
    let table = at.table(&known, mistakes)?;
    let number = table.get("line").and_then(|at| at.integer(1, 999, mistakes)).unwrap_or(0);
    let mut line = Line {
        row,
        number: u16::try_from(number).unwrap_or(0),
        shared: table.bool("shared", mistakes).unwrap_or(false),
        ..Line::default()
    };
    read_values(&table, true, mistakes, |field, value| line.values.set(field, value));
    line.values.shrink();
    if let Some(at) = table.get("settings") {
        line.settings = read_settings(&at, mistakes);
    }
    let said = |at: Cursor<'_>| !at.is_null() && at.tree.kind != Kind::Text(String::new());
    if !table.get("user").is_some_and(said) {
        at.mistake("\"user\" is missing: expected the line's number or name", mistakes);
    }
    Some(line)
}

fn read_values(
    table: &Table<'_>,
    in_line: bool,
    mistakes: &mut Mistakes,
    mut set: impl FnMut(FieldIx, &str) -> bool,
) {
    for name in field_names(in_line) {
        let (Some(at), Some(field)) = (table.get(name), FieldIx::named(name)) else { continue };
        let odd = match at.tree.kind {
            Kind::Bool(_) if field.field().kind != FieldKind::Truth => Some("a truth value"),
            Kind::List(_) if field.field().kind != FieldKind::Codecs => Some("a list"),
            _ => None,
        };
        if let Some(odd) = odd {
            at.mistake(format!("expected a text or a whole number, found {odd}"), mistakes);
            continue;
        }
        let Some(value) = scalar(&at, mistakes) else { continue };
        // An empty text and null say the same as no key at all: databases have all three.
        if value.is_empty() {
            continue;
        }
        if let Some(value) = told(&at, check_value(field, bare(field, &value)), mistakes) {
            set(field, &value);
        }
    }
}

fn read_settings(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Vec<(Box<str>, Box<str>)> {
    let Some(table) = at.any_table(mistakes) else { return Vec::new() };
    let mut settings = Vec::new();
    for (key, at) in table.iter() {
        let Some(value) = scalar(&at, mistakes) else { continue };
        if told(&at, check_setting(key, &value), mistakes).is_some() {
            settings.push((key.into(), value.into_boxed_str()));
        }
    }
    settings
}

/// A text, or what is written as one: a number, a truth, a list of texts.
fn scalar(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Option<String> {
    match &at.tree.kind {
        Kind::Text(text) => Some(text.clone()),
        Kind::Integer(number) => Some(number.to_string()),
        Kind::Bool(value) => Some(value.to_string()),
        Kind::Null => Some(String::new()),
        Kind::List(_) => Some(at.texts("texts", mistakes).join(",")),
        Kind::Float(_) | Kind::Table(_) => {
            at.mistake(
                "expected a text or a whole number: put a number with a point into quotes",
                mistakes,
            );
            None
        }
    }
}

fn told<T>(
    at: &Cursor<'_>,
    result: Result<T, impl Into<String>>,
    mistakes: &mut Mistakes,
) -> Option<T> {
    result.map_err(|text| at.mistake(text, mistakes)).ok()
}
