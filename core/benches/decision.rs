//! One decision, wire bytes in, encoded edits out: phones and others, small and large catalogues,
//! no devices and a million. Run by `make bench`; figures belong into `docs/` with machine and date.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::OnceLock;

use divan::{Bencher, black_box};
use offhook_core::builtin::OverlayFile;
use offhook_core::catalogue::Tables;
use offhook_core::parts::Parts;
use offhook_core::{Context, Edits, Engine, Host, Mac, Query, builtin};

fn main() {
    divan::main();
}

const SITE: &str = r#"{"systems": [{"system": "files", "url": "https://provision.example.com/p/"}],
    "voice-vlan": {"id": 120}, "time-servers": ["192.0.2.1"]"#;

/// A catalogue of the first `count` vendors (always with the measured one), repeated under other
/// names and other signs until there are enough.
fn tables(count: usize) -> Arc<Tables> {
    let built = builtin::built_in();
    let measured = |id: &str| ["yealink", "polycom", "snom"].contains(&id);
    let mut vendors: Vec<_> =
        built.vendors.iter().filter(|vendor| measured(&vendor.id)).cloned().collect();
    let others: Vec<_> =
        built.vendors.iter().filter(|vendor| !measured(&vendor.id)).cloned().collect();
    let mut round = 0u8;
    while vendors.len() < count {
        for vendor in others.iter().take(count - vendors.len()) {
            let mut vendor = vendor.clone();
            vendor.id = format!("{}-{round}", vendor.id).into();
            if round > 0 {
                for rule in vendor.rules.to_mut() {
                    rule.head = rule.head.iter().copied().chain([b'#', round]).collect();
                    if !rule.any.is_empty() {
                        rule.any = rule.any.iter().copied().chain([0, 0]).collect();
                    }
                    rule.number = rule.number.map(|number| number + 100_000 * u32::from(round));
                }
                for mac in vendor.macs.to_mut() {
                    let shift = 0x0200_0000_0000 * u64::from(round);
                    (mac.first, mac.last) = (mac.first + shift, mac.last + shift);
                }
            }
            vendors.push(vendor);
        }
        round += 1;
    }
    let mut systems: Vec<_> = built.systems.iter().filter(|s| &*s.id == "files").cloned().collect();
    systems.truncate(1);
    // What is for makers that are not among these is left out.
    let there = |id: &str| vendors.iter().any(|vendor| vendor.id == id);
    for system in &mut systems {
        system.serves.to_mut().retain(|serve| serve.vendors.named().iter().all(|id| there(id)));
    }
    Arc::new(
        Tables::build(vendors, systems, built.other_devices.clone(), built.unlisted.clone())
            .unwrap_or_else(|wrong| panic!("{wrong}")),
    )
}

fn engine(vendors: usize, devices: usize) -> Arc<Engine> {
    type Cache = std::sync::Mutex<std::collections::HashMap<(usize, usize), Arc<Engine>>>;
    static CACHE: OnceLock<Cache> = OnceLock::new();
    let mut cache = CACHE.get_or_init(Cache::default).lock().expect("no panic before");
    let make = || {
        let engine = Engine::new(tables(vendors), &policy(devices), Host::ANY);
        Arc::new(engine.unwrap_or_else(|wrong| panic!("{wrong}")))
    };
    Arc::clone(cache.entry((vendors, devices)).or_insert_with(make))
}

fn policy(devices: usize) -> String {
    let mut policy = format!("{SITE}, \"devices\": [");
    for number in 0..devices {
        let mac = Mac::from_number(0x0015_6500_0000 + (number as u64) * 7);
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            policy,
            "{comma}{{\"mac\":\"{mac}\",\"vendor\":\"yealink\",\"options\":[{{\"code\":66,\"text\":\"http://lab/{number}.cfg\"}}]}}"
        );
    }
    policy.push_str("]}");
    policy
}

fn packet(mac: u64, class: &[u8], host: &str) -> Vec<u8> {
    let mut parts = Parts { mac: Some(Mac::from_number(mac)), ..Parts::default() };
    parts.option(61, [1, 0, 0, 0, 0, 0, 1]);
    parts.option(12, host.as_bytes());
    parts.option(57, [5, 220]);
    parts.option(60, class);
    parts.option(55, [1, 3, 6, 15, 28, 42, 43, 66, 120, 160]);
    parts.wire(1)
}

fn phone() -> Vec<u8> {
    packet(0x0004_f200_0001, b"Polycom-VVX410", "Polycom_0004f2000001")
}

fn laptop() -> Vec<u8> {
    packet(0x3c52_8200_0001, b"MSFT 5.0", "DESKTOP-1234567")
}

/// A device that says little: without option 60, so that all weak signs are looked for.
fn silent() -> Vec<u8> {
    let mut parts = Parts { mac: Some(Mac::from_number(0x3c52_8200_0001)), ..Parts::default() };
    parts.option(61, [1, 0, 0, 0, 0, 0, 1]);
    parts.option(12, *b"DESKTOP-1234567");
    parts.option(57, [5, 220]);
    parts.option(55, [1, 3, 6, 15, 28, 42, 43, 119, 121, 252]);
    parts.wire(1)
}

