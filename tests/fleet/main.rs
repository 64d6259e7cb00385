//! A fleet's power-up, measured: 20,000 phones of 20 makers through a real Kea with the hook and
//! without, by turns, five times each; at rates that are high for a site, and as fast as they are
//! answered. Prints docs/figures/fleet.md, progress goes to standard error.
//!
//! Wants release builds: `make bench` makes them and names them by OFFHOOK_HOOK, OFFHOOK_CLI and
//! OFFHOOK_MINIMAL.
//! OFFHOOK_FLEET=2000x1 tries it with fewer phones and runs.

use offhook_test_kit as peers;

mod page;
mod power_up;

use power_up::{Round, VARIANTS};

/// At rates, with Kea's default log; then as fast as it goes, with that log and with none.
fn rounds(phones: u32) -> [Round; 4] {
    let at =
        |rate: u32| Round { phones, rate: Some(rate), severity: "INFO", variants: &VARIANTS[..2] };
    let full = |severity| Round { phones, rate: None, severity, variants: &VARIANTS };
    [at(2000), at(10_000), full("INFO"), full("WARN")]
}

fn main() {
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
            let mut order: Vec<_> = round.variants.iter().collect();
            let first = number % order.len();
            order.rotate_left(first);
            for variant in order {
                let result = power_up::run(round, variant);
                eprintln!("{result}");
                all.push(result);
            }
        }
    }
    page::print(&rounds, runs, &all);
}
