//! Every vendor's templates: the golden examples in its folder, and what comes out read again by
//! somebody else's parser, with the nastiest names that the format bears.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use offhook_core::catalogue::Vendor;
use offhook_core::render::{PhoneList, Renderer, json_list};
use offhook_core::{Engine, Host, builtin};
use serde_json::{Value, json};

fn vendors() -> impl Iterator<Item = &'static Vendor> {
    let written = |vendor: &&Vendor| vendor.files.iter().any(|file| !file.template.is_empty());
    builtin::built_in().vendors.iter().filter(written)
}

fn folder(vendor: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vendors").join(vendor)
}

/// What is written for a list under a policy: path and text.
fn written(policy: &Value, phones: &Value) -> Result<BTreeMap<String, String>, String> {
    let engine = Engine::new(builtin::shared(), &policy.to_string(), Host::ANY)
        .map_err(|mistakes| mistakes.to_string())?;
    let renderer = Renderer::new(&engine, &[], &no_key).map_err(|mistakes| mistakes.to_string())?;
    let list: PhoneList = json_list::read(&phones.to_string(), &engine);
    let told: Vec<String> = list.mistakes.iter().map(ToString::to_string).collect();
    if !told.is_empty() {
        return Err(told.join("\n"));
    }
    let mut files = BTreeMap::new();
    for phone in &list.phones {
        for placed in renderer.places(phone).map_err(|mistake| mistake.to_string())? {
            let rendered = renderer.render(phone, &placed).map_err(|error| error.to_string())?;
            let text = String::from_utf8(rendered.bytes).expect("UTF-8");
            for (start, end) in rendered.secrets {
                assert!(
                    text.is_char_boundary(start as usize) && text.is_char_boundary(end as usize)
                );
            }
            files.insert(placed.path, text);
        }
    }
    Ok(files)
}

fn no_key(_: &str) -> Result<offhook_core::token::MasterKey, String> {
    Err("no key here".to_owned())
}

#[test]
fn golden_files() {
    // `BLESS=<vendor>` prints what comes out, to be read by a person and put into files.toml.
    let bless = std::env::var("BLESS").ok();
    let chosen = |vendor: &&Vendor| bless.as_deref().is_none_or(|id| id == &*vendor.id);
    for vendor in vendors().filter(chosen) {
        let path = folder(&vendor.id).join("files.toml");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!("{}: {error}: a template needs an example", path.display())
        });
        let examples: Value = toml::from_str(&text).expect("TOML");
        let mut used = BTreeMap::new();
        for example in examples["example"].as_array().expect("examples") {
            let name = format!("{}: {}", vendor.id, example["name"]);
            let mut phones = example["phone"].clone();
            for phone in phones.as_array_mut().expect("phones") {
                phone["vendor"] = json!(&*vendor.id);
            }
            let found =
                written(&example["policy"], &phones).unwrap_or_else(|e| panic!("{name}: {e}"));
            let blessing = bless.is_some();
            if blessing {
                for (path, text) in &found {
                    println!("\"{path}\" = '''\n{text}'''");
                }
            }
            let expected =
                example["files"].as_object().unwrap_or_else(|| panic!("{name}: no files"));
            let expected: BTreeMap<String, String> = expected
                .iter()
                .map(|(path, text)| (path.clone(), text.as_str().unwrap().to_owned()))
                .collect();
            if !blessing {
                assert_eq!(found, expected, "{name}");
            }
            for path in found.keys() {
                used.insert(path.clone(), ());
            }
        }
        let templates = vendor.files.iter().filter(|file| !file.template.is_empty()).count();
        assert!(used.len() >= templates, "{}: an example for every template", vendor.id);
    }
}

/// Names that try to end what they stand in; each format must bear them or refuse them.
const NASTY: [&str; 12] = [
    "O'Neil & Söhne",
    "a\"b",
    "</x><y a=\"1\"/>",
    "]]>",
    "<!-- x -->",
    "&amp;&#10;",
    "100% %NULL% {mac} $MAC $(x)",
    "a=b:c",
    "semi;colon#hash",
    "Ωμέγα 日本語 🎧 عربى",
    "back\\slash\\n",
    "{{ password }} {% raw %}",
];

/// A phone of a model that asks for the files, with one line or two.
fn list(vendor: &Vendor, model: &str, lines: usize, name: &str) -> Value {
    let line = |user: &str, password: &str, name: &str| {
        json!({ "user": user, "auth-user": format!("u{user}"), "password": password,
                "display-name": name, "label": format!("L{user}"), "server": "sip.example.com",
                "port": 5061, "transport": "tls", "outbound-proxy": "edge.example.com",
                "outbound-port": 5071, "register-seconds": 600 })
    };
    let all = [line("1001", "geheim1", name), line("1002", "geheim2", "Zwei")];
    json!([{
        "mac": "02:00:00:00:00:01", "vendor": &*vendor.id, "model": model,
        "admin-password": "adm1n", "codecs": "g722,pcma,pcmu", "utc-offset": "+05:30",
        "resync-minutes": 60, "phonebook-url": "https://book.example.com/a?b=1&c=2",
        "firmware-url": "https://fw.example.com/x.rom", "lines": all[..lines],
    }])
}

