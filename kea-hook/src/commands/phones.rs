//! `phone-list` and `phone-get`: phones seen since Kea was started, and devices that look like phones and
//! are not recognised; and what another policy would tell them.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use offhook_core::diff::{Comparison, Report};
use offhook_core::lookalikes::suspect;
use offhook_core::recognise::read;
use offhook_core::text::printable;
use offhook_core::{Engine, Mac, Query, client_json, explain};
use serde_json::{Map, Value, json};

use super::vendors::no_vendor;
use super::{Answer, EMPTY, arguments};
use crate::hook::Hook;
use crate::phones::evidence::{self, Told};
use crate::phones::{Phone, Seen};
use crate::sign;
use crate::snapshot::Snapshot;
use crate::words::{Members, Wrong};

/// A page that is answered well within Kea's ten seconds.
const LONGEST_PAGE: u64 = 10_000;

const LIST: [&str; 6] = ["from", "limit", "vendor", "site", "recognised", "seen-since"];

pub(super) fn list(hook: &Hook, arguments: &Value) -> Result<Answer, Wrong> {
    let members = Members::new(arguments, "argument", &LIST)?;
    let limit = members.number("limit", 1, LONGEST_PAGE)?.unwrap_or(100);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let from = match members.text("from")? {
        Some("start") => None,
        _ => arguments::mac(&members, "from")?,
    };
    let (vendor, site) = (members.text("vendor")?, members.text("site")?);
    let recognised = members.bool("recognised")?;
    let since = members.number("seen-since", 0, u64::MAX)?.unwrap_or(0);
    let snapshot = hook.in_force();
    if let Some(vendor) = vendor
        && snapshot.engine.tables().vendor(vendor).is_none()
    {
        return Err(no_vendor(&snapshot, vendor));
    }
    let (mut found, mut last, mut scanned) = (Vec::new(), from, usize::MAX);
    while found.len() < limit && scanned > 0 {
        let page = hook.seen.page(last, limit.max(1000));
        scanned = page.len();
        for phone in page {
            last = Some(phone.mac);
            if phone.last < since {
                continue;
            }
            let value = show(&snapshot.engine, &phone);
            let is = |key: &str, wanted: Option<&str>| {
                wanted.is_none_or(|wanted| value.get(key).is_some_and(|found| found == wanted))
            };
            let known = value.get("vendor").is_some_and(|vendor| !vendor.is_null());
            if is("vendor", vendor)
                && is("site", site)
                && recognised.is_none_or(|recognised| recognised == known)
            {
                found.push(Value::Object(value));
                if found.len() == limit {
                    break;
                }
            }
        }
    }
    let count = found.len();
    let result = if count == 0 { EMPTY } else { super::SUCCESS };
    let text = format!("{count} phone(s) found.");
    let mut arguments = remembered(hook);
    if let Value::Object(arguments) = &mut arguments {
        arguments.insert("phones".to_owned(), found.into());
        arguments.insert("count".to_owned(), count.into());
    }
    Ok(Answer::new(result, text, Some(arguments)))
}

/// How full the tables of what was seen are.
pub(super) fn remembered(hook: &Hook) -> Value {
    let Seen { phones, unknown } = &hook.seen;
    json!({
        "remembered": phones.len(),
        "most": phones.most(),
        "unknown": unknown.len(),
        "most-unknown": unknown.most(),
    })
}

pub(super) fn get(hook: &Hook, arguments: &Value) -> Result<Answer, Wrong> {
    let members = Members::new(arguments, "argument", &["hw-address"])?;
    let mac = arguments::mac(&members, "hw-address")?;
    let mac = mac.ok_or_else(|| members.missing("hw-address"))?;
    let Some(phone) = hook.seen.get(mac) else {
        return Ok(Answer::new(EMPTY, format!("{mac} has not been seen."), None));
    };
    let snapshot = hook.in_force();
    let mut value = show(&snapshot.engine, &phone);
    let parts = evidence::read(phone.mac, phone.evidence());
    let names = parts.class_names();
    let now = explain(
        &snapshot.engine,
        &Query::from_parts(&parts, &names),
        &hook.parameters.class_prefix,
    );
    let now = serde_json::to_value(&now).map_err(|error| error.to_string())?;
    value.insert("now".to_owned(), now);
    Ok(Answer::done("1 phone found.", Value::Object(value)))
}

