//! `offhook diff`: its words, its exit codes, and every form of `--seen` that is a file.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::process::{Command, Output};

use serde_json::Value;

const OLD: &str = r#"{ "systems": [{ "system": "url", "url": "http://old/{{mac}}" }] }"#;
const NEW: &str = r#"{ "systems": [{ "system": "url", "url": "http://new/{{mac}}", "for": ["snom"] },
                                   { "system": "url", "url": "http://old/{{mac}}" }] }"#;

const QUESTIONS: &str = r#"
{"mac": "00:15:65:00:00:01", "vendor-class": "yealink"}

{"mac": "00:04:13:00:00:01", "vendor-class": "snomD735"}
{"mac": "00:04:13:00:00:02", "vendor-class": "snomD735"}
"#;

/// As `phone-list` prints it: one phone with what it sent, one known by its address, one that its
/// address does not tell.
const LIST: &str = r#"[{ "result": 0, "text": "3 phone(s) found.", "arguments": { "phones": [
  { "hw-address": "00:04:13:00:00:01", "vendor": "snom", "model": "D735",
    "question": { "mac": "00:04:13:00:00:01", "vendor-class": "snomD735" } },
  { "hw-address": "00:04:13:00:00:02", "vendor": "snom", "ip-address": "10.0.0.2" },
  { "hw-address": "02:00:00:00:00:01", "vendor": "yealink", "ip-address": "10.0.0.3" }
], "count": 3 } }]"#;

struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Bench {
        let bench = Bench(tempfile::tempdir().unwrap());
        for (name, text) in [("old", OLD), ("new", NEW), ("questions", QUESTIONS), ("list", LIST)] {
            std::fs::write(bench.0.path().join(name), text).unwrap();
        }
        bench
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        command.current_dir(self.0.path()).arg("diff").args(words).output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn groups_in_words_and_bytes_and_exit_code_1() {
    let output = Bench::new().run(&["old", "new", "--seen", "questions"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stdout),
        "2 of 3 phones would be sent something else\n\
         2 Snom (such as 00:04:13:00:00:01)\n    \
         option 66 \"http://new/{{mac}}\" instead of \"http://old/{{mac}}\"\n      \
         was 687474703a2f2f6f6c642f303030343133303030303031\n      \
         is  687474703a2f2f6e65772f303030343133303030303031\n"
    );
}

#[test]
fn no_difference_is_exit_code_0() {
    let output = Bench::new().run(&["old", "old", "--seen", "questions"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stdout), "0 of 3 phones would be sent something else\n");
}

#[test]
fn a_list_of_phones_says_who_is_left_out() {
    let output = Bench::new().run(&["old", "new", "--seen", "list", "--json", "--limit", "1"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&value["phones"], &value["changed"]), (&2.into(), &2.into()));
    assert_eq!(value["recognised-by-more-than-the-list-says"], 1);
    assert_eq!(value["groups"][0]["phones"], 2);
    assert_eq!(value["differences"].as_array().unwrap().len(), 1);
    assert_eq!(value["differences"][0]["changes"][0]["after"]["text"], "http://new/000413000001");
}

#[test]
fn what_is_no_list_of_clients_is_named_with_its_line() {
    let bench = Bench::new();
    for (content, expected) in [
        ("", "nothing in it: expected one question a line"),
        ("{\"mac\": \"00:15:65:00:00:01\"}\n{\"mac\": 7}\n", "seen:2: mac: expected a hardware"),
        ("{\"mac\": \"00:15:65:00:00:01\"}\nx\n", "seen:2: expected value"),
        ("{\"phones\": [7]}", "seen: [0]: expected one question a line"),
        ("\"x\"", "seen: expected one question a line"),
    ] {
        std::fs::write(bench.0.path().join("seen"), content).unwrap();
        let output = bench.run(&["old", "new", "--seen", "seen"]);
        let error = text(&output.stderr);
        assert!(error.contains(expected), "{content}: expected {expected}, found {error}");
        assert_eq!(output.status.code(), Some(1));
    }
    let output = bench.run(&["old", "missing", "--seen", "seen"]);
    assert!(text(&output.stderr).contains("missing: cannot be read"));
}
