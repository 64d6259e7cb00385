//! Values that try to end what surrounds them. Each format can hold them, so that a reader of the file has
//! them back, or refuses them with the row and the reason; nothing else in the file ever changes.

use std::collections::BTreeMap;

use offhook_catalogue::Vendor;
use offhook_phone_files::Makers;
use offhook_phone_files::makers::Maker;
use serde_json::{Value, json};

use super::every::digits;
use super::parsed::parsed;
use super::writer::{Written, under, vendors};

/// Where a person's own words may appear.
const LINE_FIELDS: [&str; 4] = ["display-name", "label", "auth-user", "password"];
const PHONE_FIELDS: [&str; 5] =
    ["admin-password", "provisioning-user", "provisioning-password", "digit-map", "settings"];

/// What a format may hold or refuse.
const NASTY: [&str; 16] = [
    "O'Neil & Söhne",
    "a\"b",
    "</x><y a=\"1\"/>",
    "]]>",
    "<!-- x -->",
    "&amp;&#10;",
    "100% %s %n {mac} $MAC $(x) `x`",
    "a=b:c",
    "semi;colon#hash//slash",
    "Ωμέγα 日本語 🎧 👩\u{200d}👧",
    "עברית عربى",
    "\u{202e}gpj.exe\u{202c}",
    "back\\slash\\n\\",
    "{{ password }} {% raw %}",
    "<?php x ?>",
    " blanks around ",
];

/// What ends a line, or is not a character: no format can hold it.
const REFUSED: [&str; 9] = [
    "a\nb = c",
    "a\r\nSET X y",
    "a\tb",
    "a\0b",
    "a\u{1b}[2J",
    "a\u{7f}b",
    "a\u{85}b",
    "a\u{2028}b",
    "a\u{fdd0}b",
];

fn policy() -> Value {
    json!({
        "systems": [{ "system": "files", "url": "https://provision.example.com/phones/" }],
        "voice-vlan": { "id": 120, "priority": 5 },
        "time-servers": ["192.0.2.1"],
    })
}

/// A phone of a model that requests the files, with one line or two, and a value in one of its fields.
fn list(
    vendor: &Vendor,
    maker: &Maker,
    model: &str,
    lines: usize,
    field: &str,
    value: &str,
) -> Value {
    let family = maker.family_of(model).map(|(_, family)| family);
    let transport = maker.fact(family, "transport").expect("a fact");
    let has_tls = transport.words.is_empty() || transport.words.contains_key("tls");
    let line = |user: &str, password: &str| {
        json!({ "user": user, "auth-user": format!("u{user}"), "password": password,
                "display-name": format!("N{user}"), "label": format!("L{user}"),
                "server": "sip.example.com", "port": 5061,
                "transport": if has_tls { "tls" } else { "udp" },
                "outbound-proxy": "edge.example.com", "outbound-port": 5071,
                "register-seconds": 600 })
    };
    let mut all = [line("1001", "geheim1"), line("1002", "geheim2")];
    let mut phone = json!({
        "mac": "02:00:00:00:00:01", "vendor": &*vendor.id, "model": model,
        "admin-password": digits(maker.fact(family, "admin-password")), "time-zone": "Europe/Berlin", "resync-minutes": 1440, "phonebook-url": "https://book.example.com/a?b=1&c=2",
        "firmware-url": "https://fw.example.com/x.rom",
    });
    match field {
        "settings" => phone[field] = json!({ "some_key": value }),
        _ if LINE_FIELDS.contains(&field) => all[0][field] = json!(value),
        _ => phone[field] = json!(value),
    }
    phone["lines"] = json!(all[..lines]);
    json!([phone])
}

/// A model for each set of files that a vendor has.
fn models(vendor: &Vendor) -> Vec<String> {
    let files = vendor.files.iter().filter(|file| file.template.is_some());
    let mut models: Vec<String> =
        files.flat_map(|file| file.models.iter()).map(|head| format!("{head}1")).collect();
    models.sort();
    models.dedup();
    if models.is_empty() { vec!["M1".to_owned()] } else { models }
}

