//! Files are short, what has one form has it in one place, and what core shows is written down.

use std::collections::BTreeSet;

use crate::files::{is_code, texts};

/// Lines of a source file ("about 400"), and of a file of tests.
const LONGEST: usize = 410;
const LONGEST_OF_TESTS: usize = 500;

fn is_of_tests(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.contains("/benches/")
}

#[test]
fn no_file_is_long() {
    let long: Vec<String> = texts()
        .into_iter()
        .filter(|(path, _)| is_code(path))
        .filter_map(|(path, text)| {
            let most = if is_of_tests(&path) { LONGEST_OF_TESTS } else { LONGEST };
            let count = text.lines().count();
            (count > most).then(|| format!("{path}: {count} lines, at most {most}"))
        })
        .collect();
    assert!(long.is_empty(), "split along ideas:\n{}", long.join("\n"));
}

/// The reader of URLs, and what looks for URLs in the middle of texts.
const READERS: [&str; 5] = [
    "core/catalogue/src/idn.rs",
    "core/catalogue/src/url.rs",
    "core/catalogue/src/url/shown.rs",
    "core/catalogue/src/masking.rs",
    // The witness may not share the reader.
    "emulate/src/url.rs",
];

#[test]
fn one_reader_cuts_urls() {
    let cuts = ["split_once(\"://\")", "find(\"://\")", "split(\"://\")", "contains(\"://\")"];
    let others: Vec<String> = texts()
        .into_iter()
        .filter(|(path, _)| path.ends_with(".rs") && !is_of_tests(path))
        .filter(|(path, _)| !READERS.contains(&path.as_str()))
        .flat_map(|(path, text)| {
            let lines = text.lines().enumerate();
            let cut = lines.filter(|(_, line)| cuts.iter().any(|cut| line.contains(cut)));
            cut.map(|(at, line)| format!("{path}:{}: {}", at + 1, line.trim())).collect::<Vec<_>>()
        })
        .collect();
    assert!(others.is_empty(), "expected core/catalogue/src/url.rs:\n{}", others.join("\n"));
}

/// Errors are types that a caller can look into; a text is for inside.
#[test]
fn no_public_function_fails_with_a_text() {
    // What is `pub` in import is in private modules.
    let libraries = ["core/", "edge/", "emulate/", "fleet/", "dnsmasq-helper/config/"];
    let mut found = Vec::new();
    for (path, text) in texts() {
        let library = libraries.iter().any(|folder| path.starts_with(folder));
        if !library || !path.ends_with(".rs") || is_of_tests(&path) {
            continue;
        }
        // A signature may go over several lines; it ends with `{`.
        for (at, _) in text.match_indices("pub fn ") {
            let rest = &text[at..];
            let signature = &rest[..rest.find('{').unwrap_or(rest.len())];
            let result = signature.rsplit_once("-> Result<").map(|(_, result)| result.trim());
            if result.is_some_and(|result| result.ends_with(", String>")) {
                let line = text[..at].lines().count();
                found.push(format!("{path}:{line}: {}", signature.lines().next().unwrap_or("")));
            }
        }
    }
    assert!(found.is_empty(), "expected a type for the error:\n{}", found.join("\n"));
}

#[test]
fn what_core_shows_is_written_down() {
    let all = texts();
    let text = |wanted: &str| {
        let found = all.iter().find(|(path, _)| path == wanted);
        found.map(|(_, text)| text.as_str()).unwrap_or_else(|| panic!("no {wanted}"))
    };
    let modules: BTreeSet<&str> = text("core/src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let page = text("docs/architecture.md");
    let section = page.split("\n## ").find(|part| part.starts_with("What core shows"));
    let section = section.expect("a section \"What core shows\" in docs/architecture.md");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let written: BTreeSet<&str> = rows
        .flat_map(|row| row.split('|').nth(1).unwrap_or("").split('`').skip(1).step_by(2))
        .collect();
    assert_eq!(written, modules, "docs/architecture.md, \"What core shows\", and core/src/lib.rs");
}
