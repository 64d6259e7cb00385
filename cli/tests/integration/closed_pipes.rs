//! A reader that goes away (`offhook ... | head -1`) ends a command quietly, whichever stream it read.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panic")]

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

/// More mistakes than are shown, each its own.
fn bad_list() -> String {
    let rows = (0..200).map(|row| format!("00156501{row:04x},yealink,{row},key{row}:1002\n"));
    let rows = rows.enumerate().map(|(number, row)| {
        // Not one mistake for all rows.
        row.replace("yealink", &format!("yealin{number}"))
    });
    format!("mac,vendor,user,key.1\n{}", rows.collect::<String>())
}

/// Ends the reader of one stream before the command writes, or after its first bytes.
fn ends(
    words: &[&str],
    folder: &std::path::Path,
    stream: &str,
    after: usize,
) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.args(words).current_dir(folder).stdin(Stdio::null());
    let other = || fs::File::create(folder.join("other")).unwrap();
    match stream {
        "stdout" => command.stdout(Stdio::piped()).stderr(other()),
        _ => command.stderr(Stdio::piped()).stdout(other()),
    };
    let mut child = command.spawn().unwrap();
    let mut first = vec![0; after];
    if let Some(mut out) = child.stdout.take() {
        let _ = out.read(&mut first);
    }
    if let Some(mut out) = child.stderr.take() {
        let _ = out.read(&mut first);
    }
    // Both readers are gone now.
    let status = child.wait().unwrap();
    (status.code(), fs::read_to_string(folder.join("other")).unwrap_or_default())
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let policy = r#"{ "systems": [{ "system": "files", "url": "http://p.example.com/" }] }"#;
    write("policy.json", policy);
    write("wrong.json", &policy.replace("files", "fils"));
    write("bad.csv", &bad_list());
    write("good.csv", "mac,vendor,user,password\n001565010203,yealink,1,x\n");
    let ask = "{\"mac\": \"00:15:65:01:02:03\"}\n";
    write("asks", &ask.repeat(2_000));
    let generate = ["generate", "--policy", "policy.json", "--out", "out", "--phones"];
    let bad = [&generate[..], &["bad.csv"]].concat();
    let cases: [&[&str]; 12] = [
        &bad,
        &[&bad[..], &["--json"]].concat(),
        &[&generate[..], &["good.csv", "--dry-run"]].concat(),
        &["check", "policy.json"],
        &["check", "wrong.json"],
        &["vendors"],
        &["vendors", "yealink", "--json"],
        &["systems"],
        &["explain", "--policy", "policy.json", "--batch", "asks"],
        &["web-server", "nginx", "--policy", "policy.json", "--root", "tree"],
        &["phones", "--kea", "http://u:p@kea.invalid/"],
        &[
            "emulate",
            "--vendor",
            "snom",
            "--url",
            "http://127.0.0.1:1/",
            "--timeout",
            "0.1",
            "--tries",
            "1",
        ],
    ];
    for words in cases {
        for (stream, after) in [("stdout", 0), ("stderr", 0), ("stdout", 1), ("stderr", 1)] {
            let (code, other) = ends(words, folder.path(), stream, after);
            assert!(matches!(code, Some(0 | 1)), "{words:?}, {stream} closed: {code:?} {other}");
            assert!(!other.contains("panicked"), "{words:?}, {stream} closed: {other}");
        }
    }
}
