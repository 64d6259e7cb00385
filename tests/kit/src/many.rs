//! Many phones at once, for benches: their list, the policy for their files, and a Kea that has seen them.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::kea::{Kea, Setup};
use crate::{by_hand, process, product};

/// For the phones of [`list`].
pub const POLICY: &str = r#"{
  "systems": [{ "system": "files", "url": "https://provision.example.com/phones/" }],
  "voice-vlan": { "id": 120, "priority": 5 },
  "time-servers": ["192.0.2.1"],
  "phone-settings": { "server": "sip.example.com", "port": 5061, "transport": "tls",
    "register-seconds": 600, "utc-offset": "+01:00", "codecs": "g722,pcma,pcmu" }
}"#;

/// A list of phones as CSV, a line each: a Yealink for each even number, a Polycom for each odd one.
pub fn list(phones: u32) -> String {
    let mut text = String::from("mac,vendor,model,user,password,display-name,label\n");
    for i in 0..phones {
        let (head, vendor, model) = match i % 2 {
            0 => ("001565", "yealink", "T46S"),
            _ => ("0004f2", "polycom", "VVX410"),
        };
        let (user, password) = (100_000 + i, u64::from(i) * 7919);
        let name = format!("Zoë O'Neil & Söhne {i}");
        let row = format!("{head}{i:06x},{vendor},{model},{user},pw-{password:x},{name},Desk {i}");
        writeln!(text, "{row}").expect("a row");
    }
    text
}

/// A Kea with the hook from which so many phones of twenty makers have booted.
pub fn kea_that_has_seen(phones: usize, policy: &str) -> Kea {
    let setup = Setup::new().kea_library("libdhcp_lease_cmds.so", None).edit(|dhcp4| {
        dhcp4["subnet4"][0]["subnet"] = json!("127.0.0.0/9");
        dhcp4["subnet4"][0]["pools"] = json!([{ "pool": "127.4.0.0 - 127.7.255.254" }]);
        let mut logger = dhcp4["loggers"][0].clone();
        logger["name"] = json!("kea-dhcp4.leases");
        logger["severity"] = json!("WARN");
        dhcp4["loggers"].as_array_mut().expect("loggers").push(logger);
    });
    let kea = setup.offhook_file(policy).start();
    let mut command = process::command(product::command_line());
    command.args(["emulate", "--json", "--count", &phones.to_string()]);
    command.args(["--vendor", &by_hand::makers()]);
    command.args(["--server", &format!("127.0.0.1:{}", kea.port())]);
    command.args(["--relay", &format!("127.1.2.4:{}", kea.client_port())]);
    let summary: Value = serde_json::from_str(&process::run_well(&mut command)).expect("a summary");
    assert_eq!(summary["lost"], 0, "{summary:#}");
    kea
}
