//! Layers in, ready answer out: what a phone of this vendor and variant, at this site, is told.
//!
//! One function does this for every use: when a policy is loaded, for a device with a layer of its
//! own, and for explaining (which passes an [`Observer`] that listens). Never runs per packet for
//! phones without a layer of their own.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use crate::catalogue::record::{List, Text};
use crate::catalogue::system_source::version;
use crate::catalogue::{Condition, Serve, System, Tables, Tell, Test, VendorIx, What};
use crate::encode::{self, Fault, Filled, Form, Op};
use crate::policy::devices::DeviceLayer;
use crate::policy::{HeaderSpec, Layer, Placed, Policy, Site, SystemUse, VoiceVlan};
use crate::text::{Live, Piece, pieces};
use crate::value::{Existing, OptionSpec, Send, SubOption, Value};

/// Where a value comes from, from the least particular to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    Catalogue,
    System,
    Top,
    Vendor,
    Site,
    SiteVendor,
    Device,
}

impl Origin {
    /// As people say it.
    pub fn name(self) -> &'static str {
        match self {
            Origin::Catalogue => "the catalogue",
            Origin::System => "the system",
            Origin::Top => "the top level",
            Origin::Vendor => "the vendor's entry",
            Origin::Site => "the site",
            Origin::SiteVendor => "the site's entry for the vendor",
            Origin::Device => "the device",
        }
    }
}

/// Listens while a plan is made. The silent one (`()`) costs nothing.
pub trait Observer {
    /// Something was decided, or considered and not taken.
    fn note(&mut self, text: impl FnOnce() -> String);
    /// Whether [`Observer::considered`] does anything: values are only made for those who listen.
    const LISTENS: bool = false;
    /// A layer had a value for an option.
    fn considered(&mut self, _: Considered) {}
}

/// One layer's value for an option, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Considered {
    pub code: u8,
    pub origin: Origin,
    pub place: String,
    /// None: to be taken out. The error says why it cannot be made.
    pub form: Result<Option<Form>, String>,
    /// `wins`, or why not.
    pub outcome: String,
}

impl Observer for () {
    fn note(&mut self, _: impl FnOnce() -> String) {}
}

impl Observer for Vec<String> {
    fn note(&mut self, text: impl FnOnce() -> String) {
        self.push(text());
    }
}

/// One option of an answer.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanHeader {
    pub next_server: Option<Ipv4Addr>,
    pub server_hostname: Option<Form>,
    pub boot_file_name: Option<Form>,
}

/// Everything that a phone is told, but for what only its packet knows.
#[derive(Debug, Clone, Default, PartialEq)]
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
}

impl Plan {
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
}

/// The system that serves the phone.
#[derive(Clone, Copy)]
struct Served<'p> {
    entry: &'p SystemUse,
    serve: &'p Serve,
}

/// An option on its way into the plan.
struct Candidate<'p> {
    option: std::borrow::Cow<'p, OptionSpec>,
    origin: Origin,
    place: String,
    recalled: bool,
    /// Made from a key (a VLAN, a URL) by the vendor's recipe, not written as an option.
    derived: bool,
}

impl<'p, 'o, O: Observer> Maker<'p, 'o, O> {
    fn new(at: For<'p>, observer: &'o mut O) -> Self {
        let mut layers = Vec::new();
        layers.extend(at.device.map(|device| (Origin::Device, &device.layer)));
        if let Some(site) = at.site {
            layers.extend(site.scope.vendor(at.vendor).map(|layer| (Origin::SiteVendor, layer)));
            layers.push((Origin::Site, &site.scope.layer));
        }
        layers.extend(at.policy.top.vendor(at.vendor).map(|layer| (Origin::Vendor, layer)));
        layers.push((Origin::Top, &at.policy.top.layer));
        Maker { at, layers, vlan: None, observer, system: None, url: None, file: None }
    }