/// One phone as a list shows it.
fn show(engine: &Engine, phone: &Phone) -> Map<String, Value> {
    let parts = evidence::read(phone.mac, phone.evidence());
    let names = parts.class_names();
    let query = Query::from_parts(&parts, &names);
    let decision = engine.decide(&query);
    let mut value = Map::new();
    let mut add = |key: &str, member: Value| {
        value.insert(key.to_owned(), member);
    };
    add("hw-address", phone.mac.to_string().into());
    if let Some(identity) = decision.identity {
        let reading = read(engine.tables(), &query, &identity);
        let text = |bytes: &Option<std::borrow::Cow<'_, [u8]>>| {
            bytes.as_deref().map_or(Value::Null, |bytes| printable(bytes).into())
        };
        add("vendor", engine.tables().at(identity.vendor).id.to_string().into());
        add("model", text(&reading.model));
        add("firmware", text(&reading.firmware));
        add("by", sign::deciding(engine, &identity).into());
    } else {
        // Never recognised, or the catalogue or the policy has changed since it was answered.
        for key in ["vendor", "model", "firmware", "by"] {
            add(key, Value::Null);
        }
        if let Some(suspicion) = suspect(engine.tables(), &query) {
            add("looks-like-a-phone-by", suspicion.name().into());
        }
        let class = query.vendor_class.as_deref();
        add("vendor-class", class.map_or(Value::Null, |class| printable(class).into()));
    }
    add("site", decision.site.map_or(Value::Null, |site| site.name.as_str().into()));
    if let Some(address) = query.client_address() {
        add("ip-address", address.to_string().into());
    }
    add("told", told_value(phone.told()));
    // What offhook diff and explain take: so that a list of phones is a list of questions.
    add("question", client_json::write(&parts));
    add("reply", if phone.reply == 2 { "offer" } else { "ack" }.into());
    add("first-seen", phone.first.into());
    add("last-seen", phone.last.into());
    add("answers", phone.answers.into());
    value
}

fn told_value(told: &[u8]) -> Value {
    evidence::read_told(told)
        .map(|told| match told {
            Told::Removed(code) => json!({ "code": code, "action": "remove" }),
            Told::Set(code, value) => {
                let mut option =
                    json!({ "code": code, "action": "set", "hex": hex::encode(value) });
                if let (true, Value::Object(option)) = (is_text(value), &mut option) {
                    option.insert("text".to_owned(), printable(value).into());
                }
                option
            }
            Told::Header("next-server", value) => {
                let address = <[u8; 4]>::try_from(value).map(Ipv4Addr::from);
                let address = address.map_or_else(|_| hex::encode(value), |a| a.to_string());
                json!({ "field": "next-server", "text": address })
            }
            Told::Header(field, value) => json!({ "field": field, "text": printable(value) }),
        })
        .collect()
}

fn is_text(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, 0x20..=0x7e))
}

/// Of so many phones the makers are looked at: more take too long, and a site has few makers.
const MOST_LOOKED_AT: usize = 10_000;

/// The makers of the phones seen, by id.
pub(super) fn makers_seen(hook: &Hook) -> BTreeSet<String> {
    let engine = &hook.in_force().engine;
    let mut makers = BTreeSet::new();
    for phone in hook.seen.page(None, MOST_LOOKED_AT) {
        let parts = evidence::read(phone.mac, phone.evidence());
        let found = engine.find(&Query::from_parts(&parts, &parts.class_names())).identity();
        makers.extend(found.map(|identity| identity.vendor));
    }
    makers.into_iter().map(|vendor| engine.tables().at(vendor).id.to_string()).collect()
}

/// Compares the policy in force with a candidate, on what each phone last sent.
pub(super) fn differences(hook: &Hook, candidate: &Snapshot, limit: usize) -> Report {
    let in_force = hook.in_force();
    let mut comparison = Comparison::new(&in_force.engine, &candidate.engine, limit);
    let mut from: Option<Mac> = None;
    loop {
        let page = hook.seen.page(from, 5000);
        let Some(last) = page.last() else { return comparison.finish() };
        from = Some(last.mac);
        for phone in &page {
            let parts = evidence::read(phone.mac, phone.evidence());
            comparison.ask(&Query::from_parts(&parts, &parts.class_names()));
        }
    }
}
