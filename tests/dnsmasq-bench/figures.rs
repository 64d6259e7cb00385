//! Medians, processor times, and a fleet as load.

use std::fs;

use serde_json::Value;

use crate::peers::dnsmasq::Dnsmasq;
use crate::peers::{by_hand, process, product};

/// What the processor did for a process so far, in seconds.
pub fn cpu(process: u32) -> f64 {
    times(process, &[11, 12])
}

/// The same with its children that have ended.
pub fn cpu_with_children(process: u32) -> f64 {
    times(process, &[11, 12, 13, 14])
}

fn times(process: u32, fields: &[usize]) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("its state");
    // The name, in brackets, may hold blanks.
    let all: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks: f64 = fields.iter().map(|at| all[*at].parse::<f64>().expect("a number")).sum();
    let per_second = process::run_well(process::command("getconf").arg("CLK_TCK"));
    ticks / per_second.trim().parse::<f64>().expect("ticks a second")
}

/// A folder in memory, gone with its value.
pub fn in_memory() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("offhook-bench-").tempdir_in("/dev/shm");
    folder.expect("a folder in memory")
}

/// Boots a fleet; returns the outcome. dnsmasq offers a free address to every client that asks before
/// it is taken: of phones that ask at once a few are refused, and would ask again.
pub fn boot(dnsmasq: &Dnsmasq, phones: u32) -> Value {
    let port = dnsmasq.port();
    let mut command = process::command(product::command_line());
    command.args([
        "emulate",
        "--json",
        "--count",
        &phones.to_string(),
        "--vendor",
        &by_hand::makers(),
    ]);
    command.args(["--server", &format!("127.0.0.1:{port}")]);
    command.args(["--relay", &format!("127.1.2.4:{port}"), "--timeout", "5", "--tries", "5"]);
    let output = process::run(&mut command);
    let summary: Value = serde_json::from_slice(&output.stdout).expect("a summary");
    let lost = summary["lost"].as_u64().expect("a number");
    assert!(lost * 200 <= u64::from(phones), "expected hardly any lost, found {summary:#}");
    summary
}
