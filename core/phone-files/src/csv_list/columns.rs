//! Which columns a list has, by its first row.

use offhook_catalogue::error::Mistake;
use offhook_catalogue::reader::nearest;
use offhook_core::fields::{FIELDS, FieldIx, check_setting};

use crate::list::Reading;

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    Mac,
    Vendor,
    Model,
    Site,
    Line,
    Shared,
    Field(FieldIx),
    Setting(Box<str>),
    LineSetting(Box<str>),
    Key(u16),
    /// Without a name; its cells must be empty.
    Nameless,
    /// Unknown, and skipped.
    Skipped,
}

/// Columns that are not fields.
const PLAIN: [(&str, Column); 6] = [
    ("mac", Column::Mac),
    ("vendor", Column::Vendor),
    ("model", Column::Model),
    ("site", Column::Site),
    ("line", Column::Line),
    ("shared", Column::Shared),
];

/// What people call columns, without blanks and dashes, and what they mean.
const MEANT: [(&str, &str); 24] = [
    ("macaddress", "mac"),
    ("macadresse", "mac"),
    ("adressemac", "mac"),
    ("hardwareaddress", "mac"),
    ("hersteller", "vendor"),
    ("manufacturer", "vendor"),
    ("maker", "vendor"),
    ("modell", "model"),
    ("standort", "site"),
    ("location", "site"),
    ("extension", "user"),
    ("ext", "user"),
    ("number", "user"),
    ("nummer", "user"),
    ("nebenstelle", "user"),
    ("durchwahl", "user"),
    ("username", "user"),
    ("secret", "password"),
    ("kennwort", "password"),
    ("passwort", "password"),
    ("name", "display-name"),
    ("anzeigename", "display-name"),
    ("registrar", "server"),
    ("proxy", "outbound-proxy"),
];

/// A name without regard to case, blanks and dashes.
fn normal(name: &str) -> String {
    let kept = name.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_'));
    kept.flat_map(char::to_lowercase).collect()
}

fn column(name: &str) -> Option<Column> {
    let plain = normal(name);
    let known = PLAIN.iter().find(|(known, _)| *known == plain).map(|(_, column)| column.clone());
    let field = || {
        let at = FIELDS.iter().position(|field| normal(field.name) == plain)?;
        Some(Column::Field(FieldIx(u8::try_from(at).ok()?)))
    };
    known.or_else(field).or_else(|| {
        let (head, rest) = name.split_once('.')?;
        match normal(head).as_str() {
            "settings" => Some(Column::Setting(rest.into())),
            "key" => rest.trim().parse().ok().filter(|number| *number > 0).map(Column::Key),
            "line" => {
                let (middle, rest) = rest.split_once('.')?;
                (normal(middle) == "settings").then(|| Column::LineSetting(rest.into()))
            }
            _ => None,
        }
    })
}

pub(super) fn columns(
    names: &csv::StringRecord,
    reading: &Reading<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Column> {
    let found: Vec<Option<Column>> = names.iter().map(|name| column(name.trim())).collect();
    if found.iter().all(Option::is_none) {
        let text =
            format!("the first row must name the columns; known here: {}", known().join(", "));
        mistakes.push(Mistake::new("row 1", text));
        return Vec::new();
    }
    let mut columns = Vec::new();
    for (index, (name, found)) in names.iter().zip(found).enumerate() {
        let mut wrong = |text: String| {
            mistakes.push(Mistake::new(format!("column {}", index + 1), text));
        };
        let name = name.trim();
        let column = match found {
            None if name.is_empty() => Column::Nameless,
            None if reading.ignore_unknown_columns => Column::Skipped,
            None => {
                wrong(unknown(name));
                Column::Skipped
            }
            Some(column) => column,
        };
        if let Column::Setting(key) | Column::LineSetting(key) = &column
            && let Err(error) = check_setting(key, "")
        {
            wrong(error.into());
        }
        let same = columns.iter().position(|other| *other == column);
        if let Some(other) = same.filter(|_| !matches!(column, Column::Nameless | Column::Skipped))
        {
            wrong(format!("the same as column {}; keep one of them", other + 1));
        }
        columns.push(column);
    }
    if !columns.contains(&Column::Mac) {
        let text = "no column \"mac\": the first row must name the columns".to_owned();
        mistakes.push(Mistake::new("row 1", text));
    }
    columns
}

/// All columns that a list may have.
fn known() -> Vec<&'static str> {
    let fields = FIELDS.iter().map(|field| field.name);
    let plain = PLAIN.iter().map(|(name, _)| *name);
    plain.chain(fields).chain(["key.N", "settings.KEY", "line.settings.KEY"]).collect()
}

fn unknown(name: &str) -> String {
    let plain = normal(name);
    let meant = MEANT.iter().find(|(said, _)| *said == plain).map(|(_, meant)| *meant);
    let all = known();
    let near = meant.or_else(|| nearest(&name.to_lowercase(), &all));
    let near = near.map(|name| format!("did you mean {name:?}? ")).unwrap_or_default();
    format!(
        "unknown column; {near}Known here: {} (--ignore-unknown-columns skips all others)",
        all.join(", ")
    )
}
