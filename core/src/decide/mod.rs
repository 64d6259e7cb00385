//! One packet in, what to do with its answer out.
//!
//! Looks things up that `engine` has prepared; allocates nothing but what a value with live names
//! needs. Decides, does nothing.

mod delivery;
mod edits;
mod packet;

use std::borrow::Cow;

use crate::catalogue::unlisted::WeakSigns;
use crate::catalogue::{Tables, VariantIx, VendorIx};
use crate::conflicts::{Competitor, competitors};
use crate::engine::Engine;
use crate::plan::{For, Plan, plan};
use crate::policy::devices::{Device, DeviceLayer};
use crate::policy::{Answer, Site, UnlistedPhones};
use crate::query::Query;
use crate::recognise::{Finding, Identity, find, read};

pub use crate::site::{SiteKind, at_site};
pub use delivery::{PlannedEdit, planned};
pub use edits::{Edits, Header};
pub(crate) use packet::Packet;

/// Whether the client gets an answer at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The server goes on.
    Continue,
    /// The server does not answer this client.
    Drop,
}

/// What is known of a client, and what its answer must be.
#[derive(Debug)]
pub struct Decision<'e> {
    /// What the client is, and by which signs.
    pub finding: Finding,
    /// `None`: not a phone, or sent nothing because it is unknown.
    pub identity: Option<Identity>,
    /// The signs of a phone of another maker, where the policy does not ignore them.
    pub unlisted: Option<WeakSigns>,
    /// The site of the client; `None`: the top level alone.
    pub site: Option<&'e Site>,
    /// What the policy says of this hardware address.
    pub device: Option<Device<'e>>,
    /// Whether the client is answered at all.
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

impl Engine {
    /// Everything about one client.
    pub fn decide<'e>(&'e self, query: &Query<'_>) -> Decision<'e> {
        self.decide_found(query, self.find(query))
    }

    /// Who the client is: the policy's word, else what the packet shows.
    pub fn find(&self, query: &Query<'_>) -> Finding {
        let device = query.mac.and_then(|mac| self.policy().devices.get(mac));
        find(self.tables(), query, device.and_then(|device| device.named))
    }

    /// Before there is a lease: whether the client gets an answer at all. `finding` is what
    /// [`Engine::find`] says of this packet.
    pub fn admit(&self, query: &Query<'_>, finding: Finding) -> Verdict {
        if finding.identity().is_some() || !self.refuses_some() {
            return Verdict::Continue;
        }
        self.verdict(self.site(query).and_then(|site| self.policy().sites.get(site)), None)
    }

    /// [`Engine::decide`] for callers that have called [`Engine::find`] for this packet before.
    pub fn decide_found<'e>(&'e self, query: &Query<'_>, finding: Finding) -> Decision<'e> {
        let policy = self.policy();
        let device = query.mac.and_then(|mac| policy.devices.get(mac));
        let identity = finding.identity();
        let site = self.site(query);
        let at = site.and_then(|site| policy.sites.get(site));
        let unlisted = self.unlisted(finding, at, device);
        let plan = match identity {
            Some(identity) => {
                let at = (identity.vendor, identity.variant);
                match self.tells_models(identity.vendor) {
                    true => {
                        let model = read(self.tables(), query, &identity).model.unwrap_or_default();
                        self.plan_ref(site, at, device, &model)
                    }
                    false => self.plan_ref(site, at, device, b""),
                }
            }
            None => self.plan_of_unlisted(query, unlisted, site),
        };
        let verdict = self.verdict(at, identity);
        Decision { finding, identity, unlisted, site: at, device, verdict, plan }
    }

