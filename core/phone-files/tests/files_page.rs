//! docs/files.md says for every vendor which files are written and which values have no place in them;
//! the catalogue and the templates say whether that is true.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::Path;

use offhook_catalogue::{PhoneFile, Vendor};
use offhook_core::builtin;
use offhook_core::fields::FIELDS;

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/files.md");
    std::fs::read_to_string(path).expect("docs/files.md")
}

/// A template's text with those that it includes.
fn text(vendor: &str, template: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalogue/vendors");
    let mut text = std::fs::read_to_string(folder.join(vendor).join(template)).expect("a template");
    let includes: Vec<String> = text
        .split("{% include \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect();
    for name in includes {
        let (vendor, name) = name.split_once('/').unwrap_or((vendor, &name));
        text.push_str(&self::text(vendor, name));
    }
    text
}

fn row(vendor: &Vendor) -> String {
    let written: Vec<&PhoneFile> =
        vendor.files.iter().filter(|file| !file.template.is_empty()).collect();
    let names: Vec<String> = written
        .iter()
        .map(|file| {
            let models: Vec<String> = file.models.iter().map(|head| format!("{head}...")).collect();
            match models.is_empty() {
                true => format!("`{}`", file.name),
                false => format!("`{}` ({})", file.name, models.join(", ")),
            }
        })
        .collect();
    let all: String = written.iter().map(|file| text(&vendor.id, &file.template)).collect();
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let words: BTreeSet<&str> = all.split(word).collect();
    let fields = FIELDS.iter().map(|field| field.name).filter(|name| *name != "user");
    let own = fields.map(|name| (name, name.replace('-', "_")));
    let policy = [("voice-vlan", "vlan".to_owned()), ("time-servers", "time_servers".to_owned())];
    let missing: Vec<String> = own
        .chain(policy)
        .filter(|(_, name)| !words.contains(name.as_str()))
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    format!("| `{}` | {} | {} |", vendor.id, names.join(", "), missing.join(", "))
}

#[test]
fn the_page_says_what_is_written_for_whom() {
    let page = page();
    let head = page.find("| vendor | files (models) | not in them |").expect("the table");
    let rows: Vec<&str> =
        page[head..].lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    let written = |vendor: &&Vendor| vendor.files.iter().any(|file| !file.template.is_empty());
    let expected: Vec<String> =
        builtin::built_in().vendors.iter().filter(written).map(row).collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_page_names_every_field_and_every_cipher() {
    let page = page();
    for field in &FIELDS {
        assert!(page.contains(&format!("`{}`", field.name)), "{}", field.name);
    }
    let encrypted = |vendor: &&Vendor| vendor.files.iter().any(|file| !file.cipher.is_empty());
    let section = page.split("## Files that only their phone can read").nth(1).expect("a section");
    for vendor in builtin::built_in().vendors.iter().filter(encrypted) {
        assert!(section.contains(&format!("`{}`", vendor.id)), "{}", vendor.id);
    }
}
