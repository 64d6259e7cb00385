//! Phones of makers that the catalogue does not have: class, log, list, counter and packet, by a real Kea.

use crate::emulate::{emulate, step};
use crate::peers::folder::Folder;
use crate::peers::kea::{Kea, Setup};
use crate::peers::packet::unhex;
use crate::peers::phone::{Phone, Relay};
use crate::peers::process;
use crate::peers::product::command_line;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Output;

const URL: &str = r#"{ "systems": [{ "system": "url", "url": "http://p.example.com/" }], WORD }"#;

fn policy(word: &str) -> String {
    URL.replace("WORD", &format!(r#""unlisted-phones": "{word}""#))
}

/// Two signs: a word in option 60, and what it requests.
fn acme() -> Phone {
    Phone::new("02:00:00:00:ac:01").class("AcmePhone X4").wants(&[1, 3, 6, 66, 120, 160])
}

fn command(words: &[&str]) -> Output {
    process::run(process::command(command_line()).args(words))
}

fn phones(kea: &Kea, more: &[&str]) -> Output {
    let socket = kea.socket().display().to_string();
    command(&[&["phones", "--unlisted", "--kea", &socket][..], more].concat())
}

#[test]
fn they_are_named_and_listed_and_sent_nothing_by_default() {
    let domain = |name: &str| json!([{ "name": "domain-name", "data": name, "always-send": true }]);
    let kea = Setup::offhook(&URL.replace(", WORD", ""))
        .edit(|dhcp4| {
            dhcp4["client-classes"] = json!([
                { "name": "PHONE" },
                { "name": "PHONE_UNLISTED" },
                { "name": "A", "test": "member('PHONE_UNLISTED') and not member('PHONE')",
                  "option-data": domain("unlisted.example.com") },
            ]);
        })
        .start();
    let relay = Relay::of(&kea);
    relay.boot(&Phone::stranger(1));
    let (_, ack) = relay.boot(&acme());
    assert_eq!(ack.option(66), None);
    assert_eq!(ack.option(15), Some(&b"unlisted.example.com"[..]));
    let line = kea.wait_for_log("OFFHOOK_PHONE_UNLISTED");
    for word in ["INFO", "02:00:00:00:ac:01", "option 60 has \"Phone\" in it", ": nothing sent"] {
        assert!(line.contains(word), "expected {word:?} in {line}");
    }
    relay.boot(&acme());
    let lines = kea.log_lines("OFFHOOK_PHONE_UNLISTED");
    assert_eq!(lines.len(), 1, "expected no line where nothing is new, found {lines:#?}");
    assert_eq!(kea.must_statistic("offhook.unlisted"), 4, "two OFFERs and two ACKs");
    assert_eq!(kea.must_statistic("offhook.recognised"), 0);
    let status = kea.command("phone-status-get", None).ok();
    assert_eq!(status["counters"]["unlisted"], 4);
    let list = kea.command("phone-list", json!({ "recognised": false })).ok();
    assert_eq!(list["phones"][0]["unlisted"].as_array().map(Vec::len), Some(2), "{list}");
    assert_eq!(list["count"], 1, "the other client is not one: {list}");
}

#[test]
fn two_signs_are_sent_the_url_and_the_servers_own_option_stays() {
    let setup = Setup::new().offhook_file(&policy("send"));
    let own = json!([{ "code": 160, "name": "own", "space": "dhcp4", "csv-format": false,
                       "data": "6f776e", "always-send": true }]);
    let kea = setup.edit(|dhcp4| dhcp4["option-data"] = own).start();
    let relay = Relay::of(&kea);
    let (_, ack) = relay.boot(&acme());
    assert_eq!(ack.option(66), Some(&b"http://p.example.com/"[..]));
    assert_eq!(ack.option(160), Some(&b"own"[..]), "the server's own option stays");
    let line = kea.wait_for_log("OFFHOOK_PHONE_UNLISTED");
    assert!(line.contains("66 \"http://p.example.com/\""), "{line}");
    // One sign alone.
    let (_, ack) = relay.boot(&Phone::new("02:00:00:00:ac:02").class("AcmePhone").wants(&[66]));
    assert_eq!(ack.option(66), None);
    kea.setup.folder.write("policy.json", policy("ignore"));
    kea.command("phone-policy-reload", None).ok();
    let before = kea.must_statistic("offhook.unlisted");
    let (_, ack) =
        relay.boot(&Phone::new("02:00:00:00:ac:03").class("AcmePhone X4").wants(&[66, 120, 160]));
    assert_eq!((ack.option(66), kea.must_statistic("offhook.unlisted")), (None, before));
    let list = kea.command("phone-list", json!({ "recognised": false })).ok();
    assert_eq!(list["count"], 2, "expected nothing new while they are ignored: {list}");
}

/// The files' names and modes, and what `vendors new` makes of them.
#[test]
fn their_packets_become_files_and_the_files_drafts() {
    let kea = Setup::offhook(&policy("name")).start();
    let relay = Relay::of(&kea);
    relay.boot(&acme());
    relay.boot(&Phone::new("00:15:65:00:00:01"));
    let got =
        kea.command("phone-get", json!({ "hw-address": "02:00:00:00:ac:01", "packet": true })).ok();
    let packet = unhex(got["packet"].as_str().expect("a packet"));
    assert_eq!((packet[0], &packet[28..34]), (1, &[2, 0, 0, 0, 0xac, 1][..]));
    assert_eq!(packet.last(), Some(&255), "expected no padding");
    let known = json!({ "hw-address": "00:15:65:00:00:01", "packet": true });
    assert_eq!(kea.command("phone-get", known).ok()["packet"], Value::Null);
    let without = json!({ "hw-address": "02:00:00:00:ac:01" });
    assert!(kea.command("phone-get", without).ok().get("packet").is_none());

    let folder = Folder::new();
    let place = folder.join("packets");
    let shown = place.display().to_string();
    let output = phones(&kea, &["--packets", &shown]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        text.contains("1 devices of no known maker that look like phones, 1 of them named"),
        "{text}"
    );
    let file = place.join("02000000ac01.hex");
    let mode = fs::metadata(&file).expect("the file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let draft = command(&["vendors", "new", "--from-packet", &file.display().to_string()]);
    let draft = String::from_utf8_lossy(&draft.stdout).into_owned();
    for word in ["AcmePhone X", "02:00:00", "code = 66", "Perhaps a phone of a maker"] {
        assert!(draft.contains(word), "expected {word:?} in\n{draft}");
    }
    // Nothing is written over, and no link is followed.
    let again = phones(&kea, &["--packets", &shown]);
    let errors = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(again.status.code(), Some(1), "{errors}");
    assert!(errors.contains("02000000ac01.hex: is there already"), "{errors}");
    let target = folder.join("target");
    fs::remove_file(&file).expect("removed");
    symlink(&target, &file).expect("a link");
    assert_eq!(phones(&kea, &["--packets", &shown]).status.code(), Some(1));
    assert!(!target.exists(), "a link was followed");
    linked_folder_is_refused(&kea, &folder, &place);
}

fn linked_folder_is_refused(kea: &Kea, folder: &Folder, place: &Path) {
    let link = folder.join("link");
    symlink(place, &link).expect("a link");
    assert_eq!(phones(kea, &["--packets", &link.display().to_string()]).status.code(), Some(1));
}

#[test]
fn the_emulator_plays_one() {
    let kea = Setup::offhook(&policy("send")).start();
    let (output, reports) = emulate(&kea, &["--vendor", "unlisted", "--dhcp-only"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let url = step(&reports[0], "provisioning URL");
    assert!(url.contains("http://p.example.com/"), "{url}");
}
