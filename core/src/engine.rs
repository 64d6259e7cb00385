//! A catalogue and a policy, compiled: everything that can be known before the first packet.
//!
//! Immutable once built and shared between threads. A change of policy builds a new one.

/// How the plans are made.
mod compile;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::catalogue::{Tables, VariantIx, VendorIx};
use crate::error::{Mistake, Mistakes};
use crate::file_map::FileMap;
use crate::plan::{Plan, Wrong};
use crate::policy::models::ModelsAt;
use crate::policy::{self, Answer, Policy};
use crate::query::Query;
use crate::site::SiteIndex;
use crate::token::{KeyReader, Minter};

/// What the host can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// For messages: `Kea 2.2.0`.
    pub name: &'static str,
    /// The longest option in bytes; none where the host splits long ones (RFC 3396).
    pub longest_option: Option<usize>,
}

impl Host {
    /// A host without limits of its own.
    pub const ANY: Host = Host { name: "any server", longest_option: None };
}

/// An option value that is the same in every packet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ready {
    /// The option's number.
    pub code: u8,
    /// Its content.
    pub bytes: Box<[u8]>,
}

/// A catalogue and a policy, compiled.
#[derive(Debug)]
pub struct Engine {
    tables: Arc<Tables>,
    policy: Policy,
    site_index: Arc<SiteIndex>,
    /// For each vendor the position of its first plan within a site's row.
    offsets: Vec<u32>,
    row: usize,
    /// Rows of plans: no site first, then each site.
    plans: Vec<u32>,
    /// For each row and vendor whose models the policy tells apart: which entries hold, and where in
    /// `of_models` the plans of the vendor's variants begin.
    models: HashMap<(u32, VendorIx), Vec<(ModelsAt, u32)>>,
    of_models: Vec<u32>,
    distinct: Vec<Plan>,
    ready: Vec<Ready>,
    digest: String,
    host: Host,
    answers_phones_only: bool,
    uses_classes: bool,
    minter: Option<Minter>,
    /// The same policy without its secrets; none where it has none.
    people: Option<Box<Engine>>,
}

impl Engine {
    /// Reads and compiles a policy (JSON with comments). Its tokens come out as stars: see
    /// [`Engine::with_keys`].
    ///
    /// # Errors
    /// Every mistake of the policy, each with its place.
    pub fn new(tables: Arc<Tables>, policy: &str, host: Host) -> Result<Engine, Mistakes> {
        Engine::compiled(tables, policy, host, None)
    }

    /// The same for a host that may read the key of the policy's tokens.
    ///
    /// # Errors
    /// Every mistake of the policy, each with its place, and what is wrong with the key's file.
    pub fn with_keys(
        tables: Arc<Tables>,
        policy: &str,
        host: Host,
        keys: &KeyReader<'_>,
    ) -> Result<Engine, Mistakes> {
        Engine::compiled(tables, policy, host, Some(keys))
    }

    fn compiled(
        tables: Arc<Tables>,
        policy: &str,
        host: Host,
        keys: Option<&KeyReader<'_>>,
    ) -> Result<Engine, Mistakes> {
        let digest = Sha256::digest(policy.as_bytes());
        let policy = policy::policy(policy, &tables)?;
        let mut wrong = Vec::new();
        let (mut offsets, mut row) = (Vec::with_capacity(tables.vendors.len()), 0usize);
        for vendor in &tables.vendors {
            offsets.push(u32::try_from(row).unwrap_or(u32::MAX));
            row += 1 + vendor.variants.len();
        }
        // Phones of other makers come last in a row.
        row += 1;
        let mut engine = Engine {
            answers_phones_only: answers_phones_only(&policy),
            uses_classes: policy.sites.iter().any(|site| !site.matching.client_classes.is_empty()),
            site_index: Arc::new(SiteIndex::new(&policy.sites)),
            tables,
            policy,
            offsets,
            row,
            plans: Vec::new(),
            models: HashMap::new(),
            of_models: Vec::new(),
            distinct: Vec::new(),
            ready: Vec::new(),
            digest: hex::encode(&digest[..8]),
            host,
            minter: None,
            people: None,
        };
        if let Some(rule) = &engine.policy.file_access.token {
            match keys.map(|keys| keys(&rule.key_file)) {
                None => engine.minter = Some(Minter::without_key(rule)),
                Some(Ok(key)) => engine.minter = Some(Minter::new(&key, rule)),
                Some(Err(text)) => wrong.push(Wrong {
                    place: format!("{}.key-file", rule.place),
                    value: format!("{}: {text}", rule.key_file),
                }),
            }
        }
        engine.compile(&mut wrong);
        engine.check_devices(&mut wrong);
        wrong.extend(engine.file_map().mistakes(&engine.tables, &engine.policy.file_access));
        engine.people = engine.without_secrets().map(Box::new);
        let mut mistakes = Mistakes::default();
        for wrong in wrong {
            let mistake = Mistake::new(wrong.place, wrong.value);
            if !mistakes.0.contains(&mistake) {
                mistakes.0.push(mistake);
            }
        }
        mistakes.or(Some(engine))
    }

    /// What answers in place of this engine where people see the answer: the same, without secrets.
    pub fn for_people(&self) -> &Engine {
        self.people.as_deref().unwrap_or(self)
    }

    /// Whether [`Engine::for_people`] gives another answer.
    pub fn has_secrets(&self) -> bool {
        self.people.is_some()
    }

