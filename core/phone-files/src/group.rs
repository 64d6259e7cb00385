//! What the phones of one vendor at one site have in common: where their files belong, what the policy
//! says to all of them, and what of it their files have no place for.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use minijinja::value::Value;
use sha2::{Digest, Sha256};

use crate::phone::Phone;
use crate::templates::Templates;
use crate::values::{Common, Name, Names, TEMPLATE_NAMES, text_or_none};
use offhook_catalogue::{PhoneFile, Vendor, VendorIx};
use offhook_core::engine::Engine;
use offhook_core::fields::{FIELDS, FieldIx, Values};
use offhook_core::file_map::place::{Place, SYSTEM};
use offhook_core::policy::{Layer, Site};
use offhook_core::token::MasterKey;

/// What a file's content depends on; two files with the same fingerprint are the same.
pub type Fingerprint = [u8; 16];

/// Where the files of a group belong.
pub(crate) enum Home {
    /// Where the policy tells the phones to come.
    Told(Place),
    /// At the tree's root: nothing tells them to come, and this is what to say about it.
    Root(String),
    /// Nowhere, and why.
    None(String),
}

/// Phones of one vendor at one site.
pub(crate) struct Group {
    vendor: String,
    pub home: Home,
    pub common: Common,
    fingerprint: Fingerprint,
    /// The fields that no template of the vendor names, a bit each.
    unwritten: u64,
    /// The fields that somebody has filled in.
    said: AtomicU64,
    /// Nobody has said where some phone's line registers.
    unregistered: AtomicBool,
}

impl Group {
    pub fn new(
        engine: &Engine,
        templates: &Templates,
        key: Option<&MasterKey>,
        site: Option<u32>,
        ix: VendorIx,
    ) -> Group {
        let policy = engine.policy();
        let at = site.and_then(|site| policy.sites.get(site as usize));
        let vendor = engine.tables().at(ix);
        // A list does not say which variant a phone is: any that is told to come will do.
        let variants = 0..=u8::try_from(vendor.variants.len()).unwrap_or(0);
        let mut plans =
            variants.map(|variant| engine.plan(site.map(|site| site as usize), ix, variant));
        let first = plans.clone().next().and_then(|plan| plan.system.as_deref());
        let home = match plans.find_map(|plan| plan.place.clone()) {
            Some(place) => Home::Told(place),
            None => elsewhere(first, &vendor.id, at),
        };
        let mut common = common(engine, at, ix);
        let rule = policy.file_access.encryption.as_ref();
        let encrypted = rule.is_some_and(|rule| rule.only.contains(&ix));
        common.names.set("encrypted", encrypted);
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update(engine.digest());
        hash.update(site.map_or(u32::MAX, |site| site).to_be_bytes());
        hash.update(format!("{:?}", vendor.files));
        hash.update(templates.fingerprint());
        if let Some(key) = key.filter(|_| encrypted) {
            hash.update(key.derive("offhook fingerprint 1"));
        }
        let unwritten = unwritten(vendor, templates);
        let said = AtomicU64::new(said(&common.values));
        let vendor = vendor.id.to_string();
        let unregistered = AtomicBool::new(false);
        Group { vendor, home, common, fingerprint: finish(hash), unwritten, said, unregistered }
    }

    /// Takes note of what a phone's entry in the list says.
    pub fn note(&self, phone: &Phone) {
        let lines = phone.lines.iter().map(|line| said(&line.values));
        let all = lines.fold(said(&phone.values), |all, line| all | line);
        self.said.fetch_or(all, Ordering::Relaxed);
        let server = |values: &Values| values.named("server").is_some();
        let known = server(&self.common.values) || server(&phone.values);
        // Keys of the maker's own may say it too; nobody here knows which.
        let own = !self.common.settings.is_empty() || !phone.settings.is_empty();
        if !known && !own && phone.lines.iter().any(|line| !server(&line.values)) {
            self.unregistered.store(true, Ordering::Relaxed);
        }
    }

    /// Why the phones may not come here, and what their files lack.
    pub fn doubts(&self) -> impl Iterator<Item = String> {
        let lost = self.said.load(Ordering::Relaxed) & self.unwritten;
        let lost: Vec<&str> = fields().filter(|at| lost & bit(*at) != 0).map(named).collect();
        let text = format!(
            "the files of {} have no place for {}: it is left out (see docs/files.md); say it by \
             \"settings\"",
            self.vendor,
            lost.join(", ")
        );
        let doubt = match &self.home {
            Home::Root(doubt) => Some(doubt.clone()),
            Home::Told(_) | Home::None(_) => None,
        };
        let unregistered = self.unregistered.load(Ordering::Relaxed).then(|| {
            format!(
                "phones of {} have lines without a \"server\", in the list as in the policy's \
                 \"phone-settings\": they know no registrar",
                self.vendor
            )
        });
        doubt.into_iter().chain((!lost.is_empty()).then_some(text)).chain(unregistered)
    }

