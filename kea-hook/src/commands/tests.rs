//! Commands as an operator sees them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use offhook_core::parts::Parts;
use offhook_core::{Context, Mac, MessageType};
use serde_json::{Value, json};

use super::*;
use crate::packet::{Before, Packet};
use crate::testing::{Told, VENDOR, hook, wire};

fn ask(hook: &Hook, name: &str, arguments: Value) -> Value {
    let arguments = if arguments.is_null() { String::new() } else { arguments.to_string() };
    serde_json::from_str(&run(hook, name, &arguments).into_json()).unwrap()
}

fn see(hook: &Hook, mac: &str) {
    let wire = wire(mac, VENDOR);
    let context = Context { leased: Some([10, 0, 0, 9].into()), ..Context::default() };
    hook.answer(
        &Packet {
            wire: &wire,
            context,
            reply: MessageType::Ack,
            now: 7,
            before: Before::default(),
        },
        &mut Told::default(),
    );
}

#[test]
fn every_wrong_argument_is_named() {
    let hook = hook(json!({}));
    for (command, arguments, expected) in [
        ("phone-explain", json!({"hw-address": "x"}), "argument hw-address: expected a hardware"),
        ("phone-explain", json!({"hw-adress": "x"}), "did you mean \"hw-address\"?"),
        ("phone-explain", json!({"packet": "00"}), "argument packet: expected a whole packet"),
        ("phone-explain", json!([]), "the arguments must be a map, found a list"),
        ("phone-allow-move", Value::Null, "argument 'hw-address' is missing"),
        ("phone-allow-move", json!({"hw-address": "02:00:00:00:00:01"}), "no file-access.token"),
        ("phone-get", Value::Null, "argument 'hw-address' is missing"),
        ("phone-get", json!({"hw-address": 3}), "argument 'hw-address' must be a text, found 3"),
        ("phone-get", json!({"hw-address": "zz"}), "must be a hardware address such as"),
        ("phone-list", json!({"limit": 0}), "'limit' must be a whole number from 1 to 10000"),
        ("phone-list", json!({"limit": "9"}), "'limit' must be a whole number"),
        ("phone-list", json!({"from": "zz"}), "'from' must be a hardware address"),
        ("phone-list", json!({"vendor": "nobody"}), "'vendor': there is no vendor 'nobody'"),
        ("phone-list", json!({"site": 7}), "'site' must be a text, found 7"),
        ("phone-list", json!({"recognised": "no"}), "'recognised' must be true or false"),
        ("phone-list", json!({"seen-since": "today"}), "'seen-since' must be a whole number"),
        ("phone-list", json!({"colour": "red"}), "unknown argument 'colour'"),
        ("phone-list", json!("all"), "the arguments must be a map, found a text"),
        ("phone-policy-get", json!({"x": 1}), "unknown argument 'x': there are no arguments"),
        ("phone-policy-reload", json!({"x": 1}), "unknown argument 'x'"),
        ("phone-policy-set", json!({}), "argument 'policy' is missing"),
        ("phone-policy-set", json!({"policy": "{}"}), "'policy' must be a map, found \"{}\""),
        ("phone-policy-test", json!({"policy": {}, "limit": -1}), "'limit' must be a whole"),
        ("phone-status-get", json!({"x": 1}), "unknown argument 'x'"),
        ("phone-vendor-get", json!({}), "argument 'vendor' is missing"),
        ("phone-vendor-list", json!({"x": 1}), "unknown argument 'x'"),
    ] {
        let answer = ask(&hook, command, arguments.clone());
        let text = answer["text"].as_str().unwrap();
        assert_eq!(answer["result"], 1, "{command} {arguments}");
        assert!(text.contains(expected), "{command} {arguments}: {text}");
    }
    assert!(run(&hook, "phone-list", "{").into_json().contains("not JSON"));
}

