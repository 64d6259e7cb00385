//! Two Keas that stand in for each other: libdhcp_ha, hot-standby, real processes.
//!
//! Their HTTP ports are on an address of 127/8 that is made from this process' id, so two runs
//! cannot meet there.

use crate::kea::{Kea, Setup};
use crate::phone::{Phone, Relay};
use crate::process::wait_for;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

pub struct Pair {
    pub primary: Kea,
    pub standby: Kea,
}

impl Pair {
    /// Both servers in normal operation; `prepare` adds what both have.
    pub fn start(prepare: impl Fn(Setup) -> Setup) -> Pair {
        let addresses = [free_address(), free_address()];
        let first = Setup::new();
        let second = Setup::new().same_clients_as(&first);
        let primary = prepare(member(first, "primary", &addresses)).start();
        let standby = prepare(member(second, "standby", &addresses)).start();
        for kea in [&primary, &standby] {
            wait_for("both servers in state hot-standby", Duration::from_secs(30), || {
                (state(kea) == "hot-standby").then_some(())
            });
        }
        Pair { primary, standby }
    }

    /// Waits until a server is in `wanted`; its partner's silence shows only while clients ask.
    pub fn wait_for_state(kea: &Kea, wanted: &str, relay: &Relay) {
        wait_for(&format!("the standby in state {wanted}"), Duration::from_secs(40), || {
            relay.send(&relay.question(&Phone::stranger(0xffff), super::packet::DISCOVER));
            (state(kea) == wanted).then_some(())
        });
    }
}

fn state(kea: &Kea) -> String {
    let arguments = kea.command("status-get", None).ok();
    let local = &arguments["high-availability"][0]["ha-servers"]["local"];
    local["state"].as_str().unwrap_or_default().to_owned()
}

fn member(setup: Setup, name: &str, addresses: &[String; 2]) -> Setup {
    let peer = |name: &str, role: &str, address: &str| json!({ "name": name, "url": format!("http://{address}/"), "role": role });
    setup.kea_library("libdhcp_lease_cmds.so", None).kea_library(
        "libdhcp_ha.so",
        Some(json!({ "high-availability": [{
            "this-server-name": name,
            "mode": "hot-standby",
            "heartbeat-delay": 300,
            "max-response-delay": 1500,
            "max-ack-delay": 500,
            "max-unacked-clients": 0,
            "multi-threading": {
                "enable-multi-threading": true,
                "http-dedicated-listener": true,
                "http-listener-threads": 2,
                "http-client-threads": 2,
            },
            "peers": [
                peer("primary", "primary", &addresses[0]),
                peer("standby", "standby", &addresses[1]),
            ],
        }] })),
    )
}

/// What a primary needs that serves alone: its only partner is a backup that is not there, and it waits for none.
pub fn without_partner() -> Value {
    let peer = |name: &str, role: &str| json!({ "name": name, "url": format!("http://{}/", free_address()), "role": role });
    json!({ "high-availability": [{
        "this-server-name": "alone",
        "mode": "passive-backup",
        "wait-backup-ack": false,
        "multi-threading": {
            "enable-multi-threading": true,
            "http-dedicated-listener": true,
            "http-listener-threads": 1,
            "http-client-threads": 1,
        },
        "peers": [peer("alone", "primary"), peer("missing", "backup")],
    }] })
}

/// An address and port that no other run and no other test uses.
pub fn free_address() -> String {
    let [_, a, b, c] = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, 64 | a, b, c);
    let listener = TcpListener::bind((address, 0))
        .unwrap_or_else(|error| panic!("a port of {address}: {error}"));
    listener.local_addr().expect("a local address").to_string()
}
