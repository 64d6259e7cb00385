//! Runs the steps that answer a packet once more, and records why each was taken.
//!
//! Decides nothing of its own: every sentence comes from what `recognise`, `decide` and `plan` did.

mod options;
mod space;

use std::borrow::Cow;

use serde::Serialize;

use crate::catalogue::other_devices::OtherSign;
use crate::catalogue::unlisted::in_words;
use crate::catalogue::{Field, Tables};
use crate::decide::{Decision, Edits, SiteKind, Verdict};
use crate::engine::Engine;
use crate::mac::Mac;
use crate::policy::UnlistedPhones;
use crate::query::Query;
use crate::recognise::{Finding, Identity, Sign, mac_rule, read, rule};
use crate::text::printable;
use crate::url::without_userinfo;

pub use options::{ExplainedOption, Layered};
pub use space::{Requested, Space};

/// The answer of `offhook explain --json` and of `phone-explain`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// The vendor's id; `None`: not a phone.
    pub vendor: Option<String>,
    /// The vendor's variant, where it has some.
    pub variant: Option<String>,
    /// The model that the packet names.
    pub model: Option<String>,
    /// The firmware that the packet names.
    pub firmware: Option<String>,
    /// The signs by which it was recognised.
    pub evidence: Vec<String>,
    /// The signs by which it may be a phone of a maker that the catalogue does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<String>,
    /// The site's name.
    pub site: Option<String>,
    /// The id of the system that serves the phone.
    pub system: Option<String>,
    /// `continue` or `drop`.
    pub answer: &'static str,
    /// The client classes that the server puts it into.
    pub classes: Vec<String>,
    /// The options that are set or taken out, sorted by code.
    pub options: Vec<ExplainedOption>,
    /// The header fields that are set.
    pub header: ExplainedHeader,
    /// What the client lists in its option 55; none: it has no such option and takes what it gets.
    pub requested: Option<Vec<Requested>>,
    /// How much room the options take.
    pub space: Space,
    /// What was decided and why, a sentence each.
    pub reasons: Vec<String>,
}

/// Header fields; `None`: left as they are.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExplainedHeader {
    /// `siaddr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_server: Option<String>,
    /// `sname`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_hostname: Option<String>,
    /// `file`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_file_name: Option<String>,
}

/// The client classes of a recognised phone.
pub(crate) fn classes(prefix: &str, vendor: &str) -> [String; 2] {
    [prefix.to_owned(), format!("{prefix}_{vendor}")]
}

/// The client class of what may be a phone of a maker that the catalogue does not have.
pub fn unlisted_class(prefix: &str) -> String {
    format!("{prefix}_UNLISTED")
}

/// Explains what a client would be sent, and why. `class_prefix` is the hook's parameter.
pub fn explain(engine: &Engine, query: &Query<'_>, class_prefix: &str) -> Explanation {
    let engine = engine.for_people();
    let tables = engine.tables();
    let decision = engine.decide(query);
    let mut edits = Edits::default();
    decision.edits(engine, query, &mut edits);
    let mut reasons = Vec::new();
    explain_recognition(tables, query, &decision, &mut reasons);
    explain_site(engine, query, &decision, &mut reasons);
    explain_unlisted(engine, &decision, &mut reasons);
    let options = options::explain(engine, query, &decision, &edits, &mut reasons);
    if decision.verdict == Verdict::Drop {
        reasons.push("\"answer\" is \"phones\" here and this is none: no answer at all".into());
    }
    let reading = decision.identity.map(|identity| read(tables, query, &identity));
    let reading = reading.unwrap_or_default();
    let text = |value: &Option<Cow<'_, [u8]>>| value.as_deref().map(printable);
    let vendor = decision.identity.map(|identity| tables.at(identity.vendor));
    let header = &edits.header;
    let seen = |bytes: &[u8]| printable(&without_userinfo(bytes));
    Explanation {
        vendor: vendor.map(|vendor| vendor.id.to_string()),
        variant: decision
            .identity
            .zip(vendor)
            .and_then(|(identity, vendor)| vendor.variant_name(identity.variant))
            .map(str::to_owned),
        model: text(&reading.model),
        firmware: text(&reading.firmware),
        evidence: decision
            .identity
            .map(|identity| evidence(tables, query, &identity))
            .unwrap_or_default(),
        site: decision.site.map(|site| site.name.clone()),
        system: decision.plan().and_then(|plan| plan.system()).map(str::to_owned),
        answer: match decision.verdict {
            Verdict::Continue => "continue",
            Verdict::Drop => "drop",
        },
        unlisted: decision
            .unlisted
            .map(|signs| in_words(&tables.unlisted, signs))
            .unwrap_or_default(),
        classes: match (vendor, decision.unlisted) {
            (Some(vendor), _) => classes(class_prefix, &vendor.id).to_vec(),
            (None, Some(_)) => vec![unlisted_class(class_prefix)],
            (None, None) => Vec::new(),
        },
        requested: space::requested(query, &options),
        space: Space::of(query, &options),
        options,
        header: ExplainedHeader {
            next_server: header.next_server.map(|address| address.to_string()),
            server_hostname: header.server_hostname.as_deref().map(seen),
            boot_file_name: header.boot_file_name.as_deref().map(seen),
        },
        reasons,
    }
}

