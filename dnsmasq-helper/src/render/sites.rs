//! Where the client is, as `tag-if` lines: the first site whose kinds of signs all hold.
//!
//! Interfaces are tags of dnsmasq's own, client classes are the user's tags, circuit and remote ids
//! have matchers. Networks and relays have none: dnsmasq chooses a `dhcp-range` by them, so the
//! user's ranges there must carry a tag, which [`RangeTags`] knows.

use std::collections::BTreeMap;

use offhook_core::Mistakes;
use offhook_core::policy::{Answer, Policy, RelayId, Site};
use offhook_core::text::printable;

use super::lines::{Lines, not};
use super::tags::can_be_a_tag;
use super::{tags, values};

/// The tags of the user's `dhcp-range` lines inside a site's networks, by the site's name; without
/// an entry the tag that [`tags::range`] proposes.
pub type RangeTags = BTreeMap<String, Vec<String>>;

/// A site that needs a tag on the user's ranges, for the summary.
pub struct WantedRange {
    pub site: String,
    pub tag: String,
    pub networks: String,
}

/// Writes matchers and chain of all sites; hands back what the user's ranges must carry.
pub fn render(
    policy: &Policy,
    ranges: &RangeTags,
    lines: &mut Lines,
    wrong: &mut Mistakes,
) -> Vec<WantedRange> {
    let mut wanted: Vec<WantedRange> = Vec::new();
    for name in ranges.keys() {
        let site = policy.sites.iter().find(|site| site.name == *name);
        if !site.is_some_and(by_range) {
            wrong.push(
                "sites",
                format!(
                    "--range-tag {name:?}: expected the name of a site with networks or relays, found {}",
                    if site.is_some() { "one without" } else { "no such site" }
                ),
            );
        }
    }
    for (position, site) in policy.sites.iter().enumerate() {
        let kinds = kinds(position, site, ranges, lines, wrong);
        if by_range(site) && !ranges.contains_key(&site.name) {
            let tag = tags::range(&site.name);
            if let Some(other) = wanted.iter().find(|other| other.tag == tag) {
                wrong.push(
                    format!("sites[{position}].name"),
                    format!(
                        "{:?} and {:?} both become the tag {tag}; rename one",
                        other.site, site.name
                    ),
                );
            }
            let networks = site.matching.networks.iter().map(ToString::to_string);
            let relays = site.matching.relays.iter().map(ToString::to_string);
            let networks = networks.chain(relays).collect::<Vec<_>>().join(", ");
            wanted.push(WantedRange { site: site.name.clone(), tag, networks });
        }
        let tag = tags::site(position);
        let conditions = kinds.into_iter().chain([not(tags::AT_A_SITE)]);
        lines.tag_if(&[&tag, tags::AT_A_SITE], &conditions.collect::<Vec<_>>());
    }
    wanted
}

/// Whether dnsmasq marks the site by the range that it chooses.
pub fn by_range(site: &Site) -> bool {
    !site.matching.networks.is_empty() || !site.matching.relays.is_empty()
}

/// One tag per kind of sign that the site names.
fn kinds(
    position: usize,
    site: &Site,
    ranges: &RangeTags,
    lines: &mut Lines,
    wrong: &mut Mistakes,
) -> Vec<String> {
    let matching = &site.matching;
    let mut kinds = Vec::new();
    let mut kind = |name: &str, values: Vec<String>, lines: &mut Lines| match values.as_slice() {
        [] => {}
        [one] => kinds.push(one.clone()),
        several => {
            let any = format!("{}.{name}", tags::site(position));
            for value in several {
                lines.tag_if(&[&any], &[value]);
            }
            kinds.push(any);
        }
    };
    if by_range(site) {
        let own = ranges.get(&site.name).cloned();
        kind("range", own.unwrap_or_else(|| vec![tags::range(&site.name)]), lines);
    }
    for (key, names) in
        [("interfaces", &matching.interfaces), ("client-classes", &matching.client_classes)]
    {
        for (index, name) in names.iter().enumerate() {
            if let Err(text) = can_be_a_tag(name) {
                wrong.push(format!("sites[{position}].match.{key}[{index}]"), text);
            }
        }
        kind(key, names.clone(), lines);
    }
    for (key, word, ids) in [
        ("circuit-ids", "dhcp-circuitid", &matching.circuit_ids),
        ("remote-ids", "dhcp-remoteid", &matching.remote_ids),
    ] {
        if ids.is_empty() {
            continue;
        }
        let tag = format!("{}.{key}", tags::site(position));
        for (index, id) in ids.iter().enumerate() {
            match relay_id(id) {
                Ok(spelled) => {
                    for id in spelled {
                        lines.matcher(&format!("{word}=set:{tag},{id}"));
                    }
                }
                Err(text) => wrong.push(format!("sites[{position}].match.{key}[{index}]"), text),
            }
        }
        kind(key, vec![tag], lines);
    }
    kinds
}

/// An id as it is, and with one NUL behind it, which does not count.
fn relay_id(id: &RelayId) -> Result<Vec<String>, String> {
    if id.open {
        return Err(format!(
            "{:?}*: dnsmasq compares whole ids; list them, match by network, or let Kea serve these phones",
            printable(&id.bytes)
        ));
    }
    let id = &id.bytes;
    let with_nul: Vec<u8> = id.iter().copied().chain([0]).collect();
    let alone = match &id[..] {
        [byte] if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        [_] | [] => {
            return Err(format!(
                "{:?}: dnsmasq takes an id of one byte as a letter or digit only; match by network",
                printable(id)
            ));
        }
        more => values::hex(more),
    };
    Ok(vec![alone, values::hex(&with_nul)])
}

/// `answer: phones`: no other client gets an answer. Decided before dnsmasq has chosen a range.
pub fn refusals(policy: &Policy, lines: &mut Lines, wrong: &mut Mistakes) {
    let top = policy.top.layer.answer == Some(Answer::Phones);
    let refuses = |site: &Site| match site.scope.layer.answer {
        Some(answer) => answer == Answer::Phones,
        None => top,
    };
    let ignore = "dhcp-ignore=tag:";
    if policy.sites.iter().all(|site| refuses(site) == top) {
        if top {
            lines.matcher(&format!("{ignore}{}", not(tags::PHONE)));
        }
        return;
    }
    let mut elsewhere: Vec<String> = vec![not(tags::PHONE)];
    for (position, site) in policy.sites.iter().enumerate() {
        // Client classes are not known either when a server decides whether to answer.
        if by_range(site) || !site.matching.client_classes.is_empty() {
            wrong.push(
                format!("sites[{position}].answer"),
                format!(
                    "{:?} is matched by networks, relays or client classes, and whom to ignore is decided \
                     before those are known; match the site by interfaces or circuit-ids, or set \
                     \"answer\" for all sites alike",
                    site.name
                ),
            );
            return;
        }
        if refuses(site) {
            lines.tag_if(&[tags::REFUSED], &[tags::site(position), not(tags::PHONE)]);
        }
        elsewhere.push(not(&tags::site(position)));
    }
    if top {
        lines.tag_if(&[tags::REFUSED], &elsewhere);
    }
    lines.matcher(&format!("{ignore}{}", tags::REFUSED));
}
