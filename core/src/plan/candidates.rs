//! Every option that anything would have sent, and which one wins for its code.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Maker, Observer, Origin};
use crate::catalogue::record::{List, Text};
use crate::catalogue::{Tell, VendorIx, What};
use crate::encode::{self, Fault, Op};
use crate::policy::Placed;
use crate::url::split_scheme;
use crate::value::{Existing, Joined, OptionSpec, Send, SubOption, Value};

/// An option on its way into the plan.
pub(super) struct Candidate<'p> {
    /// The option.
    pub option: Cow<'p, OptionSpec>,
    /// The layer that it is from.
    pub origin: Origin,
    /// Where it is written.
    pub place: String,
    /// It is a fact of the catalogue that is only remembered.
    pub recalled: bool,
    /// Made from a key (a VLAN, a URL) by the vendor's recipe, not written as an option.
    pub derived: bool,
    /// What it sends, where it is made from keys.
    pub tells: Vec<What>,
}

impl<'p, O: Observer> Maker<'p, '_, O> {
    /// All options that anything would have sent, the least particular first.
    pub(super) fn candidates(&self) -> Vec<Candidate<'p>> {
        let mut candidates = Vec::new();
        // In this order the parts of a list in one text come.
        for what in [What::VoiceVlan, What::Url, What::File, What::TimeServers, What::SipServers] {
            self.tell(what, self.says(what), &mut candidates);
        }
        if let Some(serving) = &self.serving {
            for option in &serving.serve.options {
                candidates.push(Candidate {
                    option: Cow::Borrowed(option),
                    origin: Origin::System,
                    place: serving.entry.place.clone(),
                    recalled: serving.serve.recalled,
                    derived: false,
                    tells: Vec::new(),
                });
            }
        }
        for (origin, layer) in self.layers.iter().rev() {
            for option in &layer.options {
                candidates.push(Candidate {
                    option: Cow::Borrowed(&option.value),
                    origin: *origin,
                    place: option.place.clone(),
                    recalled: false,
                    derived: false,
                    tells: Vec::new(),
                });
            }
        }
        candidates
    }

    /// Which layer says this, if one does.
    pub(super) fn says(&self, what: What) -> Option<Origin> {
        let listed = |origin: Option<(Origin, &Placed<Vec<String>>)>| {
            origin.filter(|(_, servers)| !servers.value.is_empty()).map(|(origin, _)| origin)
        };
        match what {
            What::Url => self.url().map(|_| Origin::System),
            What::File => self.file().map(|_| Origin::System),
            What::VoiceVlan => self.vlan.map(|(origin, _)| origin),
            What::TimeServers => listed(self.first(|layer| layer.time_servers.as_ref())),
            What::SipServers => listed(self.first(|layer| layer.sip_servers.as_ref())),
        }
    }

    /// The vendor's recipes for one thing; without any, the RFCs' way where there is one.
    fn tell(&self, what: What, origin: Option<Origin>, candidates: &mut Vec<Candidate<'p>>) {
        let Some(origin) = origin else { return };
        let vendor = self.at.tables.at(self.at.vendor);
        let recipes = || vendor.tells.iter().filter(|tell| tell.what == what);
        let mut add = |option, recalled| {
            let place = what_name(what).to_owned();
            let tells = vec![what];
            candidates.push(Candidate { option, origin, place, recalled, derived: true, tells });
        };
        if recipes().next().is_none() {
            let usual = usual(what).filter(|_| self.at.vendor != VendorIx::UNLISTED);
            if let Some(option) = usual {
                add(Cow::Owned(option), false);
            }
            return;
        }
        let chosen: Vec<&Tell> =
            recipes().filter(|tell| self.applies(tell) && tell.header.is_none()).collect();
        for (number, tell) in chosen.iter().enumerate() {
            // Of two recipes for one option the later counts, unless the policy lacks what only that
            // one names (a VLAN's priority): then the earlier stays.
            let option = &tell.option;
            let earlier = || chosen[..number].iter().any(|other| other.option.code == option.code);
            let lacks = || {
                let value = encode::compile(&option.value, option.nul, &|name| self.name(name, 0));
                matches!(value, Err(Fault::Absent(_)))
            };
            let is_list = matches!(option.value, Value::SubOptions(_) | Value::Joined(_));
            if !is_list && earlier() && lacks() {
                continue;
            }
            add(Cow::Borrowed(option), tell.recalled);
        }
    }

    pub(super) fn applies(&self, tell: &Tell) -> bool {
        tell.default && tell.fits(self.at.variant) && self.scheme_fits(tell)
    }

    pub(super) fn scheme_fits(&self, tell: &Tell) -> bool {
        tell.schemes.is_empty()
            || self.scheme().is_some_and(|scheme| {
                tell.schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme))
            })
    }

    /// The URL's scheme: its beginning is fixed even where the rest depends on the packet.
    pub(super) fn scheme(&self) -> Option<&str> {
        let Some(Op::Bytes(start)) = self.url()?.first() else { return None };
        let text = std::str::from_utf8(start).ok()?;
        split_scheme(text).map(|(scheme, _)| scheme)
    }

    /// Of several candidates for a code the most particular wins; equal ones that are both made
    /// from keys and both lists of sub-options become one list.
    pub(super) fn winners(
        &mut self,
        candidates: Vec<Candidate<'p>>,
    ) -> BTreeMap<u8, Candidate<'p>> {
        let mut winners: BTreeMap<u8, Candidate<'p>> = BTreeMap::new();
        for candidate in candidates {
            let code = candidate.option.code;
            let Some(other) = winners.remove(&code) else {
                winners.insert(code, candidate);
                continue;
            };
            let winner = match merged(&other, &candidate) {
                Some(merged) => {
                    for part in [&other, &candidate] {
                        self.tell_of(part, || "one list with the others".to_owned());
                    }
                    merged
                }
                None => {
                    let later =
                        (candidate.origin, !candidate.derived) >= (other.origin, !other.derived);
                    let (winner, loser) =
                        if later { (candidate, other) } else { (other, candidate) };
                    self.observer.note(|| {
                        format!(
                            "option {code}: {} ({}) wins over {} ({})",
                            winner.origin.name(),
                            winner.place,
                            loser.origin.name(),
                            loser.place
                        )
                    });
                    self.tell_of(&loser, || match winner.origin == loser.origin {
                        true => format!("loses: {} is set too and counts", winner.place),
                        false => format!("loses: {} is more particular", winner.origin.name()),
                    });
                    winner
                }
            };
            winners.insert(code, winner);
        }
        winners
    }
}