/// A model for each set of files that a vendor has.
fn models(vendor: &Vendor) -> Vec<String> {
    let files = vendor.files.iter().filter(|file| !file.template.is_empty());
    let heads = files.filter_map(|file| file.models.first());
    let mut models: Vec<String> = heads.map(|head| format!("{head}1")).collect();
    models.dedup();
    if models.is_empty() { vec!["M1".to_owned()] } else { models }
}

fn policy() -> Value {
    json!({
        "systems": [{ "system": "files", "url": "https://provision.example.com/phones/" }],
        "voice-vlan": { "id": 120, "priority": 5 },
        "time-servers": ["192.0.2.1"],
    })
}

#[test]
fn nothing_is_injected_and_every_value_comes_back() {
    for vendor in vendors() {
        for model in models(vendor) {
            let both = written(&policy(), &list(vendor, &model, 2, "Plain"));
            // Some take one line only, and say so.
            let lines = if both.is_ok() { 2 } else { 1 };
            let what = format!("{} {model}", vendor.id);
            nothing_is_injected(vendor, &what, |name| {
                written(&policy(), &list(vendor, &model, lines, name))
            });
        }
    }
}

fn nothing_is_injected(
    vendor: &Vendor,
    what: &str,
    write: impl Fn(&str) -> Result<BTreeMap<String, String>, String>,
) {
    let plain = write("Plain").unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut borne = 0;
    let long = "x".repeat(200);
    for name in NASTY.into_iter().chain([&*long]) {
        let nasty = match write(name) {
            Ok(files) => files,
            Err(refused) => {
                let expected = "row 1: display-name: this maker's format cannot bear";
                assert!(refused.contains(expected), "{what}: {name:?}: {refused}");
                continue;
            }
        };
        borne += 1;
        assert_eq!(plain.len(), nasty.len());
        for (path, text) in &nasty {
            let (shape, values) = parsed(vendor, path, text);
            let (plain_shape, plain_values) = parsed(vendor, path, &plain[path]);
            assert_eq!(shape, plain_shape, "{what}: {name:?} changes {path}:\n{text}");
            for (value, plain) in values.iter().zip(&plain_values) {
                assert_eq!(*value, plain.replace("Plain", name), "{what}: {path}");
            }
        }
    }
    assert!(borne >= 9, "{what}: bears only {borne} of the names");
    // All that a phone needs is there.
    let values: Vec<String> =
        plain.iter().flat_map(|(path, text)| parsed(vendor, path, text).1).collect();
    for wanted in ["1001", "u1001", "geheim1"] {
        assert!(values.iter().any(|value| value == wanted), "{what}: no {wanted}");
    }
    for wanted in ["Plain", "sip.example.com", "edge.example.com"] {
        assert!(values.iter().any(|value| value.contains(wanted)), "{what}: no {wanted}");
    }
}

/// A file's shape (elements, attributes, keys) and its values, by a parser that is not ours.
fn parsed(vendor: &Vendor, path: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let name = path.rsplit('/').next().unwrap_or(path);
    let file = vendor.files.iter().find(|file| {
        let (head, tail) = file.name.split_once("{{").unwrap_or((&file.name, ""));
        let tail = tail.rsplit("}}").next().unwrap_or_default();
        !file.template.is_empty() && name.starts_with(head) && name.ends_with(tail)
    });
    match &*file.expect("a file of this vendor").escape {
        "xml" => parsed_xml(path, text),
        _ => parsed_lines(text),
    }
}

fn parsed_xml(path: &str, text: &str) -> (Vec<String>, Vec<String>) {
    let document =
        roxmltree::Document::parse(text).unwrap_or_else(|e| panic!("{path}: {e}\n{text}"));
    let (mut shape, mut values) = (Vec::new(), Vec::new());
    for node in document.descendants() {
        if node.is_element() {
            shape.push(format!("<{}>", node.tag_name().name()));
            for attribute in node.attributes() {
                shape.push(format!("@{}", attribute.name()));
                values.push(attribute.value().to_owned());
            }
        } else if node.is_text() && !node.text().unwrap_or_default().trim().is_empty() {
            shape.push("text".to_owned());
            values.push(node.text().unwrap_or_default().to_owned());
        } else if node.is_comment() {
            shape.push("comment".to_owned());
        }
    }
    (shape, values)
}

/// `key = value`, `key: value`, `KEY="value"`, `SET KEY value`.
fn parsed_lines(text: &str) -> (Vec<String>, Vec<String>) {
    let (mut shape, mut values) = (Vec::new(), Vec::new());
    for line in text.lines() {
        if line.starts_with('#') || line.starts_with('[') || line.is_empty() {
            shape.push(line.to_owned());
            continue;
        }
        if line.starts_with("GET ") {
            shape.push(line.to_owned());
            continue;
        }
        let cut = match line.strip_prefix("SET ") {
            Some(rest) => rest.split_once(' '),
            None => line.find([':', '=']).map(|at| (&line[..at], &line[at + 1..])),
        };
        let (key, value) = cut.unwrap_or_else(|| panic!("no key and value: {line:?}"));
        shape.push(key.trim().to_owned());
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        values.push(bare.unwrap_or(value).to_owned());
    }
    (shape, values)
}
