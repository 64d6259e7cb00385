//! How a decision and a load grow: by makers, devices and sites, also beyond what a policy may have. Prints a JSON line
//! for each point; `make bench-growth` makes docs/figures/growth.md of them.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::print_stdout)]

mod scene;

use std::fmt::Write;
use std::hint::black_box;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

use offhook_core::catalogue::Tables;
use offhook_core::{Context, Edits, Engine, Host, Mac, Query, builtin};
use scene::{SITE, decide, packet, phone, policy, tables};

const ROUNDS: usize = 5;
const DECISIONS: u32 = 100_000;

fn main() {
    // cargo's own words and the tests of `cargo test --benches` are not for it.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    for vendors in [20, 50, 100, 200] {
        let tables = tables(vendors);
        let text = policy(1);
        load("makers", vendors, &tables, &text);
        let engine = engine(&tables, &text);
        decisions("makers", vendors, "a phone", |_, edits| {
            decide(&engine, black_box(&phone()), edits)
        });
    }
    for devices in [1_000, 10_000, 100_000, 250_000, 1_000_000] {
        let tables = builtin::shared();
        let text = policy(devices);
        load("devices", devices, &tables, &text);
        let engine = engine(&tables, &text);
        let mut wire = packet(0x0015_6500_0000, b"yealink", "SIP-T46S");
        decisions("devices", devices, "one of them, another each time", |number, edits| {
            let device = u64::from(number) * 7919 % devices as u64;
            wire[28..34].copy_from_slice(&Mac::from_number(0x0015_6500_0000 + device * 7).0);
            decide(&engine, &wire, edits);
        });
    }
    for sites in [10, 100, 1_000, 2_000, 10_000] {
        let tables = builtin::shared();
        let text = policy_of_sites(sites);
        load("sites", sites, &tables, &text);
        let engine = engine(&tables, &text);
        let wire = phone();
        decisions("sites", sites, "a phone of another site each time", |number, edits| {
            let site =
                u32::try_from(u64::from(number) * 7919 % sites as u64).expect("a small number");
            let leased = Some(Ipv4Addr::from_bits(0x0a00_0005 + (site << 8)));
            let context = Context { leased, ..Context::default() };
            let query = Query::from_wire(&wire, context).expect("a packet");
            let decision = engine.decide(&query);
            assert!(decision.site.is_some());
            decision.edits(&engine, &query, edits);
        });
    }
}

/// Branches, each with a network and a VLAN of its own.
fn policy_of_sites(sites: usize) -> String {
    let mut text = format!("{SITE}, \"sites\": [");
    for site in 0..sites {
        let comma = if site == 0 { "" } else { "," };
        let network = Ipv4Addr::from_bits(0x0a00_0000 + ((site as u32) << 8));
        let vlan = site % 4000 + 1;
        let _ = write!(
            text,
            "{comma}{{\"name\":\"branch-{site}\",\"match\":{{\"networks\":[\"{network}/24\"]}},\"voice-vlan\":{{\"id\":{vlan}}}}}"
        );
    }
    text.push_str("]}");
    text
}

fn engine(tables: &Arc<Tables>, text: &str) -> Engine {
    Engine::new(Arc::clone(tables), text, Host::ANY).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn load(by: &str, count: usize, tables: &Arc<Tables>, text: &str) {
    let before = resident();
    let first = engine(tables, text);
    let kept = resident().saturating_sub(before);
    drop(first);
    let median = median(|| {
        let start = Instant::now();
        black_box(engine(tables, text));
        start.elapsed().as_secs_f64() * 1e3
    });
    println!(
        "{{\"what\":\"load\",\"by\":\"{by}\",\"count\":{count},\"milliseconds\":{median:.3},\"mib\":{:.1},\"policy-mib\":{:.2}}}",
        kept as f64 / 1024.0,
        text.len() as f64 / 1048576.0
    );
}

fn decisions(by: &str, count: usize, whom: &str, mut body: impl FnMut(u32, &mut Edits)) {
    let mut edits = Edits::default();
    let median = median(|| {
        let start = Instant::now();
        for number in 0..DECISIONS {
            body(number, &mut edits);
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(DECISIONS)
    });
    println!(
        "{{\"what\":\"decision\",\"by\":\"{by}\",\"count\":{count},\"of\":\"{whom}\",\"nanoseconds\":{median:.1}}}"
    );
}

fn median(mut round: impl FnMut() -> f64) -> f64 {
    let mut all: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    all.sort_by(f64::total_cmp);
    all[ROUNDS / 2]
}

/// In KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("this process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
