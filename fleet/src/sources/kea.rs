//! What Kea's commands answer: `phone-list`, `lease4-get-page` and `phone-status-get`.

use offhook_catalogue::Mac;
use offhook_catalogue::masking::{masked_bytes, plain};
use serde_json::Value;

use super::{Competing, Server, seconds, text};
use crate::phone::{Phone, Told};

/// The fields of the rows that `phone-list` gives with `"brief": true`.
pub struct Rows {
    names: Vec<String>,
}

impl Rows {
    /// From the answer's own names of the fields.
    #[must_use]
    pub fn new(fields: &Value) -> Rows {
        let names = fields.as_array().map(Vec::as_slice).unwrap_or_default().iter();
        Rows { names: names.map(|name| name.as_str().unwrap_or_default().to_owned()).collect() }
    }

    /// The phone of a row; `None` if it is not one.
    #[must_use]
    pub fn phone(&self, row: &Value, server: &str) -> Option<Phone> {
        let mut fields = row.as_str()?.split('\t');
        let mut phone = Phone::new(Mac([0; 6]));
        let mut named = false;
        for name in &self.names {
            let field = fields.next()?;
            let text = || Some(plain(field)).filter(|text| !text.is_empty());
            let number = || field.parse::<i64>().ok().filter(|number| *number > 0);
            match name.as_str() {
                "hw-address" => {
                    phone.mac = Mac::parse(field)?;
                    named = true;
                }
                "ip-address" => phone.address = field.parse().ok(),
                "vendor" => phone.vendor = text(),
                "model" => phone.model = text(),
                "firmware" => phone.firmware = text(),
                "site" => phone.site = text(),
                "by" => phone.by = text(),
                "host-name" => phone.host_name = text(),
                "looks-like-a-phone-by" => phone.looks_like_a_phone_by = text(),
                "first-seen" => phone.first_seen = number(),
                "last-seen" => phone.last_seen = number(),
                "answers" => phone.answers = field.parse().unwrap_or(0),
                _ => {}
            }
        }
        phone.told = fields.filter_map(told).collect();
        phone.told_known = true;
        phone.server = Some(server.to_owned());
        named.then_some(phone)
    }
}

/// `66=TEXT` or `43:HEX`.
fn told(field: &str) -> Option<Told> {
    let (option, rest) = field.split_at(field.find(['=', ':'])?);
    let value = match rest.strip_prefix('=') {
        Some(text) => plain(text),
        None => masked_hex(rest.strip_prefix(':')?),
    };
    Some(Told { option: plain(option), value })
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
        let rows = Rows::new(&json!(["hw-address", "last-seen", "host-name", "new", "ip-address"]));
        let bytes = hex("\u{1}http://u:secret@h/");
        let row = json!(format!(
            "00:15:65:aa:bb:cc\t200\t<script>alert(1)</script>\t?\t10.7.0.9\t66=http://u:secret@h/p/\t160:{bytes}\t\
             next-server=10.0.0.1"
        ));
        let phone = rows.phone(&row, "here").unwrap();
        assert_eq!((phone.last_seen, phone.address), (Some(200), "10.7.0.9".parse().ok()));
        let shown: Vec<(&str, &str)> =
            phone.told.iter().map(|told| (&*told.option, &*told.value)).collect();
        let masked = format!("0x{}", hex("\u{1}http://********@h/"));
        assert_eq!(
            shown,
            [("66", "http://***@h/p/"), ("160", &*masked), ("next-server", "10.0.0.1")]
        );
        assert_eq!(phone.host_name.as_deref(), Some("<script>alert(1)</script>"));
        for row in [json!("x\t1\t2\t3\t4"), json!("00:15:65:aa:bb:cc\t200"), json!({}), Value::Null]
        {
            assert!(rows.phone(&row, "here").is_none(), "{row}");
        }
        let unnamed = Rows::new(&json!(["vendor"]));
        assert!(unnamed.phone(&json!("snom"), "here").is_none());
    }

    fn hex(text: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect()
    }
}
