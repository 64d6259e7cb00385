//! One packet in, what to do with its answer out.
//!
//! Looks things up that `engine` has prepared; allocates nothing but what a value with live names
//! needs. Decides, does nothing.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use crate::catalogue::VendorIx;
use crate::encode::{self, Form, LiveValues};
use crate::engine::Engine;
use crate::mac::Mac;
use crate::plan::{For, Plan, PlanHeader, PlanOption, plan};
use crate::policy::devices::{Device, DeviceLayer, DeviceOption};
use crate::policy::{Answer, Layer, Site};
use crate::query::{Query, trimmed};
use crate::recognise::{Finding, Identity, Reading, find, read};
use crate::token::Token;
use crate::value::{Existing, Send};

/// Whether the client gets an answer at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Continue,
    Drop,
}

/// What is known of a client, and what its answer must be.
#[derive(Debug)]
pub struct Decision<'e> {
    pub finding: Finding,
    /// None: no phone, or told nothing because it is unknown.
    pub identity: Option<Identity>,
    pub site: Option<&'e Site>,
    pub device: Option<Device<'e>>,
    pub verdict: Verdict,
    plan: PlanRef<'e>,
}

#[derive(Debug)]
enum PlanRef<'e> {
    None,
    Ready(&'e Plan),
    /// Compiled for a device with a layer of its own.
    Own(Box<Plan>),
}

/// What to do with one option of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit<'b> {
    pub code: u8,
    /// None: take the option out.
    pub value: Option<EditValue<'b>>,
    /// Leave an option of this code alone that the server already put in.
    pub keep_existing: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditValue<'b> {
    /// Position in [`Engine::ready`].
    Ready(u32),
    Bytes(&'b [u8]),
}

/// The header fields to set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    pub next_server: Option<Ipv4Addr>,
    pub server_hostname: Option<Vec<u8>>,
    pub boot_file_name: Option<Vec<u8>>,
}

/// The edits of one answer; keep it and use it again, so that its memory is.
#[derive(Debug, Default)]
pub struct Edits {
    entries: Vec<Entry>,
    bytes: Vec<u8>,
    pub header: Header,
    /// Values that could not be made for this packet (no MAC for `{{mac}}`, too long).
    pub left_out: u32,
    /// The token that some value has in it.
    token: Option<Token>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    code: u8,
    kind: Kind,
    keep_existing: bool,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Remove,
    Ready(u32),
    Bytes { start: u32, end: u32 },
}

impl Engine {
    /// Everything about one client.
    pub fn decide<'e>(&'e self, query: &Query<'_>) -> Decision<'e> {
        self.decide_found(query, self.find(query))
    }

    /// Who the client is: the policy's word, else what the packet shows.
    pub fn find(&self, query: &Query<'_>) -> Finding {
        let device = query.mac.and_then(|mac| self.policy().devices.get(mac));
        find(self.tables(), query, device.and_then(|device| device.vendor))
    }

    /// Before there is a lease: whether the client gets an answer at all. `finding` is what
    /// [`Engine::find`] says of this packet.
    pub fn admit(&self, query: &Query<'_>, finding: Finding) -> Verdict {
        if finding.identity().is_some() || !self.refuses_some() {
            return Verdict::Continue;
        }
        self.verdict(self.policy().sites.iter().find(|site| at_site(site, query)), None)
    }

    /// [`Engine::decide`] for whoever has asked [`Engine::find`] about this packet before.
    pub fn decide_found<'e>(&'e self, query: &Query<'_>, finding: Finding) -> Decision<'e> {
        let policy = self.policy();
        let device = query.mac.and_then(|mac| policy.devices.get(mac));
        let identity = finding.identity();
        let site = policy.sites.iter().position(|site| at_site(site, query));
        let plan = match identity {
            Some(Identity { vendor, variant, .. }) => self.plan_ref(site, vendor, variant, device),
            None => PlanRef::None,
        };
        let site = site.and_then(|site| policy.sites.get(site));
        let verdict = self.verdict(site, identity);
        Decision { finding, identity, site, device, verdict, plan }
    }

