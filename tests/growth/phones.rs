//! Phones that a Kea has seen: turned page by page, and reported.

use std::time::Instant;

use serde_json::{Value, json};

use crate::peers::by_hand;
use crate::peers::folder::Folder;
use crate::peers::kea::Kea;
use crate::peers::many::kea_that_has_seen;
use crate::peers::{process, product};
use crate::point;

pub fn measure() -> Vec<Value> {
    [1_000, 10_000, 100_000].into_iter().flat_map(measure_one).collect()
}

fn measure_one(count: usize) -> [Value; 2] {
    let policy = json!({ "systems": [{ "system": "url", "url": by_hand::URL }] });
    let kea = kea_that_has_seen(count, &policy.to_string());
    [list(&kea, count), report(&kea, count)]
}

/// All pages of `phone-list`, as large as it gives them.
fn list(kea: &Kea, count: usize) -> Value {
    let (mut seen, mut pages, mut slowest) = (0, 0, 0.0f64);
    let mut from = Value::from("start");
    let start = Instant::now();
    loop {
        let page = Instant::now();
        let reply = kea.command("phone-list", json!({ "from": from, "limit": 1000 }));
        slowest = slowest.max(page.elapsed().as_secs_f64());
        let Some(phones) = reply.arguments["phones"].as_array().filter(|phones| !phones.is_empty())
        else {
            break;
        };
        seen += phones.len();
        pages += 1;
        from = phones.last().expect("a phone")["hw-address"].clone();
    }
    assert_eq!(seen, count, "expected all phones");
    let seconds = start.elapsed().as_secs_f64();
    point(
        "phone-list",
        "phones",
        count,
        json!({ "seconds": seconds, "pages": pages, "slowest-ms": slowest * 1e3 }),
    )
}

fn report(kea: &Kea, count: usize) -> Value {
    let folder = Folder::new();
    let page = folder.join("report.html");
    let mut command = process::command(product::command_line());
    command.arg("report").arg("--kea").arg(kea.socket()).arg("--out").arg(&page);
    let start = Instant::now();
    process::run_well(&mut command);
    let seconds = start.elapsed().as_secs_f64();
    let size = std::fs::metadata(&page).expect("the page").len();
    point("report", "phones", count, json!({ "seconds": seconds, "page-mb": size as f64 / 1e6 }))
}
