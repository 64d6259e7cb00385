//! Phones out of the state directory that the dnsmasq companion keeps: one JSON file per phone.
//! (Its layout is described in the companion's `state` module; an integration test holds both together.)

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::Phone;
use crate::book;
use crate::input::Failure;

/// Visits every phone that has a lease.
pub fn read(directory: &Path, mut visit: impl FnMut(Phone)) -> Result<(), Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    book::records(directory, |record| {
        let leased = record["state"] == "leased"
            && record["expires"].as_u64().is_none_or(|end| end == 0 || end >= now);
        if let Some(phone) = phone(record, directory).filter(|_| leased) {
            visit(phone);
        }
    })
}

fn phone(record: &Value, directory: &Path) -> Option<Phone> {
    let text = |key: &str| record[key].as_str().map(str::to_owned);
    Some(Phone {
        address: record["address"].as_str()?.parse().ok()?,
        mac: text("mac")?,
        vendor: text("vendor")?,
        model: text("model"),
        firmware: text("firmware"),
        site: text("site"),
        by: text("by"),
        policy: text("policy"),
        host_name: text("host-name"),
        subnet_id: None,
        server: directory.display().to_string(),
        drift: record["drift"]["why"].as_str().map(str::to_owned),
    })
}
