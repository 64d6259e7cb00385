//! `offhook import` of a dhcpd.conf whose host declarations grow: each phone with its file by hand.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::generate::timed;
use crate::peers::folder::Folder;
use crate::point;

pub fn measure() -> Vec<Value> {
    [1_000, 10_000, 100_000].map(measure_one).into()
}

fn measure_one(count: usize) -> Value {
    let folder = Folder::new();
    folder.write("dhcpd.conf", configuration(count));
    let took = timed(&folder, &["import", "dhcpd.conf", "--from", "dhcpd", "--out", "policy.json"]);
    let policy = std::fs::read_to_string(folder.join("policy.json")).expect("the policy");
    let devices = policy.matches("\"mac\"").count();
    assert_eq!(devices, count, "expected a device for each host");
    point(
        "import",
        "hosts",
        count,
        json!({ "seconds": took.seconds, "cpu": took.cpu, "mib": took.mib }),
    )
}

fn configuration(count: usize) -> String {
    let mut text = String::from(
        "class \"yealink\" { match if substring(option vendor-class-identifier, 0, 7) = \"yealink\";\n\
         option tftp-server-name \"http://pbx.example.com/yealink/\"; }\n\
         subnet 10.0.0.0 netmask 255.0.0.0 { range 10.200.0.1 10.200.255.254; }\n",
    );
    for number in 0..count {
        let [_, a, b, c] = u32::try_from(number).expect("a small number").to_be_bytes();
        let _ = writeln!(
            text,
            "host desk-{number} {{ hardware ethernet 00:15:65:{a:02x}:{b:02x}:{c:02x}; \
             option tftp-server-name \"http://pbx.example.com/own/{number}/\"; }}"
        );
    }
    text
}
