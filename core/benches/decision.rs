//! One decision, wire bytes in, encoded edits out: phones and others, small and large catalogues,
//! no devices and a million. Run by `make bench`; figures belong into `docs/` with machine and date.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod scene;

use std::path::Path;
use std::sync::Arc;
use std::sync::OnceLock;

use divan::{Bencher, black_box};
use offhook_core::builtin::OverlayFile;
use offhook_core::catalogue::Tables;
use offhook_core::parts::Parts;
use offhook_core::{Context, Edits, Engine, Host, Mac, Query, builtin};
use scene::{decide, packet, phone, policy, tables};

fn main() {
    divan::main();
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

/// As a user's folder is read: the texts of all makers and systems, parsed, checked and indexed.
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
                found.push(OverlayFile::new(path.display().to_string(), text));
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
