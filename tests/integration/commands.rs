//! Every `phone-...` command over the control channel, with arguments good and bad.

use crate::annotate::{FILES, polycom};
use crate::peers::control;
use crate::peers::kea::{Kea, Setup};
use crate::peers::packet::{Answer, DISCOVER, hex, unhex};
use crate::peers::phone::{Phone, Relay};
use serde_json::{Value, json};

const COMMANDS: [&str; 10] = [
    "phone-explain",
    "phone-get",
    "phone-list",
    "phone-policy-get",
    "phone-policy-reload",
    "phone-policy-set",
    "phone-policy-test",
    "phone-status-get",
    "phone-vendor-get",
    "phone-vendor-list",
];

fn other_policy() -> Value {
    json!({ "systems": [{ "system": "files", "url": "https://elsewhere.example.com/" }] })
}

/// The options that an explanation or a list says are set, as bytes.
fn options(list: &Value) -> Vec<(u8, Vec<u8>)> {
    let list =
        list.as_array().unwrap_or_else(|| panic!("expected a list of options, found {list}"));
    let option = |option: &Value| {
        let code = option["code"].as_u64().and_then(|code| u8::try_from(code).ok());
        (code.expect("a code"), unhex(option["hex"].as_str().expect("hex digits")))
    };
    list.iter().filter(|option| option["action"] == "set").map(option).collect()
}

fn url(answer: &Answer) -> String {
    String::from_utf8_lossy(answer.option(66).unwrap_or_default()).into_owned()
}

#[test]
fn kea_lists_all_of_them_and_each_answers() {
    let kea = Setup::new().offhook_file(FILES).start();
    let listed = kea.command("list-commands", None).ok();
    let listed: Vec<&str> =
        listed.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let ours: Vec<&str> =
        listed.iter().filter(|name| name.starts_with("phone-")).copied().collect();
    assert_eq!(ours, COMMANDS);
    for name in COMMANDS {
        let reply = kea.command(name, None);
        assert!([0, 1, 3].contains(&reply.result), "{name}: found {reply:?}");
        assert!(!reply.text.is_empty(), "{name}: expected a text");
    }
}

#[test]
fn bad_arguments_are_refused_by_name() {
    let kea = Setup::new().offhook_file(FILES).start();
    let long = "f".repeat(70_000);
    for (command, arguments, words) in [
        ("phone-explain", json!({}), "hw-address"),
        ("phone-explain", json!({ "hw-address": 7 }), "hw-address"),
        ("phone-explain", json!({ "hw-address": "00:15:65" }), "hw-address"),
        ("phone-explain", json!({ "hw-adress": "00:15:65:00:00:01" }), "hw-adress"),
        ("phone-explain", json!({ "packet": "0" }), "packet"),
        ("phone-explain", json!({ "packet": "zz" }), "packet"),
        ("phone-explain", json!({ "packet": "0101" }), "packet"),
        ("phone-explain", json!({ "hw-address": "00:15:65:00:00:01", "relay": "10.7" }), "relay"),
        ("phone-explain", json!({ "vendor-class": "a", "vendor-class-hex": "61" }), "vendor-class"),
        ("phone-explain", json!({ "vendor-class": "a", "request-list": [1, 300] }), "request-list"),
        ("phone-explain", json!({ "vendor-class": "a", "client-classes": [1] }), "client-classes"),
        ("phone-explain", json!({ "vendor-class": "a", "message": "offer" }), "message"),
        (
            "phone-explain",
            json!({ "vendor-class-hex": long.replace('f', "g") }),
            "vendor-class-hex",
        ),
        ("phone-get", json!({}), "hw-address"),
        ("phone-get", json!({ "hw-address": [] }), "hw-address"),
        ("phone-list", json!({ "limit": 0 }), "limit"),
        ("phone-list", json!({ "limit": -1 }), "limit"),
        ("phone-list", json!({ "limit": 1.5 }), "limit"),
        ("phone-list", json!({ "limit": "all" }), "limit"),
        ("phone-list", json!({ "from": "nowhere" }), "from"),
        ("phone-list", json!({ "vendor": "nobody" }), "vendor"),
        ("phone-policy-get", json!({ "policy": {} }), "policy"),
        ("phone-policy-reload", json!({ "file": "/etc/passwd" }), "file"),
        ("phone-policy-set", json!({}), "policy"),
        ("phone-policy-set", json!({ "policy": "text" }), "policy"),
        ("phone-policy-set", json!({ "policy": { "answer": "nobody" } }), "answer"),
        ("phone-policy-test", json!({ "policy": [] }), "policy"),
        ("phone-policy-test", json!({ "policy": { "sites": 7 } }), "sites"),
        ("phone-policy-test", json!({ "policy": {}, "limit": "x" }), "limit"),
        ("phone-status-get", json!({ "verbose": true }), "verbose"),
        ("phone-vendor-get", json!({}), "vendor"),
        ("phone-vendor-get", json!({ "vendor": "nobody" }), "nobody"),
        ("phone-vendor-list", json!({ "all": 1 }), "all"),
        ("phone-vendor-list", json!([1, 2]), "arguments"),
    ] {
        let shown = arguments.to_string().chars().take(80).collect::<String>();
        let text = kea.command(command, arguments).refused();
        assert!(text.contains(words), "{command} {shown}: expected {words:?} in {text:?}");
    }
    assert_eq!(kea.must_statistic("offhook.faults"), 0);
}

