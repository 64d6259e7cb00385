//! Nothing costs a lease: neither what a client sends nor a fault in offhook.

use crate::peers::kea::{Kea, Setup};
use crate::peers::packet::{Answer, DISCOVER, Question, show_all};
use crate::peers::phone::{Phone, Relay};
use crate::peers::product::faulty_library;
use serde_json::{Value, json};
use std::time::Duration;

const POLICY: &str = r#"{
    "systems": [{ "system": "files", "url": "https://provision.example.com/" }],
    "sites": [{ "name": "branch", "match": { "circuit-ids": ["ge-0/0/7"], "remote-ids": ["x"] },
                "voice-vlan": { "id": 7 } }] }"#;
const URL: &[u8] = b"https://provision.example.com/";

/// Contents that a careless reader falls over.
fn contents() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("empty", vec![]),
        ("one byte", vec![1]),
        ("one NUL", vec![0]),
        ("255 bytes", vec![b'A'; 255]),
        ("600 bytes in three pieces", vec![b'A'; 600]),
        ("16 NULs", vec![0; 16]),
        ("not UTF-8", vec![0xff, 0xfe, 0x80, 0xc3, 0x28]),
        ("format directives", b"%n%n%s%s%x%1$n%p".to_vec()),
        ("template directives", b"{{mac}}{% for x in y %}{{".to_vec()),
        ("a sub-option cut off", vec![1, 200, b'A']),
        ("a sub-option without its length", vec![1, 1, b'A', 2]),
        ("a sub-option of all 255", vec![255; 255]),
        ("an enterprise cut off", vec![0, 1, 0x86, 0x9f, 200, 1, 2]),
        ("half an enterprise number", vec![0, 0, 0x36]),
        ("an enterprise with a cut-off sub-option", vec![0, 1, 0x86, 0x9f, 3, 2, 200, b'V']),
        ("a quote and a newline", b"a\"b\\c\r\nd\x1b[31m".to_vec()),
    ]
}

/// The options that the core, the shim or Kea look into.
const CODES: [u8; 16] = [12, 15, 43, 50, 51, 55, 60, 61, 66, 77, 81, 82, 93, 120, 124, 125];

/// What computers request (PXE, NetInfo and WPAD): who requests one of these is not taken for a phone by its
/// address alone, and by chance some of the contents above do.
const OF_COMPUTERS: [u8; 5] = [93, 94, 97, 112, 252];

struct Case {
    name: String,
    phone: Phone,
    /// Looks like a computer by its request list.
    computer: bool,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut number: u32 = 0;
    for code in CODES {
        for (name, content) in contents() {
            number += 1;
            let [_, a, b, c] = number.to_be_bytes();
            let yealink = Phone { mac: [0, 0x15, 0x65, a, b, c], options: vec![], tail: None };
            for phone in [Phone::stranger(number), yealink] {
                let name = format!("{}, option {code}: {name}", phone.mac_text());
                let computer = code == 55 && content.iter().any(|byte| OF_COMPUTERS.contains(byte));
                cases.push(Case { name, phone: phone.option(code, &content), computer });
            }
        }
    }
    for (name, tail) in [
        ("no END", vec![]),
        ("an option without its length", vec![60]),
        ("an option cut off", vec![60, 200, b'P']),
        ("an END in the middle", vec![255, 60, 3, b'a', b'b', b'c']),
        ("a thousand PADs", vec![0; 1000]),
        ("overload of both fields", vec![52, 1, 3, 255]),
    ] {
        number += 1;
        let [_, a, b, c] = number.to_be_bytes();
        let mac = [0, 0x15, 0x65, a, b, c];
        let phone = Phone { mac, options: vec![], tail: Some(tail) };
        cases.push(Case { name: name.to_owned(), phone, computer: false });
    }
    cases
}

fn ask(kea: &Kea, cases: &[Case]) -> Vec<Option<Answer>> {
    let mut relay = Relay::of(kea);
    relay.patience = Duration::from_millis(700);
    let questions: Vec<Question> =
        cases.iter().map(|case| relay.question(&case.phone, DISCOVER)).collect();
    relay.ask_all(&questions)
}