    pub fn own_fingerprint(&self, phone: &Phone) -> Fingerprint {
        let mut hash = Sha256::new();
        hash.update(self.fingerprint);
        hash.update(phone.mac.0);
        part(&mut hash, &phone.model);
        values(&mut hash, &phone.values);
        for (key, value) in &phone.settings {
            part(&mut hash, key);
            part(&mut hash, value);
        }
        for line in &phone.lines {
            hash.update(line.number.to_be_bytes());
            values(&mut hash, &line.values);
        }
        finish(hash)
    }

    pub fn shared_fingerprint(&self, file: &PhoneFile, phone: &Phone) -> Fingerprint {
        let mut hash = Sha256::new();
        hash.update(self.fingerprint);
        part(&mut hash, &file.name);
        if &*file.scope == "model" {
            part(&mut hash, &phone.model);
        }
        finish(hash)
    }
}

/// Where phones go that are not told to come here, as far as the policy says.
fn elsewhere(system: Option<&str>, vendor: &str, site: Option<&Site>) -> Home {
    let at = site.map(|site| format!(" at {}", site.name)).unwrap_or_default();
    match system {
        Some(SYSTEM) => {
            Home::None(format!("the URL of the system {SYSTEM:?} cannot be made for {vendor}"))
        }
        Some(system) => Home::Root(format!(
            "the policy sends {vendor} phones{at} to the system {system:?}, not to {SYSTEM:?}: they \
             come for these files only if {system:?} hands them out"
        )),
        None => Home::Root(format!(
            "no system of the policy serves {vendor} phones{at}: nothing tells them to come for \
             these files; add {SYSTEM:?}"
        )),
    }
}

fn fields() -> impl Iterator<Item = FieldIx> {
    (0..FIELDS.len()).filter_map(|at| u8::try_from(at).ok()).map(FieldIx)
}

fn named(at: FieldIx) -> &'static str {
    at.field().name
}

fn bit(at: FieldIx) -> u64 {
    1 << (at.0 % 64)
}

fn said(values: &Values) -> u64 {
    values.iter().fold(0, |all, (at, _)| all | bit(at))
}

/// The fields that stand in none of the vendor's templates.
fn unwritten(vendor: &Vendor, templates: &Templates) -> u64 {
    let written = vendor.files.iter().filter(|file| !file.template.is_empty());
    let names: Vec<String> =
        written.map(|file| format!("{}/{}", vendor.id, file.template)).collect();
    fields()
        .zip(TEMPLATE_NAMES)
        .filter(|(_, word)| !names.iter().any(|name| templates.names(name, word)))
        .fold(0, |all, (at, _)| all | bit(at))
}

/// What the policy says at a site to a vendor, the most particular first.
fn common(engine: &Engine, site: Option<&Site>, vendor: VendorIx) -> Common {
    let policy = engine.policy();
    let layers = policy.layers_for(site, vendor, None);
    let layers: Vec<&Layer> = layers.into_iter().map(|(_, layer)| layer).collect();
    let mut values = Values::default();
    let mut settings: Vec<(Box<str>, Box<str>)> = Vec::new();
    let mut vars: Vec<(Name, Value)> = Vec::new();
    for layer in &layers {
        for (field, value) in layer.phone_settings.values.iter() {
            values.set(field, value);
        }
        for (key, value) in &layer.phone_settings.settings {
            if !settings.iter().any(|(other, _)| other == key) {
                settings.push((key.clone(), value.clone()));
            }
        }
        for (name, value) in &layer.vars {
            if !vars.iter().any(|(other, _)| other == name) {
                vars.push((Name::Owned(name.clone()), Value::from(value.as_str())));
            }
        }
    }
    let list = |servers: Option<&offhook_core::policy::Placed<Vec<String>>>| -> Value {
        let all = servers.into_iter().flat_map(|servers| &servers.value);
        all.map(|server| Value::from(server.as_str())).collect()
    };
    let vlan = layers.iter().find_map(|layer| layer.voice_vlan).flatten();
    let vlan = vlan.map(|vlan| {
        let mut names = Names::default();
        names.set("id", vlan.id);
        names.set("priority", vlan.priority.map_or_else(|| Value::from(()), Value::from));
        names.into_value()
    });
    let mut names = Names::default();
    names.set("vendor", &*engine.tables().at(vendor).id);
    names.set("site", text_or_none(site.map_or("", |site| &site.name)));
    names.set("vars", Names(vars).into_value());
    names.set("vlan", vlan.unwrap_or_else(|| Value::from(())));
    let first = |get: fn(&Layer) -> Option<&offhook_core::policy::Placed<Vec<String>>>| {
        list(layers.iter().find_map(|layer| get(layer)))
    };
    names.set("time_servers", first(|layer| layer.time_servers.as_ref()));
    names.set("sip_servers", first(|layer| layer.sip_servers.as_ref()));
    Common { names, values, settings }
}

fn values(hash: &mut Sha256, values: &Values) {
    hash.update([0xff]);
    for (field, value) in values.iter() {
        hash.update([field.0]);
        part(hash, value);
    }
}

/// A text with its length, so that two texts never look like two others.
fn part(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

fn finish(hash: Sha256) -> Fingerprint {
    let digest = hash.finalize();
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&digest[..16]);
    fingerprint
}
