//! What the core decides, asked through the command line.

use super::Case;
use super::servers::relay_address;
use crate::peers::packet::{DISCOVER, INFORM, Question, hex, unhex};
use crate::peers::process;
use crate::peers::product::command_line;
use serde_json::{Value, json};
use std::io::Write;
use std::net::Ipv4Addr;
use std::process::Stdio;

/// What the core decides of each case, by the command line.
pub fn core(policy: &std::path::Path, cases: &[&Case], leased: &[Option<Ipv4Addr>]) -> Vec<Value> {
    let mut lines = String::new();
    for (case, leased) in cases.iter().zip(leased) {
        let relay = relay_address(case.network);
        let mut options = vec![(53, vec![if case.inform { INFORM } else { DISCOVER }])];
        options.extend(case.phone.options.iter().cloned());
        let packet = Question {
            xid: 1,
            flags: 0,
            ciaddr: if case.inform { relay } else { Ipv4Addr::UNSPECIFIED },
            giaddr: relay,
            mac: case.phone.mac,
            options,
            tail: None,
        };
        let mut line = json!({ "packet": hex(&packet.write()), "interface": "lo" });
        if let Some(leased) = leased {
            line["ip"] = json!(leased.to_string());
        }
        if case.vpn {
            line["client-classes"] = json!(["VPN"]);
        }
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    explain(policy, &[], lines)
}

/// What `explain` says of each line.
pub fn explain(policy: &std::path::Path, more: &[&str], lines: String) -> Vec<Value> {
    let mut command = process::command(command_line());
    command.args(["explain", "--batch", "-", "--policy"]).arg(policy).args(more);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("the command line");
    let mut input = child.stdin.take().expect("its input");
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("its answers");
    writer.join().expect("a writer").expect("its input is read");
    assert!(output.status.success(), "explain: {}", output.status);
    let text = String::from_utf8(output.stdout).expect("JSON");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The options that the core sets.
pub fn told(decision: &Value) -> Vec<(u8, Vec<u8>)> {
    let options = decision["options"].as_array().expect("options");
    let set = options.iter().filter(|option| option["action"] == "set");
    set.map(|option| {
        let code = u8::try_from(option["code"].as_u64().expect("a code")).expect("a byte");
        (code, unhex(option["hex"].as_str().expect("hex")))
    })
    .collect()
}
