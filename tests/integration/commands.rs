//! Every `phone-...` command over the control channel, with arguments good and bad.

use crate::annotate::{FILES, polycom};
use crate::peers::control;
use crate::peers::kea::{Kea, Setup};
use crate::peers::packet::{Answer, DISCOVER, hex, unhex};
use crate::peers::phone::{Phone, Relay};
use serde_json::{Value, json};

/// What Kea is to list; that each has its description in kea-hook/api, `arguments` sees to.
pub const COMMANDS: [&str; 11] = [
    "phone-allow-move",
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
    assert_eq!(empty.result, 3, "expected result 3 for an empty list, found {empty:?}");
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
fn the_list_is_narrowed_by_site_time_and_kind_and_still_paged() {
    let policy = json!({
        "systems": [{ "system": "files", "url": "https://provision.example.com/" }],
        "sites": [{ "name": "branch", "match": { "networks": ["127.1.150.0/24"] } }],
    });
    let kea = Setup::offhook(&policy.to_string())
        .edit(|dhcp4| {
            let pools = &mut dhcp4["subnet4"][0]["pools"];
            *pools = json!([{ "pool": "127.1.150.1 - 127.1.150.3" }, { "pool": "127.1.160.1 - 127.1.160.9" }]);
        })
        .start();
    let relay = Relay::of(&kea);
    let macs: Vec<String> = (1..=5).map(|number| format!("00:04:f2:00:00:{number:02x}")).collect();
    for mac in &macs {
        relay.boot(&Phone::new(mac).class("Polycom-VVX410"));
    }
    relay.boot(&Phone::new("02:00:00:00:00:77").class("Nobody knows 1.0").wants(&[1, 3, 66, 160]));
    let list = |arguments: Value| {
        let reply = kea.command("phone-list", arguments);
        let phones = reply.arguments["phones"].as_array().cloned().unwrap_or_default();
        assert_eq!(reply.result, if phones.is_empty() { 3 } else { 0 }, "found {reply:?}");
        let mac = |phone: &Value| phone["hw-address"].as_str().unwrap_or_default().to_owned();
        phones.iter().map(mac).collect::<Vec<_>>()
    };
    let at_branch = list(json!({ "site": "branch" }));
    assert_eq!(at_branch.len(), 3, "found {at_branch:?}");
    assert!(at_branch.iter().all(|mac| macs.contains(mac)));
    // A page of a narrowed list begins where the last one ended.
    let first = list(json!({ "site": "branch", "limit": 2 }));
    let rest = list(json!({ "site": "branch", "limit": 2, "from": first[1] }));
    assert_eq!([first, rest].concat(), at_branch);
    assert_eq!(list(json!({ "site": "nowhere" })), [""; 0]);
    assert_eq!(list(json!({ "recognised": true })), macs);
    assert_eq!(list(json!({ "recognised": false })), ["02:00:00:00:00:77"]);
    assert_eq!(list(json!({})).len(), 6);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    assert_eq!(list(json!({ "seen-since": now.as_secs() - 60 })).len(), 6);
    assert_eq!(list(json!({ "seen-since": now.as_secs() + 60 })).len(), 0);
    assert_eq!(list(json!({ "vendor": "polycom", "recognised": false })).len(), 0);
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