#[test]
fn a_policy_is_tried_and_set_and_nothing_changes_in_between() {
    let hook = hook(json!({}));
    see(&hook, "02:00:00:00:00:07");
    let other = json!({"vendors": {"testphone": {"options": [{"code": 66, "text": "b"}]}}});
    let answer = ask(&hook, "phone-policy-test", json!({ "policy": other }));
    assert_eq!(answer["result"], 0, "{answer}");
    assert_eq!(answer["arguments"]["changed"], 1);
    let difference = &answer["arguments"]["differences"][0];
    assert_eq!(difference["hw-address"], "02:00:00:00:00:07");
    assert_eq!(difference["changes"][0]["what"], "option 66");
    assert_eq!(difference["changes"][0]["before"]["text"], "a");
    assert_eq!(difference["changes"][0]["after"]["text"], "b");
    assert_eq!(
        answer["arguments"]["groups"][0]["words"],
        json!(["option 66 \"b\" instead of \"a\""])
    );

    let before = ask(&hook, "phone-policy-get", Value::Null);
    let wrong = ask(&hook, "phone-policy-set", json!({"policy": {"answer": 1, "sites": 2}}));
    assert_eq!(wrong["result"], 1);
    assert_eq!(wrong["arguments"]["mistakes"].as_array().unwrap().len(), 2);
    assert!(hook.prepared().is_none());
    assert_eq!(ask(&hook, "phone-policy-get", Value::Null), before);

    let set = run(&hook, "phone-policy-set", &json!({ "policy": other }).to_string());
    assert!(set.apply);
    assert_eq!(ask(&hook, "phone-policy-get", Value::Null), before, "not before it is applied");
    assert!(hook.apply());
    assert!(!hook.apply(), "once");
    let after = ask(&hook, "phone-policy-get", Value::Null);
    assert_eq!(after["arguments"]["policy"], other);
    assert_eq!(after["arguments"]["origin"], "command");
}

#[test]
fn phones_come_by_page() {
    let hook = hook(json!({}));
    assert_eq!(ask(&hook, "phone-list", Value::Null)["result"], 3);
    for number in 0..250u64 {
        see(&hook, &Mac::from_number(0x0200_0000_0000 + number).to_string());
    }
    let (mut from, mut seen) = ("start".to_owned(), 0);
    loop {
        let answer = ask(&hook, "phone-list", json!({"from": from, "limit": 100}));
        let phones = answer["arguments"]["phones"].as_array().unwrap().clone();
        assert_eq!(answer["arguments"]["most"], 100_000);
        let Some(last) = phones.last() else { break };
        assert_eq!(last["vendor"], "testphone");
        assert_eq!(last["told"][0]["text"], "a");
        from = last["hw-address"].as_str().unwrap().to_owned();
        seen += phones.len();
    }
    assert_eq!(seen, 250);
    assert_eq!(all(&hook, "phone-list", &json!({"site": "elsewhere"}), "count"), 0);
    let one = ask(&hook, "phone-get", json!({"hw-address": "0200.0000.0007"}));
    let asked = ask(&hook, "phone-explain", one["arguments"]["question"].clone());
    assert_eq!(
        asked["arguments"]["vendor"], "testphone",
        "a list's question is one to ask: {asked}"
    );
    assert_eq!(one["arguments"]["ip-address"], "10.0.0.9");
    assert_eq!(one["arguments"]["now"]["options"][0]["text"], "a");
    let brief = ask(&hook, "phone-list", json!({"limit": 1, "brief": true}));
    let (fields, row) = (&brief["arguments"]["fields"], &brief["arguments"]["phones"][0]);
    assert_eq!(fields, &json!(rows::FIELDS));
    let whole = ask(&hook, "phone-list", json!({"limit": 1}))["arguments"]["phones"][0].clone();
    let row: Vec<&str> = row.as_str().unwrap().split('\t').collect();
    for (field, found) in rows::FIELDS.iter().zip(&row) {
        let expected = match &whole[field] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(**found, expected, "{field}");
    }
    assert_eq!(row[rows::FIELDS.len()..], ["66=a"]);
    assert_eq!(ask(&hook, "phone-get", json!({"hw-address": "00:00:00:00:00:01"}))["result"], 3);
}

