//! Other hook libraries, before and behind offhook.

use super::{POLICY, URL, parameters, serves};
use crate::peers::kea::{Kea, Setup, distribution_hooks};
use crate::peers::phone::{Phone, Relay};
use serde_json::{Value, json};
use std::fs;

/// A Kea with offhook and another library of Kea's, in this order or the other.
fn with(name: &str, other: Option<Value>, own: Value, first: bool) -> Setup {
    add(Setup::new(), name, other, own, first)
}

fn add(setup: Setup, name: &str, other: Option<Value>, own: Value, first: bool) -> Setup {
    match first {
        true => setup.offhook_with(own).kea_library(name, other),
        false => setup.kea_library(name, other).offhook_with(own),
    }
}

/// The libraries for kea-dhcp4 that this Debian brings.
fn of_debian() -> Vec<String> {
    let entries = fs::read_dir(distribution_hooks()).expect("Kea's hook libraries").flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("libdhcp_") && name.ends_with(".so"))
        .filter(|name| !name.contains("offhook"))
        .collect();
    names.sort();
    names
}

/// The parameters without which a library does not start, or would wait for another server.
fn settings(name: &str, setup: &Setup) -> Option<Value> {
    Some(match name {
        "libdhcp_flex_option.so" => json!({ "options": [{ "code": 100, "add": "'x'" }] }),
        "libdhcp_flex_id.so" => json!({ "identifier-expression": "relay4[2].hex" }),
        "libdhcp_run_script.so" => {
            let script = setup.folder.write("script", "#!/bin/sh\nexit 0\n");
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(&script, mode).expect("a mode");
            json!({ "name": script, "sync": false })
        }
        "libdhcp_ha.so" => crate::peers::pair::without_partner(),
        // No servers: what it would ask them it leaves out.
        "libdhcp_radius.so" => json!({}),
        "libdhcp_rbac.so" => json!({ "roles": [] }),
        "libdhcp_lease_query.so" => json!({ "requesters": ["192.0.2.1"] }),
        "libdhcp_ddns_tuning.so" => json!({ "hostname-expr": "'h'" }),
        "libdhcp_ping_check.so" => json!({ "enable-ping-check": false }),
        "libdhcp_legal_log.so" | "libdhcp_forensic_log.so" => {
            json!({ "path": setup.folder.path() })
        }
        _ => return None,
    })
}

#[test]
fn every_one_that_debian_ships() {
    let names = of_debian();
    assert!(names.len() >= 8, "expected those of Debian 12 at least, found {names:?}");
    for name in names {
        for first in [true, false] {
            eprintln!("{name}, offhook first: {first}");
            let mut setup = Setup::new();
            let other = settings(&name, &setup);
            // Without these commands libdhcp_ha does not start.
            if name == "libdhcp_ha.so" {
                setup = setup.kea_library("libdhcp_lease_cmds.so", None);
            }
            let kea = add(setup, &name, other, parameters(), first).start();
            assert_eq!(serves(&kea).as_deref(), Some(URL), "{name}, offhook first: {first}");
            kea.command("phone-status-get", None).ok();
        }
    }
}

const PHONES_ONLY: &str = r#"{ "answer": "phones",
    "systems": [{ "system": "files", "url": "https://provision.example.com/" }] }"#;

fn phone() -> Phone {
    Phone::new("00:04:f2:00:00:01").class("Polycom-VVX410")
}

fn asked(kea: &Kea, client: &Phone) -> bool {
    let mut relay = Relay::of(kea);
    relay.patience = std::time::Duration::from_millis(700);
    relay.ask(&relay.question(client, crate::peers::packet::DISCOVER)).is_some()
}

