//! Phones out of Kea's leases, page by page.

use std::net::Ipv4Addr;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::Phone;
use crate::input::Failure;
use crate::kea::Kea;
use crate::kea::pages::LEASES;

/// Visits every phone among the leases.
pub fn read(kea: &Kea, mut visit: impl FnMut(Phone)) -> Result<(), Failure> {
    // Drawn on standard error, and only on a terminal.
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} leases read {elapsed}") {
        bar.set_style(style);
    }
    let target = kea.shown();
    kea.pages(&LEASES, &mut |lease| {
        bar.inc(1);
        if let Some(phone) = phone(lease, &target) {
            visit(phone);
        }
        Ok(())
    })?;
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
