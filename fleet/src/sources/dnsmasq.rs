//! The files that the dnsmasq companion keeps: one for each phone. An integration test holds both sides
//! together.

use offhook_catalogue::Mac;
use serde_json::Value;

use super::{Server, seconds, text};
use crate::phone::{Phone, Told};

/// A phone's file, while its lease lasts; `now` in seconds since 1970.
#[must_use]
pub fn record(record: &Value, server: &str, now: i64) -> Option<Phone> {
    let ends = record["expires"].as_i64().unwrap_or(0);
    if record["state"] != "leased" || (ends != 0 && ends < now) {
        return None;
    }
    let mut phone = Phone::new(Mac::parse(record["mac"].as_str()?)?);
    phone.address = record["address"].as_str().and_then(|text| text.parse().ok());
    phone.vendor = text(&record["vendor"]);
    phone.model = text(&record["model"]);
    phone.firmware = text(&record["firmware"]);
    phone.site = text(&record["site"]);
    phone.by = text(&record["by"]);
    phone.policy = text(&record["policy"]);
    phone.host_name = text(&record["host-name"]);
    phone.drift = text(&record["drift"]["why"]);
    phone.first_seen = seconds(&record["first-seen"]);
    phone.last_seen = seconds(&record["last-seen"]);
    phone.answers = record["boots"].as_u64().unwrap_or(0);
    if let Some(rule) = text(&record["rule"]) {
        phone.told = vec![Told { option: "rule".to_owned(), value: rule }];
    }
    phone.leased = true;
    phone.server = Some(server.to_owned());
    Some(phone)
}

/// The server itself: all that is known is where its book is.
#[must_use]
pub fn server(name: &str) -> Server {
    Server::new(name, "dnsmasq")
}
