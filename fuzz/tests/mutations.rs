//! Every target with the corpus, and for a second with mutations of it (in CI three): the part of fuzzing that every
//! test run can afford. Without coverage, so it finds less in the same time than `scripts/fuzz`, and needs no other build.
//! `OFFHOOK_FUZZ_SECONDS` and `OFFHOOK_SEED` say how long, and which mutations.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use offhook_fuzz::TARGETS;

/// An input that takes longer is a fault too, on a busy machine and unoptimised.
const LONGEST: Duration = Duration::from_secs(10);

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// xorshift64* (Marsaglia, Vigna).
struct Chances(u64);

impl Chances {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        usize::try_from(number).unwrap() % end.max(1)
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
        Err(_) => return,
    };
    entries.sort();
    for entry in entries {
        match entry.is_dir() {
            true => files(&entry, found),
            false => found.push(entry),
        }
    }
}

/// The corpus of a target, and what the repository has of its kind anyway.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    files(&fuzz.join("corpus").join(target), &mut found);
    let root = fuzz.parent().unwrap();
    match target {
        "policy" => files(&root.join("examples"), &mut found),
        "vendor" => files(&root.join("core/catalogue/vendors"), &mut found),
        _ => {}
    }
    found.retain(|path| target != "vendor" || path.ends_with("vendor.toml"));
    let seeds: Vec<Vec<u8>> = found.iter().map(|path| fs::read(path).unwrap()).collect();
    assert!(!seeds.is_empty(), "no seeds for {target}");
    seeds
}

/// One to eight changes: bytes, lengths, parts left out, doubled, or taken from another seed.
fn mutate(seeds: &[Vec<u8>], chances: &mut Chances) -> Vec<u8> {
    let mut bytes = seeds[chances.below(seeds.len())].clone();
    for _ in 0..=chances.below(8) {
        let at = chances.below(bytes.len());
        let end = (at + 1 + chances.below(64)).min(bytes.len());
        match chances.below(8) {
            _ if bytes.is_empty() => bytes.push(0),
            0 => bytes[at] ^= 1 << chances.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'"', b'{', b'\n'][chances.below(8)],
            2 => bytes[at] = u8::try_from(chances.below(256)).unwrap(),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => {
                let other = &seeds[chances.below(seeds.len())];
                let from = chances.below(other.len());
                let part = &other[from..(from + 1 + chances.below(64)).min(other.len())];
                bytes.splice(at..at, part.iter().copied());
            }
        }
    }
    bytes
}

#[test]
fn no_input_ends_a_reader() {
    let patience = Duration::from_secs(number("OFFHOOK_FUZZ_SECONDS", 1));
    for (name, target) in TARGETS {
        let mut chances = Chances(number("OFFHOOK_SEED", 1) * 2 + 1);
        let seeds = seeds(name);
        let (begun, mut inputs) = (Instant::now(), 0);
        while inputs < seeds.len() || begun.elapsed() < patience {
            let bytes = match seeds.get(inputs) {
                Some(seed) => seed.clone(),
                None => mutate(&seeds, &mut chances),
            };
            let start = Instant::now();
            let held = catch_unwind(AssertUnwindSafe(|| target(&bytes))).is_ok();
            let took = start.elapsed();
            let shown = || bytes.escape_ascii().to_string();
            assert!(held, "{name}: a panic, by: {}", shown());
            assert!(took < LONGEST, "{name}: {took:?}, by: {}", shown());
            inputs += 1;
        }
        println!("{name}: {inputs} inputs");
    }
}
