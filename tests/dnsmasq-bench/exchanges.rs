//! Exchanges a second, with a rendered policy and without. The lease file is in memory, so that the
//! disk's time does not hide ours.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::figures::{boot, cpu, in_memory};
use crate::peers::by_hand;
use crate::peers::dnsmasq::Setup;
use crate::peers::machine::{load, median};

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

fn write_vendor(folder: &Path, id: &str, toml: &str) {
    let at = folder.join("vendors").join(id);
    std::fs::create_dir_all(&at).expect("a folder");
    std::fs::write(at.join("vendor.toml"), toml).expect("a vendor");
}

/// Leaves of the built-in vendors only those that boot: one of the same id takes another's place, and
/// these belong to no maker. (Lync's stays: a system distinguishes its variants.)
fn only_those_that_boot(folder: &Path) {
    let built_in = concat!(env!("CARGO_MANIFEST_DIR"), "/core/catalogue/vendors");
    for entry in std::fs::read_dir(built_in).expect("the vendors").flatten() {
        let id = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir()
            && !by_hand::makers().split(',').chain(["lync"]).any(|kept| kept == id)
        {
            write_vendor(folder, &id, "name = \"None\"\n\n[sources]\n");
        }
    }
}

fn own_options(id: &str, vendors: &mut String) {
    let own = OPTIONS.replace("/phones/", &format!("/{id}/"));
    let comma = if vendors.is_empty() { "" } else { "," };
    let _ = write!(vendors, "{comma}\n\"{id}\": {{ {own} }}");
}

/// Made-up vendors with some OUIs and a vendor class each. They, and the built-in ones that are named,
/// have six options of their own.
fn made_up(count: u32, ouis: u32, folder: &Path, built_in: &[&str]) -> String {
    let mut vendors = String::new();
    for number in 0..count {
        let id = format!("made-up-{number}");
        let prefixes: Vec<String> =
            (0..ouis).map(|oui| format!("\"02:{number:02x}:{oui:02x}\"")).collect();
        let toml = format!(
            "name = \"Made up {number}\"\n\n[sources]\nbench = \"made up for a measurement\"\n\n\
             [[option-60]]\nstarts = \"madeup{number}-\"\nsource = [\"bench\"]\n\n\
             [[mac]]\nprefixes = [{}]\nsource = [\"bench\"]\n",
            prefixes.join(", ")
        );
        write_vendor(folder, &id, &toml);
        own_options(&id, &mut vendors);
    }
    for id in built_in {
        own_options(id, &mut vendors);
    }
    format!("{{ {OPTIONS}, \"vendors\": {{ {vendors} }} }}")
}

const PLAIN: &str = "plain";
const BY_HAND: &str = "20 makers by hand, the URL";
const SAME: &str = "the built-in catalogue, the same URL";
const BUILT_IN: &str = "the built-in catalogue, 6 options";
const FORTY: &str = "40 vendors with 798 ranges and 6 options of their own each";
const MORE: &str =
    "the built-in catalogue, and 40 made up with 20 OUIs and 6 options of their own each";

const VARIANTS: [&str; 6] = [PLAIN, BY_HAND, SAME, BUILT_IN, FORTY, MORE];

fn run(variant: &str) -> Value {
    let mut setup = Setup::new();
    let memory = in_memory();
    setup.lines.retain(|line| !line.starts_with("dhcp-leasefile="));
    let leases = memory.path().join("leases");
    setup.lines.push(format!("dhcp-leasefile={}", leases.display()));
    let setup = match variant {
        PLAIN => setup,
        BY_HAND => {
            setup.lines.extend(by_hand::dnsmasq());
            setup
        }
        SAME => {
            let policy = json!({ "systems": [{ "system": "url", "url": by_hand::URL }] });
            setup.offhook(&policy.to_string())
        }
        BUILT_IN => setup.offhook(&format!("{{ {OPTIONS} }}")),
        _ => {
            let folder = setup.folder.make("overlay");
            let policy = match variant {
                FORTY => {
                    only_those_that_boot(&folder);
                    // Those have 158 ranges: about twenty for each of the forty.
                    made_up(20, 32, &folder, &by_hand::makers().split(',').collect::<Vec<_>>())
                }
                _ => made_up(40, 20, &folder, &[]),
            };
            let folder = folder.display().to_string();
            setup.offhook_with(&policy, &["--vendors-directory", &folder])
        }
    };
    let load = load();
    let dnsmasq = setup.start();
    let before = cpu(dnsmasq.id());
    let summary = boot(&dnsmasq, PHONES);
    let used = cpu(dnsmasq.id()) - before;
    if [BY_HAND, SAME].contains(&variant) {
        assert_eq!(summary["understood-url"], summary["booted"], "{variant}: {summary:#}");
    }
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
            100.0 * rate / of(PLAIN, "exchanges-per-second"),
            of(variant, "cpu-us-per-packet")
        );
    }
    println!("\nRaw:\n");
    raw.iter().for_each(|line| println!("{line}"));
    println!();
}