#[test]
fn what_looks_like_a_phone_is_listed_too() {
    let hook = hook(json!({}));
    see(&hook, "02:00:00:00:00:07");
    let mut strange = wire("02:00:00:00:00:05", b"Nobody knows 1.0");
    strange.pop();
    strange.extend([55, 3, 1, 66, 160, 255]);
    let laptop = wire("02:00:00:00:00:06", b"MSFT 5.0");
    for wire in [strange, laptop] {
        let (context, before) = (Context::default(), Before::default());
        let packet = Packet { wire: &wire, context, reply: MessageType::Offer, now: 9, before };
        assert!(!hook.answer(&packet, &mut Told::default()), "it gets nothing");
    }
    let listed = |arguments: Value| {
        let answer = ask(&hook, "phone-list", arguments);
        let phones = answer["arguments"]["phones"].as_array().unwrap().clone();
        phones.iter().map(|phone| phone["hw-address"].as_str().unwrap()[15..].to_owned()).collect()
    };
    let expect = |arguments: Value, addresses: &[&str]| {
        let found: Vec<String> = listed(arguments.clone());
        assert_eq!(found, addresses, "{arguments}");
    };
    expect(Value::Null, &["05", "07"]);
    expect(json!({"recognised": true}), &["07"]);
    expect(json!({"recognised": false}), &["05"]);
    expect(json!({"seen-since": 8}), &["05"]);
    expect(json!({"seen-since": 10}), &[]);
    let one = ask(&hook, "phone-get", json!({"hw-address": "02:00:00:00:00:05"}));
    assert_eq!(one["arguments"]["looks-like-a-phone-by"], "request-list");
    assert_eq!(one["arguments"]["vendor-class"], "Nobody knows 1.0");
    assert_eq!(one["arguments"]["vendor"], Value::Null);
}

/// A client that sends all it can: every option that is kept, as long as it gets.
fn see_hostile(hook: &Hook, number: u64) {
    let mut parts =
        Parts { mac: Some(Mac::from_number(0x0200_0000_0000 + number)), ..Parts::default() };
    let noise = |code: u8| {
        let mut value = number.to_string().into_bytes();
        value.resize(250, code);
        value
    };
    parts.option(60, [VENDOR, &noise(b'6')[..200]].concat());
    for option in [12, 55, 77, 82, 124, 125] {
        parts.option(option, noise(option));
    }
    let context = Context { leased: Some([10, 0, 0, 9].into()), ..Context::default() };
    let (wire, before) = (parts.wire(7), Before::default());
    let packet = Packet { wire: &wire, context, reply: MessageType::Ack, now: 7, before };
    hook.answer(&packet, &mut Told::default());
}

#[test]
fn no_command_keeps_the_server_long_while_100_000_hostile_phones_are_known() {
    let hook = hook(json!({}));
    for number in 0..100_000u64 {
        see_hostile(&hook, number);
    }
    let phones = &hook.seen.phones;
    assert!(phones.bytes() <= phones.most_bytes(), "{}", phones.bytes());
    assert!(phones.len() > 20_000, "{}", phones.len());
    let other = json!({"vendors": {"testphone": {"options": [{"code": 66, "text": "b"}]}}});
    for (command, arguments) in [
        ("phone-list", json!({"limit": 10_000})),
        ("phone-list", json!({"site": "nowhere"})),
        ("phone-policy-test", json!({"policy": other, "limit": 1000})),
        ("phone-get", json!({"hw-address": "02:00:00:01:86:9f"})),
        ("phone-policy-get", json!({})),
        ("phone-status-get", json!({})),
    ] {
        let start = Instant::now();
        let answer = run(&hook, command, &arguments.to_string()).into_json();
        let took = start.elapsed();
        // Unoptimised, on a machine with other work; what is optimised is measured by an integration test.
        assert!(took < Duration::from_secs(1), "{command} {arguments}: {took:?}");
        assert!(answer.len() < 400 << 10, "{command} {arguments}: {} bytes", answer.len());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["result"], 0, "{command} {arguments}: {}", answer["text"]);
    }
}

/// Follows "next" to the end; the sum of what `count` finds in each answer.
fn all(hook: &Hook, command: &str, arguments: &Value, count: &str) -> u64 {
    let (mut sum, mut arguments) = (0, arguments.clone());
    for _ in 0..10_000 {
        let answer = ask(hook, command, arguments.clone());
        // On a machine with other work; the answer says to repeat the command.
        if answer["text"].as_str().is_some_and(|text| text.contains("still being compiled")) {
            std::thread::sleep(Duration::from_millis(50));
            continue;
        }
        assert_ne!(answer["result"], 1, "{answer}");
        sum += answer["arguments"][count].as_u64().unwrap();
        let Some(next) = answer["arguments"]["next"].as_str() else { return sum };
        arguments["from"] = next.into();
    }
    panic!("{command} {arguments} does not end")
}