    /// The plan for a phone at a site (by its position), with what the policy says of the device
    /// itself; none if the device is to be ignored. For whoever renders answers ahead of packets.
    pub fn plan_for<'e>(
        &'e self,
        site: Option<usize>,
        vendor: VendorIx,
        variant: u8,
        device: Option<Device<'e>>,
    ) -> Option<Cow<'e, Plan>> {
        match self.plan_ref(site, vendor, variant, device) {
            PlanRef::None => None,
            PlanRef::Ready(plan) => Some(Cow::Borrowed(plan)),
            PlanRef::Own(plan) => Some(Cow::Owned(*plan)),
        }
    }

    fn plan_ref<'e>(
        &'e self,
        site: Option<usize>,
        vendor: VendorIx,
        variant: u8,
        device: Option<Device<'e>>,
    ) -> PlanRef<'e> {
        if device.is_some_and(|device| device.ignore == Some(true)) {
            return PlanRef::None;
        }
        let shown = self.plan(site, vendor, variant);
        let layer = device.and_then(|device| device.layer);
        let unignored = device.is_some_and(|device| device.ignore == Some(false)) && shown.ignored;
        if layer.is_none() && !unignored {
            return PlanRef::Ready(shown);
        }
        let mut unignoring = DeviceLayer::default();
        let own = match layer {
            Some(layer) if !unignored => layer,
            _ => {
                unignoring.layer = layer.map(|own| own.layer.clone()).unwrap_or_default();
                unignoring.layer.ignore = Some(false);
                &unignoring
            }
        };
        let at = For {
            tables: self.tables(),
            policy: self.policy(),
            site: site.and_then(|site| self.policy().sites.get(site)),
            vendor,
            variant,
            device: Some(own),
        };
        PlanRef::Own(Box::new(plan(at, &mut Vec::new(), &mut ())))
    }

    /// `answer: phones` refuses whoever is not recognised; the site's word goes before the general.
    fn verdict(&self, site: Option<&Site>, identity: Option<Identity>) -> Verdict {
        if identity.is_some() || !self.refuses_some() {
            return Verdict::Continue;
        }
        let layers: [Option<&Layer>; 2] =
            [site.map(|site| &site.scope.layer), Some(&self.policy().top.layer)];
        match layers.into_iter().flatten().find_map(|layer| layer.answer) {
            Some(Answer::Phones) => Verdict::Drop,
            _ => Verdict::Continue,
        }
    }
}

/// A kind of sign by which a site is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteKind {
    Networks,
    Relays,
    Interfaces,
    ClientClasses,
    CircuitIds,
    RemoteIds,
}

impl SiteKind {
    /// The kinds with their keys in a policy.
    pub const ALL: [(&'static str, SiteKind); 6] = [
        ("networks", SiteKind::Networks),
        ("relays", SiteKind::Relays),
        ("interfaces", SiteKind::Interfaces),
        ("client-classes", SiteKind::ClientClasses),
        ("circuit-ids", SiteKind::CircuitIds),
        ("remote-ids", SiteKind::RemoteIds),
    ];

    /// Whether the client has one of the site's values of this kind, or the site names none.
    pub fn holds(self, site: &Site, query: &Query<'_>) -> bool {
        let wanted = &site.matching;
        let context = &query.context;
        match self {
            SiteKind::Networks => wanted.networks.is_empty() || in_networks(site, query),
            SiteKind::Relays => {
                wanted.relays.is_empty()
                    || query.giaddr.is_some_and(|relay| wanted.relays.contains(&relay))
            }
            SiteKind::Interfaces => {
                wanted.interfaces.is_empty()
                    || wanted.interfaces.iter().any(|name| name.as_bytes() == context.interface)
            }
            SiteKind::ClientClasses => {
                let has = |class: &String| context.classes.contains(&class.as_bytes());
                wanted.client_classes.is_empty() || wanted.client_classes.iter().any(has)
            }
            SiteKind::CircuitIds => {
                wanted.circuit_ids.is_empty() || relay_id(&wanted.circuit_ids, query, 1)
            }
            SiteKind::RemoteIds => {
                wanted.remote_ids.is_empty() || relay_id(&wanted.remote_ids, query, 2)
            }
        }
    }
}

/// The leased address decides; where there is none yet, any address that the packet or the
/// receiving interface has.
fn in_networks(site: &Site, query: &Query<'_>) -> bool {
    let inside =
        |address: Ipv4Addr| site.matching.networks.iter().any(|net| net.contains(&address));
    match query.context.leased {
        Some(leased) => inside(leased),
        None => [query.ciaddr, query.requested, query.giaddr, query.context.interface_address]
            .into_iter()
            .flatten()
            .any(inside),
    }
}

fn relay_id(wanted: &[Vec<u8>], query: &Query<'_>, sub: u8) -> bool {
    let Some(found) = query.relay_sub_option(sub) else { return false };
    wanted.iter().any(|id| id == found || id == trimmed(found))
}

/// All given kinds must hold, any value of a kind.
pub fn at_site(site: &Site, query: &Query<'_>) -> bool {
    SiteKind::ALL.iter().all(|(_, kind)| kind.holds(site, query))
}

impl DeviceOption<'_> {
    /// When it is sent, under a plan that says so in general.
    pub fn send_under(&self, plan: &Plan) -> Send {
        match self.send {
            Send::Unset => plan.send.unwrap_or(Send::Always),
            own => own,
        }
    }

