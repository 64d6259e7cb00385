//! The client classes PHONE and PHONE_<vendor>, and who is answered at all.

use crate::peers::kea::{Kea, Setup, distribution_hooks, guard};
use crate::peers::packet::{ACK, DISCOVER, INFORM};
use crate::peers::phone::{Phone, Relay};
use serde_json::{Value, json};
use std::fs;
use std::net::Ipv4Addr;
use std::time::Duration;

const FILES: &str =
    r#"{ "systems": [{ "system": "files", "url": "https://provision.example.com/" }] }"#;
const PHONES_ONLY: &str = r#"{ "systems": [{ "system": "files", "url": "https://provision.example.com/" }],
    "answer": "phones" }"#;
const PHONES_ONLY_AT_ONE_SITE: &str = r#"{
    "systems": [{ "system": "files", "url": "https://provision.example.com/" }],
    "sites": [{ "name": "voice", "match": { "networks": ["127.1.0.0/16"] }, "answer": "phones" }] }"#;

fn yealink() -> Phone {
    Phone::new("00:15:65:aa:bb:01")
}

fn polycom() -> Phone {
    Phone::new("00:04:f2:aa:bb:01").class("Polycom-VVX410")
}

/// A guarded pool.
fn pool(range: &str, class: &str) -> Value {
    let (key, value) = guard(class);
    let mut pool = json!({ "pool": range });
    pool[key] = value;
    pool
}

fn text(option: Option<&[u8]>) -> Option<String> {
    option.map(|value| String::from_utf8_lossy(value).into_owned())
}

#[test]
fn other_classes_may_ask_for_membership() {
    let domain = |name: &str| json!([{ "name": "domain-name", "data": name, "always-send": true }]);
    let kea = Setup::offhook(FILES)
        .edit(|dhcp4| {
            dhcp4["client-classes"] = json!([
                { "name": "PHONE" },
                { "name": "PHONE_polycom" },
                { "name": "POLYCOM", "test": "member('PHONE_polycom')",
                  "option-data": domain("polycom.example.com") },
                { "name": "VOICE", "test": "member('PHONE')", "option-data": domain("voice.example.com") },
                { "name": "REST", "test": "not member('PHONE')", "option-data": domain("example.com") },
            ]);
        })
        .start();
    let relay = Relay::of(&kea);
    for (client, expected) in [
        (yealink(), "voice.example.com"),
        (polycom(), "polycom.example.com"),
        (Phone::stranger(1), "example.com"),
    ] {
        let (offer, ack) = relay.boot(&client);
        for answer in [&offer, &ack] {
            let found = text(answer.option(15));
            assert_eq!(found.as_deref(), Some(expected), "{}", client.mac_text());
        }
    }
}

#[test]
fn pools_are_guarded_by_the_class_even_where_it_is_not_defined() {
    let kea = Setup::offhook(FILES)
        .edit(|dhcp4| {
            dhcp4["subnet4"][0]["pools"] = json!([
                pool("127.1.100.1 - 127.1.100.250", "PHONE_yealink"),
                pool("127.1.110.1 - 127.1.110.250", "PHONE_polycom"),
            ]);
        })
        .start();
    let mut relay = Relay::of(&kea);
    assert_eq!(relay.boot(&yealink()).1.yiaddr().octets()[2], 100, "expected Yealink's pool");
    assert_eq!(relay.boot(&polycom()).1.yiaddr().octets()[2], 110, "expected Polycom's pool");
    relay.patience = Duration::from_millis(500);
    let laptop = relay.question(&Phone::stranger(1), DISCOVER);
    assert_eq!(relay.ask(&laptop), None, "expected no address for a laptop");
}

#[test]
fn the_classes_prefix_can_be_changed() {
    let policy: Value = serde_json::from_str(FILES).expect("JSON");
    let kea = Setup::new()
        .offhook_with(json!({ "policy": policy, "class-prefix": "HANDSET" }))
        .edit(|dhcp4| {
            dhcp4["subnet4"][0]["pools"] = json!([
                pool("127.1.100.1 - 127.1.100.250", "HANDSET_yealink"),
                pool("127.1.110.1 - 127.1.110.250", "HANDSET"),
                pool("127.1.120.1 - 127.1.120.250", "PHONE"),
            ]);
        })
        .start();
    let relay = Relay::of(&kea);
    assert_eq!(relay.boot(&polycom()).1.yiaddr().octets()[2], 110, "expected the pool of HANDSET");
}

