//! Exchanges a second, with a rendered policy and without. The lease file is in memory, so that the
//! disk's time does not hide ours.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::figures::{boot, cpu, in_memory, load, median};
use crate::peers::dnsmasq::Setup;

const PHONES: u32 = 2000;
const RUNS: usize = 9;

/// Six options for every phone, as a VLAN-less site with time and SIP servers would tell them.
const OPTIONS: &str = r#""options": [
    { "code": 66, "text": "https://provision.example.com/phones/" },
    { "code": 160, "text": "https://provision.example.com/phones/" },
    { "code": 43, "hex": "0104c0000207" },
    { "code": 120, "sip-servers": ["sip.example.com"] },
    { "code": 42, "ipv4": ["192.0.2.1"] },
    { "code": 132, "text": "120" }]"#;

/// Forty made-up vendors with twenty OUIs and a vendor class each, and six options of their own.
fn forty(folder: &Path) -> String {
    let mut vendors = String::new();
    for number in 0..40u32 {
        let id = format!("made-up-{number}");
        let at = folder.join("vendors").join(&id);
        std::fs::create_dir_all(&at).expect("a folder");
        let prefixes: Vec<String> =
            (0..20).map(|oui| format!("\"02:{number:02x}:{oui:02x}\"")).collect();
        let toml = format!(
            "name = \"Made up {number}\"\n\n[sources]\nbench = \"made up for a measurement\"\n\n\
             [[option-60]]\nstarts = \"madeup{number}-\"\nsource = [\"bench\"]\n\n\
             [[mac]]\nprefixes = [{}]\nsource = [\"bench\"]\n",
            prefixes.join(", ")
        );
        std::fs::write(at.join("vendor.toml"), toml).expect("a vendor");
        let own = OPTIONS.replace("/phones/", &format!("/{id}/"));
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(vendors, "{comma}\n\"{id}\": {{ {own} }}");
    }
    format!("{{ {OPTIONS}, \"vendors\": {{ {vendors} }} }}")
}

const VARIANTS: [&str; 3] = [
    "plain",
    "the built-in catalogue, 6 options",
    "and 40 vendors with 20 OUIs and 6 options each",
];

fn run(variant: &str) -> Value {
    let mut setup = Setup::new();
    let memory = in_memory();
    setup.lines.retain(|line| !line.starts_with("dhcp-leasefile="));
    let leases = memory.path().join("leases");
    setup.lines.push(format!("dhcp-leasefile={}", leases.display()));
    let setup = match variant {
        "plain" => setup,
        "the built-in catalogue, 6 options" => setup.offhook(&format!("{{ {OPTIONS} }}")),
        _ => {
            let folder = setup.folder.make("overlay");
            let policy = forty(&folder);
            let folder = folder.display().to_string();
            setup.offhook_with(&policy, &["--vendors-directory", &folder])
        }
    };
    let load = load();
    let dnsmasq = setup.start();
    let before = cpu(dnsmasq.id());
    let summary = boot(&dnsmasq, PHONES);
    let used = cpu(dnsmasq.id()) - before;
    json!({ "variant": variant, "load-before": load,
        "exchanges-per-second": summary["phones-per-second"],
        "cpu-us-per-packet": used * 1e6 / f64::from(2 * PHONES) })
}

pub fn measure() {
    let mut raw = Vec::new();
    for number in 0..RUNS {
        let mut order = VARIANTS;
        order.rotate_left(number % VARIANTS.len());
        for variant in order {
            let line = run(variant);
            eprintln!("{line}");
            raw.push(line);
        }
    }
    println!("Exchanges of four packets a second, {PHONES} new phones, medians of {RUNS} runs:\n");
    println!("| | exchanges/s | of plain | dnsmasq's CPU, µs per packet |");
    println!("|---|---|---|---|");
    let of = |variant: &str, key: &str| {
        let runs = raw.iter().filter(|run| run["variant"] == variant);
        median(runs.map(|run| run[key].as_f64().expect("a number")).collect())
    };
    for variant in VARIANTS {
        let rate = of(variant, "exchanges-per-second");
        println!(
            "| {variant} | {rate:.0} | {:.0} % | {:.0} |",
            100.0 * rate / of("plain", "exchanges-per-second"),
            of(variant, "cpu-us-per-packet")
        );
    }
    println!("\nRaw:\n");
    raw.iter().for_each(|line| println!("{line}"));
    println!();
}