#[test]
fn whatever_a_client_sends_it_gets_the_answer_it_got_without_the_hook() {
    let cases = cases();
    let plain = Setup::new().start();
    let without = ask(&plain, &cases);
    let mut kea = Setup::offhook(POLICY).start();
    let with = ask(&kea, &cases);
    let mut wrong = Vec::new();
    let mut told = 0;
    for (case, pair) in cases.iter().zip(without.iter().zip(&with)) {
        match pair {
            (None, None) => {}
            (Some(without), Some(with)) => {
                let (mut more, lost) = with.beyond(without);
                // Since 2.7 Kea makes up a name with the address in it, which is another here.
                more.retain(|(code, _)| *code != 81);
                let phone = case.phone.mac[..3] == [0, 0x15, 0x65] && !case.computer;
                let expected = if phone { vec![(66, URL.to_vec())] } else { vec![] };
                told += usize::from(phone);
                if more != expected || !lost.is_empty() {
                    wrong.push(format!("{}: found {}, lost {lost:?}", case.name, show_all(&more)));
                }
            }
            (without, with) => wrong.push(format!(
                "{}: answered without the hook: {}, with it: {}",
                case.name,
                without.is_some(),
                with.is_some()
            )),
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert!(told > cases.len() / 4, "expected many phones to be answered at all, found {told}");
    assert!(kea.alive(), "expected the server to live");
    assert_eq!(
        faults(&kea),
        0,
        "expected no fault in offhook, found\n{:#?}",
        kea.log_lines("OFFHOOK_FAULT")
    );
}

fn faults(kea: &Kea) -> i64 {
    kea.must_statistic("offhook.faults")
}

/// How a callout may be made to fail, by words in the packet.
const WAYS: [&str; 3] = ["panic", "throw", "odd-throw"];
const CALLOUTS: [&str; 4] = ["buffer4_receive", "pkt4_send", "lease4_select", "lease4_renew"];

#[test]
fn a_fault_in_any_callout_costs_no_answer_and_is_told_once() {
    let policy: Value = serde_json::from_str(POLICY).expect("JSON");
    let mut kea = Setup::new()
        .kea_library("libdhcp_lease_cmds.so", None)
        // Who names the prefix wants classes, and so all callouts are called.
        .library(faulty_library(), Some(json!({ "policy": policy, "class-prefix": "PHONE" })))
        .start();
    let relay = Relay::of(&kea);
    let mut number = 0;
    for callout in CALLOUTS {
        for way in WAYS {
            number += 1;
            let name = format!("{way} in {callout}");
            let well = Phone::new(&format!("00:15:65:00:00:{number:02x}"));
            let ill = well.clone().option(224, format!("offhook-{way}-{callout}"));
            let (counted, told) = (faults(&kea), kea.log_lines("OFFHOOK_FAULT").len());

            let (offer, ack) = relay.boot(&ill);
            let renewed = relay.renew(&ill, ack.yiaddr());
            let counted = faults(&kea) - counted;
            assert!(counted > 0, "{name}: expected a fault counted, found {counted}");
            let lines = kea.log_lines("OFFHOOK_FAULT").split_off(told);
            assert_eq!(
                lines.len() as i64,
                counted,
                "{name}: expected a line a fault, found {lines:#?}"
            );
            let short = callout.split('_').next().unwrap_or(callout);
            assert!(
                lines[0].contains(short),
                "{name}: expected the callout's name in {}",
                lines[0]
            );
            for answer in [&offer, &ack, &renewed] {
                // The fault of one callout leaves the others' work alone.
                let expected = (callout != "pkt4_send").then_some(URL);
                assert_eq!(answer.option(66), expected, "{name}: option 66");
            }

            let (offer, _) = relay.boot(&well);
            assert_eq!(offer.option(66), Some(URL), "{name}: expected the next packet as ever");
            assert!(kea.alive(), "{name}: expected the server to live");
        }
    }
}
