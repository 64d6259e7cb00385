//! A fleet's power-up, measured: 20,000 phones of 20 makers through a real Kea with the hook and
//! without, by turns, five times each. Prints the table of docs/figures/fleet.md and the raw figures.
//!
//! Wants release builds: `make bench` makes them and names them by OFFHOOK_HOOK and OFFHOOK_CLI.

#[path = "../integration/peers/mod.rs"]
#[allow(dead_code)]
mod peers;

use std::fs;

use peers::kea::{Kea, Setup, Version};
use peers::{process, product};
use serde_json::{Value, json};

const PHONES: u32 = 20_000;
const RUNS: usize = 5;

/// Twenty makers whose phones the catalogue tells a URL.
const MAKERS: &str = "polycom,yealink,snom,grandstream,aastra,mitel-sip,auerswald,fanvil,htek,dinstar,\
     gigaset,panasonic,cisco-mpp,cisco-spa,digium,sangoma,audiocodes,avaya,vtech,akuvox";

const POLICY: &str = include_str!("../../core/vendors/example-policy.json");

/// What the processor did for a process so far, in seconds.
fn cpu(kea: &Kea) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", kea.id())).expect("its state");
    // The name, in brackets, may hold blanks.
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().expect("a number");
    let per_second = process::run_well(process::command("getconf").arg("CLK_TCK"));
    (ticks(11) + ticks(12)) / per_second.trim().parse::<f64>().expect("ticks a second")
}

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").expect("the load");
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

/// What is measured beside what.
const VARIANTS: [(&str, Option<Value>); 3] = [
    ("without the hook", None),
    ("with the hook", Some(Value::Bool(true))),
    ("with the hook, `annotate-leases: false`", Some(Value::Bool(false))),
];

/// What Kea writes for each phone: `INFO` is its default (a line for each OFFER and ACK, and the
/// hook's own), `WARN` nothing.
const SEVERITIES: [&str; 2] = ["INFO", "WARN"];

/// One power-up against a fresh server.
fn run((name, annotate): &(&str, Option<Value>), severity: &str) -> Value {
    let setup = Setup::new().edit(|dhcp4| {
        // The rest of the log stays, so that the start can be seen.
        for name in ["kea-dhcp4.leases", "kea-dhcp4.offhook-hooks"] {
            let mut logger = dhcp4["loggers"][0].clone();
            logger["name"] = json!(name);
            logger["severity"] = json!(severity);
            dhcp4["loggers"].as_array_mut().expect("loggers").push(logger);
        }
        dhcp4["subnet4"][0]["pools"] = json!([{ "pool": "127.1.64.0 - 127.1.255.254" }]);
    });
    let setup = match annotate {
        None => setup,
        Some(annotate) => {
            let file = setup.folder.write("policy.json", POLICY);
            setup.offhook_with(json!({ "policy-file": file, "annotate-leases": annotate }))
        }
    };
    let load = load();
    let kea = setup.start();
    let before = cpu(&kea);
    let server = format!("127.0.0.1:{}", kea.port());
    let relay = format!("127.1.2.4:{}", kea.client_port());
    let mut command = process::command(product::command_line());
    command.args(["emulate", "--json", "--count", &PHONES.to_string(), "--vendor", MAKERS]);
    command.args(["--server", &server, "--relay", &relay, "--timeout", "2", "--tries", "5"]);
    let text = process::run_well(&mut command);
    let mut summary: Value = serde_json::from_str(&text).expect("a summary");
    let used = cpu(&kea) - before;
    let understood = if annotate.is_some() { PHONES } else { 0 };
    assert_eq!(summary["lost"], 0, "expected none lost, found {summary:#}");
    assert_eq!(summary["understood-url"], understood, "{summary:#}");
    for (key, value) in [
        ("variant", json!(name)),
        ("severity", json!(severity)),
        ("load-before", json!(load)),
        ("kea-cpu-seconds", json!(used)),
        // DISCOVER and REQUEST.
        ("kea-cpu-us-per-exchange", json!(used * 1e6 / f64::from(2 * PHONES))),
    ] {
        summary[key] = value;
    }
    summary
}

fn median(runs: &[&Value], key: &str) -> f64 {
    let mut values: Vec<f64> =
        runs.iter().map(|run| run[key].as_f64().expect("a number")).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let mut all = Vec::new();
    for severity in SEVERITIES {
        for number in 0..RUNS {
            // By turns, and not always the same one first.
            let mut order: Vec<_> = VARIANTS.iter().collect();
            order.rotate_left(number % VARIANTS.len());
            for variant in order {
                let result = run(variant, severity);
                eprintln!("{result}");
                all.push(result);
            }
        }
    }
    let Version(major, minor, patch) = Version::installed();
    println!("Kea {major}.{minor}.{patch}, {PHONES} phones of 20 makers, medians of {RUNS} runs\n");
    println!("| | phones/s | lost | median ms | 99 % ms | Kea's CPU, µs per exchange |");
    println!("|---|---|---|---|---|---|");
    for severity in SEVERITIES {
        for (name, _) in &VARIANTS {
            let is = |run: &&Value| run["variant"] == *name && run["severity"] == severity;
            let runs: Vec<&Value> = all.iter().filter(is).collect();
            let of = |key: &str| median(&runs, key);
            println!(
                "| {name}, log at {severity} | {:.0} | {:.0} | {:.1} | {:.1} | {:.1} |",
                of("phones-per-second"),
                of("lost"),
                of("median"),
                of("p99"),
                of("kea-cpu-us-per-exchange")
            );
        }
    }
    println!("\nRaw:\n");
    all.iter().for_each(|result| println!("{result}"));
}
