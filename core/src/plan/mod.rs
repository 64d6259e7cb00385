//! Layers in, ready answer out: what a phone of this vendor and variant, at this site, is sent.
//!
//! One function does this for every use: when a policy is loaded, for a device with a layer of its
//! own, and for explaining (which passes an [`Observer`] that listens). Never runs per packet for
//! phones without a layer of their own.

mod candidates;
mod header;
mod names;
mod option;
mod reach;
mod system;
mod trace;

use std::net::Ipv4Addr;

use crate::catalogue::{Tables, VariantIx, VendorIx, What};
use crate::encode::Form;
use crate::file_map::place::Place;
use crate::policy::devices::DeviceLayer;
use crate::policy::models::Models;
use crate::policy::{Layer, Placed, Policy, Site, UnlistedPhones, VoiceVlan};
use crate::value::{Existing, Send};

pub use crate::policy::Origin;
pub use reach::{Key, Unreached, Why};
use system::Serving;
pub(crate) use trace::{Considered, Observer};

/// One option of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlanOption {
    /// The option's number.
    pub code: u8,
    /// None: the option is taken out.
    pub form: Option<Form>,
    /// Whether it is sent to phones that do not request it.
    pub send: Send,
    /// What happens to an option that the server put in.
    pub existing: Existing,
    /// The layer that it is from.
    pub origin: Origin,
    /// Where in the policy it is written; for the catalogue's: what it is for.
    pub place: String,
    /// Leans on a fact that is only recalled.
    pub recalled: bool,
    /// Position of a fixed value among the engine's ready ones, once it is kept there.
    pub ready: Option<u32>,
}

/// The header fields of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PlanHeader {
    /// `siaddr`.
    pub next_server: Option<Ipv4Addr>,
    /// `sname`.
    pub server_hostname: Option<Form>,
    /// `file`.
    pub boot_file_name: Option<Form>,
}

/// Everything that a phone is sent, without what only its packet determines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Sorted by code.
    pub options: Vec<PlanOption>,
    /// The header fields.
    pub header: PlanHeader,
    /// The system that serves these phones, and what it has for them.
    pub served: Option<Served>,
    /// Sent nothing at all: the policy ignores this vendor, or the catalogue leaves it alone.
    pub ignored: bool,
    /// The policy's `send` and `existing-options` here, for a device's own options.
    pub send: Option<Send>,
    /// What the policy says in general of options that the server put in.
    pub existing: Option<Existing>,
    /// Options that may compete with these, or with a device's own, if the server sends them by itself,
    /// sorted by code. Looked for once, when a policy is compiled: a device's own plan has those of its
    /// vendor's.
    pub competing: Vec<u8>,
    /// The policy's keys that these phones are not sent, and why.
    pub unreached: Vec<Unreached>,
}

/// What the system that serves a phone has for it, compiled once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Served {
    /// The system's id.
    pub system: String,
    /// Where its entry is written in the policy.
    pub entry: String,
    /// The URL, if it is known without the packet.
    pub url: Option<String>,
    /// Where the files of these phones belong, if the URL is that of the files that offhook writes.
    pub place: Option<Place>,
}

impl Plan {
    /// The id of the system that serves these phones.
    pub fn system(&self) -> Option<&str> {
        self.served.as_ref().map(|served| &*served.system)
    }

    /// Where files that offhook writes for these phones belong.
    pub fn place(&self) -> Option<&Place> {
        self.served.as_ref()?.place.as_ref()
    }

    /// The codes of its options.
    pub fn codes(&self) -> impl Iterator<Item = u8> + '_ {
        self.options.iter().map(|option| option.code)
    }

    /// No answer at all.
    pub const NOTHING: Plan = Plan {
        options: Vec::new(),
        header: PlanHeader { next_server: None, server_hostname: None, boot_file_name: None },
        served: None,
        ignored: false,
        send: None,
        existing: None,
        competing: Vec::new(),
        unreached: Vec::new(),
    };
}

/// For whom a plan is made.
#[derive(Clone, Copy)]
pub(crate) struct For<'p> {
    /// The catalogue.
    pub tables: &'p Tables,
    /// The policy.
    pub policy: &'p Policy,
    /// The phone's site.
    pub site: Option<&'p Site>,
    /// The phone's maker.
    pub vendor: VendorIx,
    /// The phone's variant.
    pub variant: VariantIx,
    /// What the policy says of the phone's model.
    pub models: Models<'p>,
    /// What the policy says of the very device.
    pub device: Option<&'p DeviceLayer>,
}