#[test]
fn one_that_unpacks_packets_itself() {
    let policy: Value = serde_json::from_str(PHONES_ONLY).expect("JSON");
    for first in [true, false] {
        let own = json!({ "policy": policy });
        let setup = with("libdhcp_bootp.so", None, own, first).edit(|dhcp4| {
            dhcp4["client-classes"] = json!([{ "name": "PHONE" }]);
            let (key, guard) = crate::peers::kea::guard("PHONE");
            let mut phones = json!({ "pool": "127.1.50.1 - 127.1.50.254" });
            phones[key] = guard;
            dhcp4["subnet4"][0]["pools"] = json!([phones]);
        });
        let kea = setup.start();
        assert!(!asked(&kea, &Phone::stranger(1)), "offhook first: {first}: a PC was answered");
        let (_, ack) = Relay::of(&kea).boot(&phone());
        assert_eq!(super::text(&ack, 66).as_deref(), Some(URL), "offhook first: {first}");
        assert_eq!(ack.yiaddr().octets()[2], 50, "offhook first: {first}: the phones' pool");
        let status = kea.command("phone-status-get", None).ok();
        assert_eq!(status["counters"]["dropped"], 1, "offhook first: {first}");
    }
}

/// A BOOTP request: no option 53 at all.
fn bootp(mac: &str) -> Vec<u8> {
    let relay_and_client = Phone::new(mac);
    let mut wire = vec![0; 300];
    wire[..4].copy_from_slice(&[1, 1, 6, 1]);
    wire[4..8].copy_from_slice(&[7, 7, 7, 7]);
    wire[24..28].copy_from_slice(&[127, 1, 2, 3]);
    wire[28..34].copy_from_slice(&relay_and_client.mac);
    wire[236..241].copy_from_slice(&[99, 130, 83, 99, 255]);
    wire
}

#[test]
fn a_bootp_client_is_not_a_phone_in_either_order() {
    for first in [true, false] {
        for (policy, answered) in [(POLICY, true), (PHONES_ONLY, false)] {
            let policy: Value = serde_json::from_str(policy).expect("JSON");
            let own = json!({ "policy": policy });
            let kea = with("libdhcp_bootp.so", None, own, first).start();
            let socket = kea.first_socket();
            socket
                .set_read_timeout(Some(std::time::Duration::from_millis(1000)))
                .expect("a time limit");
            let to = (std::net::Ipv4Addr::new(127, 0, 0, 1), kea.port());
            socket.send_to(&bootp("00:04:f2:00:00:07"), to).expect("a packet goes");
            let mut room = [0; 1500];
            let answer = socket.recv(&mut room).ok().map(|length| &room[..length]);
            let answer = answer.map(<[u8]>::to_vec);
            assert_eq!(answer.is_some(), answered, "offhook first: {first}, {policy}");
            if let Some(answer) = answer {
                let told = answer.windows(URL.len()).any(|part| part == URL.as_bytes());
                assert!(!told, "offhook first: {first}: a BOOTP client was sent the URL");
            }
        }
    }
}

#[test]
fn one_behind_that_overwrites_options() {
    let other = json!({ "options": [{ "code": 66, "supersede": "'http://other/'" }] });
    let kea = with("libdhcp_flex_option.so", Some(other.clone()), parameters(), true).start();
    let (_, ack) = Relay::of(&kea).boot(&phone());
    assert_eq!(super::text(&ack, 66).as_deref(), Some("http://other/"), "flex_option is last");
    let line = kea.wait_for_log("OFFHOOK_LIBRARY_BEHIND");
    assert!(line.contains(" WARN ") && line.contains("libdhcp_flex_option.so"), "found {line}");
    assert!(line.contains("option 66"), "found {line}");
    let status = kea.command("phone-status-get", None).ok();
    let competing = status["competing-options"].as_array().expect("a list").clone();
    assert!(
        competing.iter().any(|entry| entry["library"] == "flex_option" && entry["code"] == 66),
        "found {competing:?}"
    );
    drop(kea);
    let kea = with("libdhcp_flex_option.so", Some(other), parameters(), false).start();
    let (_, ack) = Relay::of(&kea).boot(&phone());
    assert_eq!(super::text(&ack, 66).as_deref(), Some(URL), "offhook is last");
    assert!(kea.log_lines("OFFHOOK_LIBRARY_BEHIND").is_empty());
}