/// The signs in words, the deciding one first.
pub fn evidence(tables: &Tables, query: &Query<'_>, identity: &Identity) -> Vec<String> {
    identity.signs().map(|sign| sign_in_words(tables, query, sign)).collect()
}

fn sign_in_words(tables: &Tables, query: &Query<'_>, sign: Sign) -> String {
    match sign {
        Sign::Device(_) => "the policy's devices name the vendor".to_owned(),
        Sign::Address { vendor, rule } => {
            let mac = query.mac.map(|mac| mac.to_string()).unwrap_or_default();
            let found = mac_rule(tables, vendor, rule);
            let from = found.map_or(Mac([0; 6]), |rule| Mac::from_number(rule.first));
            match found.and_then(|rule| rule.shared.as_deref()) {
                Some(shared) => format!("hardware address {mac} (from {from}, shared: {shared})"),
                None => format!("hardware address {mac} (from {from})"),
            }
        }
        Sign::Rule(at) => match rule(tables, at) {
            None => String::new(),
            Some(rule) => {
                let (what, value) = match rule.field {
                    Field::VendorClass => ("option 60", query.class_text()),
                    Field::HostName => {
                        ("host name", query.host_name.as_deref().unwrap_or_default())
                    }
                    Field::UserClass => {
                        ("option 77", query.user_class.as_deref().unwrap_or_default())
                    }
                    Field::Enterprise => {
                        return format!(
                            "enterprise number {} in options 60, 124 or 125",
                            rule.number.unwrap_or_default()
                        );
                    }
                };
                let how = if rule.exact { "is" } else { "begins with" };
                let head = rule.head_in_words();
                let weak = if rule.weak { ", a weak sign" } else { "" };
                format!("{what} \"{}\" ({how} \"{head}\"{weak})", printable(value))
            }
        },
    }
}

/// The sign, and why the hardware address does not count.
fn other_device_in_words(tables: &Tables, query: &Query<'_>, sign: OtherSign) -> String {
    let device = tables.other_devices.device(sign);
    let shown = match sign {
        OtherSign::VendorClass(_) => format!("option 60 {:?}", printable(query.class_text())),
        OtherSign::UserClass(_) => {
            format!("option 77 {:?}", printable(query.user_class.as_deref().unwrap_or_default()))
        }
        OtherSign::RequestList(_) => "its request list (option 55)".to_owned(),
    };
    format!("{shown} is that of {device}, and outweighs the hardware address")
}

fn explain_recognition(
    tables: &Tables,
    query: &Query<'_>,
    decision: &Decision<'_>,
    reasons: &mut Vec<String>,
) {
    match decision.finding {
        Finding::Phone(identity) => {
            let signs = evidence(tables, query, &identity);
            let name = &tables.at(identity.vendor).name;
            reasons.push(format!("recognised as {name}: {}", signs.join("; ")));
        }
        Finding::NoPhone(at) => {
            let sign = sign_in_words(tables, query, Sign::Rule(at));
            reasons.push(format!("a device of a known maker, but no phone: {sign}"));
        }
        Finding::OtherDevice(sign) => {
            reasons.push(format!("not a phone: {}", other_device_in_words(tables, query, sign)));
        }
        Finding::Unlisted(signs) => reasons.push(format!(
            "perhaps a phone, of a maker that the catalogue does not have: {}",
            in_words(&tables.unlisted, signs).join("; ")
        )),
        Finding::Unknown => {
            reasons.push("not recognised as a phone: nothing added, nothing changed".to_owned());
        }
    }
}

/// What the policy makes of a phone of another maker.
fn explain_unlisted(engine: &Engine, decision: &Decision<'_>, reasons: &mut Vec<String>) {
    let Finding::Unlisted(signs) = decision.finding else { return };
    let text = match engine.policy().unlisted_at(decision.site) {
        UnlistedPhones::Ignore => "\"unlisted-phones\" is \"ignore\" here: nothing comes of it",
        _ if decision.unlisted.is_none() => {
            "\"devices\" lists this one, so it is not an unlisted phone: nothing comes of it"
        }
        UnlistedPhones::Name => {
            "\"unlisted-phones\" is \"name\" here: it is named and listed, and sent nothing"
        }
        UnlistedPhones::Send if !signs.are_enough() => {
            "\"unlisted-phones\" is \"send\" here, which takes two signs of different kinds: it is named and \
             listed, and sent nothing"
        }
        UnlistedPhones::Send if decision.plan().is_none() => {
            "\"unlisted-phones\" is \"send\" here, but it has no option 55 and requests nothing: it is named and \
             listed, and sent nothing"
        }
        UnlistedPhones::Send => {
            "\"unlisted-phones\" is \"send\" here: it is sent what it requests, as far as the server itself \
             has not sent it"
        }
    };
    reasons.push(text.to_owned());
}

fn explain_site(
    engine: &Engine,
    query: &Query<'_>,
    decision: &Decision<'_>,
    reasons: &mut Vec<String>,
) {
    for site in &engine.policy().sites {
        if decision.site.is_some_and(|chosen| chosen.name == site.name) {
            reasons.push(format!("at site {:?}", site.name));
            return;
        }
        let lacking = SiteKind::ALL.iter().find(|(_, kind)| !kind.holds(site, query));
        let lacking = lacking.map_or("", |(key, _)| key);
        reasons.push(format!("not at site {:?}: none of its {lacking}", site.name));
    }
}