    /// The catalogue that the policy was compiled with.
    pub fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }

    /// The policy itself.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The client's site: its place in the policy.
    pub(crate) fn site(&self, query: &Query<'_>) -> Option<usize> {
        self.site_index.first(&self.policy.sites, query)
    }

    /// The policy's fingerprint: the first 16 hex digits of its text's SHA-256.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Makes the tokens of this policy, if it has any.
    pub fn minter(&self) -> Option<&Minter> {
        self.minter.as_ref()
    }

    /// The limits that it was compiled for.
    pub fn host(&self) -> Host {
        self.host
    }

    /// The values that never change, addressed by [`crate::EditValue::Ready`].
    pub fn ready(&self) -> &[Ready] {
        &self.ready
    }

    /// Whether some client may be refused an answer, so that it must be asked before a lease.
    pub fn refuses_some(&self) -> bool {
        self.answers_phones_only
    }

    /// Whether a site is recognised by client classes, so that the host must pass them.
    pub fn uses_classes(&self) -> bool {
        self.uses_classes
    }

    /// The plan for a vendor and variant, at no site (`None`) or at the site of this position.
    pub fn plan(&self, site: Option<usize>, vendor: VendorIx, variant: VariantIx) -> &Plan {
        static NOTHING: Plan = Plan::NOTHING;
        let number = self.plan_number(site, vendor, variant);
        number.and_then(|number| self.distinct.get(number)).unwrap_or(&NOTHING)
    }

    /// The position of that plan among [`Engine::plans`]; `None`: there is none.
    pub fn plan_number(
        &self,
        site: Option<usize>,
        vendor: VendorIx,
        variant: VariantIx,
    ) -> Option<usize> {
        let row = site.map_or(0, |site| site + 1) * self.row;
        let offset = match vendor {
            VendorIx::UNLISTED => self.row.saturating_sub(1),
            _ => self.offsets.get(usize::from(vendor.0)).map_or(0, |offset| *offset as usize),
        };
        self.plans.get(row + offset + usize::from(variant.column())).map(|number| *number as usize)
    }

    /// Whether what a maker's phones are sent depends on their model somewhere.
    pub fn tells_models(&self, vendor: VendorIx) -> bool {
        self.models.contains_key(&(0, vendor))
    }

    /// The plan for a phone whose packet names this model (empty: none), at a site.
    pub fn plan_of_model(
        &self,
        site: Option<usize>,
        vendor: VendorIx,
        variant: VariantIx,
        model: &[u8],
    ) -> &Plan {
        let at = site.and_then(|site| self.policy.sites.get(site));
        let models = match self.tells_models(vendor) {
            true => self.policy.models_at(at, vendor, model),
            false => (None, None),
        };
        self.plan_of_models(site, vendor, variant, models)
    }

    /// The plan where these entries of models hold.
    pub fn plan_of_models(
        &self,
        site: Option<usize>,
        vendor: VendorIx,
        variant: VariantIx,
        models: ModelsAt,
    ) -> &Plan {
        let found = self.model_plans(site, vendor, variant).find(|(pair, _)| *pair == models);
        found.map_or_else(|| self.plan(site, vendor, variant), |(_, plan)| plan)
    }

    /// The plans of a maker's models that the policy tells apart, at a site, with the entries that hold.
    pub fn model_plans(
        &self,
        site: Option<usize>,
        vendor: VendorIx,
        variant: VariantIx,
    ) -> impl Iterator<Item = (ModelsAt, &Plan)> {
        let row = u32::try_from(site.map_or(0, |site| site + 1)).unwrap_or(u32::MAX);
        let entries = self.models.get(&(row, vendor)).into_iter().flatten();
        entries.filter_map(move |(pair, at)| {
            let index = self.of_models.get(*at as usize + usize::from(variant.column()))?;
            Some((*pair, self.distinct.get(*index as usize)?))
        })
    }

    /// Where the phones' files lie, and what protects them.
    pub fn file_map(&self) -> FileMap {
        let rows = self.plans.chunks(self.row.max(1));
        let starts = self.offsets.iter().map(|start| *start as usize);
        let ends = starts.clone().skip(1).chain([self.row.saturating_sub(1)]);
        let vendors: Vec<(usize, usize)> = starts.zip(ends).collect();
        let mut seen = HashSet::new();
        let plans = rows.flat_map(|row| {
            vendors.iter().zip(0u16..).flat_map(move |((start, end), vendor)| {
                row.get(*start..*end)
                    .into_iter()
                    .flatten()
                    .map(move |plan| (VendorIx(vendor), *plan))
            })
        });
        let of_models = self.models.iter().flat_map(|((_, vendor), entries)| {
            let variants = self.tables.at(*vendor).variants.len();
            entries.iter().flat_map(move |(_, at)| {
                let at = *at as usize;
                self.of_models
                    .get(at..=at + variants)
                    .into_iter()
                    .flatten()
                    .map(|plan| (*vendor, *plan))
            })
        });
        let mut of_models: Vec<(VendorIx, u32)> = of_models.collect();
        of_models.sort_unstable();
        let distinct = plans.chain(of_models).filter(|at| seen.insert(*at));
        FileMap::new(
            &self.policy.file_access,
            distinct.filter_map(|(vendor, at)| Some((vendor, self.distinct.get(at as usize)?))),
        )
    }

    /// Every distinct plan, for callers that check or render the whole policy.
    pub fn plans(&self) -> &[Plan] {
        &self.distinct
    }
}

fn answers_phones_only(policy: &Policy) -> bool {
    policy.all_layers().any(|(_, layer)| layer.answer == Some(Answer::Phones))
}
