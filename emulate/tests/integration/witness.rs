//! The emulator is a witness: of offhook itself it may know what phones are, never what they are sent.
#![allow(clippy::unwrap_used, reason = "a test may panic, in its helpers too")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What it may name of the catalogue: addresses, facts about phones (by which NOTIFY they fetch, too), their
/// examples and texts; the names that RFC 2132 has for message types; and what may be shown of a text, which judges nothing.
const NAMES: [&str; 26] = [
    "FileFormat",
    "Gives",
    "HeaderField",
    "ReadFrom",
    "VariantIx",
    "FileScope",
    "Takes",
    "Mac",
    "MessageType",
    "Tables",
    "Vendor",
    "Read",
    "PhoneFile",
    "fits_model",
    "fits_firmware",
    "Mistakes",
    "examples",
    "Example",
    "texts",
    "phones",
    "notify",
    "Notify",
    "masking",
    "masked_bytes",
    "plain",
    "self",
];
/// What its tests may name of the core.
const CORE: &str = "builtin::built_in";
/// How offhook recognises and encodes: fields and methods of a vendor that stay unread.
const NOT_OF_A_VENDOR: [&str; 3] = ["tells", "rules", "takes_url"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, found),
            false => found.push(path),
        }
    }
}

/// The words behind every `mark` in a text.
fn behind<'t>(text: &'t str, mark: &'t str) -> impl Iterator<Item = &'t str> {
    text.match_indices(mark).map(move |(at, _)| {
        let rest = &text[at + mark.len()..];
        rest.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).next().unwrap()
    })
}

fn strangers(text: &str) -> Vec<String> {
    let core = behind(text, "offhook_core::").filter(|path| *path != CORE);
    let vendor = behind(text, "vendor.").filter(|field| NOT_OF_A_VENDOR.contains(field));
    let names =
        text.lines().filter_map(|line| line.split(';').next()?.split_once("offhook_catalogue::"));
    let names =
        names.flat_map(|(_, rest)| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')));
    let names = names.filter(|name| !name.is_empty() && !NAMES.contains(name));
    core.chain(vendor).chain(names).map(str::to_owned).collect()
}

#[test]
fn nothing_of_how_offhook_tells_is_used_here() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    assert!(files.len() > 15, "expected the sources, found {files:?}");
    let mut used = BTreeSet::new();
    for file in files {
        for stranger in strangers(&fs::read_to_string(&file).unwrap()) {
            used.insert(format!("{}: {stranger}", file.display()));
        }
    }
    assert!(used.is_empty(), "expected only facts about phones, found {used:#?}");
}

#[test]
fn the_rule_sees_what_it_forbids() {
    for text in [
        "use offhook_core::encode::Op;",
        "use offhook_catalogue::{Tables, Tell};",
        "use offhook_catalogue::source;",
        "offhook_core::Engine::new()",
        "phone.vendor.tells.iter()",
    ] {
        assert!(!strangers(text).is_empty(), "{text}");
    }
    assert_eq!(strangers("use offhook_catalogue::examples::{self, Example}; vendor.id"), [""; 0]);
}

/// No other package of offhook's is there to be used.
#[test]
fn only_the_catalogue_is_a_dependency() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    let manifest = manifest.unwrap();
    let lines = manifest.lines().skip_while(|line| *line != "[dependencies]");
    let lines = lines.take_while(|line| *line != "[dev-dependencies]");
    let ours: Vec<&str> = lines.filter(|line| line.starts_with("offhook")).collect();
    assert_eq!(ours, ["offhook-catalogue.workspace = true"]);
}
