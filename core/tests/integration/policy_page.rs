//! docs/policy.md names every key that the policy's reader knows, object by object, and no other.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};

use offhook_core::{Engine, Host, builtin};

/// One unknown key in every object that a policy can hold: what the reader says of it lists those that
/// it knows there.
const ODD: &str = r#"{ "zzzzzzzz": 0,
  "voice-vlan": { "zzzzzzzz": 0, "id": 1 },
  "systems": [SYSTEMS],
  "options": [
    { "zzzzzzzz": 0, "code": 43, "sub-options": [{ "zzzzzzzz": 0, "code": 1, "u8": 1 }] },
    { "code": 125, "enterprise": [{ "zzzzzzzz": 0, "number": 1, "hex": "00" }] }
  ],
  "phone-settings": { "zzzzzzzz": 0 },
  "vendors": { "yealink": { "zzzzzzzz": 0, "models": { "T42S": { "zzzzzzzz": 0 } } } },
  "sites": [{ "zzzzzzzz": 0, "name": "a", "match": { "zzzzzzzz": 0, "networks": ["10.0.0.0/8"] } }],
  "devices": [{ "zzzzzzzz": 0, "mac": "02:00:00:00:00:01" }],
  "file-access": { "zzzzzzzz": 0,
    "token": { "zzzzzzzz": 0, "key-file": "/k" },
    "client-certificates": { "zzzzzzzz": 0, "authorities": "/a" },
    "encryption": { "zzzzzzzz": 0, "key-file": "/k", "for": ["grandstream"] } }
}"#;

/// The objects: where the reader finds one, and the words before its table in the page.
const OBJECTS: [(&str, &[&str]); 15] = [
    ("", &["in every layer", "at the top level"]),
    ("vendors.yealink", &["in every layer", "in a vendor's entry"]),
    ("vendors.yealink.models.T42S", &["in every layer", "in a model's entry"]),
    ("sites[0]", &["in every layer", "in a site"]),
    ("devices[0]", &["in every layer", "in a device"]),
    ("sites[0].match", &["in `match`"]),
    ("voice-vlan", &["in `voice-vlan`"]),
    ("options[0]", &["in an option", "the form of a value"]),
    ("options[0].sub-options[0]", &["in a sub-option", "the form of a value"]),
    ("options[1].enterprise[0]", &["in an enterprise's part"]),
    ("phone-settings", &["in `phone-settings`"]),
    ("file-access", &["in `file-access`"]),
    ("file-access.token", &["in `token`"]),
    ("file-access.client-certificates", &["in `client-certificates`"]),
    ("file-access.encryption", &["in `encryption`"]),
];

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/policy.md");
    std::fs::read_to_string(path).expect("docs/policy.md")
}

/// The keys in the first column of the table that begins with `| key ... |`: what is between backquotes.
fn documented(page: &str, whose: &str) -> BTreeSet<String> {
    let head = format!("| key {whose} |");
    let from = page.find(&head).unwrap_or_else(|| panic!("no table {head:?}"));
    let rows = page[from..].lines().skip(2).take_while(|line| line.starts_with('|'));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    first.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

fn known() -> BTreeMap<String, BTreeSet<String>> {
    let systems = &builtin::built_in().systems;
    let uses: Vec<String> = systems
        .iter()
        .map(|system| format!(r#"{{ "system": "{}", "zzzzzzzz": 0 }}"#, system.id))
        .collect();
    let policy = ODD.replace("SYSTEMS", &uses.join(", "));
    let mistakes = match Engine::new(builtin::shared(), &policy, Host::ANY) {
        Ok(_) => panic!("unknown keys were taken"),
        Err(mistakes) => mistakes.0,
    };
    let mut known = BTreeMap::new();
    for mistake in mistakes {
        let (Some(place), Some((_, list))) =
            (mistake.place.strip_suffix("zzzzzzzz"), mistake.text.split_once("nown here: "))
        else {
            continue;
        };
        let keys = list.split(", ").map(str::to_owned).collect();
        known.insert(place.trim_end_matches('.').to_owned(), keys);
    }
    known
}

#[test]
fn the_page_names_every_key_and_no_other() {
    let (page, known) = (page(), known());
    let mut seen = BTreeSet::new();
    for (place, tables) in OBJECTS {
        let known =
            known.get(place).unwrap_or_else(|| panic!("{place:?} is not reached: {known:?}"));
        let documented: BTreeSet<String> =
            tables.iter().flat_map(|whose| documented(&page, whose)).collect();
        assert_eq!(&documented, known, "{place:?}");
        seen.insert(place.to_owned());
    }
    for (number, system) in builtin::built_in().systems.iter().enumerate() {
        let place = format!("systems[{number}]");
        let mut documented = documented(&page, "in an entry of `systems`");
        documented.extend(row(&page, &system.id));
        assert_eq!(documented, known[&place], "the system {}", system.id);
        seen.insert(place);
    }
    assert_eq!(seen, known.into_keys().collect(), "every object has its table");
}

/// A system's parameters, in the second column of its row.
fn row(page: &str, system: &str) -> BTreeSet<String> {
    let head = format!("| `{system}` |");
    let row = page.lines().find(|line| line.starts_with(&head));
    let row = row.unwrap_or_else(|| panic!("no row {head:?}"));
    let cell = row.split('|').nth(2).unwrap_or_default();
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
