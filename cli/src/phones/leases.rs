//! Phones out of Kea's leases, page by page.

use std::net::Ipv4Addr;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::Phone;
use crate::input::{Failure, wrong};
use crate::kea::Kea;

/// Leases a page: large enough for speed, small enough for Kea to answer at once.
const PAGE: usize = 5_000;

/// Visits every phone among the leases.
pub fn read(kea: &Kea, mut visit: impl FnMut(Phone)) -> Result<(), Failure> {
    // Drawn on standard error, and only on a terminal.
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} leases read {elapsed}") {
        bar.set_style(style);
    }
    let target = kea.shown();
    let mut from = json!("start");
    loop {
        let page = kea.ask("lease4-get-page", json!({ "from": from, "limit": PAGE }))?;
        let leases = page["leases"].as_array().map(Vec::as_slice).unwrap_or_default();
        for lease in leases {
            if let Some(phone) = phone(lease, &target) {
                visit(phone);
            }
        }
        bar.inc(leases.len() as u64);
        let last = leases.last().and_then(|lease| lease["ip-address"].as_str());
        let Some(last) = last.filter(|_| leases.len() == PAGE) else { break };
        if from == *last {
            return Err(wrong(format!("{target}: lease4-get-page gave the same page twice")));
        }
        from = json!(last);
    }
    bar.finish_and_clear();
    Ok(())
}

/// The phone that a lease is for, if the hook has noted one.
fn phone(lease: &Value, target: &str) -> Option<Phone> {
    let note = lease.get("user-context")?.get("offhook")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Phone {
        address: lease["ip-address"].as_str()?.parse::<Ipv4Addr>().ok()?,
        mac: text(&lease["hw-address"]).unwrap_or_default(),
        vendor: text(&note["vendor"])?,
        model: text(&note["model"]),
        firmware: text(&note["firmware"]),
        site: text(&note["site"]),
        by: text(&note["by"]),
        policy: text(&note["policy"]),
        host_name: text(&lease["hostname"]).filter(|name| !name.is_empty()),
        subnet_id: lease["subnet-id"].as_i64(),
        server: target.to_owned(),
        drift: None,
    })
}
