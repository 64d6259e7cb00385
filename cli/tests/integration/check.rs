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
