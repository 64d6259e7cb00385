//! docs/cannot-break.md and the tests of this folder name the same lines.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// `cannot_break::builds::no_build`, ...
fn tests() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/cannot_break");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder of these tests").flatten() {
        let text = fs::read_to_string(entry.path()).expect("a test's source");
        let name = entry.path();
        let module = name.file_stem().expect("a name").to_string_lossy().into_owned();
        let after = text.split("#[test]\n").skip(1);
        let names = after.filter_map(|rest| rest.strip_prefix("fn ")?.split('(').next());
        found.extend(names.map(|name| format!("cannot_break::{module}::{name}")));
    }
    found.remove("cannot_break::page::every_line_is_a_test_and_every_test_a_line");
    found
}

#[test]
fn every_line_is_a_test_and_every_test_a_line() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cannot-break.md");
    let page = fs::read_to_string(page).expect("the page");
    let named: BTreeSet<String> = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .flat_map(|line| line.split('`'))
        .filter(|word| word.starts_with("cannot_break::"))
        .map(str::to_owned)
        .collect();
    assert_eq!(named, tests(), "docs/cannot-break.md, and the tests that there are");
}