#[test]
fn odd_bytes_on_the_control_channel_do_no_harm() {
    let mut kea = Setup::new().offhook_file(FILES).start();
    for question in [
        &b"{\"command\": \"phone-get\", \"arguments\": {\"hw-address\": \"\\u0000\\u00ff\"}}"[..],
        b"{\"command\": \"phone-explain\", \"arguments\": {\"vendor-class\": \"\xff\xfe\"}}",
        b"{\"command\": \"phone-explain\", \"arguments\": null}",
        b"{\"command\": \"phone-explain\", \"arguments\": \"text\"}",
        b"{\"command\": \"phone-list\", \"arguments\": {\"limit\": 99999999999999999999}}",
        b"{\"command\": \"phone-no-such\"}",
    ] {
        let answer = control::raw(&kea.socket(), question);
        assert!(answer["result"].is_number(), "expected an answer of Kea's, found {answer}");
    }
    assert!(kea.alive(), "expected the server to live");
    assert_eq!(kea.must_statistic("offhook.faults"), 0);
}

#[test]
fn what_is_explained_is_what_the_phone_is_told() {
    let kea = Setup::offhook(FILES).start();
    let relay = Relay::of(&kea);
    let without = Relay::of(&Setup::new().start()).discover(&polycom());
    let (told, _) = relay.discover(&polycom()).beyond(&without);
    let by_parts = json!({ "hw-address": "00:04:f2:aa:bb:01", "vendor-class": "Polycom-VVX410",
        "relay": "127.1.2.3", "interface": "lo" });
    let whole = json!({ "packet": hex(&relay.question(&polycom(), DISCOVER).write()) });
    for arguments in [by_parts, whole] {
        let explained = kea.command("phone-explain", arguments).ok();
        assert_eq!(options(&explained["options"]), told, "found {explained}");
        assert_eq!(explained["vendor"], "polycom");
        assert_eq!(explained["model"], "VVX410");
        assert_eq!(explained["system"], "files");
        assert_eq!(explained["answer"], "continue");
        assert_eq!(explained["classes"], json!(["PHONE", "PHONE_polycom"]));
        assert_eq!(explained["site"], Value::Null);
        for list in ["evidence", "reasons"] {
            let long = explained[list].as_array().is_some_and(|list| !list.is_empty());
            assert!(long, "expected sentences in {list}, found {explained}");
        }
    }
    let laptop = json!({ "hw-address": "02:00:00:00:00:01", "vendor-class": "MSFT 5.0" });
    let explained = kea.command("phone-explain", laptop).ok();
    assert_eq!(explained["vendor"], Value::Null);
    assert_eq!(explained["options"], json!([]));
}

fn digest(kea: &Kea) -> String {
    let arguments = kea.command("phone-policy-get", None).ok();
    arguments["digest"].as_str().expect("a digest").to_owned()
}

#[test]
fn a_policy_can_be_seen_tried_and_set() {
    let kea = Setup::new().offhook_file(FILES).start();
    let relay = Relay::of(&kea);
    let policy = kea.command("phone-policy-get", None).ok();
    assert_eq!(policy["policy"], serde_json::from_str::<Value>(FILES).expect("JSON"));
    assert_eq!(policy["origin"], "file");
    assert_eq!(url(&relay.discover(&polycom())), "https://provision.example.com/");
    let before = digest(&kea);

    let tried = kea.command("phone-policy-test", json!({ "policy": other_policy() })).ok();
    assert_eq!([&tried["phones"], &tried["changed"]], [&json!(1), &json!(1)], "found {tried}");
    let difference = &tried["differences"][0];
    assert_eq!(difference["hw-address"], "00:04:f2:aa:bb:01", "found {tried}");
    let told = |key: &str| {
        let changes = difference["changes"].as_array().expect("a list");
        let one = |change: &Value| (change["what"].clone(), change[key]["text"].clone());
        changes.iter().map(one).collect::<Vec<_>>()
    };
    let phone = |host: &str| {
        let url = json!(format!("https://{host}.example.com/"));
        vec![(json!("option 66"), url.clone()), (json!("option 160"), url)]
    };
    assert_eq!((told("before"), told("after")), (phone("provision"), phone("elsewhere")));
    assert_eq!(digest(&kea), before, "expected a try to change nothing");
    assert_eq!(url(&relay.discover(&polycom())), "https://provision.example.com/");

    let same = kea.command("phone-policy-test", None).ok();
    assert_eq!(same["changed"], 0, "expected the file itself to change nothing, found {same}");

    kea.command("phone-policy-set", json!({ "policy": other_policy() })).ok();
    assert_eq!(url(&relay.discover(&polycom())), "https://elsewhere.example.com/");
    assert_ne!(digest(&kea), before);
    let policy = kea.command("phone-policy-get", None).ok();
    assert_eq!(policy["policy"], other_policy());

    let refused = kea.command("phone-policy-set", json!({ "policy": { "answer": "nobody" } }));
    assert_eq!(refused.arguments["mistakes"][0]["place"], "answer", "found {refused:?}");
    assert_eq!(url(&relay.discover(&polycom())), "https://elsewhere.example.com/");

    kea.command("phone-policy-reload", None).ok();
    assert_eq!(url(&relay.discover(&polycom())), "https://provision.example.com/");
    assert_eq!(digest(&kea), before);
}

