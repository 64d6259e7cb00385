//! Keys that change nothing: found by giving each another value, and making the plans again.
//!
//! An option is found by its place: if no plan has it, it reaches no phone.

/// The keys of layers, and a change for each.
mod keys;

use std::collections::HashSet;

use super::found::Found;
use crate::catalogue::{VariantIx, VendorIx};
use crate::engine::Engine;
use crate::mac::Mac;
use crate::plan::{For, Origin, Plan, PlanHeader, plan};
use crate::policy::devices::{Device, DeviceLayer};
use crate::policy::models::Models;
use crate::policy::{Layer, Policy};
use crate::query::Query;
use crate::recognise::{Named, recognise};
use crate::value::{Existing, Send};
use keys::{Slot, keys};

/// So many plans are made at most: a check answers within a second, and a server loads policies.
const MOST_PLANS: usize = 20_000;

/// What a phone is sent by a plan.
fn sent(plan: &Plan) -> Option<(impl Iterator<Item = Sent<'_>>, &PlanHeader)> {
    let options = plan.options.iter().map(|option| {
        let form = option.form.as_ref().map(|form| form.code());
        (option.code, form, option.send, option.existing)
    });
    (!plan.ignored).then_some((options, &plan.header))
}

type Sent<'p> = (u8, Option<&'p [u8]>, Send, Existing);

fn same(a: &Plan, b: &Plan) -> bool {
    match (sent(a), sent(b)) {
        (None, None) => true,
        (Some((a, a_header)), Some((b, b_header))) => a_header == b_header && a.eq(b),
        _ => false,
    }
}

/// Makers whose single devices have plain options without a `send`, or an `existing`, of their own.
#[derive(Default)]
struct Words {
    send: HashSet<VendorIx>,
    existing: HashSet<VendorIx>,
    /// The same of devices whose maker only their packets tell.
    any_send: bool,
    any_existing: bool,
}

impl Words {
    fn of(engine: &Engine) -> Words {
        let mut words = Words::default();
        for (mac, device) in engine.policy().devices.iter() {
            let vendor = vendor_of(engine, mac, device).map(|named| named.vendor);
            for option in device.options() {
                if option.send == Send::Unset {
                    words.any_send |= vendor.is_none();
                    words.send.extend(vendor);
                }
                if option.existing == Existing::Unset {
                    words.any_existing |= vendor.is_none();
                    words.existing.extend(vendor);
                }
            }
        }
        words
    }

    fn differ(&self, vendor: VendorIx, a: &Plan, b: &Plan) -> bool {
        let send = self.any_send || self.send.contains(&vendor);
        let existing = self.any_existing || self.existing.contains(&vendor);
        (send && a.send != b.send) || (existing && a.existing != b.existing)
    }
}

/// What a device is: by the policy, or by its hardware address.
fn vendor_of(engine: &Engine, mac: Mac, device: Device<'_>) -> Option<Named> {
    device.named.or_else(|| {
        let query = Query { mac: Some(mac), ..Query::default() };
        let identity = recognise(engine.tables(), &query).identity()?;
        Some(Named { vendor: identity.vendor, variant: identity.variant })
    })
}

struct Search<'e> {
    engine: &'e Engine,
    /// The policy in which one key after the other is changed.
    policy: Policy,
    /// Whose single devices have options of their own that go by the general words.
    words: Words,
    plans: usize,
}

impl Search<'_> {
    /// What a device with this layer is sent, at each site. `None`: no more plans may be made.
    fn device_plans(&mut self, named: Named, place: &str, layer: &Layer) -> Option<Vec<Plan>> {
        let tables = self.engine.tables();
        let own = DeviceLayer { place: place.to_owned(), layer: layer.clone() };
        let sites = std::iter::once(None).chain(self.policy.sites.iter().map(Some));
        let mut plans = Vec::new();
        for site in sites {
            if self.plans == MOST_PLANS {
                return None;
            }
            self.plans += 1;
            let at = For {
                tables,
                policy: &self.policy,
                site,
                vendor: named.vendor,
                variant: named.variant_of(tables, VariantIx::NONE),
                models: Models::default(),
                device: Some(&own),
            };
            plans.push(plan(at, &mut Vec::new(), &mut ()));
        }
        Some(plans)
    }

    /// Whether some phone of the slot is sent something else than by the engine. `None`: no more plans may
    /// be made.
    fn changes(&mut self, slot: Slot) -> Option<bool> {
        let (engine, tables) = (self.engine, self.engine.tables());
        let sites: Vec<Option<usize>> = match slot.site {
            Some(site) => vec![Some(site)],
            None => std::iter::once(None).chain((0..self.policy.sites.len()).map(Some)).collect(),
        };
        let vendors: Vec<VendorIx> = match slot.vendor {
            Some((_, vendor)) => vec![vendor],
            None => (0..tables.vendors.len())
                .filter_map(|at| u16::try_from(at).ok())
                .map(VendorIx)
                .collect(),
        };
        for site in sites {
            let at = site.and_then(|site| self.policy.sites.get(site));
            for vendor in &vendors {
                let mut pairs = vec![(None, None)];
                if engine.tells_models(*vendor) {
                    pairs.extend(self.policy.model_pairs(at, *vendor));
                }
                for variant in tables.at(*vendor).columns() {
                    for pair in &pairs {
                        if self.plans == MOST_PLANS {
                            return None;
                        }
                        self.plans += 1;
                        let changed = For {
                            tables,
                            policy: &self.policy,
                            site: at,
                            vendor: *vendor,
                            variant,
                            models: self.policy.models(at, *vendor, *pair),
                            device: None,
                        };
                        let changed = plan(changed, &mut Vec::new(), &mut ());
                        let before = engine.plan_of_models(site, *vendor, variant, *pair);
                        if !same(before, &changed)
                            || (!before.ignored && self.words.differ(*vendor, before, &changed))
                        {
                            return Some(true);
                        }
                    }
                }
            }
        }
        Some(false)
    }
}

