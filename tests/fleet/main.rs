//! A fleet's power-up, measured: phones of 20 makers boot from a real Kea that tells them nothing, with offhook, with
//! what people write by hand, by turns; each server sees them twice. Prints a JSON line for each power-up, and with
//! them the tables and the picture of docs/figures/peers.md.
//!
//! Wants release builds: `make bench-peers` makes them and names them by OFFHOOK_HOOK, OFFHOOK_CLI and OFFHOOK_MINIMAL.
//! The word `classes` or `flex_option` prints what people write by hand, for kea-hook/bench. OFFHOOK_FLEET=2000x1 tries it with fewer phones and runs. OFFHOOK_FIGURES names the folder of the raw figures;
//! OFFHOOK_BEFORE may name another build of the hook, and then these two and Kea alone are measured;
//! the word `page` measures nothing and makes the page from what is there.

use offhook_test_kit as peers;

mod page;
mod picture;
mod power_up;

use std::fs;
use std::path::PathBuf;

use peers::kea::Version;
use peers::machine;
use power_up::{Round, VARIANTS, variants};
use serde_json::{Value, json};

/// As fast as it goes, then at a rate; Kea's log as it is by default.
fn rounds(phones: u32) -> [Round; 2] {
    [None, Some(5000)].map(|rate| Round { phones, rate })
}

fn figures() -> PathBuf {
    std::env::var_os("OFFHOOK_FIGURES").map_or_else(|| PathBuf::from("docs/figures"), PathBuf::from)
}

fn main() {
    for word in std::env::args().skip(1) {
        match word.as_str() {
            "page" => return page::write(&figures()),
            "classes" => return println!("{}", peers::by_hand::classes()),
            "flex_option" => return println!("{}", peers::by_hand::flex_option()),
            _ => {} // cargo's own
        }
    }
    let wanted = std::env::var("OFFHOOK_FLEET").unwrap_or_else(|_| "20000x5".to_owned());
    let wanted = wanted.split_once('x').and_then(|(phones, runs)| {
        let (phones, runs): (u32, usize) = (phones.parse().ok()?, runs.parse().ok()?);
        (phones > 0 && runs > 0).then_some((phones, runs))
    });
    let (phones, runs) = wanted.expect("OFFHOOK_FLEET: expected PHONESxRUNS");
    let rounds = rounds(phones);
    // The first of all pays for cold caches, so none of the compared ones is the first.
    power_up::run(&rounds[0], &VARIANTS[1]);
    let mut all = Vec::new();
    for round in &rounds {
        for number in 0..runs {
            // By turns, and not always the same one first.
            let mut order = variants();
            let first = number % order.len();
            order.rotate_left(first);
            for variant in order {
                for result in power_up::run(round, &variant) {
                    eprintln!("{result}");
                    all.push(result);
                }
            }
        }
    }
    let Version(major, minor, patch) = Version::installed();
    let head = json!({
        "kea": format!("{major}.{minor}.{patch}"), "machine": machine::name(), "date": machine::date(),
        "runs": runs, "phones": phones,
    });
    let lines: Vec<String> = [head].iter().chain(&all).map(Value::to_string).collect();
    let file = figures().join(format!("peers-{major}.{minor}.{patch}.jsonl"));
    fs::write(&file, lines.join("\n") + "\n").expect("the raw figures");
    eprintln!("{}", file.display());
}
