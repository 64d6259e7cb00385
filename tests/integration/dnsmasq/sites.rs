//! How a policy recognises a site, and single devices, as written for dnsmasq.

use crate::peers::dnsmasq::{Dnsmasq, Setup};
use crate::peers::packet::{Answer, INFORM};
use crate::peers::phone::Phone;
use std::net::Ipv4Addr;

const POLICY: &str = r#"{
    "systems": [{ "system": "files", "url": "https://p.example.com/nowhere/" }],
    "sites": [
        { "name": "both", "match": { "circuit-ids": ["ge-0/0/7"], "remote-ids": ["0x00ff"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/both/" }] },
        { "name": "circuit", "match": { "circuit-ids": ["ge-0/0/7", "ge-0/0/8"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/circuit/" }] },
        { "name": "class", "match": { "client-classes": ["VPN", "WLAN"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/class/" }] },
        { "name": "net work", "match": { "networks": ["127.3.0.0/16"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/network/" }] },
        { "name": "far", "match": { "interfaces": ["eth77"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/far/" }] },
        { "name": "here", "match": { "interfaces": ["lo"], "relays": ["127.4.0.1"] },
          "systems": [{ "system": "files", "url": "https://p.example.com/here/" }] }
    ],
    "devices": [
        { "mac": "00:15:65:00:00:20", "options": [{ "code": 66, "text": "https://p.example.com/{{mac}}/" }] },
        { "mac": "00:15:65:00:00:21", "ignore": true },
        { "mac": "02:00:00:00:00:22", "vendor": "yealink" },
        { "mac": "02:00:00:00:00:23", "options": [{ "code": 66, "text": "https://p.example.com/never/" }] }
    ] }"#;

fn start() -> Dnsmasq {
    Setup::new()
        .ranges(&[
            "127.1.10.1,127.1.250.250,255.255.0.0,1h",
            "set:oh_at-net_work,127.3.10.1,127.3.250.250,255.255.0.0,1h",
            "set:relayed,127.4.10.1,127.4.250.250,255.255.0.0,1h",
        ])
        .line("dhcp-userclass=set:VPN,vpn")
        .offhook_with(POLICY, &["--range-tag", "here=relayed"])
        .start()
}

fn yealink(number: u8) -> Phone {
    Phone::new(&format!("00:15:65:00:00:{number:02x}"))
}

fn site(answer: &Answer) -> String {
    let url = answer.option(66).map(String::from_utf8_lossy).unwrap_or_default().into_owned();
    url.trim_start_matches("https://p.example.com/").trim_end_matches("/\0").to_owned()
}

#[test]
fn a_site_is_told_by_every_kind_of_evidence() {
    let dnsmasq = start();
    let circuit = |id: &str| [&[1, id.len() as u8], id.as_bytes()].concat();
    let with_remote = [circuit("ge-0/0/7"), vec![2, 2, 0, 0xff]].concat();
    for (number, (relay, phone, expected)) in [
        ([127, 1, 2, 3], yealink(1), "nowhere"),
        ([127, 1, 2, 3], yealink(2).option(82, circuit("ge-0/0/8")), "circuit"),
        ([127, 1, 2, 3], yealink(3).option(82, with_remote), "both"),
        ([127, 1, 2, 3], yealink(4).option(82, circuit("ge-0/0/9")), "nowhere"),
        ([127, 1, 2, 3], yealink(5).option(77, "vpn"), "class"),
        ([127, 3, 0, 1], yealink(6), "network"),
        ([127, 4, 0, 1], yealink(7), "here"),
        ([127, 1, 2, 3], yealink(0x20), "001565000020"),
        ([127, 3, 0, 1], yealink(0x20), "001565000020"),
        ([127, 1, 2, 3], yealink(0x21), ""),
        ([127, 3, 0, 1], Phone::new("02:00:00:00:00:22"), "network"),
        ([127, 1, 2, 3], Phone::new("02:00:00:00:00:23"), ""),
    ]
    .into_iter()
    .enumerate()
    {
        let relay = dnsmasq.relay_at(Ipv4Addr::from(relay));
        let (offer, ack) = relay.boot(&phone);
        let renewed = relay.renew(&phone, ack.yiaddr());
        let mut question = relay.question(&phone, INFORM);
        question.ciaddr = relay.address;
        let informed = relay.ask(&question).expect("an answer to INFORM");
        for answer in [&offer, &ack, &renewed, &informed] {
            assert_eq!(site(answer), expected, "case {number} ({})", phone.mac_text());
        }
    }
}

#[test]
fn the_summary_names_the_tags_that_ranges_must_carry() {
    let output = Setup::new().try_render(POLICY, &["--json"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(summary["range-tags"]["net work"], "oh_at-net_work");
    assert_eq!(summary["range-tags"]["here"], "oh_at-here");
}

#[test]
fn phones_only_leaves_everybody_else_without_an_answer() {
    let setup = Setup::new().offhook(r#"{ "answer": "phones" }"#);
    let dnsmasq = setup.start();
    let mut relay = dnsmasq.relay();
    relay.boot(&yealink(1));
    relay.patience = std::time::Duration::from_millis(300);
    let question = relay.question(&Phone::stranger(1), crate::peers::packet::DISCOVER);
    assert_eq!(relay.ask(&question), None);
    assert!(dnsmasq.log().contains("ignored"), "{}", dnsmasq.log());
}

/// A phone that does not list option 66 must not find it in the header either.
#[test]
fn requested_only_means_as_an_option_or_not_at_all() {
    let policy = r#"{ "send": "requested", "time-servers": ["192.0.2.1"],
        "systems": [{ "system": "files", "url": "https://p.example.com/x/" }],
        "devices": [{ "mac": "00:15:65:00:00:09", "options": [{ "code": 66, "text": "own" }] }] }"#;
    let dnsmasq = Setup::new().offhook(policy).start();
    let relay = dnsmasq.relay();
    for (phone, url, time) in [
        (yealink(1), Some("https://p.example.com/x/\0"), true),
        (yealink(2).wants(&[1, 3, 66]), Some("https://p.example.com/x/\0"), false),
        (yealink(3).wants(&[1, 42]), None, true),
        (yealink(9).wants(&[1, 66]), Some("own\0"), false),
        (yealink(9).wants(&[1]), None, false),
    ] {
        let (offer, ack) = relay.boot(&phone);
        for answer in [offer, ack] {
            assert_eq!(answer.option(66).map(String::from_utf8_lossy).as_deref(), url);
            assert_eq!(answer.option(42).is_some(), time);
            assert_eq!(answer.sname(), b"", "nothing in the header");
        }
    }
}

/// dnsmasq keeps its leases over the restart that puts a new rendering in force.
#[test]
fn a_restart_keeps_the_leases() {
    let dnsmasq = start();
    let (_, ack) = dnsmasq.relay().boot(&yealink(1));
    let dnsmasq = dnsmasq.stop().start();
    let (_, again) = dnsmasq.relay().boot(&yealink(1));
    assert_eq!(again.yiaddr(), ack.yiaddr());
}
