//! What Kea's commands answer: `phone-list`, `lease4-get-page` and `phone-status-get`.

use offhook_catalogue::Mac;
use offhook_catalogue::masking::{masked_bytes, plain};
use serde_json::Value;

use super::{Competing, Server, seconds, text};
use crate::phone::{Phone, Told};

/// A phone of `phone-list` with `"brief": true`.
#[must_use]
pub fn seen(entry: &Value, server: &str) -> Option<Phone> {
    let mut phone = Phone::new(Mac::parse(entry["hw-address"].as_str()?)?);
    phone.address = entry["ip-address"].as_str().and_then(|text| text.parse().ok());
    phone.vendor = text(&entry["vendor"]);
    phone.model = text(&entry["model"]);
    phone.firmware = text(&entry["firmware"]);
    phone.site = text(&entry["site"]);
    phone.by = text(&entry["by"]);
    phone.host_name = text(&entry["host-name"]);
    phone.looks_like_a_phone_by = text(&entry["looks-like-a-phone-by"]);
    phone.told = told(&entry["told"]);
    phone.told_known = true;
    phone.first_seen = seconds(&entry["first-seen"]);
    phone.last_seen = seconds(&entry["last-seen"]);
    phone.answers = entry["answers"].as_u64().unwrap_or(0);
    phone.server = Some(server.to_owned());
    Some(phone)
}

/// What a list of edits set; removals tell the phone nothing.
fn told(list: &Value) -> Vec<Told> {
    let set = list.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    let set = set.filter(|edit| edit["action"] != "remove");
    set.filter_map(|edit| {
        let option = match edit["code"].as_u64() {
            Some(code) => code.to_string(),
            None => text(&edit["field"])?,
        };
        let value = text(&edit["text"]).or_else(|| edit["hex"].as_str().map(masked_hex))?;
        Some(Told { option, value })
    })
    .collect()
}

/// Hex digits without the passwords and tokens of URLs within; what is not hex is escaped.
fn masked_hex(digits: &str) -> String {
    let pairs = digits.as_bytes().chunks(2);
    let bytes = pairs.map(|pair| {
        std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())
    });
    match bytes.collect::<Option<Vec<u8>>>() {
        Some(bytes) => {
            let masked = masked_bytes(&bytes);
            let digits = masked.iter().map(|byte| format!("{byte:02x}"));
            format!("0x{}", digits.collect::<String>())
        }
        None => plain(digits),
    }
}

/// The phone that a lease is for, if the hook has noted one; `now` in seconds since 1970.
#[must_use]
pub fn lease(lease: &Value, server: &str, now: i64) -> Option<Phone> {
    let note = lease.get("user-context")?.get("offhook")?;
    let mut phone = Phone::new(Mac::parse(lease["hw-address"].as_str()?)?);
    phone.vendor = Some(text(&note["vendor"])?);
    phone.address = lease["ip-address"].as_str().and_then(|text| text.parse().ok());
    phone.model = text(&note["model"]);
    phone.firmware = text(&note["firmware"]);
    phone.site = text(&note["site"]);
    phone.by = text(&note["by"]);
    phone.policy = text(&note["policy"]);
    phone.host_name = text(&lease["hostname"]);
    phone.last_seen = seconds(&lease["cltt"]);
    let ends =
        lease["valid-lft"].as_i64().unwrap_or(0).saturating_add(phone.last_seen.unwrap_or(0));
    // State 0: neither declined nor reclaimed.
    phone.leased = lease["state"].as_i64() == Some(0) && ends > now;
    phone.server = Some(server.to_owned());
    Some(phone)
}

/// The server itself, out of `phone-status-get`; `now` in seconds since 1970.
#[must_use]
pub fn server(status: &Value, name: &str, now: i64) -> Server {
    let mut server = Server::new(name, "kea");
    server.version = text(&status["version"]);
    server.release = text(&status["kea"]["compiled-for"]);
    server.state = text(&status["state"]);
    server.policy = text(&status["policy"]["digest"]);
    server.since = status["policy"]["age"].as_i64().map(|age| now - age);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    server.mistakes = list(&status["mistakes"]).iter().filter_map(text).collect();
    let competing = list(&status["competing-options"]).into_iter();
    server.competing_options = competing
        .map(|found| Competing {
            vendor: text(&found["vendor"]),
            code: found["code"].as_u64(),
            text: text(&found["text"]).unwrap_or_default(),
        })
        .collect();
    if let Some(counters) = status["counters"].as_object() {
        let counters = counters.iter();
        server.counters =
            counters.filter_map(|(name, count)| Some((plain(name), count.as_u64()?))).collect();
    }
    server.remembered = status["phones"]["remembered"].as_u64();
    server.most_remembered = status["phones"]["most"].as_u64();
    server
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_phone_was_sent_is_shown_without_secrets() {
        let entry = json!({
            "hw-address": "00:15:65:aa:bb:cc", "vendor": "yealink", "model": "T46S", "by": "option 60",
            "ip-address": "10.7.0.9", "first-seen": 100, "last-seen": 200, "answers": 2,
            "host-name": "<script>alert(1)</script>",
            "told": [
                { "code": 66, "action": "set", "hex": "00", "text": "http://u:secret@h/p/" },
                { "code": 43, "action": "remove" },
                { "code": 160, "action": "set", "hex": hex("\u{1}http://u:secret@h/") },
                { "field": "next-server", "text": "10.0.0.1" },
            ],
        });
        let phone = seen(&entry, "here").unwrap();
        let shown: Vec<(&str, &str)> =
            phone.told.iter().map(|told| (&*told.option, &*told.value)).collect();
        let masked = format!("0x{}", hex("\u{1}http://********@h/"));
        assert_eq!(
            shown,
            [("66", "http://***@h/p/"), ("160", &*masked), ("next-server", "10.0.0.1")]
        );
        assert_eq!(phone.host_name.as_deref(), Some("<script>alert(1)</script>"));
        assert!(seen(&json!({ "hw-address": "x" }), "here").is_none());
    }

    fn hex(text: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }
}
