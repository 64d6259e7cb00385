//! The name and password of a URL reach the phone, and nothing that people read.

use crate::peers::kea::Setup;
use crate::peers::phone::{Phone, Relay};
use crate::peers::process;
use crate::peers::product::command_line;
use serde_json::{Value, json};

const USER: &str = "zwiebel";
const PASSWORD: &str = "Knoblauch-77";

fn policy(place: &str) -> Value {
    let url = format!("https://{USER}:{PASSWORD}@{place}/{{{{mac}}}}/");
    json!({
        "systems": [{ "system": "url", "url": url }],
        "vendors": {
            "snom": {
                "options": [
                    { "code": 43, "sub-options": [{ "code": 66, "text": "{{url}}" }] },
                    { "code": 125, "enterprise": [{ "number": 7526, "text": "{{url}}" }] },
                ],
                "boot-file-name": format!("http://{USER}:{PASSWORD}@h/"),
            },
        },
    })
}

/// As people, or base64 and hex in between, would show it.
#[track_caller]
fn hides(what: &str, text: &str) {
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let lower = text.to_lowercase();
    for secret in [PASSWORD, USER] {
        assert!(!text.contains(secret), "{what} shows it: {text}");
        assert!(!lower.contains(&hex(secret)), "{what} shows it in hex: {text}");
    }
}

#[test]
fn the_password_of_a_url_is_shown_nowhere() {
    let kea = Setup::new()
        .kea_library("libdhcp_lease_cmds.so", None)
        .offhook_file(&policy("p.example").to_string())
        .edit(|dhcp4| {
            // All that offhook logs; Kea's own answers in hex at this level are Kea's (docs/security.md).
            let loud = json!({ "name": "kea-dhcp4.offhook-hooks", "severity": "DEBUG", "debuglevel": 99,
                "output_options": [{ "output": "stdout", "flush": true }] });
            dhcp4["loggers"].as_array_mut().expect("a list").push(loud);
        })
        .start();
    let relay = Relay::of(&kea);
    let yealink = Phone::new("00:15:65:01:02:03").class("yealink").wants(&[1, 3, 66]);
    let snom = Phone::new("00:04:13:01:02:03").class("snomD735").wants(&[1, 3, 43, 66, 67]);
    let secret = format!("{USER}:{PASSWORD}@");
    let carries = |value: Option<&[u8]>| {
        value.is_some_and(|value| String::from_utf8_lossy(value).contains(&secret))
    };
    let (offer, ack) = relay.boot(&yealink);
    assert!(carries(offer.option(66)) && carries(ack.option(66)), "the phone needs it: {ack:?}");
    let (_, ack) = relay.boot(&snom);
    assert!(carries(ack.option(43)) && carries(ack.option(66)), "{ack:?}");
    let lease = kea.lease(ack.yiaddr());
    hides("the lease", &lease.to_string());

    let broken = |key: &str| {
        let mut wrong = policy("p.example");
        wrong[key] = format!("http://{USER}:{PASSWORD}@h/").into();
        json!({ "policy": wrong })
    };
    let mut long = policy("p.example");
    long["systems"][0]["url"] = format!("http://{USER}:{PASSWORD}@h/{}/", "x".repeat(250)).into();
    for (command, arguments) in [
        ("phone-list", json!({})),
        ("phone-list", json!({ "brief": true })),
        ("phone-get", json!({ "hw-address": yealink.mac_text() })),
        ("phone-get", json!({ "hw-address": snom.mac_text() })),
        ("phone-explain", json!({ "hw-address": yealink.mac_text() })),
        ("phone-explain", json!({ "hw-address": snom.mac_text(), "vendor-class": "snomD735" })),
        ("phone-policy-get", json!({})),
        ("phone-policy-test", json!({ "policy": policy("q.example") })),
        ("phone-policy-test", broken("answer")),
        ("phone-policy-test", broken("voice-vlan")),
        ("phone-policy-test", broken("time-servers")),
        ("phone-policy-test", broken("no-such-key")),
        ("phone-policy-test", json!({ "policy": long })),
        ("phone-policy-set", broken("sip-servers")),
        ("phone-policy-set", json!({ "policy": policy("q.example") })),
        ("phone-policy-reload", json!({})),
        ("phone-status-get", json!({})),
    ] {
        let said = kea.command(command, arguments);
        hides(command, &format!("{} {}", said.text, said.arguments));
    }
    relay.boot(&yealink);
    kea.wait_for_log("OFFHOOK_PHONE_ANSWERED");
    kea.wait_for_log("OFFHOOK_POLICY_MISTAKE");
    let ours: Vec<String> = kea.log_lines("OFFHOOK_");
    assert!(ours.iter().any(|line| line.contains("OFFHOOK_PHONE_REASON")), "{ours:?}");
    hides("the log", &ours.join("\n"));

    // The same of the command line.
    let folder = &kea.setup.folder;
    let before = folder.join("policy.json").display().to_string();
    let after = folder.write("after.json", policy("q.example").to_string()).display().to_string();
    let seen = folder.write("seen.json", kea.command("phone-list", json!({})).ok().to_string());
    let (seen, mac) = (seen.display().to_string(), snom.mac_text());
    for words in [
        &["check", &before][..],
        &["check", &before, "--seen", &seen],
        &["explain", "--policy", &before, "--mac", &mac],
        &["explain", "--policy", &before, "--mac", &mac, "--json"],
        &["diff", &before, &after, "--seen", &seen],
        &["diff", &before, &after, "--seen", &seen, "--json"],
    ] {
        let done = process::run(process::command(command_line()).args(words));
        let text = [done.stdout, done.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("Usage:"), "{words:?}: {text}");
        hides(&words.join(" "), &text);
    }
}