    /// What becomes of the server's own option of this code, likewise.
    pub fn existing_under(&self, plan: &Plan) -> Existing {
        match self.existing {
            Existing::Unset => plan.existing.unwrap_or(Existing::Replace),
            own => own,
        }
    }
}

impl<'e> Decision<'e> {
    /// The plan that answers; none for whoever is no phone.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.plan {
            PlanRef::None => None,
            PlanRef::Ready(plan) => Some(plan),
            PlanRef::Own(plan) => Some(plan),
        }
    }

    /// Writes what is to be done with the answer's options and header.
    pub fn edits(&self, engine: &Engine, query: &Query<'_>, out: &mut Edits) {
        out.clear();
        let Some(plan) = self.plan().filter(|plan| !plan.ignored) else { return };
        let shared = matches!(self.plan, PlanRef::Ready(_));
        let live = Packet::new(engine, query, self.identity.as_ref());
        for told in told(plan, self.device) {
            match told {
                Told::Planned(option) => out.planned(option, shared, query, &live),
                Told::Own(device) => out.device(&device, plan, query, &live),
            }
        }
        out.header(&plan.header, &live);
        out.token = live.token.get().copied().flatten();
    }
}

/// An option of an answer: the plan's, or what the policy says of this very device.
#[derive(Debug, Clone, Copy)]
pub enum Told<'p> {
    Planned(&'p PlanOption),
    Own(DeviceOption<'p>),
}

impl<'p> Told<'p> {
    pub fn code(&self) -> u8 {
        match self {
            Told::Planned(option) => option.code,
            Told::Own(option) => option.code,
        }
    }
}

/// A plan's options with a device's own, which win, by code.
pub fn told<'p>(plan: &'p Plan, device: Option<Device<'p>>) -> impl Iterator<Item = Told<'p>> {
    let mut planned = plan.options.iter().peekable();
    let mut own = device.into_iter().flat_map(|device| device.options()).peekable();
    std::iter::from_fn(move || match (planned.peek(), own.peek()) {
        (Some(option), Some(device)) if option.code < device.code => {
            planned.next().map(Told::Planned)
        }
        (Some(option), Some(device)) => {
            if option.code == device.code {
                planned.next();
            }
            own.next().map(Told::Own)
        }
        (Some(_), None) => planned.next().map(Told::Planned),
        (None, _) => own.next().map(Told::Own),
    })
}

impl Edits {
    pub fn clear(&mut self) {
        self.entries.clear();
        self.bytes.clear();
        self.header = Header::default();
        self.left_out = 0;
        self.token = None;
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The edits, sorted by code.
    pub fn iter(&self) -> impl Iterator<Item = Edit<'_>> {
        self.entries.iter().map(|entry| Edit {
            code: entry.code,
            keep_existing: entry.keep_existing,
            value: match entry.kind {
                Kind::Remove => None,
                Kind::Ready(index) => Some(EditValue::Ready(index)),
                Kind::Bytes { start, end } => Some(EditValue::Bytes(
                    self.bytes.get(start as usize..end as usize).unwrap_or_default(),
                )),
            },
        })
    }

    /// An edit's bytes, wherever they are kept.
    pub fn bytes<'b>(&'b self, engine: &'b Engine, value: EditValue<'b>) -> &'b [u8] {
        match value {
            EditValue::Bytes(bytes) => bytes,
            EditValue::Ready(index) => {
                engine.ready().get(index as usize).map_or(&[], |ready| &ready.bytes)
            }
        }
    }

    /// A value of this answer for people's eyes: a token in it is masked.
    pub fn masked<'v>(&self, value: &'v [u8]) -> Cow<'v, [u8]> {
        self.token.map_or(Cow::Borrowed(value), |token| token.masked(value))
    }

    fn planned(&mut self, option: &PlanOption, shared: bool, query: &Query<'_>, live: &Packet<'_>) {
        if option.send == Send::Requested && !query.requests(option.code) {
            return;
        }
        let keep = option.existing == Existing::Keep;
        match &option.form {
            None => self.push(option.code, Kind::Remove, keep),
            Some(Form::Fixed(_)) if shared => {
                self.push(option.code, Kind::Ready(option.ready), keep);
            }
            Some(Form::Fixed(bytes)) => self.write(option.code, keep, |out| {
                out.extend_from_slice(bytes);
                true
            }),
            Some(Form::Live(program)) => {
                self.write(option.code, keep, |out| encode::run(&program.0, live, out));
            }
        }
    }

    fn device(
        &mut self,
        own: &DeviceOption<'_>,
        plan: &Plan,
        query: &Query<'_>,
        live: &Packet<'_>,
    ) {
        if own.send_under(plan) == Send::Requested && !query.requests(own.code) {
            return;
        }
        let keep = own.existing_under(plan) == Existing::Keep;
        if own.remove {
            self.push(own.code, Kind::Remove, keep);
        } else if own.live {
            self.write(own.code, keep, |out| encode::run(own.value, live, out));
        } else {
            self.write(own.code, keep, |out| {
                out.extend_from_slice(own.value);
                true
            });
        }
    }

    fn push(&mut self, code: u8, kind: Kind, keep_existing: bool) {
        self.entries.push(Entry { code, kind, keep_existing });
    }

    fn write(&mut self, code: u8, keep: bool, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let start = self.bytes.len();
        if !write(&mut self.bytes) || self.bytes.len() == start {
            self.bytes.truncate(start);
            self.left_out += 1;
            return;
        }
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(self.bytes.len())) else {
            return;
        };
        self.push(code, Kind::Bytes { start, end }, keep);
    }

    fn header(&mut self, header: &PlanHeader, live: &Packet<'_>) {
        self.header.next_server = header.next_server;
        let mut field = |form: &Option<Form>, longest: usize| match form {
            None => None,
            Some(Form::Fixed(bytes)) => Some(bytes.to_vec()),
            Some(Form::Live(program)) => {
                let mut bytes = Vec::new();
                let good = encode::run(&program.0, live, &mut bytes) && bytes.len() <= longest;
                self.left_out += u32::from(!good);
                good.then_some(bytes)
            }
        };
        let (name, file) = (field(&header.server_hostname, 63), field(&header.boot_file_name, 127));
        self.header.server_hostname = name;
        self.header.boot_file_name = file;
    }
}

