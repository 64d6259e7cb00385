//! docs/cannot-break.md: whatever is wrong with offhook, Kea starts and serves.

use crate::peers::kea::{Kea, Setup};
use crate::peers::packet::Answer;
use crate::peers::phone::{Phone, Relay};
use crate::peers::process::{command, run_well};
use serde_json::{Value, json};

/// The loader: no build for this Kea, or one that cannot be used.
mod builds;
/// Other hook libraries.
mod hooks;
/// The copy of the last good policy.
mod last_good;
/// Debian's package.
mod package;
/// The page names these tests, and all of them.
mod page;
/// A policy that is missing or wrong.
mod policies;
/// A power cut.
mod power_cut;

/// What a Kea must do that offhook cannot break.
const POLICY: &str =
    r#"{ "systems": [{ "system": "files", "url": "https://provision.example.com/" }] }"#;
const URL: &str = "https://provision.example.com/";

fn parameters() -> Value {
    json!({ "policy": serde_json::from_str::<Value>(POLICY).expect("JSON") })
}

/// A thousand clients get their leases, every tenth one a phone; returns what a phone was sent.
#[track_caller]
fn serves(kea: &Kea) -> Option<String> {
    let is_phone = |number: u32| number.is_multiple_of(10);
    let client = |number: u32| {
        let low = format!("{:02x}:{:02x}", number >> 8, number & 0xff);
        match is_phone(number) {
            true => Phone::new(&format!("00:04:f2:00:{low}")).class("Polycom-VVX410"),
            false => Phone::new(&format!("02:00:00:00:{low}")),
        }
    };
    let clients: Vec<Phone> = (0..1000).map(client).collect();
    let mut told: Option<Option<String>> = None;
    for (number, ack) in (0..).zip(Relay::of(kea).boot_all(&clients)) {
        let url = text(&ack, 66);
        if is_phone(number) {
            let first = told.get_or_insert_with(|| url.clone());
            assert_eq!(*first, url, "expected all phones to be sent the same");
        } else {
            assert_eq!(url, None, "expected no option 66 for a client that is not a phone");
        }
    }
    told.flatten()
}

fn text(answer: &Answer, code: u8) -> Option<String> {
    answer.option(code).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

/// A Kea that must start, and serve phones as Kea alone does; the log must have a line of this id with
/// these words.
#[track_caller]
fn starts_without_us(setup: Setup, id: &str, words: &[&str]) -> Kea {
    let kea = setup.start();
    assert_eq!(serves(&kea), None, "expected phones to get what Kea alone sends");
    expect_line(&kea, id, words);
    kea
}

/// The log must have a line of level ERROR with this id and these words.
#[track_caller]
fn expect_line(kea: &Kea, id: &str, words: &[&str]) {
    let lines = kea.log_lines(id);
    let found = lines.iter().any(|line| {
        line.contains(" ERROR [kea-dhcp4.offhook-hooks/") && words.iter().all(|w| line.contains(w))
    });
    assert!(found, "expected an ERROR line of {id} with {words:?}, found\n{}", lines.join("\n"));
}

/// Root may read and write every file. A server without that right is bound by the modes, as Debian's is.
fn bound_by_modes(mut setup: Setup) -> Setup {
    if run_well(command("id").arg("-u")).trim() == "0" {
        let words = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"];
        setup.wrapper = words.map(str::to_owned).to_vec();
    }
    setup
}
