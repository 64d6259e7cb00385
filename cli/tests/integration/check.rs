//! `offhook check`: what only a machine with its files can know.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn check(folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
        .current_dir(folder)
        .args(["check", "policy.json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_key_that_a_server_would_refuse_is_a_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().display();
    let policy = format!(
        r#"{{ "systems": [{{ "system": "files", "url": "https://p.example.com/{{{{mac}}}}/{{{{token}}}}/" }}],
             "file-access": {{ "token": {{ "key-file": "{dir}/key", "previous-key-file": "{dir}/old" }},
                               "encryption": {{ "key-file": "{dir}/key", "for": ["grandstream"] }} }} }}"#
    );
    fs::write(folder.path().join("policy.json"), policy).unwrap();
    // The server's key need not be on this machine.
    assert!(!check(folder.path()).contains("key-file"));

    for (name, text, mode, flaw) in [
        ("key", KEY, 0o644, "has mode 0644"),
        ("key", "short", 0o600, "bytes"),
        ("old", KEY, 0o666, "has mode 0666"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let said = check(folder.path());
        let place = if name == "old" { "token.previous-key-file" } else { "token.key-file" };
        let doubt = said.lines().find(|line| line.contains(&format!("{place}: ")));
        let doubt = doubt.unwrap_or_else(|| panic!("expected a doubt about {place}: {said}"));
        assert!(doubt.contains(flaw) && doubt.ends_with("; a server refuses it"), "{doubt}");
        assert_eq!(said.contains("encryption.key-file"), name == "key", "{said}");
        assert!(!said.contains(KEY) && !said.contains("short"), "{said}");
        fs::write(&path, KEY).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(!check(folder.path()).contains("key-file"));
    }
}

#[test]
fn passwords_that_lie_open_are_a_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let told = |url: &str, access: &str| {
        let policy = format!(
            r#"{{ "systems": [{{ "system": "files", "url": "{url}" }}], "file-access": {{ {access} }} }}"#
        );
        std::fs::write(folder.path().join("policy.json"), policy).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_offhook"))
            .current_dir(folder.path())
            .args(["check", "policy.json"])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (said.contains("guesses a phone's address"), said.contains("travel in the clear"))
    };
    let token = r#""token": { "key-file": "/nowhere" }"#;
    let random = r#""random-folder": "0f9a6c1d2e3b4a5f60718293a4b5c6d7""#;
    let certificates = r#""client-certificates": { "authorities": "/ca.pem" }"#;
    assert_eq!(told("http://p.example.com/phones/", ""), (true, true));
    assert_eq!(told("https://p.example.com/phones/", ""), (true, false));
    assert_eq!(told("https://p.example.com/{{mac}}/", random), (true, false));
    assert_eq!(told("https://p.example.com/{{random-folder}}/", random), (false, false));
    assert_eq!(told("https://p.example.com/{{mac}}/{{token}}/", token), (false, false));
    assert_eq!(told("http://p.example.com/{{mac}}/{{token}}/", token), (false, true));
    assert_eq!(told("https://p.example.com/phones/", certificates), (false, false));
    assert_eq!(told("tftp://p.example.com/phones/", ""), (true, true));
}

