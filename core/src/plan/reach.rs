//! Which of the policy's keys these phones are not sent, and why: worked out from what was compiled.

use super::candidates::Candidate;
use super::{Maker, Observer, Origin};
use crate::catalogue::{Tell, Vendor, What};
use crate::policy::Layer;

/// A key of a policy that is to reach phones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// `systems`.
    Systems,
    /// `voice-vlan`.
    VoiceVlan,
    /// `priority` of `voice-vlan`.
    VlanPriority,
    /// `time-servers`.
    TimeServers,
    /// `sip-servers`.
    SipServers,
}

impl Key {
    /// As it is written in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Key::Systems => "systems",
            Key::VoiceVlan => "voice-vlan",
            Key::VlanPriority => "voice-vlan.priority",
            Key::TimeServers => "time-servers",
            Key::SipServers => "sip-servers",
        }
    }

    fn of(what: What) -> Key {
        match what {
            What::Url | What::File => Key::Systems,
            What::VoiceVlan => Key::VoiceVlan,
            What::TimeServers => Key::TimeServers,
            What::SipServers => Key::SipServers,
        }
    }
}

/// Why a key is not sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The catalogue leaves these phones alone.
    LeftAlone,
    /// No form is known in which they take it by DHCP.
    NoForm,
    /// The form is only recalled, by this option.
    Recalled(u8),
    /// The form is known and not used by default, by this option.
    Unused(u8),
    /// The URL's scheme is not one that they take.
    Scheme,
    /// None of the entries of `systems` serves them.
    NotServed,
    /// What was tried, and why it could not be written.
    Value(String),
}

impl Why {
    /// In words; the maker's entry says what else there is.
    pub fn text(&self, key: Key, vendor: &Vendor) -> String {
        let otherwise = |text: String| match (key, &vendor.vlan_otherwise) {
            (Key::VoiceVlan, Some(other)) => {
                format!("{text}; these phones take it by {other}")
            }
            _ => text,
        };
        match self {
            Why::LeftAlone => {
                "the catalogue leaves these phones alone; \"ignore\": false in their entry of \"vendors\" \
                 sends it all the same"
                    .to_owned()
            }
            Why::NoForm => otherwise("no form by DHCP is known".to_owned()),
            Why::Recalled(code) => otherwise(format!(
                "its form by option {code} is only recalled, not verified; write it as an option of \
                 \"vendors\" if it works"
            )),
            Why::Unused(code) => otherwise(format!(
                "its form by option {code} is not used by default; write it as an option of \"vendors\" if \
                 these phones need it"
            )),
            Why::Scheme => {
                let schemes: Vec<&str> = vendor.url.schemes.iter().map(|scheme| &**scheme).collect();
                format!("these phones take {} only", schemes.join(", "))
            }
            Why::NotServed => "no entry serves these phones".to_owned(),
            Why::Value(why) => why.clone(),
        }
    }
}

/// A key that a layer sets and these phones are not sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Unreached {
    /// The key of the policy.
    pub key: Key,
    /// Whose value counts here.
    pub origin: Origin,
    /// Why.
    pub why: Why,
}

impl<'p, O: Observer> Maker<'p, '_, O> {
    /// Remembers why an option that was made from keys stays away.
    pub(super) fn failed(&mut self, candidate: &Candidate<'_>, why: &str) {
        for what in &candidate.tells {
            self.failed.push((*what, Why::Value(why.to_owned())));
        }
    }

    /// Everything that layers set and that has not become a part of the answer.
    pub(super) fn unreached(&mut self) -> Vec<Unreached> {
        let mut unreached = Vec::new();
        for what in [What::Url, What::VoiceVlan, What::TimeServers, What::SipServers] {
            let origin = match what {
                What::Url => self.systems(),
                other => self.says(other),
            };
            let Some(origin) = origin else { continue };
            if let Some(why) = self.why_not(what) {
                unreached.push(Unreached { key: Key::of(what), origin, why });
            }
        }
        if let Some((origin, vlan)) = self.vlan
            && vlan.priority.is_some()
            && self.told.contains(&What::VoiceVlan)
            && !self.told_priority
        {
            unreached.push(Unreached { key: Key::VlanPriority, origin, why: Why::NoForm });
        }
        self.note_unreached(&unreached);
        unreached
    }

    /// The same for phones that the catalogue leaves alone; nothing for those that the policy ignores.
    pub(super) fn left_alone(&mut self) -> Vec<Unreached> {
        if self.first(|layer| layer.ignore).is_some() {
            return Vec::new();
        }
        let keys = [
            (Key::Systems, self.systems()),
            (Key::VoiceVlan, self.says(What::VoiceVlan)),
            (Key::TimeServers, self.says(What::TimeServers)),
            (Key::SipServers, self.says(What::SipServers)),
        ];
        let set = keys.into_iter().filter_map(|(key, origin)| Some((key, origin?)));
        let unreached: Vec<Unreached> =
            set.map(|(key, origin)| Unreached { key, origin, why: Why::LeftAlone }).collect();
        self.note_unreached(&unreached);
        unreached
    }

    /// Whose `systems` count here, unless there are none in it.
    fn systems(&self) -> Option<Origin> {
        let systems = |layer: &'p Layer| layer.systems.as_deref();
        self.first(systems).filter(|(_, entries)| !entries.is_empty()).map(|(origin, _)| origin)
    }

    fn why_not(&self, what: What) -> Option<Why> {
        let is = |tell: &&Tell| tell.what == what && tell.fits(self.at.variant);
        let tells = || self.at.tables.at(self.at.vendor).tells.iter().filter(is);
        if what == What::Url {
            if !self.at.tables.at(self.at.vendor).takes_url(self.at.variant) {
                return Some(Why::NoForm).filter(|_| self.serving.is_none());
            }
            let Some(serving) = &self.serving else { return Some(Why::NotServed) };
            // What a system sends by options of its own is sent.
            if serving.url.is_none() || !serving.serve.options.is_empty() {
                return None;
            }
        }
        if self.told.contains(&what) || self.overridden(what) {
            return None;
        }
        if let Some((_, why)) = self.failed.iter().find(|(failed, _)| *failed == what) {
            return Some(why.clone());
        }
        let unused = || tells().filter(|tell| !tell.default);
        if tells().any(|tell| tell.default) {
            // A way that counts for these phones, but not for this URL.
            return tells().any(|tell| !self.scheme_fits(tell)).then_some(Why::Scheme);
        }
        if let Some(tell) = unused().find(|tell| !tell.recalled) {
            return Some(Why::Unused(tell.option.code));
        }
        Some(unused().next().map_or(Why::NoForm, |tell| Why::Recalled(tell.option.code)))
    }

    /// Whether the policy itself writes an option by which these phones are sent this: its author has
    /// decided.
    fn overridden(&self, what: What) -> bool {
        let codes: Vec<u8> = {
            let tells = self.at.tables.at(self.at.vendor).tells.iter();
            tells.filter(|tell| tell.what == what).map(|tell| tell.option.code).collect()
        };
        let writes = |layer: &Layer| layer.options.iter().any(|o| codes.contains(&o.value.code));
        self.layers.iter().any(|(_, layer)| writes(layer))
    }

    fn note_unreached(&mut self, unreached: &[Unreached]) {
        let vendor = self.at.tables.at(self.at.vendor);
        for Unreached { key, why, .. } in unreached {
            self.observer.note(|| format!("{}: not sent: {}", key.name(), why.text(*key, vendor)));
        }
    }
}