fn answer(bencher: Bencher<'_, '_>, engine: &Engine, wire: &[u8], least: usize) {
    let mut edits = Edits::default();
    decide(engine, wire, &mut edits);
    assert!(edits.len() >= least && (least > 0 || edits.is_empty()), "{} edits", edits.len());
    bencher.bench_local(|| {
        decide(engine, black_box(wire), &mut edits);
        edits.len()
    });
}

fn decide(engine: &Engine, wire: &[u8], edits: &mut Edits) {
    if let Some(query) = Query::from_wire(wire, Context::default()) {
        engine.decide(&query).edits(engine, &query, edits);
    }
}

#[divan::bench(args = [20, 200])]
fn phone_by_vendors(bencher: Bencher<'_, '_>, vendors: usize) {
    answer(bencher, &engine(vendors, 0), &phone(), 3);
}

#[divan::bench(args = [20, 200])]
fn laptop_by_vendors(bencher: Bencher<'_, '_>, vendors: usize) {
    answer(bencher, &engine(vendors, 0), &laptop(), 0);
}

#[divan::bench(args = [20, 200])]
fn silent_by_vendors(bencher: Bencher<'_, '_>, vendors: usize) {
    answer(bencher, &engine(vendors, 0), &silent(), 0);
}

#[divan::bench(args = [0, 100_000, 249_000])]
fn phone_by_devices(bencher: Bencher<'_, '_>, devices: usize) {
    answer(bencher, &engine(20, devices), &phone(), 3);
}

#[divan::bench(args = [0, 100_000, 249_000])]
fn laptop_by_devices(bencher: Bencher<'_, '_>, devices: usize) {
    answer(bencher, &engine(20, devices), &laptop(), 0);
}

/// A different one of the devices each time: the table is larger than the caches.
#[divan::bench(args = [100_000, 249_000])]
fn one_of_the_devices(bencher: Bencher<'_, '_>, devices: usize) {
    let engine = engine(20, devices);
    let mut wire = packet(0x0015_6500_0000, b"yealink", "SIP-T46S");
    let mut edits = Edits::default();
    let mut number = 0u64;
    bencher.bench_local(|| {
        number = (number + 7919) % devices as u64;
        let mac = Mac::from_number(0x0015_6500_0000 + number * 7);
        wire[28..34].copy_from_slice(&mac.0);
        decide(&engine, &wire, &mut edits);
        edits.len()
    });
}

/// What Kea's callouts pay to read the packet again, and what they pay not to recognise it again: a
/// comparison of its bytes with those of the packet before (kea-hook/src/thread_slots.rs).
#[divan::bench]
fn parse_a_packet(bencher: Bencher<'_, '_>) {
    let wire = phone();
    bencher.bench_local(|| {
        let query = Query::from_wire(black_box(&wire), Context::default());
        black_box(query.is_some_and(|query| query.vendor_class.is_some()))
    });
}

#[divan::bench]
fn compare_with_the_packet_before(bencher: Bencher<'_, '_>) {
    let (wire, before) = (phone(), phone());
    bencher.bench_local(|| black_box(&wire) == black_box(&before));
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn load_a_policy_of_100_000_devices(bencher: Bencher<'_, '_>) {
    let tables = builtin::shared();
    let policy = policy(100_000);
    bencher.bench_local(|| {
        let engine = Engine::new(Arc::clone(&tables), &policy, Host::ANY);
        let engine = engine.unwrap_or_else(|wrong| panic!("{wrong}"));
        let each = engine.policy().devices.bytes() / engine.policy().devices.len();
        assert!(each <= 150, "{each} bytes a device");
    });
}

/// As a program that has just started does it: statics, so there is nothing to parse.
#[divan::bench]
fn load_the_built_in_catalogue() -> Arc<Tables> {
    builtin::shared()
}

/// As an installed catalogue is read: the texts of all makers and systems, parsed, checked and indexed.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn read_a_whole_catalogue(bencher: Bencher<'_, '_>) {
    let files = texts();
    bencher.bench_local(|| builtin::with_overlay(&files).map(drop));
}

fn texts() -> Vec<OverlayFile> {
    fn below(folder: &Path, found: &mut Vec<OverlayFile>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                below(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "toml") {
                let text = std::fs::read_to_string(&path).expect("a text");
                found.push(OverlayFile { path: path.display().to_string(), text });
            }
        }
    }
    let mut found = Vec::new();
    below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogue"), &mut found);
    found
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn load_a_small_policy(bencher: Bencher<'_, '_>) {
    let tables = builtin::shared();
    let policy = policy(1);
    bencher.bench_local(|| Engine::new(Arc::clone(&tables), &policy, Host::ANY).map(drop));
}