/// Runs `offhook check policy.json` with more words: exit code, standard output, standard error.
fn run(folder: &Path, policy: &[u8], words: &[&str]) -> (i32, String, String) {
    fs::write(folder.join("policy.json"), policy).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
        .current_dir(folder)
        .args(["check", "policy.json"])
        .args(words)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The makers that the doubts of `check --json` are about.
fn makers(json: &str) -> Vec<String> {
    let doubts: serde_json::Value = serde_json::from_str(json).unwrap();
    let vendors =
        doubts.as_array().unwrap().iter().flat_map(|doubt| doubt["vendors"].as_array().unwrap());
    let mut makers: Vec<String> = vendors
        .map(|label| label.as_str().unwrap().split(' ').next().unwrap().to_owned())
        .collect();
    makers.sort();
    makers.dedup();
    makers
}

#[test]
fn doubts_keep_to_the_makers_that_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let policy = br#"{ "systems": [{ "system": "url", "url": "https://a.example/" }], "voice-vlan": { "id": 5 } }"#;
    let (code, all, _) = run(folder.path(), policy, &["--json"]);
    assert_eq!(code, 0);
    assert!(makers(&all).len() > 20, "{:?}", makers(&all));
    let (code, some, _) =
        run(folder.path(), policy, &["--json", "--vendors", "grandstream,technicolor,yealink"]);
    assert_eq!(
        (code, makers(&some)),
        (0, vec!["grandstream".to_owned(), "technicolor".to_owned()])
    );
    let (code, _, error) = run(folder.path(), policy, &["--vendors", "nobody"]);
    assert_eq!(
        (code, &*error),
        (1, "--vendors nobody: not in the catalogue; offhook vendors lists it\n")
    );
    // The phones that are there: questions as those of explain --batch.
    let seen = "{\"mac\": \"00:0b:82:00:00:01\"}\n{\"mac\": \"00:15:65:00:00:02\", \"vendor-class\": \"yealink\"}\n";
    fs::write(folder.path().join("seen.json"), seen).unwrap();
    let (code, some, error) = run(folder.path(), policy, &["--json", "--seen", "seen.json"]);
    assert_eq!((code, makers(&some)), (0, vec!["grandstream".to_owned()]), "{error}");
    // Strict is about those.
    assert_eq!(run(folder.path(), policy, &["--vendors", "snom", "--strict"]).0, 0);
    assert_eq!(run(folder.path(), policy, &["--vendors", "grandstream", "--strict"]).0, 1);
    let (code, _, _) = run(folder.path(), policy, &["--vendors", "snom", "--seen", "seen.json"]);
    assert_eq!(code, 2, "one or the other");
}

#[test]
fn a_policy_of_another_encoding_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, expected) in [
        (utf16.as_slice(), "policy.json: expected UTF-8, found UTF-16: save it as UTF-8\n"),
        (
            b"{ \"vars\":\n { \"a\": \"\xe4\" } }",
            "policy.json: line 2: expected UTF-8, found the byte 0xe4 (Latin-1?): save it as UTF-8\n",
        ),
    ] {
        let (code, _, error) = run(folder.path(), bytes, &[]);
        assert_eq!((code, &*error), (1, expected));
    }
    // A byte order mark, as Windows' editor writes it.
    assert_eq!(run(folder.path(), b"\xef\xbb\xbf{ \"answer\": \"phones\" }", &[]).0, 0);
}

#[test]
fn numbers_are_taken_for_parameters_and_passwords_are_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let number =
        br#"{ "systems": [{ "system": "phoneprov", "server": "10.0.0.5", "port": 8089 }] }"#;
    let (code, _, error) = run(folder.path(), number, &[]);
    assert_eq!(code, 0, "{error}");
    for url in [
        "http://prov:S3cret@x.example/p/",
        "http://prov:S3cret@x.example:8080/p/",
        "http://prov:S3cret@x.example:99999/",
        "http://prov:S3/cret@x.example/",
        "http:/prov:S3cret@x.example/",
        "prov:S3cret@x.example",
        "ftp://prov:S3cret@[::1]:21/",
        "http://prov:S3cret-and-a-name-so-long-that-it-is-cut-where-it-is-shown@x y/",
    ] {
        let policy = format!(r#"{{ "systems": [{{ "system": "url", "url": "{url}" }}] }}"#);
        for words in [&["--json"][..], &[]] {
            let (_, out, error) = run(folder.path(), policy.as_bytes(), words);
            assert!(!out.contains("S3") && !error.contains("S3"), "{url}: {out}{error}");
        }
    }
}