    /// The signs of a phone of another maker, if the policy wants such phones named at this site. A device that the
    /// policy lists is not one.
    fn unlisted(
        &self,
        finding: Finding,
        site: Option<&Site>,
        device: Option<Device<'_>>,
    ) -> Option<WeakSigns> {
        let Finding::Unlisted(signs) = finding else { return None };
        let listed = |device: Device<'_>| {
            device.named.is_some()
                || device.layer.is_some()
                || device.ignore.is_some()
                || device.options().next().is_some()
        };
        let named = self.policy().unlisted_at(site) != UnlistedPhones::Ignore;
        Some(signs).filter(|_| named && !device.is_some_and(listed))
    }

    /// Two signs of different kinds, and the policy's word; and the client says which options it wants.
    fn plan_of_unlisted(
        &self,
        query: &Query<'_>,
        unlisted: Option<WeakSigns>,
        site: Option<usize>,
    ) -> PlanRef<'_> {
        match unlisted {
            Some(signs) if signs.are_enough() && query.request_list.is_some() => {
                PlanRef::Ready(self.plan(site, VendorIx::UNLISTED, VariantIx::NONE))
            }
            _ => PlanRef::None,
        }
    }

    /// The plan for a phone at a site (by its position), with what the policy says of the device
    /// itself; `None` if the device is to be ignored. For callers that render answers ahead of packets.
    pub fn plan_for<'e>(
        &'e self,
        site: Option<usize>,
        vendor: VendorIx,
        variant: VariantIx,
        device: Option<Device<'e>>,
    ) -> Option<Cow<'e, Plan>> {
        match self.plan_ref(site, (vendor, variant), device, b"") {
            PlanRef::None => None,
            PlanRef::Ready(plan) => Some(Cow::Borrowed(plan)),
            PlanRef::Own(plan) => Some(Cow::Owned(*plan)),
        }
    }

    fn plan_ref<'e>(
        &'e self,
        site: Option<usize>,
        (vendor, variant): (VendorIx, VariantIx),
        device: Option<Device<'e>>,
        model: &[u8],
    ) -> PlanRef<'e> {
        if device.is_some_and(|device| device.ignore == Some(true)) {
            return PlanRef::None;
        }
        let shown = self.plan_of_model(site, vendor, variant, model);
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
        let site = site.and_then(|site| self.policy().sites.get(site));
        let at = For {
            tables: self.tables(),
            policy: self.policy(),
            site,
            vendor,
            variant,
            models: self.policy().models(
                site,
                vendor,
                self.policy().models_at(site, vendor, model),
            ),
            device: Some(own),
        };
        let mut own = plan(at, &mut Vec::new(), &mut ());
        own.competing.clone_from(&shown.competing);
        PlanRef::Own(Box::new(own))
    }

    /// `answer: phones` refuses a client that is not recognised; a site's `answer` outranks the top level's.
    fn verdict(&self, site: Option<&Site>, identity: Option<Identity>) -> Verdict {
        if identity.is_some() || !self.refuses_some() {
            return Verdict::Continue;
        }
        match self.policy().answer_at(site) {
            Answer::Phones => Verdict::Drop,
            Answer::Everyone => Verdict::Continue,
        }
    }
}

impl<'e> Decision<'e> {
    /// The plan to answer with, or `None` if the client is not a phone.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.plan {
            PlanRef::None => None,
            PlanRef::Ready(plan) => Some(plan),
            PlanRef::Own(plan) => Some(plan),
        }
    }

    /// Whose answer this is: the maker and the variant; [`VendorIx::UNLISTED`] for a phone of another maker
    /// that is sent something.
    pub fn maker(&self) -> Option<(VendorIx, VariantIx)> {
        let unlisted = || {
            let sent = self.unlisted.is_some() && self.plan().is_some_and(|plan| !plan.ignored);
            sent.then_some((VendorIx::UNLISTED, VariantIx::NONE))
        };
        self.identity.map(|identity| (identity.vendor, identity.variant)).or_else(unlisted)
    }

    /// What competes with this answer if the server itself puts it in.
    pub fn competitors<'t>(&self, tables: &'t Tables) -> Vec<Competitor<'t>> {
        let Some((identity, plan)) = self.identity.zip(self.plan()) else { return Vec::new() };
        let own = self.device.iter().flat_map(|device| device.options()).map(|own| own.code);
        let told: Vec<u8> = plan.codes().chain(own).collect();
        competitors(tables.at(identity.vendor), &told)
    }

    /// Writes what is to be done with the answer's options and header.
    pub fn edits(&self, engine: &Engine, query: &Query<'_>, out: &mut Edits) {
        out.clear();
        let Some(plan) = self.plan().filter(|plan| !plan.ignored) else { return };
        let live = Packet::new(engine, query, self.identity.as_ref());
        let device = self.device.filter(|_| self.identity.is_some());
        match device {
            // Most phones are under no device, and then there is nothing to merge.
            None => plan.options.iter().map(PlannedEdit::of_plan).for_each(|planned| {
                out.add(&planned, query, &live);
            }),
            Some(_) => planned(plan, device).for_each(|planned| out.add(&planned, query, &live)),
        }
        out.header(&plan.header, &live);
        out.token = live.token.get().is_some_and(Option::is_some);
    }
}