/// Drops are distinguished from packets still under way by a later answer and by Kea's own count.
fn refused(kea: &Kea, relay: &mut Relay, kind: u8) {
    let before = kea.must_statistic("pkt4-receive-drop");
    let patience = std::mem::replace(&mut relay.patience, Duration::from_millis(500));
    let mut question = relay.question(&Phone::stranger(77).class("MSFT 5.0"), kind);
    if kind == INFORM {
        question.ciaddr = relay.address;
    }
    assert_eq!(relay.ask(&question), None, "expected no answer for a laptop's message {kind}");
    relay.patience = patience;
    let drops = kea.must_statistic("pkt4-receive-drop") - before;
    assert_eq!(drops, 1, "expected one drop counted for message {kind}");
}

#[test]
fn only_phones_are_answered_and_the_others_counted() {
    let kea = Setup::offhook(PHONES_ONLY).start();
    let mut relay = Relay::of(&kea);
    for kind in [DISCOVER, INFORM] {
        refused(&kea, &mut relay, kind);
    }
    let (_, ack) = relay.boot(&yealink());
    assert_eq!(ack.message_type(), ACK);
    assert_eq!(kea.must_statistic("pkt4-receive-drop"), 2, "expected no drop of a phone");
}

#[test]
fn a_site_may_answer_phones_only_and_the_next_one_everybody() {
    let kea = Setup::offhook(PHONES_ONLY_AT_ONE_SITE)
        .edit(|dhcp4| {
            let subnets = dhcp4["subnet4"].as_array_mut().expect("subnets");
            subnets.push(json!({ "id": 2, "subnet": "127.2.0.0/16",
                "pools": [{ "pool": "127.2.100.1 - 127.2.100.250" }] }));
        })
        .start();
    let mut voice = Relay::of(&kea);
    refused(&kea, &mut voice, DISCOVER);
    voice.boot(&yealink());
    let office = Relay::at(&kea, Ipv4Addr::new(127, 2, 0, 1));
    office.boot(&Phone::stranger(1));
    office.boot(&polycom());
}

fn policy(text: &str) -> Value {
    json!({ "policy": serde_json::from_str::<Value>(text).expect("JSON") })
}

fn are_set(kea: &Kea) -> Value {
    kea.command("phone-status-get", None).ok()["client-classes"]["set"].clone()
}

/// Where the configuration does not use the classes, no packet pays for them.
#[test]
fn classes_that_nothing_mentions_are_not_set_and_the_log_says_so() {
    let kea =
        Setup::new().kea_library("libdhcp_lease_cmds.so", None).offhook_with(policy(FILES)).start();
    assert_eq!(are_set(&kea), false);
    assert!(kea.wait_for_log("OFFHOOK_CLASSES_UNUSED").contains("PHONE_<vendor>"));
    let (_, ack) = Relay::of(&kea).boot(&polycom());
    assert_eq!(text(ack.option(160)).as_deref(), Some("https://provision.example.com/"));
    // Another configuration may look at them.
    let setup = kea.stop().edit(|dhcp4| {
        dhcp4["subnet4"][0]["pools"] =
            json!([pool("127.1.110.1 - 127.1.110.250", "PHONE_polycom")]);
    });
    let kea = setup.start();
    assert_eq!(are_set(&kea), true);
    assert_eq!(Relay::of(&kea).boot(&polycom()).1.yiaddr().octets()[2], 110);
    assert!(kea.log_lines("OFFHOOK_CLASSES_UNUSED").is_empty());
}

