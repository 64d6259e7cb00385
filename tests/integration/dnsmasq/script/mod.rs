//! The companion as dnsmasq's dhcp-script: what it keeps of every phone.

/// Started by hand: killed, fuzzed, hanging, on a disk that is full.
mod calls;

use crate::peers::dnsmasq::{Dnsmasq, Setup};
use crate::peers::kea;
use crate::peers::phone::{Phone, Relay};
use crate::peers::process::{self, wait_for};
use crate::peers::product::command_line;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Duration;

const POLICY: &str = r#"{
    "systems": [{ "system": "files", "url": "https://p.example.com/x/" }],
    "sites": [{ "name": "binary", "match": { "circuit-ids": ["0x0004000a"] } },
              { "name": "net", "match": { "networks": ["127.3.0.0/16"] } }],
    "devices": [{ "mac": "00:15:65:00:00:77", "options": [{ "code": 66, "text": "own" }] },
                { "mac": "02:00:00:00:00:78", "vendor": "snom", "voice-vlan": { "id": 7 } }] }"#;

/// A dnsmasq with a rendering and the script.
fn start(policy: &str) -> Dnsmasq {
    let setup = Setup::new().ranges(&[
        "127.1.10.1,127.1.250.250,255.255.0.0,1h",
        "set:oh_at-net,127.3.10.1,127.3.250.250,255.255.0.0,1h",
    ]);
    setup.offhook(policy).with_script().start()
}

/// All records, by address.
pub fn records(state: &Path) -> Vec<Value> {
    let mut records = Vec::new();
    for folder in fs::read_dir(state.join("phones")).into_iter().flatten().flatten() {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|extension| extension == "json") {
                let text = fs::read(file.path()).expect("a record");
                records.push(serde_json::from_slice(&text).expect("whole JSON"));
            }
        }
    }
    records
}

fn record(state: &Path, phone: &Phone) -> Option<Value> {
    let mac = phone.mac_text();
    records(state).into_iter().find(|record| record["mac"] == mac.as_str())
}

#[track_caller]
pub fn wait_for_record(state: &Path, phone: &Phone) -> Value {
    let what = format!("a record of {}", phone.mac_text());
    wait_for(&what, Duration::from_secs(10), || record(state, phone))
}

#[test]
fn every_kind_of_phone_is_kept_and_agrees_with_the_core() {
    let dnsmasq = start(POLICY);
    let state = dnsmasq.setup.state();
    let here = dnsmasq.relay();
    let there = dnsmasq.relay_at([127, 3, 0, 1].into());
    let circuit = [&[1, 4][..], &[0, 4, 0, 10]].concat();
    for (relay, phone, vendor, model, site) in [
        (&here, Phone::new("00:04:13:00:00:01").class("snomD735"), "snom", Some("D735"), None),
        (
            &there,
            Phone::new("00:04:13:00:00:02").class("snomD735"),
            "snom",
            Some("D735"),
            Some("net"),
        ),
        // A class with "=" in it, one that begins with a NUL, and one that ends with it.
        (&here, Phone::new("02:00:00:00:00:03").class("6=1Polycom"), "polycom", None, None),
        (&here, Phone::new("02:00:00:00:00:04").class(b"\0\0\x36\x3d"), "polycom", None, None),
        (&here, Phone::new("02:00:00:00:00:05").class("MS-UC-Client\0"), "lync", None, None),
        // Options that dnsmasq does not pass on.
        (
            &here,
            Phone::new("02:00:00:00:00:06").option(124, b"\0\0\x36\x3d\x01x"),
            "polycom",
            None,
            None,
        ),
        (
            &here,
            Phone::new("02:00:00:00:00:07").option(125, b"\0\0\x04\x03\x00"),
            "mitel-minet",
            None,
            None,
        ),
        (
            &here,
            Phone::new("02:00:00:00:00:08").option(77, "Thomson ST2030"),
            "technicolor",
            Some("ST2030"),
            None,
        ),
        (
            &here,
            Phone::new("02:00:00:00:00:09").option(77, "\x0eThomson ST2030"),
            "technicolor",
            Some("ST2030"),
            None,
        ),
        (
            &here,
            Phone::new("00:15:65:00:00:10").option(82, &circuit),
            "yealink",
            None,
            Some("binary"),
        ),
        (&here, Phone::new("00:15:65:00:00:77"), "yealink", None, None),
        (&there, Phone::new("02:00:00:00:00:78"), "snom", None, Some("net")),
    ] {
        relay.boot(&phone);
        let record = wait_for_record(&state, &phone);
        let found = (record["vendor"].as_str(), record["model"].as_str(), record["site"].as_str());
        assert_eq!(found, (Some(vendor), model, site), "{record:#}");
        assert_eq!(record["drift"], Value::Null, "{record:#}");
        assert!(record["rule"].as_str().is_some_and(|rule| rule.starts_with("oh_r")), "{record:#}");
        assert_eq!(record["boots"], 1, "{record:#}");
    }
    here.boot(&Phone::stranger(1).class("MSFT 5.0"));
    here.boot(&Phone::new("02:00:00:00:00:11").class("GXV3601"));
    let last = Phone::new("00:15:65:00:00:12");
    here.boot(&last);
    wait_for_record(&state, &last);
    assert_eq!(records(&state).len(), 13, "strangers and cameras leave no file");
    assert!(!dnsmasq.log().contains("dnsmasq-script"), "it is silent\n{}", dnsmasq.log());
}