/// What the packet knows, read only when a value asks for it.
pub(crate) struct Packet<'p> {
    engine: &'p Engine,
    query: &'p Query<'p>,
    identity: Option<&'p Identity>,
    reading: std::cell::OnceCell<Reading<'p>>,
    token: std::cell::OnceCell<Option<Token>>,
}

impl<'p> Packet<'p> {
    pub(crate) fn new(
        engine: &'p Engine,
        query: &'p Query<'p>,
        identity: Option<&'p Identity>,
    ) -> Self {
        let (reading, token) = (std::cell::OnceCell::new(), std::cell::OnceCell::new());
        Packet { engine, query, identity, reading, token }
    }

    fn reading(&self) -> &Reading<'p> {
        self.reading.get_or_init(|| match self.identity {
            Some(identity) => read(self.engine.tables(), self.query, identity),
            None => Reading::default(),
        })
    }
}

impl LiveValues for Packet<'_> {
    fn mac(&self) -> Option<Mac> {
        self.query.mac
    }
    fn ip(&self) -> Option<Ipv4Addr> {
        self.query.client_address()
    }
    fn model(&self) -> &[u8] {
        self.reading().model.as_deref().unwrap_or_default()
    }
    fn firmware(&self) -> &[u8] {
        self.reading().firmware.as_deref().unwrap_or_default()
    }
    fn token(&self) -> Option<Token> {
        *self.token.get_or_init(|| {
            self.engine.minter()?.mint(self.query.mac?, self.query.client_address())
        })
    }
}