/// Kea takes the last library's callouts back for us, and no other's (kea-hook/shim/classes.cc).
#[test]
fn a_library_behind_ours_keeps_them_set_and_does_no_harm() {
    let kea = Setup::offhook(FILES).kea_library("libdhcp_lease_cmds.so", None).start();
    assert_eq!(are_set(&kea), true);
    let mut relay = Relay::of(&kea);
    for (text, drops) in [(PHONES_ONLY, true), (FILES, false)] {
        kea.command("phone-policy-set", policy(text)).ok();
        assert_eq!(are_set(&kea), true);
        relay.boot(&polycom());
        match drops {
            true => refused(&kea, &mut relay, DISCOVER),
            false => drop(relay.boot(&Phone::stranger(77).class("MSFT 5.0"))),
        }
    }
    kea.reload().ok();
    relay.boot(&polycom());
}

/// In doubt they are set: whatever may hold a word that the configuration does not show.
#[test]
fn a_stranger_s_library_or_a_database_may_look_at_the_classes() {
    let stranger = Setup::offhook(FILES);
    let copy = stranger.folder.join("libdhcp_inventory.so");
    fs::copy(distribution_hooks().join("libdhcp_lease_cmds.so"), &copy).expect("a copy");
    assert_eq!(are_set(&stranger.library(&copy, None).start()), true);
    let database = Setup::offhook(FILES).edit(|dhcp4| dhcp4["hosts-databases"] = json!([]));
    assert_eq!(are_set(&database.start()), true);
}

/// The policy itself may need them, and policies change while Kea runs.
#[test]
fn a_policy_may_drop_where_no_class_was_set() {
    let kea = Setup::offhook(FILES).start();
    assert_eq!(are_set(&kea), false);
    let mut relay = Relay::of(&kea);
    relay.boot(&Phone::stranger(77).class("MSFT 5.0"));
    for round in 0..2 {
        kea.command("phone-policy-set", policy(PHONES_ONLY)).ok();
        assert_eq!(are_set(&kea), true, "round {round}");
        refused(&kea, &mut relay, DISCOVER);
        kea.command("phone-policy-set", policy(FILES)).ok();
        assert_eq!(are_set(&kea), false, "round {round}");
        relay.boot(&Phone::stranger(77).class("MSFT 5.0"));
    }
    let by_class = r#"{ "sites": [{ "name": "voice", "match": { "client-classes": ["PHONE"] },
        "systems": [{ "system": "files", "url": "https://provision.example.com/" }] }] }"#;
    kea.command("phone-policy-set", policy(by_class)).ok();
    let (_, ack) = relay.boot(&polycom());
    assert_eq!(text(ack.option(160)).as_deref(), Some("https://provision.example.com/"));
}

/// A class that is added by command is added to a running server.
#[test]
fn a_command_may_bring_somebody_who_looks() {
    let library = "libdhcp_class_cmds.so";
    let with_commands = distribution_hooks().join(library).exists();
    let setup = match with_commands {
        true => Setup::new().kea_library(library, None),
        false => Setup::new(),
    };
    let kea = setup.offhook_with(policy(FILES)).start();
    assert_eq!(are_set(&kea), false);
    kea.command("phone-explain", json!({ "hw-address": "00:04:f2:aa:bb:01" })).ok();
    assert_eq!(are_set(&kea), false, "our own commands do not look at classes");
    let class = |name: &str, more: Value| {
        let mut class = json!({ "name": name });
        class.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
        json!({ "client-classes": [class] })
    };
    if with_commands {
        let option =
            json!([{ "name": "domain-name", "data": "voice.example.com", "always-send": true }]);
        kea.command("class-add", class("PHONE", json!({}))).ok();
        let voice = json!({ "test": "member('PHONE')", "option-data": option });
        kea.command("class-add", class("VOICE", voice)).ok();
        let (_, ack) = Relay::of(&kea).boot(&polycom());
        assert_eq!(text(ack.option(15)).as_deref(), Some("voice.example.com"));
    } else {
        // This release's commands for classes are not free; the word is what counts.
        let _ = kea.command("config-test", json!({ "Dhcp4": class("PHONE", json!({})) }));
    }
    assert_eq!(are_set(&kea), true);
}
