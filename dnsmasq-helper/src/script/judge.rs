//! What the core says of an event, and whether dnsmasq said the same.

use offhook_core::catalogue::Tables;
use offhook_core::catalogue::unlisted::{WeakSigns, in_words};
use offhook_core::decide::at_site;
use offhook_core::explain::evidence;
use offhook_core::policy::{Site, UnlistedPhones};
use offhook_core::query::Query;
use offhook_core::recognise::{Finding, find, read};
use offhook_core::text::printable;
use serde::{Deserialize, Serialize};

use super::event::{Event, Said};
use super::evidence::packet;
use crate::book::Book;
use crate::render::tags;

/// Who the client is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// None: no phone.
    pub phone: Option<Phone>,
    /// None: they agree, or it cannot be known.
    pub drift: Option<Drift>,
    /// The rule that answered, as dnsmasq reports it.
    pub rule: Option<String>,
    /// The signs of a phone of a maker that the catalogue does not have.
    pub unlisted: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phone {
    pub vendor: String,
    pub variant: Option<String>,
    pub model: Option<String>,
    pub firmware: Option<String>,
    pub by: Option<String>,
    pub site: Option<String>,
}

/// dnsmasq answered by another rule than the core would have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// The tag of the rule by the core's decision; none: offhook sends nothing.
    pub expected: Option<String>,
    pub found: Vec<String>,
    pub why: String,
}

/// Judges an event by the book; without one only who the client is can be said.
pub fn judge(event: &Event, tables: &Tables, book: Option<&Book>) -> Judgement {
    let sites = book.map(|book| book.sites.as_slice()).unwrap_or_default();
    let parts = packet(tables, sites, event);
    let classes = parts.class_names();
    let query = Query::from_parts(&parts, &classes);
    let group = book.and_then(|book| book.group(event.mac));
    let finding = find(tables, &query, group.as_ref().and_then(|group| group.named));
    let site = sites.iter().position(|site: &Site| at_site(site, &query));
    let identity = finding.identity();
    let phone = identity.map(|identity| {
        let vendor = tables.at(identity.vendor);
        let reading = read(tables, &query, &identity);
        let text = |value: Option<&[u8]>| value.map(printable);
        Phone {
            vendor: vendor.id.to_string(),
            variant: vendor.variant_name(identity.variant).map(str::to_owned),
            model: text(reading.model.as_deref()),
            firmware: text(reading.firmware.as_deref()),
            by: evidence(tables, &query, &identity).into_iter().next(),
            site: site.and_then(|site| sites.get(site)).map(|site| site.name.clone()),
        }
    });
    let (wanted, unlisted_rule) = book.map(|book| book.unlisted(site)).unwrap_or_default();
    let unlisted = match finding {
        Finding::Unlisted(signs) if wanted != UnlistedPhones::Ignore && group.is_none() => {
            in_words(&tables.unlisted, signs)
        }
        _ => Vec::new(),
    };
    let mut judgement = Judgement { phone, unlisted, ..Judgement::default() };
    if let (Some(said), Some(book)) = (&event.said, book) {
        let rule = |identity: offhook_core::recognise::Identity| {
            book.rule(group.as_ref(), site, identity.vendor, identity.variant)
        };
        judgement.rule = answered(said).into_iter().next();
        let expected = match identity {
            Some(identity) => rule(identity).map(tags::rule),
            None => {
                let unlisted = unlisted_rule.map(tags::rule);
                let by_dnsmasq =
                    judgement.rule.clone().filter(|rule| Some(rule) == unlisted.as_ref());
                // A device that the policy lists, and one that requests nothing, is sent nothing.
                let sent = group.is_none() && !said.request_list.is_empty();
                unlisted_expected(finding, unlisted.filter(|_| sent), by_dnsmasq)
            }
        };
        judgement.drift = compare(said, book, expected, finding);
    }
    judgement
}

/// The rule for a phone of an unlisted maker. dnsmasq does not see the sign of the host name, and sees all of an
/// option 60 that it passes on in part: where it has found two signs, it is right.
fn unlisted_expected(
    finding: Finding,
    rule: Option<String>,
    by_dnsmasq: Option<String>,
) -> Option<String> {
    match finding {
        Finding::Unlisted(signs) => {
            let seen = WeakSigns { host_name: false, ..signs };
            rule.filter(|_| seen.are_enough()).or(by_dnsmasq)
        }
        Finding::Unknown => by_dnsmasq,
        Finding::Phone(_) | Finding::NoPhone(_) | Finding::OtherDevice(_) => None,
    }
}

/// The rules that answered, by dnsmasq's tags.
fn answered(said: &Said) -> Vec<String> {
    let rule = |tag: &&String| {
        tag.strip_prefix("oh_r").is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    said.tags.iter().filter(rule).cloned().collect()
}

fn compare(said: &Said, book: &Book, expected: Option<String>, finding: Finding) -> Option<Drift> {
    let found = answered(said);
    let drift = |why: &str| {
        Some(Drift { expected: expected.clone(), found: found.clone(), why: why.to_owned() })
    };
    let ours: Vec<&String> =
        said.tags.iter().filter(|tag| tag.starts_with(tags::RENDERING)).collect();
    match ours.as_slice() {
        [] => return drift("dnsmasq does not read our configuration; is it in its conf-dir?"),
        [running] if **running == book.head.rendering => {}
        _ => return drift("dnsmasq runs an older rendering; restart it"),
    }
    match (found.as_slice(), &expected) {
        ([], None) => None,
        ([one], Some(expected)) if one == expected => None,
        _ => drift(match finding {
            Finding::Phone(_) => "the core decides otherwise for this phone",
            _ => "the core does not recognise a phone here",
        }),
    }
}