    fn make(mut self, wrong: &mut Vec<Wrong>) -> Plan {
        let mut plan = Plan {
            send: self.first(|layer| layer.send).map(|(_, send)| send),
            existing: self.first(|layer| layer.existing).map(|(_, existing)| existing),
            ..Plan::default()
        };
        if self.ignored() {
            plan.ignored = true;
            return plan;
        }
        self.vlan =
            self.first(|layer| layer.voice_vlan).and_then(|(origin, vlan)| Some((origin, vlan?)));
        self.choose_system(wrong);
        plan.system = self.system.map(|served| served.entry.system.clone());
        plan.system_place =
            self.system.map(|served| served.entry.place.clone()).unwrap_or_default();
        plan.url = self.url.as_deref().and_then(encode::fixed_text);
        self.tell_of_keys();
        let candidates = self.candidates();
        for (code, candidate) in self.winners(candidates) {
            plan.options.extend(self.compile(code, candidate, &plan, wrong));
        }
        plan.header = self.header(wrong);
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

    fn choose_system(&mut self, wrong: &mut Vec<Wrong>) {
        let Some((origin, entries)) = self.first(|layer| layer.systems.as_deref()) else {
            self.observer.note(|| "no \"systems\" in the policy for this phone".to_owned());
            return;
        };
        for entry in entries {
            let Some(system) = self.at.tables.system(&entry.system) else { continue };
            if !entry.only.is_empty() && !entry.only.contains(&self.at.vendor) {
                self.observer
                    .note(|| format!("{}: \"for\" does not name this vendor", entry.place));
                continue;
            }
            let Some(serve) = self.serves(system, entry) else {
                self.observer.note(|| {
                    format!("{}: {} does not serve this phone", entry.place, entry.system)
                });
                continue;
            };
            self.observer.note(|| {
                format!("{}: {} serves this phone, by {}", entry.place, entry.system, origin.name())
            });
            self.system = Some(Served { entry, serve });
            self.url = self.system_text(&serve.url, &entry.place, wrong);
            self.file = self.system_text(&serve.file, &entry.place, wrong);
            return;
        }
    }

    fn system_text(&self, text: &Text, place: &str, wrong: &mut Vec<Wrong>) -> Option<Vec<Op>> {
        if text.is_empty() {
            return None;
        }
        match encode::fill(text, &|name| self.name(name, 0)) {
            Ok(ops) => Some(ops),
            // A parameter that only this way of serving needs cannot be left out here; what only some
            // sites' "vars" have can.
            Err(Fault::Absent(_)) => {
                if let Some(name) = self.parameter_missing(text) {
                    let text = format!("\"{name}\" is missing: {text:?} needs it");
                    wrong.push(Placed { place: place.to_owned(), value: text });
                }
                None
            }
            Err(Fault::Wrong(text)) => {
                wrong.push(Placed { place: place.to_owned(), value: text });
                None
            }
        }
    }

    /// The first name in a system's text that is a parameter of the system, and is not given.
    fn parameter_missing<'t>(&self, text: &'t str) -> Option<&'t str> {
        let entry = self.system?.entry;
        let parameters = &self.at.tables.system(&entry.system)?.parameters;
        pieces(text).ok()?.into_iter().find_map(|piece| match piece {
            Piece::Name(name) => (parameters.iter().any(|parameter| parameter.name == name)
                && !entry.parameters.iter().any(|(given, _)| given == name))
            .then_some(name),
            Piece::Literal(_) => None,
        })
    }

    fn serves(&self, system: &'p System, entry: &SystemUse) -> Option<&'p Serve> {
        let vendor = self.at.tables.at(self.at.vendor);
        let variant = vendor.variant_name(self.at.variant);
        let served = |serve: &&Serve| {
            let named = serve.vendors.contains(&vendor.id);
            (named || (serve.every && vendor.takes_url(self.at.variant)))
                && (serve.variants.is_empty()
                    || variant.is_some_and(|name| serve.variants.iter().any(|v| v == name)))
                && serve.conditions.iter().all(|condition| holds(condition, entry))
        };
        system.serves.iter().find(served)
    }

    /// All options that anything would have sent, the least particular first.
    fn candidates(&self) -> Vec<Candidate<'p>> {
        let mut candidates = Vec::new();
        self.tell(What::Url, self.url_origin(), &mut candidates);
        self.tell(What::File, self.file.as_ref().map(|_| Origin::System), &mut candidates);
        self.tell(What::VoiceVlan, self.vlan.map(|(origin, _)| origin), &mut candidates);
        let listed = |origin: Option<(Origin, &Placed<Vec<String>>)>| {
            origin.filter(|(_, servers)| !servers.value.is_empty()).map(|(origin, _)| origin)
        };
        let time = listed(self.first(|layer| layer.time_servers.as_ref()));
        self.tell(What::TimeServers, time, &mut candidates);
        let sip = listed(self.first(|layer| layer.sip_servers.as_ref()));
        self.tell(What::SipServers, sip, &mut candidates);
        if let Some(served) = self.system {
            for option in &served.serve.options {
                candidates.push(Candidate {
                    option: std::borrow::Cow::Borrowed(option),
                    origin: Origin::System,
                    place: served.entry.place.clone(),
                    recalled: served.serve.recalled,
                    derived: false,
                });
            }
        }
        for (origin, layer) in self.layers.iter().rev() {
            for option in &layer.options {
                candidates.push(Candidate {
                    option: std::borrow::Cow::Borrowed(&option.value),
                    origin: *origin,
                    place: option.place.clone(),
                    recalled: false,
                    derived: false,
                });
            }
        }
        candidates
    }

    fn url_origin(&self) -> Option<Origin> {
        self.url.as_ref().map(|_| Origin::System)
    }

    /// The vendor's recipes for one thing; without any, the RFCs' way where there is one.
    fn tell(&self, what: What, origin: Option<Origin>, candidates: &mut Vec<Candidate<'p>>) {
        let Some(origin) = origin else { return };
        let vendor = self.at.tables.at(self.at.vendor);
        let recipes = || vendor.tells.iter().filter(|tell| tell.what == what);
        let mut add = |option, recalled| {
            let place = what_name(what).to_owned();
            candidates.push(Candidate { option, origin, place, recalled, derived: true });
        };
        if recipes().next().is_none() {
            if let Some(option) = usual(what) {
                add(std::borrow::Cow::Owned(option), false);
            }
            return;
        }
        let chosen: Vec<&Tell> =
            recipes().filter(|tell| self.applies(tell) && tell.header.is_empty()).collect();
        for (number, tell) in chosen.iter().enumerate() {
            // Of two recipes for one option the later counts, unless the policy lacks what only that
            // one names (a VLAN's priority): then the earlier stays.
            let option = &tell.option;
            let earlier = || chosen[..number].iter().any(|other| other.option.code == option.code);
            let lacks = || {
                let value = encode::compile(&option.value, option.nul, &|name| self.name(name, 0));
                matches!(value, Err(Fault::Absent(_)))
            };
            if !matches!(option.value, Value::SubOptions(_)) && earlier() && lacks() {
                continue;
            }
            add(std::borrow::Cow::Borrowed(option), tell.recalled);
        }
    }

    fn applies(&self, tell: &Tell) -> bool {
        tell.default && tell.fits(self.at.variant)
    }

    /// Of several candidates for a code the most particular wins; equal ones that are both made
    /// from keys and both lists of sub-options become one list.
    fn winners(&mut self, candidates: Vec<Candidate<'p>>) -> BTreeMap<u8, Candidate<'p>> {
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
                        self.tell_of(part, || "one list of sub-options with the others".to_owned());
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
                        true => format!("loses: {} stands there too and counts", winner.place),
                        false => format!("loses: {} is more particular", winner.origin.name()),
                    });
                    winner
                }
            };
            winners.insert(code, winner);
        }
        winners
    }

    /// Tells the observer of a candidate and what becomes of it.
    fn tell_of(&mut self, candidate: &Candidate<'_>, outcome: impl FnOnce() -> String) {
        if !O::LISTENS {
            return;
        }
        let option = &candidate.option;
        let form = match &option.value {
            Value::Remove => Ok(None),
            value => encode::compile(value, option.nul, &|name| self.name(name, 0))
                .map(Some)
                .map_err(|(Fault::Absent(why) | Fault::Wrong(why))| why),
        };
        let (code, place) = (option.code, self.full_place(candidate));
        let outcome = match &form {
            Err(why) => format!("stays away: {why}"),
            Ok(_) => outcome(),
        };
        let considered = Considered { code, origin: candidate.origin, place, form, outcome };
        self.observer.considered(considered);
    }

    /// Says which layer's word counts for a key that several have.
    fn tell_of_key(&mut self, key: &str, words: impl Fn(&'p Layer) -> Option<String>) {
        if !O::LISTENS {
            return;
        }
        let each = self.layers.iter().filter_map(|(origin, layer)| Some((origin, words(layer)?)));
        let said: Vec<String> =
            each.map(|(origin, value)| format!("{} says {value}", origin.name())).collect();
        if let [wins, loses @ ..] = &*said {
            let loses: String = loses.iter().map(|other| format!("; {other}, and loses")).collect();
            self.observer.note(|| format!("{key}: {wins}, and counts{loses}"));
        }
    }

    fn tell_of_keys(&mut self) {
        self.tell_of_key("voice-vlan", |layer| {
            layer.voice_vlan.map(|vlan| match vlan {
                None => "none".to_owned(),
                Some(VoiceVlan { id, priority: None }) => id.to_string(),
                Some(VoiceVlan { id, priority: Some(priority) }) => {
                    format!("{id} with priority {priority}")
                }
            })
        });
        let list = |servers: &Placed<Vec<String>>| match &*servers.value {
            [] => "none".to_owned(),
            servers => servers.join(", "),
        };
        self.tell_of_key("time-servers", |layer| layer.time_servers.as_ref().map(list));
        self.tell_of_key("sip-servers", |layer| layer.sip_servers.as_ref().map(list));
        let names = |systems: &Vec<SystemUse>| {
            systems.iter().map(|entry| &*entry.system).collect::<Vec<_>>().join(", ")
        };
        self.tell_of_key("systems", |layer| layer.systems.as_ref().map(names));
    }

    fn compile(
        &mut self,
        code: u8,
        candidate: Candidate<'p>,
        plan: &Plan,
        wrong: &mut Vec<Wrong>,
    ) -> Option<PlanOption> {
        self.tell_of(&candidate, || "wins".to_owned());
        let option = &candidate.option;
        let policy_writes = candidate.origin >= Origin::Top && !candidate.derived;
        // What a policy writes on an option itself beats its general key, which beats a recipe's.
        let send = match (policy_writes, option.send, plan.send) {
            (true, Send::Unset, general) => general,
            (true, own, _) => Some(own),
            (false, own, general) => general.or(Some(own)),
        };
        let existing = match (policy_writes, option.existing, plan.existing) {
            (true, Existing::Unset, general) => general,
            (true, own, _) => Some(own),
            (false, own, general) => general.or(Some(own)),
        };
        let form = match &option.value {
            Value::Remove => None,
            value => match encode::compile(value, option.nul, &|name| self.name(name, 0)) {
                Ok(form) if form.longest() == 0 => return None,
                Ok(form) => Some(form),
                Err(Fault::Absent(why)) => {
                    self.observer.note(|| format!("option {code} stays away: {why}"));
                    return None;
                }
                // A recipe that cannot carry what the policy wants (a name where the phone takes
                // only addresses) is nobody's mistake; the phone's other options still go out.
                Err(Fault::Wrong(why)) if candidate.derived => {
                    self.observer.note(|| format!("option {code} stays away: {why}"));
                    return None;
                }
                Err(Fault::Wrong(text)) => {
                    let place = self.full_place(&candidate);
                    wrong.push(Placed { place, value: text });
                    return None;
                }
            },
        };
        Some(PlanOption {
            code,
            form,
            send: send.filter(|send| *send != Send::Unset).unwrap_or(Send::Always),
            existing: existing.filter(|e| *e != Existing::Unset).unwrap_or(Existing::Replace),
            origin: candidate.origin,
            place: candidate.place,
            recalled: candidate.recalled,
            ready: u32::MAX,
        })
    }

    fn full_place(&self, candidate: &Candidate<'_>) -> String {
        match (candidate.origin, self.at.device) {
            (Origin::Device, Some(device)) => format!("{}{}", device.place, candidate.place),
            _ => candidate.place.clone(),
        }
    }

    fn header(&mut self, wrong: &mut Vec<Wrong>) -> PlanHeader {
        let mut header = PlanHeader::default();
        // The catalogue's ways first, then what the policy says, which wins.
        let vendor = self.at.tables.at(self.at.vendor);
        for tell in vendor.tells.iter().filter(|tell| !tell.header.is_empty()) {
            if !self.applies(tell) || !self.has(tell.what) {
                continue;
            }
            let value = encode::compile(&tell.option.value, false, &|name| self.name(name, 0));
            let Ok(form) = value else { continue };
            match (&*tell.header, form) {
                ("siaddr", Form::Fixed(bytes)) => {
                    header.next_server = bytes.first_chunk::<4>().map(|b| Ipv4Addr::from(*b));
                }
                ("sname", form) => header.server_hostname = Some(form),
                ("file", form) => header.boot_file_name = Some(form),
                _ => {}
            }
        }
        type Get = fn(&HeaderSpec) -> &Option<Placed<String>>;
        let fields: [(Get, usize); 3] = [
            (|spec| &spec.next_server, 0),
            (|spec| &spec.server_hostname, 63),
            (|spec| &spec.boot_file_name, 127),
        ];
        for (get, longest) in fields {
            let Some((_, field)) = self.first(|layer| get(&layer.header).as_ref()) else {
                continue;
            };
            let value = match longest {
                0 => Value::Ipv4(vec![Text::Owned(field.value.clone())].into()),
                _ => Value::Text(Text::Owned(field.value.clone())),
            };
            match encode::compile(&value, false, &|name| self.name(name, 0)) {
                Ok(Form::Fixed(bytes)) if longest == 0 => {
                    header.next_server = bytes.first_chunk::<4>().map(|b| Ipv4Addr::from(*b));
                }
                Ok(form) if longest > 0 && form.longest() > longest => wrong.push(Placed {
                    place: field.place.clone(),
                    value: format!("up to {} bytes: the field holds {longest}", form.longest()),
                }),
                Ok(form) if longest == 63 => header.server_hostname = Some(form),
                Ok(form) if longest == 127 => header.boot_file_name = Some(form),
                Ok(_) | Err(Fault::Absent(_)) => {}
                Err(Fault::Wrong(text)) => {
                    wrong.push(Placed { place: field.place.clone(), value: text });
                }
            }
        }
        header
    }

    fn has(&self, what: What) -> bool {
        match what {
            What::Url => self.url.is_some(),
            What::File => self.file.is_some(),
            What::VoiceVlan => self.vlan.is_some(),
            What::TimeServers => self.first(|layer| layer.time_servers.as_ref()).is_some(),
            What::SipServers => self.first(|layer| layer.sip_servers.as_ref()).is_some(),
        }
    }

    /// What a name stands for, for this phone. `depth` ends a name that leads back to itself.
    fn name(&self, name: &str, depth: u8) -> Result<Filled, Fault> {
        let fixed = |text: &str| Filled::Text(vec![Op::Bytes(text.as_bytes().to_vec())]);
        let absent = |why: &str| Err(Fault::Absent(format!("{{{{{name}}}}}: {why}")));
        if let Some(live) = Live::named(name) {
            return Ok(Filled::Text(vec![Op::Live(live)]));
        }
        if depth > 4 {
            return Err(Fault::Wrong(format!("{{{{{name}}}}} leads back to itself")));
        }
        match name {
            "vendor" => Ok(fixed(&self.at.tables.at(self.at.vendor).id)),
            "site" => match self.at.site {
                Some(site) => Ok(fixed(&site.name)),
                None => absent("no site"),
            },
            // An entry's own "url" is a parameter like any other until the system has said its own.
            "url" if self.url.is_some() => match &self.url {
                Some(url) => Ok(Filled::Text(url.clone())),
                None => absent("no system serves this phone"),
            },
            "file" => match &self.file {
                Some(file) => Ok(Filled::Text(file.clone())),
                None => absent("the system names no file"),
            },
            "host" | "path" => self.part_of_url(name),
            "vlan-id" | "vlan-priority" => {
                let Some((_, vlan)) = self.vlan else { return absent("no voice VLAN") };
                match (name, vlan.priority) {
                    ("vlan-id", _) => Ok(fixed(&vlan.id.to_string())),
                    (_, Some(priority)) => Ok(fixed(&priority.to_string())),
                    _ => absent("the voice VLAN has no priority"),
                }
            }
            "time-servers" => self.servers(|layer| layer.time_servers.as_ref(), name, depth),
            "sip-servers" => self.servers(|layer| layer.sip_servers.as_ref(), name, depth),
            _ => self.parameter(name, depth),
        }
    }

    fn servers(
        &self,
        get: impl Fn(&'p Layer) -> Option<&'p Placed<Vec<String>>>,
        name: &str,
        depth: u8,
    ) -> Result<Filled, Fault> {
        let Some((_, servers)) = self.first(get) else {
            return Err(Fault::Absent(format!("{{{{{name}}}}}: none in the policy")));
        };
        let mut list = Vec::with_capacity(servers.value.len());
        for server in &servers.value {
            let ops = encode::fill(server, &|name| self.name(name, depth + 1))?;
            let text = encode::fixed_text(&ops);
            list.push(text.ok_or_else(|| format!("{server:?} depends on the packet"))?);
        }
        Ok(Filled::List(list))
    }

    /// A system's parameter, or a variable of the most particular layer that has it.
    fn parameter(&self, name: &str, depth: u8) -> Result<Filled, Fault> {
        if let Some(served) = self.system {
            let parameters = &served.entry.parameters;
            if let Some((_, value)) = parameters.iter().find(|(key, _)| key == name) {
                return encode::fill(value, &|name| self.name(name, depth + 1)).map(Filled::Text);
            }
        }
        let var = |layer: &'p Layer| layer.vars.iter().find(|(key, _)| key == name);
        if let Some((_, (_, value))) = self.first(var) {
            return Ok(Filled::Text(vec![Op::Bytes(value.as_bytes().to_vec())]));
        }
        if self.known_anywhere(name) {
            return Err(Fault::Absent(format!("{{{{{name}}}}} stands for nothing here")));
        }
        Err(Fault::Wrong(format!(
            "{{{{{name}}}}} is not known: expected mac, MAC, mac:colon, model, firmware, ip, vendor, \
             site, url, a parameter of the system, or one of \"vars\""
        )))
    }

    fn known_anywhere(&self, name: &str) -> bool {
        let systems = &self.at.tables.systems;
        let scopes =
            || self.at.policy.sites.iter().map(|site| &site.scope).chain([&self.at.policy.top]);
        let layers = scopes().flat_map(|scope| {
            std::iter::once(&scope.layer).chain(scope.vendors.iter().map(|(_, layer)| layer))
        });
        name == "url"
            || systems.iter().any(|system| system.parameters.iter().any(|p| p.name == name))
            || layers.flat_map(|layer| &layer.vars).any(|(key, _)| key == name)
    }

    fn part_of_url(&self, name: &str) -> Result<Filled, Fault> {
        let Some(url) = &self.url else {
            return Err(Fault::Absent(format!("{{{{{name}}}}}: no system serves this phone")));
        };
        let text = encode::fixed_text(url)
            .ok_or_else(|| format!("{{{{{name}}}}} of a URL that depends on the packet"))?;
        let rest = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let part = match name {
            "path" => path,
            _ => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
        };
        Ok(Filled::Text(vec![Op::Bytes(part.as_bytes().to_vec())]))
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

/// How a thing is told to a vendor that has no way of its own (RFC 2132 8.3, RFC 3361).
fn usual(what: What) -> Option<OptionSpec> {
    let name = |name: &'static str| List::from(vec![Text::Borrowed(name)]);
    let (code, value) = match what {
        What::TimeServers => (42, Value::Ipv4(name("{{time-servers}}"))),
        What::SipServers => (120, Value::SipServers(name("{{sip-servers}}"))),
        _ => return None,
    };
    Some(OptionSpec { code, value, nul: false, send: Send::Unset, existing: Existing::Unset })
}

/// One list of sub-options out of two that are both made from keys.
fn merged<'p>(a: &Candidate<'p>, b: &Candidate<'p>) -> Option<Candidate<'p>> {
    let (Value::SubOptions(first), Value::SubOptions(second)) = (&a.option.value, &b.option.value)
    else {
        return None;
    };
    if !a.derived || !b.derived {
        return None;
    }
    let mut subs: Vec<SubOption> = first.iter().chain(second).cloned().collect();
    subs.sort_by_key(|sub| sub.code);
    // What both bear alike (a maker's mark that must come first) stands once.
    subs.dedup();
    let mut option = b.option.clone().into_owned();
    option.value = Value::SubOptions(subs.into());
    Some(Candidate {
        option: std::borrow::Cow::Owned(option),
        origin: a.origin.max(b.origin),
        place: format!("{}, {}", a.place, b.place),
        recalled: a.recalled || b.recalled,
        derived: true,
    })
}

fn holds(condition: &Condition, entry: &SystemUse) -> bool {
    let value = entry.parameters.iter().find(|(name, _)| *name == condition.parameter);
    match (condition.test, value) {
        (Test::Equals, Some((_, value))) => *value == condition.value,
        (Test::Below, Some((_, value))) => version(value) < version(&condition.value),
        (Test::From, Some((_, value))) => version(value) >= version(&condition.value),
        // Without a version the newest is meant.
        (Test::From, None) => true,
        (Test::Equals | Test::Below, None) => false,
    }
}