#[test]
fn an_answer_that_stops_early_says_where_to_go_on() {
    let hook = hook(json!({}));
    for number in 0..1_500 {
        see_hostile(&hook, number);
    }
    assert_eq!(all(&hook, "phone-list", &json!({"limit": 10_000}), "count"), 1_500);
    assert_eq!(all(&hook, "phone-list", &json!({"limit": 7}), "count"), 1_500);
    assert_eq!(all(&hook, "phone-list", &json!({"site": "nowhere"}), "count"), 0);
    let other = json!({"vendors": {"testphone": {"options": [{"code": 66, "text": "b"}]}}});
    let test = json!({"policy": other, "limit": 0});
    assert_eq!(all(&hook, "phone-policy-test", &test, "changed"), 1_500);
    let first = ask(&hook, "phone-list", json!({"limit": 10_000}));
    assert!(
        first["text"].as_str().unwrap().contains("more: continue with \"from\""),
        "{}",
        first["text"]
    );
}

#[test]
fn long_arguments_are_refused() {
    let hook = hook(json!({}));
    let long = json!({"vendor-class": "x".repeat(300_000)});
    let answer = ask(&hook, "phone-explain", long);
    assert!(answer["text"].as_str().unwrap().contains("expected at most 262144 bytes"));
    for count in [2001, 100_000] {
        let many = vec![json!({}); count];
        let answer = ask(&hook, "phone-policy-test", json!({"policy": {"sites": many}}));
        let mistakes = answer["arguments"]["mistakes"].as_array().unwrap();
        assert_eq!(mistakes[0]["place"], "sites", "{answer}");
        assert_eq!(mistakes.len(), 1, "no other work is done");
    }
}

#[test]
fn a_policy_is_shown_without_its_secrets_and_tried_without_its_keys() {
    let folder = "a-random-folder-of-letters";
    let url = "https://name:word@p.example/{{random-folder}}/{{token}}/";
    let policy = json!({
        "systems": [{"system": "url", "url": url}],
        "file-access": {"random-folder": folder, "token": {"key-file": "/etc/passwd"}},
    });
    let hook = hook(
        json!({"file-access": {"random-folder": folder}, "vars": {"a": "https://name:word@p.example/"}}),
    );
    let answer = ask(&hook, "phone-policy-test", json!({"policy": policy}));
    assert_eq!(answer["result"], 0, "the key file is not opened: {answer}");
    let answer = ask(&hook, "phone-policy-set", json!({"policy": policy}));
    assert_eq!(answer["result"], 1, "{answer}");
    assert!(answer["text"].as_str().unwrap().contains("file-access.token.key-file"), "{answer}");
    let shown = ask(&hook, "phone-policy-get", Value::Null);
    assert_eq!(shown["arguments"]["policy"]["file-access"]["random-folder"], "***");
    assert!(!shown.to_string().contains("name:word"), "{shown}");
}

#[test]
fn status_counts() {
    let hook = hook(json!({}));
    see(&hook, "02:00:00:00:00:07");
    let answer = ask(&hook, "phone-status-get", Value::Null);
    assert_eq!(answer["arguments"]["counters"]["answered"], 1);
    assert_eq!(answer["arguments"]["counters"]["faults"], 0);
    assert_eq!(
        answer["arguments"]["phones"],
        json!({
            "remembered": 1, "most": 100_000, "unknown": 0, "most-unknown": 10_000,
            "bytes": hook.seen.phones.bytes(), "most-bytes": 52 << 20,
        })
    );
    assert!((30..300).contains(&hook.seen.phones.bytes()), "{}", hook.seen.phones.bytes());
}

#[test]
fn every_command_is_described_in_keas_own_format() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("api");
    let described: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected: BTreeSet<String> =
        COMMANDS.iter().map(|(name, _)| format!("{name}.json")).collect();
    assert_eq!(described, expected);
    for (name, _) in COMMANDS {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let api: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(api["name"], name);
        assert_eq!(api["hook"], "offhook");
        assert_eq!(api["support"], json!(["kea-dhcp4"]));
        let writes =
            ["phone-allow-move", "phone-policy-set", "phone-policy-reload"].contains(&name);
        assert_eq!(api["access"], if writes { "write" } else { "read" }, "{name}");
        for key in ["avail", "description"] {
            assert!(api[key].is_string(), "{name}: {key}");
        }
        for key in ["brief", "cmd-syntax", "cmd-comment", "resp-syntax", "resp-comment"] {
            let lines = api[key].as_array().unwrap();
            assert!(lines.iter().all(Value::is_string), "{name}: {key}");
        }
    }
}
