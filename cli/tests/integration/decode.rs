//! `offhook decode`: what it prints, and how it says no.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::process::Command;

fn decode(words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    let output = command.arg("decode").args(words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn each_piece_has_its_place_its_bytes_and_its_meaning() {
    let (code, out, _) = decode(&["120", "00:03:73:69:70:07:65:78:61:6d:70:6c:65:03:63:6f:6d:00"]);
    assert_eq!(code, 0);
    assert_eq!(
        out,
        "option 120 sip-servers (RFC 3361), 18 bytes\n    \
         0  00                        a list of domain names (RFC 3361)\n    \
         1  03736970076578616d706c65  sip.example.com\n   \
         13  03636f6d00\n"
    );
    let (_, json, _) = decode(&["43", "0a020078", "--vendor", "lync", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["bytes"][1]["at"], 2);
    assert_eq!(value["bytes"][1]["means"], "120 as a number of two bytes");
}

#[test]
fn wrong_input_is_1_and_wrong_usage_2() {
    let (code, _, error) = decode(&["43", "0"]);
    assert_eq!(
        (code, &*error),
        (1, "the value: expected hex digits, found an odd number of hex digits\n")
    );
    let (code, _, error) = decode(&["43", "00", "--vendor", "nobody"]);
    assert_eq!(
        (code, &*error),
        (1, "--vendor nobody: not in the catalogue; offhook vendors lists it\n")
    );
    assert_eq!(decode(&["255", "00"]).0, 2);
}