#[test]
fn a_policy_in_keas_configuration_has_no_file_to_read_again() {
    let kea = Setup::offhook(FILES).start();
    let text = kea.command("phone-policy-reload", None).refused();
    assert!(text.contains("config-reload"), "expected what to do instead, found {text}");
}

#[test]
fn phones_seen_are_listed_by_page() {
    let kea = Setup::offhook(FILES).start();
    let empty = kea.command("phone-list", None);
    assert_eq!(empty.result, 3, "expected result 3 for nobody, found {empty:?}");
    let relay = Relay::of(&kea);
    relay.boot(&Phone::stranger(1));
    let macs: Vec<String> = (0..25).map(|number| format!("00:04:f2:00:00:{number:02x}")).collect();
    for mac in &macs {
        relay.discover(&Phone::new(mac).class("Polycom-VVX410"));
    }
    relay.boot(&Phone::new("00:15:65:00:00:01"));

    let mut seen = Vec::new();
    let mut from = "start".to_owned();
    loop {
        let reply = kea.command("phone-list", json!({ "from": from, "limit": 10 }));
        let page = reply.arguments["phones"].as_array().cloned().unwrap_or_default();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 10, "expected at most ten, found {}", page.len());
        from = last["hw-address"].as_str().expect("an address").to_owned();
        seen.extend(page);
    }
    let found: Vec<&str> = seen.iter().filter_map(|phone| phone["hw-address"].as_str()).collect();
    let mut expected: Vec<&str> = macs.iter().map(String::as_str).collect();
    expected.push("00:15:65:00:00:01");
    assert_eq!(found, expected);
    assert_eq!(seen[0]["vendor"], "polycom");
    assert_eq!(seen[0]["model"], "VVX410");

    let yealinks = kea.command("phone-list", json!({ "vendor": "yealink" })).ok();
    assert_eq!(yealinks["count"], 1, "found {yealinks}");
    let one = kea.command("phone-get", json!({ "hw-address": "00-15-65-00-00-01" })).ok();
    assert_eq!(one["vendor"], "yealink");
    assert_eq!(one["answers"], 2, "expected OFFER and ACK to be counted, found {one}");
    assert_eq!(options(&one["told"]), [(66, b"https://provision.example.com/".to_vec())]);
    let nobody = kea.command("phone-get", json!({ "hw-address": "02:00:00:00:00:01" }));
    assert_eq!(nobody.result, 3, "expected no laptop in the list, found {nobody:?}");
}

#[test]
fn what_looks_like_a_phone_is_listed_and_told_nothing() {
    let kea = Setup::offhook(FILES).start();
    let relay = Relay::of(&kea);
    let strange = Phone::new("02:00:00:00:00:77").class("Nobody knows 1.0").wants(&[1, 3, 66, 160]);
    let answer = relay.discover(&strange);
    assert_eq!(answer.option(66), None);
    relay.discover(&polycom());
    let found = kea.command("phone-list", json!({ "recognised": false })).ok();
    assert_eq!(found["count"], 1, "found {found}");
    let phone = &found["phones"][0];
    assert_eq!(phone["hw-address"], "02:00:00:00:00:77");
    assert_eq!(phone["vendor-class"], "Nobody knows 1.0");
    assert_eq!(phone["looks-like-a-phone-by"], "request-list");
    assert_eq!((&found["unknown"], &found["remembered"]), (&json!(1), &json!(1)));
}

#[test]
fn the_catalogue_and_the_state_of_things() {
    let kea = Setup::offhook(FILES).start();
    let list = kea.command("phone-vendor-list", None).ok();
    let vendors = list["vendors"].as_array().expect("a list of vendors");
    assert!(vendors.len() >= 15, "expected 15 vendors or more, found {}", vendors.len());
    for vendor in vendors {
        let id = vendor["id"].as_str().expect("an id");
        assert_eq!(vendor["class"], format!("PHONE_{id}"));
        let one = kea.command("phone-vendor-get", json!({ "vendor": id })).ok();
        assert_eq!(one["name"], vendor["name"], "{id}");
    }
    Relay::of(&kea).boot(&polycom());
    let status = kea.command("phone-status-get", None).ok();
    assert_eq!(status["policy"]["digest"], digest(&kea), "found {status}");
    assert_eq!(status["counters"]["answered"], 2, "found {status}");
    assert_eq!(status["counters"]["faults"], 0, "found {status}");
    assert!(status["version"].is_string(), "expected a version, found {status}");
    assert!(status["policy"]["age"].is_number(), "expected the policy's age, found {status}");
}
