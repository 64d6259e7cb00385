//! How a policy's plans are made: one for each maker, variant and site, and for each model that the policy
//! tells apart; equal ones are kept once.

use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::{Engine, Host, Ready};
use crate::catalogue::{VariantIx, Vendor, VendorIx};
use crate::conflicts::{Competitor, competitors};
use crate::encode::Form;
use crate::plan::{For, Plan, Wrong, plan};
use crate::policy::models::Models;
use crate::token::Minter;

/// Every model that the policy tells apart is compiled for every site.
const MOST_MODEL_PLANS: usize = 100_000;

impl Engine {
    pub(super) fn compile(&mut self, wrong: &mut Vec<Wrong>) {
        let mut builder = Builder::default();
        let mut ready = Vec::new();
        let devices = self.policy.devices.iter().flat_map(|(_, device)| device.options());
        let devices: BTreeSet<u8> = devices.map(|option| option.code).collect();
        let devices: Vec<u8> = devices.into_iter().collect();
        let mut too_many_models = None;
        let mut make = |site, vendor, variant: VariantIx, models| {
            let at = For {
                tables: &self.tables,
                policy: &self.policy,
                site,
                vendor,
                variant,
                models,
                device: None,
            };
            let mut plan = plan(at, wrong, &mut ());
            check_length(&plan, self.host, wrong);
            builder.number_values(&mut plan, &mut ready);
            plan.competing = competing(self.tables.at(vendor), &plan, &devices);
            builder.intern(plan)
        };
        let sites = || std::iter::once(None).chain(self.policy.sites.iter().map(Some));
        let vendors = || (0u16..).map(VendorIx).zip(self.tables.vendors.iter());
        for site in sites() {
            for (ix, vendor) in vendors() {
                self.plans.extend(
                    vendor.columns().map(|variant| make(site, ix, variant, Models::default())),
                );
            }
            self.plans.push(make(site, VendorIx::UNLISTED, VariantIx::NONE, Models::default()));
        }
        let mut most = MOST_MODEL_PLANS;
        for (ix, vendor) in vendors().filter(|(ix, _)| self.policy.tells_models(*ix)) {
            let pairs = sites().map(|site| self.policy.model_pairs(site, ix).len());
            let count = pairs.sum::<usize>() * (vendor.variants.len() + 1);
            if count > most {
                too_many_models = Some(vendor.id.clone());
                break;
            }
            most -= count;
            for (site, row) in sites().zip(0u32..) {
                let mut entries = Vec::new();
                for pair in self.policy.model_pairs(site, ix) {
                    let models = self.policy.models(site, ix, pair);
                    entries.push((pair, u32::try_from(self.of_models.len()).unwrap_or(u32::MAX)));
                    self.of_models
                        .extend(vendor.columns().map(|variant| make(site, ix, variant, models)));
                }
                self.models.insert((row, ix), entries);
            }
        }
        self.distinct = builder.distinct;
        self.ready = ready;
        if let Some(id) = too_many_models {
            let value = format!(
                "the sites' and models' answers together are more than {MOST_MODEL_PLANS}: tell fewer models \
                 apart, or none where there are many sites"
            );
            wrong.push(Wrong { place: format!("vendors.{id}.models"), value });
        }
    }

    /// The engine that explanations, lists, logs and differences are made by. It has no key, and stars in
    /// place of the random folder, so nothing that it makes needs to be masked. `None`: no secrets here.
    pub(super) fn without_secrets(&self) -> Option<Engine> {
        let access = &self.policy.file_access;
        if access.token.is_none() && access.random_folder.is_none() {
            return None;
        }
        let mut policy = self.policy.clone();
        if let Some(folder) = &mut policy.file_access.random_folder {
            *folder = folder.hidden();
        }
        let mut people = Engine {
            tables: Arc::clone(&self.tables),
            site_index: Arc::clone(&self.site_index),
            policy,
            offsets: self.offsets.clone(),
            row: self.row,
            plans: Vec::new(),
            models: HashMap::new(),
            of_models: Vec::new(),
            distinct: Vec::new(),
            ready: Vec::new(),
            digest: self.digest.clone(),
            host: self.host,
            answers_phones_only: self.answers_phones_only,
            uses_classes: self.uses_classes,
            minter: access.token.as_ref().map(Minter::without_key),
            people: None,
        };
        // Its mistakes are those that have been found already.
        people.compile(&mut Vec::new());
        Some(people)
    }

