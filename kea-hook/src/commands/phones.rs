//! `phone-list` and `phone-get`: phones seen since Kea was started, and devices that look like phones and
//! are not recognised; and what another policy would send them.

use std::collections::BTreeSet;
use std::sync::Arc;

use offhook_core::catalogue::unlisted::in_words;
use offhook_core::diff::{Comparison, Report};
use offhook_core::parts::Parts;
use offhook_core::recognise::read;
use offhook_core::text::printable;
use offhook_core::url::without_userinfo;
use offhook_core::{Decision, Edit, Engine, Mac, MessageType, Query, client_json, explain};
use serde_json::{Map, Value, json};

use super::remembered::{asked, decided, header_text, is_text, looks_like_a_phone_by};
use super::vendors::no_vendor;
use super::{Answer, EMPTY, arguments, rows};
use crate::budget::Budget;
use crate::hook::Hook;
use crate::phones::evidence::{self, Told};
use crate::phones::{Phone, Seen};
use crate::sign;
use crate::snapshot::Snapshot;
use crate::words::{Members, Wrong};

/// The largest page that may be requested; see [`crate::budget`] for what ends one earlier.
const LONGEST_PAGE: u64 = 10_000;

const LIST: [&str; 7] = ["from", "limit", "vendor", "site", "recognised", "seen-since", "brief"];

pub(super) fn list(
    hook: &Hook,
    arguments: &Value,
    budget: &mut Budget<'_>,
) -> Result<Answer, Wrong> {
    let members = Members::new(arguments, "argument", &LIST)?;
    let limit = members.number("limit", 1, LONGEST_PAGE)?.unwrap_or(100);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let from = arguments::from(&members)?;
    let (vendor, site) = (members.text("vendor")?, members.text("site")?);
    let recognised = members.bool("recognised")?;
    let brief = members.bool("brief")?.unwrap_or(false);
    let since = members.number("seen-since", 0, u64::MAX)?.unwrap_or(0);
    let snapshot = hook.in_force();
    if let Some(vendor) = vendor
        && snapshot.engine.tables().vendor(vendor).is_none()
    {
        return Err(no_vendor(&snapshot, vendor));
    }
    budget.begin();
    let engine = snapshot.engine.for_people();
    let wanted = |decision: &Decision<'_>| {
        let identity = decision.identity.as_ref();
        let id = identity.map(|identity| &*engine.tables().at(identity.vendor).id);
        vendor.is_none_or(|wanted| id == Some(wanted))
            && site.is_none_or(|wanted| decision.site.is_some_and(|site| site.name == wanted))
            && recognised.is_none_or(|recognised| recognised == id.is_some())
    };
    let (mut found, mut next) = (Vec::new(), None);
    for (mac, more) in hook.seen.each(from) {
        if let Some(phone) = hook.seen.get(mac).filter(|phone| phone.last >= since) {
            if brief {
                if let Some(row) = rows::row_if(engine, &phone, wanted) {
                    budget.take(rows::weight(&row));
                    found.push(Value::String(row));
                }
            } else if let Some(value) = show_if(engine, &phone, wanted) {
                budget.take(shown_bytes(&phone));
                found.push(Value::Object(value));
            }
        }
        if found.len() == limit || budget.is_used_up() {
            next = more.then_some(mac);
            break;
        }
    }
    let count = found.len();
    let result = if count == 0 && next.is_none() { EMPTY } else { super::SUCCESS };
    let text = match next.filter(|_| count < limit) {
        None => format!("{count} phone(s) found."),
        Some(next) => format!("{count} phone(s) found; more: continue with \"from\": \"{next}\"."),
    };
    let mut arguments = remembered(hook);
    if let Value::Object(arguments) = &mut arguments {
        if brief {
            arguments.insert("fields".to_owned(), json!(rows::FIELDS));
        }
        arguments.insert("phones".to_owned(), found.into());
        arguments.insert("count".to_owned(), count.into());
        if let Some(next) = next {
            arguments.insert("next".to_owned(), next.to_string().into());
        }
    }
    Ok(Answer::new(result, text, Some(arguments)))
}