#[test]
fn another_rendering_than_the_one_in_force_is_a_drift() {
    let dnsmasq = start(POLICY);
    let state = dnsmasq.setup.state();
    let output = dnsmasq.setup.try_render(r#"{ "time-servers": ["192.0.2.1"] }"#, &[]);
    assert!(output.status.success());
    let phone = Phone::new("00:15:65:00:00:01");
    dnsmasq.relay().boot(&phone);
    let record = wait_for_record(&state, &phone);
    let why = record["drift"]["why"].as_str().unwrap_or_default();
    assert!(why.contains("older rendering; restart it"), "{record:#}");
}

/// A tag of the user's own that gets in the way of offhook's.
#[test]
fn a_rule_that_the_core_would_not_have_chosen_is_a_drift() {
    let setup = Setup::new().offhook(POLICY).with_script().line("tag-if=set:oh_r1,tag:oh-yealink");
    let dnsmasq = setup.start();
    let phone = Phone::new("00:15:65:00:00:01");
    dnsmasq.relay().boot(&phone);
    let record = wait_for_record(&dnsmasq.setup.state(), &phone);
    let why = record["drift"]["why"].as_str().unwrap_or_default();
    assert!(why.contains("the core decides otherwise"), "{record:#}");
    assert!(
        record["drift"]["found"].as_array().is_some_and(|found| found.len() == 2),
        "{record:#}"
    );
}

#[test]
fn a_restart_of_dnsmasq_erases_nothing() {
    let dnsmasq = start(POLICY);
    let state = dnsmasq.setup.state();
    let phone = Phone::new("00:04:13:00:00:01").class("snomD735");
    dnsmasq.relay().boot(&phone);
    let before = wait_for_record(&state, &phone);
    // Every lease comes once more, without its packet.
    let dnsmasq = dnsmasq.stop().start();
    let alive = state.join("alive");
    wait_for("an event after the start", Duration::from_secs(10), || {
        let changed = fs::metadata(&alive).ok()?.modified().ok()?;
        (changed.elapsed().ok()? < Duration::from_secs(1)).then_some(())
    });
    std::thread::sleep(Duration::from_millis(200));
    let after = wait_for_record(&state, &phone);
    for key in ["vendor", "model", "by", "rule", "policy", "boots", "first-seen", "address"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    drop(dnsmasq);
}

#[test]
fn a_storm_of_500_new_phones_loses_none() {
    let dnsmasq = start(POLICY);
    let state = dnsmasq.setup.state();
    let relay = dnsmasq.relay();
    let phones: Vec<Phone> = (0..500u32)
        .map(|n| Phone::new(&format!("00:15:65:02:{:02x}:{:02x}", n >> 8, n & 255)))
        .collect();
    let discovers: Vec<_> = phones.iter().map(|phone| relay.question(phone, 1)).collect();
    let offers = relay.ask_all(&discovers);
    let requests: Vec<_> = phones
        .iter()
        .zip(&offers)
        .map(|(phone, offer)| relay.request_for(phone, offer.as_ref().expect("an offer")))
        .collect();
    assert!(relay.ask_all(&requests).iter().all(Option::is_some));
    wait_for("500 records", Duration::from_secs(30), || {
        (records(&state).len() == 500).then_some(())
    });
    for record in records(&state) {
        assert_eq!((&record["vendor"], &record["drift"]), (&"yealink".into(), &Value::Null));
    }
}

#[test]
fn one_list_shows_keas_phones_and_dnsmasqs() {
    let dnsmasq = start(POLICY);
    let snom = Phone::new("00:04:13:00:00:01").class("snomD735");
    dnsmasq.relay().boot(&snom);
    wait_for_record(&dnsmasq.setup.state(), &snom);
    let server = kea::Setup::offhook(r#"{ "time-servers": ["192.0.2.1"] }"#)
        .kea_library("libdhcp_lease_cmds.so", None)
        .start();
    Relay::of(&server).boot(&Phone::new("00:15:65:00:00:02").class("yealink"));
    let mut command = process::command(command_line());
    command.args(["phones", "--json", "--kea"]).arg(server.socket());
    let out = process::run_well(command.arg("--dnsmasq").arg(dnsmasq.setup.state()));
    let phones: Value = serde_json::from_str(&out).expect("JSON");
    let mut vendors: Vec<&str> =
        phones.as_array().expect("a list").iter().filter_map(|p| p["vendor"].as_str()).collect();
    vendors.sort_unstable();
    assert_eq!(vendors, ["snom", "yealink"], "{phones:#}");
    let line = process::run_well(
        process::command(command_line()).arg("phones").arg("--dnsmasq").arg(dnsmasq.setup.state()),
    );
    assert!(line.contains("D735") && line.ends_with("1 phones\n"), "{line}");
}