/// Adds a doubt for every key that changes nothing and that no other doubt names.
pub(super) fn find(engine: &Engine, found: &mut Found) {
    options(engine, found);
    let mut policy = engine.policy().clone_without_devices();
    let slots = Slot::all(&policy);
    let files = engine.plans().iter().any(|plan| plan.place().is_some());
    let words = Words::of(engine);
    let mut jobs = Vec::new();
    for slot in slots {
        let Some(layer) = slot.layer(&mut policy) else { continue };
        let original = layer.clone();
        jobs.push((slot, original));
    }
    let mut search = Search { engine, policy, words, plans: 0 };
    for (slot, original) in jobs {
        let prefix = slot.prefix(engine);
        for (key, change) in keys(&original) {
            // What names stand for in the files' templates is not known here.
            if key.starts_with("vars.") && files {
                continue;
            }
            let place = format!("{prefix}{key}");
            if found.names(&place)
                || slot.site.is_some_and(|site| found.names_exactly(&format!("sites[{site}]")))
            {
                continue;
            }
            let Some(layer) = slot.layer(&mut search.policy) else { continue };
            change(layer);
            let changes = search.changes(slot);
            if let Some(layer) = slot.layer(&mut search.policy) {
                *layer = original.clone();
            }
            match changes {
                Some(true) => {}
                Some(false) => found.add(&place, changes_nothing(&key)),
                None => return,
            }
        }
    }
    devices(engine, &mut search, found);
}

fn changes_nothing(key: &str) -> String {
    format!(
        "{key} changes nothing that any phone is sent: a more particular place says otherwise, the phones are \
         ignored, or nothing that is sent depends on it"
    )
}

/// Keys of single devices whose maker is known.
fn devices(engine: &Engine, search: &mut Search<'_>, found: &mut Found) {
    let tables = engine.tables();
    let silent = silent_vendors(engine);
    let mut seen = HashSet::new();
    for (mac, device) in engine.policy().devices.iter() {
        let Some(named) = vendor_of(engine, mac, device) else { continue };
        let id = &tables.at(named.vendor).id;
        let ignored = device.ignore == Some(true)
            || (silent.contains(&named.vendor) && device.ignore != Some(false));
        let place = match device.layer {
            Some(layer) => layer.place.clone(),
            None => format!("devices ({mac})"),
        };
        if ignored && (device.layer.is_some() || device.options().next().is_some()) {
            let text = "nothing of this is sent: the device is ignored, or its maker's phones are; \
                        \"ignore\": false beside it sends it all the same";
            found.about(id, &place, text.to_owned());
            continue;
        }
        let Some(own) = device.layer.filter(|_| seen.insert((place.clone(), named))) else {
            continue;
        };
        let before = Layer { ignore: device.ignore, ..own.layer.clone() };
        let mut sent = HashSet::new();
        let Some(plans) = search.device_plans(named, &own.place, &before) else { return };
        for plan in &plans {
            sent.extend(
                plan.options.iter().filter(|o| o.origin == Origin::Device).map(|o| o.place.clone()),
            );
        }
        for option in own.layer.options.iter().filter(|option| !sent.contains(&option.place)) {
            let place = format!("{place}{}", option.place);
            if !found.names(&place) {
                found.about(id, &place, reaches_no_phone(option.value.code));
            }
        }
        for (key, change) in keys(&before) {
            let place = format!("{place}.{key}");
            if found.names(&place) {
                continue;
            }
            let mut changed = before.clone();
            change(&mut changed);
            let Some(changed) = search.device_plans(named, &own.place, &changed) else { return };
            if plans.iter().zip(&changed).all(|(before, changed)| same(before, changed)) {
                found.about(id, &place, changes_nothing(&key));
            }
        }
    }
}

/// Makers whose phones are ignored everywhere.
fn silent_vendors(engine: &Engine) -> HashSet<VendorIx> {
    let sites = || std::iter::once(None).chain((0..engine.policy().sites.len()).map(Some));
    let vendors = engine.tables().vendors.iter().zip(0u16..);
    let silent = vendors.filter(|(vendor, at)| {
        vendor.columns().all(|variant| {
            sites().all(|site| {
                let mut models = engine.model_plans(site, VendorIx(*at), variant);
                engine.plan(site, VendorIx(*at), variant).ignored
                    && models.all(|(_, plan)| plan.ignored)
            })
        })
    });
    silent.map(|(_, at)| VendorIx(at)).collect()
}

/// Options that no plan has: their phones are ignored, or a name in them has no value.
fn options(engine: &Engine, found: &mut Found) {
    let plans = engine.plans().iter().filter(|plan| !plan.ignored);
    let sent: HashSet<&str> =
        plans.flat_map(|plan| &plan.options).map(|option| &*option.place).collect();
    for (_, layer) in engine.policy().all_layers() {
        for option in &layer.options {
            if !sent.contains(&*option.place) && !found.names(&option.place) {
                found.add(&option.place, reaches_no_phone(option.value.code));
            }
        }
    }
}

fn reaches_no_phone(code: u8) -> String {
    format!(
        "this option {code} reaches no phone: a more particular place says otherwise, the phones are ignored, or a \
         name in it has no value"
    )
}