/// About how long a phone is in an answer: its parts come as text and in hex.
fn shown_bytes(phone: &Phone) -> usize {
    400 + 4 * (phone.evidence().len() + phone.told().len())
}

/// How full the tables of what was seen are.
pub(super) fn remembered(hook: &Hook) -> Value {
    let Seen { phones, unknown, .. } = &hook.seen;
    json!({
        "remembered": phones.len(),
        "most": phones.most(),
        "unknown": unknown.len(),
        "most-unknown": unknown.most(),
        "bytes": phones.bytes() + unknown.bytes(),
        "most-bytes": phones.most_bytes() + unknown.most_bytes(),
    })
}

pub(super) fn get(hook: &Hook, arguments: &Value, _: &mut Budget<'_>) -> Result<Answer, Wrong> {
    let members = Members::new(arguments, "argument", &["hw-address", "packet"])?;
    let with_packet = members.bool("packet")?.unwrap_or(false);
    let mac = arguments::mac(&members, "hw-address")?;
    let mac = mac.ok_or_else(|| members.missing("hw-address"))?;
    let Some(phone) = hook.seen.get(mac) else {
        return Ok(Answer::new(EMPTY, format!("{mac} has not been seen."), None));
    };
    let snapshot = hook.in_force();
    let mut value = show(snapshot.engine.for_people(), &phone);
    let parts = evidence::read(phone.mac, phone.evidence());
    let names = parts.class_names();
    let prefix = &hook.parameters.class_prefix;
    let now = explain(&snapshot.engine, &asked(&phone, &parts, &names), prefix);
    let now = serde_json::to_value(&now).map_err(|error| error.to_string())?;
    value.insert("now".to_owned(), now);
    if with_packet {
        let packet = Some(phone.packet()).filter(|packet| !packet.is_empty());
        value.insert("packet".to_owned(), packet.map_or(Value::Null, |p| hex::encode(p).into()));
    }
    if let Some(impostor) = hook.seen.impostors.get(mac) {
        let impostor = json!({
            "before": impostor.before,
            "shown": impostor.shown,
            "differs": impostor.differs,
            "last": impostor.last,
            "times": impostor.times,
        });
        value.insert("impostor".to_owned(), impostor);
    }
    Ok(Answer::done("1 phone found.", Value::Object(value)))
}

/// `phone-allow-move`: the next answer to this hardware address may take other signs and another port.
pub(super) fn allow_move(
    hook: &Hook,
    arguments: &Value,
    _: &mut Budget<'_>,
) -> Result<Answer, Wrong> {
    let members = Members::new(arguments, "argument", &["hw-address"])?;
    let mac = arguments::mac(&members, "hw-address")?;
    let mac = mac.ok_or_else(|| members.missing("hw-address"))?;
    let snapshot = hook.in_force();
    let rule = snapshot.engine.policy().file_access.token.as_ref();
    if !rule.is_some_and(|rule| rule.only_if.any()) {
        return Err(
            "the policy in force has no file-access.token.only-if: every phone may move".to_owned()
        );
    }
    if !hook.seen.moves.allow(mac) {
        let waiting = hook.seen.moves.waiting();
        return Err(format!("{waiting} phones are waiting to move already; restart them first"));
    }
    let text = format!(
        "{mac} may show other signs and another port, until it has a lease with a token from this server"
    );
    let value = json!({ "hw-address": mac.to_string(), "waiting": hook.seen.moves.waiting() });
    Ok(Answer::done(text, value))
}

/// One phone as a list shows it.
fn show(engine: &Engine, phone: &Phone) -> Map<String, Value> {
    show_if(engine, phone, |_| true).unwrap_or_default()
}

