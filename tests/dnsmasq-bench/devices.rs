//! A policy of 100,000 devices: how long it renders, and what it costs dnsmasq for each packet.

use std::fs;
use std::time::Instant;

use serde_json::json;

use crate::peers::dnsmasq::{Dnsmasq, Setup};
use crate::peers::machine::{load, median};
use crate::peers::phone::Phone;

const RUNS: usize = 9;
const DEVICES: u32 = 100_000;
/// Packets that are timed, one after the other, of one kind in one run.
const PACKETS: u32 = 200;

/// A policy with so many devices, each with one of twenty URLs of its own.
pub fn policy_of(devices: u32) -> String {
    let device = |number: u32| {
        let [_, a, b, c] = number.to_be_bytes();
        json!({ "mac": format!("00:15:65:{a:02x}:{b:02x}:{c:02x}"),
            "options": [{ "code": 66, "text": format!("https://p.example.com/{}/", number % 20) }] })
    };
    let devices: Vec<_> = (0..devices).map(device).collect();
    json!({ "systems": [{ "system": "files", "url": "https://p.example.com/x/" }],
        "devices": devices })
    .to_string()
}

/// Milliseconds from a DISCOVER to its OFFER, the median of many.
fn offer(dnsmasq: &Dnsmasq, prefix: &str) -> f64 {
    let relay = dnsmasq.relay();
    let times = (0..PACKETS).map(|number| {
        // Spread over the whole list: dnsmasq walks it from one end.
        let [_, a, b, c] = (number * (DEVICES / PACKETS)).to_be_bytes();
        let phone = Phone::new(&format!("{prefix}:{a:02x}:{b:02x}:{c:02x}"));
        let question = relay.question(&phone, 1);
        let start = Instant::now();
        relay.ask(&question).expect("an offer");
        start.elapsed().as_secs_f64() * 1e3
    });
    median(times.collect())
}

pub fn measure() {
    let (small, large) = (policy_of(0), policy_of(DEVICES));
    let mut raw = Vec::new();
    for _ in 0..RUNS {
        let load = load();
        let setup = Setup::new();
        let render = |more: &[&str]| {
            let _ = fs::remove_file(setup.rendered());
            let start = Instant::now();
            let output = setup.try_render(&large, more);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            start.elapsed().as_secs_f64()
        };
        let (tested, untested) = (render(&[]), render(&["--no-test"]));
        let of = |policy: Option<&str>| {
            let setup = match policy {
                Some(policy) => Setup::new().offhook(policy),
                None => Setup::new(),
            };
            let start = Instant::now();
            let dnsmasq = setup.start();
            let started = start.elapsed().as_secs_f64();
            (offer(&dnsmasq, "00:15:65"), offer(&dnsmasq, "02:00:00"), started)
        };
        let (plain, none, all) = (of(None), of(Some(&small)), of(Some(&large)));
        let line = json!({ "load-before": load, "render-s": tested, "render-no-test-s": untested,
            "plain-ms": plain.0, "no-devices-ms": none.0, "device-ms": all.0,
            "stranger-plain-ms": plain.1, "stranger-no-devices-ms": none.1, "stranger-ms": all.1,
            "start-plain-s": plain.2, "start-s": all.2 });
        eprintln!("{line}");
        raw.push(line);
    }
    let of =
        |key: &str| median(raw.iter().map(|run| run[key].as_f64().expect("a number")).collect());
    println!("{DEVICES} devices, medians of {RUNS} runs:\n");
    println!("| | |\n|---|---|");
    println!("| `render`, with `dnsmasq --test` | {:.2} s |", of("render-s"));
    println!("| `render --no-test` | {:.2} s |", of("render-no-test-s"));
    println!("| dnsmasq starts, plain | {:.2} s |", of("start-plain-s"));
    println!("| dnsmasq starts, with them | {:.2} s |", of("start-s"));
    println!("\n| DISCOVER to OFFER, ms | plain | no device | {DEVICES} devices | a packet more |");
    println!("|---|---|---|---|---|");
    for (text, plain, none, all) in [
        ("one of the devices", "plain-ms", "no-devices-ms", "device-ms"),
        ("a stranger", "stranger-plain-ms", "stranger-no-devices-ms", "stranger-ms"),
    ] {
        let (plain, none, all) = (of(plain), of(none), of(all));
        println!("| {text} | {plain:.3} | {none:.3} | {all:.3} | {:.3} ms |", all - none);
    }
    println!("\nRaw:\n");
    raw.iter().for_each(|line| println!("{line}"));
    println!();
}
