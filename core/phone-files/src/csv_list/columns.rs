//! The first row of a list: which column holds what, by whatever people and spreadsheets call it.

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
const MEANT: [(&str, &str); 66] = [
    ("macaddress", "mac"),
    ("macadresse", "mac"),
    ("adressemac", "mac"),
    ("macid", "mac"),
    ("hardwareaddress", "mac"),
    ("ethernetaddress", "mac"),
    ("physicaladdress", "mac"),
    ("hersteller", "vendor"),
    ("manufacturer", "vendor"),
    ("maker", "vendor"),
    ("make", "vendor"),
    ("brand", "vendor"),
    ("marke", "vendor"),
    ("fabricant", "vendor"),
    ("modell", "model"),
    ("modèle", "model"),
    ("type", "model"),
    ("typ", "model"),
    ("devicetype", "model"),
    ("phonemodel", "model"),
    ("phonetype", "model"),
    ("standort", "site"),
    ("location", "site"),
    ("extension", "user"),
    ("extensionnumber", "user"),
    ("exten", "user"),
    ("ext", "user"),
    ("number", "user"),
    ("nummer", "user"),
    ("rufnummer", "user"),
    ("nebenstelle", "user"),
    ("durchwahl", "user"),
    ("poste", "user"),
    ("username", "user"),
    ("userid", "user"),
    ("sipuser", "user"),
    ("account", "user"),
    ("authname", "auth-user"),
    ("authid", "auth-user"),
    ("authenticationname", "auth-user"),
    ("secret", "password"),
    ("kennwort", "password"),
    ("passwort", "password"),
    ("pass", "password"),
    ("pwd", "password"),
    ("pw", "password"),
    ("sippassword", "password"),
    ("sipsecret", "password"),
    ("authpassword", "password"),
    ("motdepasse", "password"),
    ("name", "display-name"),
    ("anzeigename", "display-name"),
    ("fullname", "display-name"),
    ("callerid", "display-name"),
    ("registrar", "server"),
    ("sipserver", "server"),
    ("domain", "server"),
    ("proxy", "outbound-proxy"),
    ("backupproxy", "backup-server"),
    ("secondaryserver", "backup-server"),
    ("httpauthusername", "provisioning-user"),
    ("httpauthpassword", "provisioning-password"),
    ("adminuser", "admin-login"),
    ("adminusername", "admin-login"),
    ("adminname", "admin-login"),
    ("mwi", "subscribe-mwi"),
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

/// What each column holds. What is wrong with several of them is said once.
pub(super) fn columns(
    names: &csv::StringRecord,
    reading: &Reading<'_>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut wrong: Vec<(Vec<String>, String)> = Vec::new();
    let mut meant_mac = false;
    for (index, name) in names.iter().enumerate() {
        let mut tell = |text: String| {
            let number = (index + 1).to_string();
            match wrong.iter_mut().find(|(_, other)| *other == text) {
                Some((numbers, _)) => numbers.push(number),
                None => wrong.push((vec![number], text)),
            }
        };
        let name = name.trim();
        let column = match column(name) {
            None if name.is_empty() => Column::Nameless,
            None if reading.ignore_unknown_columns => Column::Skipped,
            None => {
                let near = meant(name);
                meant_mac |= near == Some("mac");
                tell(unknown(near));
                Column::Skipped
            }
            Some(column) => column,
        };
        if let Column::Setting(key) | Column::LineSetting(key) = &column
            && let Err(error) = check_setting(key, "")
        {
            tell(error.into());
        }
        let same = columns.iter().position(|other| *other == column);
        if let Some(other) = same.filter(|_| !matches!(column, Column::Nameless | Column::Skipped))
        {
            tell(format!("the same as column {}; keep one of them", other + 1));
        }
        columns.push(column);
    }
    mistakes.extend(wrong.into_iter().map(|(numbers, text)| {
        let column = if numbers.len() == 1 { "column" } else { "columns" };
        Mistake::new(format!("{column} {}", numbers.join(", ")), text)
    }));
    if !columns.contains(&Column::Mac) && !meant_mac {
        let text = "no column \"mac\": the first row must name the columns".to_owned();
        mistakes.push(Mistake::new("row 1", text));
    }
    columns
}

/// How many cells of a row name columns.
pub(super) fn named<'c>(cells: impl Iterator<Item = &'c str>) -> usize {
    cells.filter(|cell| column(cell.trim().trim_matches('"')).is_some()).count()
}

/// All columns that a list may have.
pub(super) fn known() -> Vec<&'static str> {
    let fields = FIELDS.iter().map(|field| field.name);
    let plain = PLAIN.iter().map(|(name, _)| *name);
    plain.chain(fields).chain(["key.N", "settings.KEY", "line.settings.KEY"]).collect()
}

/// The column that a name may be meant for.
fn meant(name: &str) -> Option<&'static str> {
    let plain = normal(name);
    let meant = MEANT.iter().find(|(said, _)| *said == plain).map(|(_, meant)| *meant);
    meant.or_else(|| nearest(&name.to_lowercase(), &known()))
}

fn unknown(near: Option<&str>) -> String {
    let (near, known_here) = match near {
        Some(near) => (format!("did you mean {near:?}? "), "Known here"),
        None => (String::new(), "known here"),
    };
    format!(
        "unknown column; {near}{known_here}: {} (--ignore-unknown-columns skips all others)",
        known().join(", ")
    )
}