/// The same, where the list is to have it: most of what a phone's entry takes is writing it.
fn show_if(
    engine: &Engine,
    phone: &Phone,
    wanted: impl FnOnce(&Decision<'_>) -> bool,
) -> Option<Map<String, Value>> {
    decided(engine, phone, |parts, query, decision| {
        wanted(decision).then(|| shown(engine, phone, parts, query, decision))
    })
}

fn shown(
    engine: &Engine,
    phone: &Phone,
    parts: &Parts,
    query: &Query<'_>,
    decision: &Decision<'_>,
) -> Map<String, Value> {
    let mut value = Map::new();
    let mut add = |key: &str, member: Value| {
        value.insert(key.to_owned(), member);
    };
    add("hw-address", phone.mac.to_string().into());
    if let Some(identity) = decision.identity {
        let reading = read(engine.tables(), query, &identity);
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
        if let Some(sign) = looks_like_a_phone_by(engine, query) {
            add("looks-like-a-phone-by", sign.into());
        }
        if let Some(signs) = decision.unlisted {
            add("unlisted", in_words(&engine.tables().unlisted, signs).into());
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
    add("question", client_json::write(parts));
    add("reply", if phone.reply == MessageType::Offer { "offer" } else { "ack" }.into());
    add("first-seen", phone.first.into());
    add("last-seen", phone.last.into());
    add("answers", phone.answers.into());
    value
}

fn told_value(told: &[u8]) -> Value {
    evidence::read_told(told)
        .map(|told| match told {
            Told::Option(Edit { code, value: None, .. }) => {
                json!({ "code": code, "action": "remove" })
            }
            Told::Option(Edit { code, value: Some(value), .. }) => {
                let value = &*without_userinfo(value);
                let mut option = json!({ "code": code, "action": "set" });
                if let Value::Object(option) = &mut option {
                    if is_text(value) {
                        option.insert("text".to_owned(), printable(value).into());
                    }
                    option.insert("hex".to_owned(), hex::encode(value).into());
                }
                option
            }
            Told::Header(field, value) => {
                json!({ "field": field, "text": header_text(field, value) })
            }
        })
        .collect()
}

/// Of so many phones the makers are looked at: more take too long, and a site has few makers.
const MOST_LOOKED_AT: usize = 500;

/// The makers of the phones seen, by id.
pub(super) fn makers_seen(hook: &Hook) -> Arc<BTreeSet<String>> {
    hook.makers.get(hook.seen.len(), || look_for_makers(hook))
}

fn look_for_makers(hook: &Hook) -> BTreeSet<String> {
    let engine = &hook.in_force().engine;
    let mut makers = BTreeSet::new();
    let addresses = hook.seen.addresses(None).into_iter().take(MOST_LOOKED_AT);
    for phone in addresses.filter_map(|mac| hook.seen.get(mac)) {
        let parts = evidence::read(phone.mac, phone.evidence());
        let found = engine.find(&Query::from_parts(&parts, &parts.class_names())).identity();
        makers.extend(found.map(|identity| identity.vendor));
    }
    makers.into_iter().map(|vendor| engine.tables().at(vendor).id.to_string()).collect()
}

/// The most groups of an answer.
const MOST_GROUPS: usize = 100;

/// Compares the policy in force with a candidate, on what each phone after `from` last sent; and the phone
/// after which to go on, if there was no time for all of them.
pub(super) fn differences(
    hook: &Hook,
    candidate: &Snapshot,
    limit: usize,
    from: Option<Mac>,
    budget: &mut Budget<'_>,
) -> (Report, Option<Mac>) {
    let in_force = hook.in_force();
    budget.begin();
    // A difference, or a group, has about this many bytes.
    let most = budget.left() / 1024;
    let mut comparison = Comparison::new(&in_force.engine, &candidate.engine, limit.min(most / 2));
    let mut next = None;
    for (mac, more) in hook.seen.each(from) {
        if let Some(phone) = hook.seen.get(mac) {
            let parts = evidence::read(phone.mac, phone.evidence());
            comparison.ask(&asked(&phone, &parts, &parts.class_names()));
        }
        if budget.is_used_up() {
            next = more.then_some(mac);
            break;
        }
    }
    let mut report = comparison.finish();
    for group in report.groups.drain(report.groups.len().min(most / 2).min(MOST_GROUPS)..) {
        report.ungrouped += group.phones;
    }
    budget.take(1024 * (report.groups.len() + report.differences.len()));
    (report, next)
}