/// What is wrong in a policy, found only when its values are put together.
pub type Wrong = Placed<String>;

/// Makes the plan. Options that cannot be made are left out and reported.
pub(crate) fn plan(for_: For<'_>, wrong: &mut Vec<Wrong>, observer: &mut impl Observer) -> Plan {
    Maker::new(for_, observer).make(wrong)
}

struct Maker<'p, 'o, O> {
    at: For<'p>,
    /// From the most particular to the least.
    layers: Vec<(Origin, &'p Layer)>,
    vlan: Option<(Origin, VoiceVlan)>,
    observer: &'o mut O,
    serving: Option<Serving<'p>>,
    /// What has become a part of the answer.
    told: Vec<What>,
    /// The voice VLAN's priority is a part of it.
    told_priority: bool,
    /// Why something is not sent, where it was tried.
    failed: Vec<(What, Why)>,
}

impl<'p, 'o, O: Observer> Maker<'p, 'o, O> {
    fn new(at: For<'p>, observer: &'o mut O) -> Self {
        let layers = at.policy.layers_for(at.site, at.vendor, at.models, at.device);
        Maker {
            at,
            layers,
            vlan: None,
            observer,
            serving: None,
            told: Vec::new(),
            told_priority: false,
            failed: Vec::new(),
        }
    }

    fn make(mut self, wrong: &mut Vec<Wrong>) -> Plan {
        let mut plan = Plan {
            send: self.first(|layer| layer.send).map(|(_, send)| send),
            existing: self.first(|layer| layer.existing).map(|(_, existing)| existing),
            ..Plan::default()
        };
        self.vlan =
            self.first(|layer| layer.voice_vlan).and_then(|(origin, vlan)| Some((origin, vlan?)));
        if self.is_unlisted() {
            if self.at.policy.unlisted_at(self.at.site) == UnlistedPhones::Send {
                self.make_unlisted(&mut plan, wrong);
            } else {
                plan.ignored = true;
            }
            return plan;
        }
        if self.ignored() {
            plan.ignored = true;
            plan.unreached = self.left_alone();
            return plan;
        }
        self.choose_system(wrong);
        plan.served = self.served(wrong);
        self.tell_of_keys();
        let candidates = self.candidates();
        for (code, candidate) in self.winners(candidates) {
            plan.options.extend(self.compile(code, candidate, &plan, wrong));
        }
        plan.header = self.header(wrong);
        plan.unreached = self.unreached();
        plan
    }

    fn is_unlisted(&self) -> bool {
        self.at.vendor == VendorIx::UNLISTED
    }

    /// What a phone of another maker is sent: the catalogue's few options alone, each only if the phone requests
    /// it and the server has none of that code. No option and no header field that the policy or a system writes: nothing is known
    /// of what this phone makes of them.
    fn make_unlisted(&mut self, plan: &mut Plan, wrong: &mut Vec<Wrong>) {
        (plan.send, plan.existing) = (Some(Send::Requested), Some(Existing::Keep));
        self.choose_system(wrong);
        plan.served = self.served(wrong);
        let mut candidates = self.candidates();
        candidates.retain(|candidate| candidate.derived);
        for (code, candidate) in self.winners(candidates) {
            plan.options.extend(self.compile(code, candidate, &*plan, wrong));
        }
        plan.unreached = self.unreached();
        plan.unreached.retain(|unreached| unreached.key == Key::Systems);
    }

    /// The most particular layer's value, and whose it is.
    fn first<T>(&self, get: impl Fn(&'p Layer) -> Option<T>) -> Option<(Origin, T)> {
        self.layers.iter().find_map(|(origin, layer)| Some((*origin, get(layer)?)))
    }

    fn ignored(&mut self) -> bool {
        let vendor = self.at.tables.at(self.at.vendor);
        if let Some((origin, ignore)) = self.first(|layer| layer.ignore) {
            let id = &vendor.id;
            self.observer.note(|| match ignore {
                true => format!("{} says that {id} is to be ignored", origin.name()),
                false => format!("{} says that {id} is not to be ignored", origin.name()),
            });
            return ignore;
        }
        if let Some(why) = &vendor.left_alone {
            self.observer
                .note(|| format!("the catalogue leaves {} alone by default: {why}", vendor.id));
            return true;
        }
        false
    }
}