#[test]
fn nothing_is_injected_and_every_value_comes_back() {
    let makers = Makers::new(&[]).expect("files.toml");
    under(&policy(), |write| {
        for vendor in vendors() {
            for model in models(vendor) {
                let maker = makers.of(&vendor.id).expect("files.toml");
                let list = |lines: usize, field: &str, value: &str| {
                    write(&list(vendor, &maker, &model, lines, field, value))
                };
                // Some take one line only, and say so.
                let lines = if list(2, "label", "Plain").is_ok() { 2 } else { 1 };
                let what = format!("{} {model}", vendor.id);
                let family = maker.family_of(&model).map(|(_, family)| family);
                let admin = maker.fact(family, "admin-password").expect("a fact");
                let fields = LINE_FIELDS.into_iter().chain(PHONE_FIELDS);
                // Some take digits alone; that is tried elsewhere.
                let free = |field: &&str| *field != "admin-password" || admin.characters.is_none();
                for field in fields.filter(free) {
                    let write = |value: &str| list(lines, field, value);
                    nothing_is_injected(vendor, &what, field, write);
                }
                let has = |field: &str| maker.fact(family, field).expect("a fact").absent.is_none();
                let files = list(lines, "display-name", "Plain").unwrap();
                everything_is_there(vendor, &what, &files, has);
            }
        }
    });
}

fn nothing_is_injected(vendor: &Vendor, what: &str, field: &str, write: impl Fn(&str) -> Written) {
    let plain = write("Plain").unwrap_or_else(|error| panic!("{what}: {field}: {error}"));
    let secret = field.ends_with("password") || field == "settings";
    let mut borne = 0;
    let long = "x".repeat(200);
    for value in NASTY.into_iter().chain([&*long]) {
        let nasty = match write(value) {
            Ok(files) => files,
            Err(refused) => {
                let place = if secret {
                    "a secret of this phone: ".to_owned()
                } else {
                    format!("{field}: ")
                };
                let expected = format!("row 1: {place}this maker's format cannot");
                assert!(refused.contains(&expected), "{what}: {field}: {value:?}: {refused}");
                assert!(!secret || !refused.contains(value), "{what}: {field}: {refused}");
                continue;
            }
        };
        borne += 1;
        assert_eq!(plain.len(), nasty.len());
        for (path, text) in &nasty {
            let (shape, values) = parsed(vendor, path, text);
            let (plain_shape, plain_values) = parsed(vendor, path, &plain[path]);
            assert_eq!(shape, plain_shape, "{what}: {value:?} changes {path}:\n{text}");
            assert_eq!(values.len(), plain_values.len());
            for (found, plain) in values.iter().zip(&plain_values) {
                assert_eq!(*found, plain.replace("Plain", value), "{what}: {field}: {path}");
            }
        }
    }
    assert!(borne >= 12, "{what}: {field}: holds only {borne} of the values");
    for value in REFUSED {
        let Err(refused) = write(value) else {
            panic!("{what}: {field}: {value:?} is borne");
        };
        assert!(refused.starts_with("row 1: "), "{refused}");
        assert!(refused.contains("cannot be written in a phone's file"), "{what}: {refused}");
        assert!(!refused.contains(value), "{refused}");
    }
}

/// All that a phone needs to register, as far as the maker has a place for it.
fn everything_is_there(
    vendor: &Vendor,
    what: &str,
    files: &BTreeMap<String, String>,
    has: impl Fn(&str) -> bool,
) {
    let values: Vec<String> =
        files.iter().flat_map(|(path, text)| parsed(vendor, path, text).1).collect();
    for wanted in ["1001", "u1001", "geheim1"] {
        let found = values.iter().any(|value| value == wanted);
        assert!(found || (wanted == "u1001" && !has("auth-user")), "{what}: no {wanted}");
    }
    for wanted in ["Plain", "sip.example.com", "edge.example.com"] {
        let found = values.iter().any(|value| value.contains(wanted));
        let proxy = wanted == "edge.example.com";
        assert!(found || (proxy && !has("outbound-proxy")), "{what}: no {wanted}");
    }
}
