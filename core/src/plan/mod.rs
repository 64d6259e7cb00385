//! Layers in, ready answer out: what a phone of this vendor and variant, at this site, is told.
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

use crate::catalogue::{Tables, VendorIx, What};
use crate::encode::{self, Form, Op};
use crate::file_map::place::Place;
use crate::policy::devices::DeviceLayer;
use crate::policy::models::Models;
use crate::policy::{Layer, Placed, Policy, Site, VoiceVlan};
use crate::value::{Existing, Send};

pub use crate::policy::Origin;
pub use reach::{Key, Unreached, Why};
use system::Served;
pub use trace::{Considered, Observer};

/// One option of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlanOption {
    pub code: u8,
    /// None: the option is taken out.
    pub form: Option<Form>,
    pub send: Send,
    pub existing: Existing,
    pub origin: Origin,
    /// Where in the policy it stands; for the catalogue's: what it is for.
    pub place: String,
    /// Leans on a fact that is only recalled.
    pub recalled: bool,
    /// Position of a fixed value among the engine's ready ones.
    pub ready: u32,
}

/// The header fields of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PlanHeader {
    pub next_server: Option<Ipv4Addr>,
    pub server_hostname: Option<Form>,
    pub boot_file_name: Option<Form>,
}

/// Everything that a phone is told, but for what only its packet knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Sorted by code.
    pub options: Vec<PlanOption>,
    pub header: PlanHeader,
    /// The system that serves this phone, and the place of its entry.
    pub system: Option<String>,
    pub system_place: String,
    /// Told nothing at all: the policy ignores this vendor, or the catalogue leaves it alone.
    pub ignored: bool,
    /// The policy's `send` and `existing-options` here, for a device's own options.
    pub send: Option<Send>,
    pub existing: Option<Existing>,
    /// The URL, if it is known without the packet.
    pub url: Option<String>,
    /// Where the files of these phones belong, if they are told to fetch those that offhook writes.
    pub place: Option<Place>,
    /// Options that may compete with these, or with a device's own, if the server sends them by itself,
    /// sorted by code. Looked for once, when a policy is compiled: a device's own plan has those of its
    /// vendor's.
    pub competing: Vec<u8>,
    /// The policy's keys that these phones are not sent, and why.
    pub unreached: Vec<Unreached>,
}

impl Plan {
    /// The codes of its options.
    pub fn codes(&self) -> impl Iterator<Item = u8> + '_ {
        self.options.iter().map(|option| option.code)
    }

    /// No answer at all.
    pub const NOTHING: Plan = Plan {
        options: Vec::new(),
        header: PlanHeader { next_server: None, server_hostname: None, boot_file_name: None },
        system: None,
        system_place: String::new(),
        ignored: false,
        send: None,
        existing: None,
        url: None,
        place: None,
        competing: Vec::new(),
        unreached: Vec::new(),
    };
}

/// For whom a plan is made.
#[derive(Clone, Copy)]
pub struct For<'p> {
    pub tables: &'p Tables,
    pub policy: &'p Policy,
    pub site: Option<&'p Site>,
    pub vendor: VendorIx,
    pub variant: u8,
    /// What the policy says of the phone's model.
    pub models: Models<'p>,
    pub device: Option<&'p DeviceLayer>,
}

/// What is wrong in a policy, found only when its values are put together.
pub type Wrong = Placed<String>;

/// Makes the plan. Options that cannot be made are left out and reported.
pub fn plan(for_: For<'_>, wrong: &mut Vec<Wrong>, observer: &mut impl Observer) -> Plan {
    Maker::new(for_, observer).make(wrong)
}

struct Maker<'p, 'o, O> {
    at: For<'p>,
    /// From the most particular to the least.
    layers: Vec<(Origin, &'p Layer)>,
    vlan: Option<(Origin, VoiceVlan)>,
    observer: &'o mut O,
    system: Option<Served<'p>>,
    url: Option<Vec<Op>>,
    file: Option<Vec<Op>>,
    /// What has become a part of the answer.
    told: Vec<What>,
    /// The voice VLAN's priority is a part of it.
    told_priority: bool,
    /// Why what is not told is not, where it was tried.
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
            system: None,
            url: None,
            file: None,
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
        if self.ignored() {
            plan.ignored = true;
            plan.unreached = self.left_alone();
            return plan;
        }
        self.choose_system(wrong);
        plan.system = self.system.map(|served| served.entry.system.clone());
        plan.system_place =
            self.system.map(|served| served.entry.place.clone()).unwrap_or_default();
        plan.url = self.url.as_deref().and_then(encode::fixed_text);
        plan.place = self.place(wrong);
        self.tell_of_keys();
        let candidates = self.candidates();
        for (code, candidate) in self.winners(candidates) {
            plan.options.extend(self.compile(code, candidate, &plan, wrong));
        }
        plan.header = self.header(wrong);
        plan.unreached = self.unreached();
        plan
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
        if !vendor.left_alone.is_empty() {
            self.observer.note(|| {
                format!(
                    "the catalogue leaves {} alone by default: {}",
                    vendor.id, vendor.left_alone
                )
            });
            return true;
        }
        false
    }
}
