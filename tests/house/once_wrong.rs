//! `docs/once-wrong.md` names the tests that hold what was wrong once: each must be there, and be run.

use std::fs;

use crate::files::{root, texts};

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether a file has a test of this name: the attribute is among those before the function.
fn has_test(source: &str, test: &str) -> bool {
    let head = format!("fn {test}(");
    source.lines().enumerate().any(|(at, line)| {
        let before = || source.lines().take(at).collect::<Vec<_>>();
        let own = |line: &&&str| line.starts_with("#[") || line.starts_with("//");
        line.trim_start().starts_with(&head)
            && before()
                .iter()
                .map(|line| line.trim())
                .collect::<Vec<_>>()
                .iter()
                .rev()
                .take_while(own)
                .any(|line| *line == "#[test]")
    })
}

/// The tests that a line's last column names, each with its file.
fn named(cell: &str) -> Vec<(&str, &str)> {
    let mut file = "";
    let mut found = Vec::new();
    for word in cell.split('`').skip(1).step_by(2) {
        match word.ends_with(".rs") {
            true => file = word,
            false => found.push((file, word)),
        }
    }
    found
}

#[test]
fn every_line_has_tests_that_are_there() {
    let page = read("docs/once-wrong.md");
    let (mut number, mut wrong) = (0, Vec::new());
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.contains("| tests |")) {
        let cells: Vec<&str> = line.trim_matches('|').splitn(3, '|').map(str::trim).collect();
        let [shown, _, tests] = cells[..] else { panic!("three columns: {line}") };
        number += 1;
        assert_eq!(shown, number.to_string(), "lines are counted: {line}");
        let tests = named(tests);
        if tests.is_empty() {
            wrong.push(format!("{number} names no test"));
        }
        for (file, test) in tests {
            if !has_test(&read(file), test) {
                wrong.push(format!("{number}: {file} has no test {test}"));
            }
        }
    }
    assert!(number > 90, "expected the page's lines, found {number}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_missing_test_is_seen() {
    let source = "    /// Why.\n    #[test]\n    #[ignore]\n    fn one() {}\nfn two() {}\n";
    assert!(has_test(source, "one") && !has_test(source, "two") && !has_test(source, "on"));
    assert_eq!(named("`a.rs` `one`, `two`; `b.rs` `three`").last(), Some(&("b.rs", "three")));
}

/// Licence, notice, whom to tell of a flaw, and what is checked of the dependencies.
#[test]
fn the_papers_are_there() {
    assert!(read("LICENSE").contains("Apache License"));
    let notice = read("NOTICE");
    for said in ["Mozilla Public", "section 3.3", "THIRD-PARTY.md", "dnsmasq (GPL)"] {
        assert!(notice.contains(said), "NOTICE: {said}");
    }
    assert!(!read("SECURITY.md").is_empty());
    assert!(root().join("scripts/licences").exists());
    let workflow = read(".github/workflows/test.yml");
    for check in ["cargo deny check bans licenses sources", "cargo deny check advisories"] {
        assert!(workflow.contains(check), "{check}");
    }
}

/// What cannot be mended in the code is said where its reader looks.
#[test]
fn the_pages_say_what_no_code_can_mend() {
    for (page, said) in [
        ("docs/files.md", "### What phones upload"),
        ("docs/files.md", "a value that is changed here does not reach a phone"),
        ("docs/files.md", "(`DHCP4_RESPONSE_DATA`), and dnsmasq's with `log-dhcp`"),
        ("docs/policy.md", "A client can send option 82 itself"),
        ("docs/kea.md", "of keys that are written twice Kea keeps the last one"),
    ] {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words(&read(page)).contains(&words(said)), "{page}: {said}");
    }
}

/// Miri runs two crates whole. No test elsewhere may claim by its name that Miri runs it.
#[test]
fn only_what_miri_runs_is_named_for_it() {
    let workflow = read(".github/workflows/test.yml");
    assert!(workflow.contains("miri test -p offhook-catalogue -p offhook-core --lib"));
    let claims = |(path, text): &(String, String)| {
        !path.starts_with("core/") && text.lines().any(|line| line.trim().starts_with("fn miri"))
    };
    let claims: Vec<String> = texts().into_iter().filter(claims).map(|(path, _)| path).collect();
    assert_eq!(claims, [""; 0]);
}