    /// A device's own layer is compiled when asked; its mistakes must be reported now.
    pub(super) fn check_devices(&self, wrong: &mut Vec<Wrong>) {
        for (layer, named) in self.policy.devices.layers() {
            let at = For {
                tables: &self.tables,
                policy: &self.policy,
                site: None,
                vendor: named.map_or(VendorIx(0), |named| named.vendor),
                variant: named.map_or(VariantIx::NONE, |named| {
                    named.variant_of(&self.tables, VariantIx::NONE)
                }),
                models: Models::default(),
                device: Some(layer),
            };
            if !self.tables.vendors.is_empty() {
                check_length(&plan(at, wrong, &mut ()), self.host, wrong);
            }
        }
        let Some(longest) = self.host.longest_option else { return };
        for (mac, device) in self.policy.devices.iter() {
            for option in device.options().filter(|option| option.value.len() > longest) {
                wrong.push(too_long(
                    &format!("devices ({mac})"),
                    option.code,
                    option.value.len(),
                    self.host,
                ));
            }
        }
    }
}

fn check_length(plan: &Plan, host: Host, wrong: &mut Vec<Wrong>) {
    let Some(longest) = host.longest_option else { return };
    for option in &plan.options {
        let length = option.form.as_ref().map_or(0, Form::longest);
        if length > longest {
            wrong.push(too_long(&option.place, option.code, length, host));
        }
    }
}

fn too_long(place: &str, code: u8, length: usize, host: Host) -> Wrong {
    let (name, longest) = (host.name, host.longest_option.unwrap_or(255));
    Wrong {
        place: place.to_owned(),
        value: format!(
            "option {code} would be up to {length} bytes: {name} carries at most {longest} safely; \
             shorten it"
        ),
    }
}

/// What may compete with this plan, or with what the policy sends to single devices: their makers are not
/// known yet, so this may be more than competes in the end.
fn competing(vendor: &Vendor, plan: &Plan, devices: &[u8]) -> Vec<u8> {
    let told: Vec<u8> = plan.codes().collect();
    let both = [competitors(vendor, &told), competitors(vendor, devices)].concat();
    let codes: BTreeSet<u8> = both.iter().map(Competitor::code).collect();
    codes.into_iter().collect()
}

/// Keeps equal plans and equal values once. What is hashed is the policy's, which no client writes.
#[derive(Default)]
struct Builder {
    distinct: Vec<Plan>,
    /// The hash of each distinct plan, and its number: a table that grows does not hash its plans again.
    seen: HashMap<u64, Vec<u32>, FixedState>,
    ready: HashMap<(u8, Box<[u8]>), u32, FixedState>,
}

impl Builder {
    fn number_values(&mut self, plan: &mut Plan, ready: &mut Vec<Ready>) {
        for option in &mut plan.options {
            let Some(Form::Fixed(bytes)) = &option.form else { continue };
            let next = u32::try_from(ready.len()).unwrap_or(u32::MAX);
            let entry = self.ready.entry((option.code, bytes.clone()));
            option.ready = Some(*entry.or_insert_with(|| {
                ready.push(Ready { code: option.code, bytes: bytes.clone() });
                next
            }));
        }
    }

    fn intern(&mut self, plan: Plan) -> u32 {
        let next = u32::try_from(self.distinct.len()).unwrap_or(u32::MAX);
        let alike = self.seen.entry(FixedState::default().hash_one(&plan)).or_default();
        let same = |at: &&u32| self.distinct.get(**at as usize) == Some(&plan);
        if let Some(known) = alike.iter().find(same) {
            return *known;
        }
        alike.push(next);
        self.distinct.push(plan);
        next
    }
}