fn what_name(what: What) -> &'static str {
    match what {
        What::Url => "url",
        What::File => "file",
        What::VoiceVlan => "voice-vlan",
        What::TimeServers => "time-servers",
        What::SipServers => "sip-servers",
    }
}

/// How a setting is sent to a vendor that has no form of its own (RFC 2132 8.3, RFC 3361).
fn usual(what: What) -> Option<OptionSpec> {
    let name = |name: &'static str| List::from(vec![Text::Borrowed(name)]);
    let (code, value) = match what {
        What::TimeServers => (42, Value::Ipv4(name("{{time-servers}}"))),
        What::SipServers => (120, Value::SipServers(name("{{sip-servers}}"))),
        _ => return None,
    };
    Some(OptionSpec { code, value, nul: false, send: Send::Unset, existing: Existing::Unset })
}

/// One list out of two that are both made from keys: of sub-options, or of texts with the same separator.
fn merged<'p>(a: &Candidate<'p>, b: &Candidate<'p>) -> Option<Candidate<'p>> {
    if !a.derived || !b.derived {
        return None;
    }
    let value = match (&a.option.value, &b.option.value) {
        (Value::SubOptions(first), Value::SubOptions(second)) => {
            let mut subs: Vec<SubOption> = first.iter().chain(second).cloned().collect();
            subs.sort_by_key(|sub| sub.code);
            // What both have alike (a maker's mark that must come first) is written once.
            subs.dedup();
            Value::SubOptions(subs.into())
        }
        (Value::Joined(first), Value::Joined(second)) if first.by == second.by => {
            let parts = first.parts.iter().chain(&second.parts).cloned().collect();
            Value::Joined(Joined { by: first.by.clone(), parts })
        }
        _ => return None,
    };
    let mut option = b.option.clone().into_owned();
    option.value = value;
    Some(Candidate {
        option: Cow::Owned(option),
        origin: a.origin.max(b.origin),
        place: format!("{}, {}", a.place, b.place),
        recalled: a.recalled || b.recalled,
        derived: true,
        tells: a.tells.iter().chain(&b.tells).copied().collect(),
    })
}
