//! From a phone to its files: which ones, where, and what is in them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use minijinja::value::Value;
use sha2::{Digest, Sha256};

use super::cipher;
use super::fields::Values;
use super::phone::Phone;
use super::place::{Place, stays_inside};
use super::templates::{Fault, Templates, split_secrets};
use super::values::{Common, Name, Names, own, shared, text_or_none};
use crate::builtin::OverlayFile;
use crate::catalogue::{PhoneFile, Vendor, VendorIx};
use crate::engine::Engine;
use crate::error::{Mistake, Mistakes};
use crate::policy::{Layer, Site};
use crate::token::{KeyReader, MasterKey};

/// The system whose tree this is, see `core/systems/files.toml`.
pub const SYSTEM: &str = "files";

/// What a file's content depends on; two files with the same fingerprint are the same.
pub type Fingerprint = [u8; 16];

/// A file that must be in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Below the root, with `/` between its parts.
    pub path: String,
    pub fingerprint: Fingerprint,
    /// The phone's own; else it is shared by the phones of a folder.
    pub own: bool,
    /// Position in the vendor's list of files.
    file: u16,
}

/// A file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub bytes: Vec<u8>,
    /// Where in it secrets stand.
    pub secrets: Vec<(u32, u32)>,
}

/// Writes the files of phones under one policy. Shared between threads.
pub struct Renderer<'e> {
    engine: &'e Engine,
    templates: Templates,
    /// For files that only their phone can read.
    key: Option<MasterKey>,
    groups: Mutex<Groups>,
}

/// By site and vendor.
type Groups = HashMap<(Option<u32>, VendorIx), Arc<Group>>;

/// Phones of one vendor at one site.
struct Group {
    place: Result<Place, String>,
    /// Why these phones may not come here.
    doubt: Option<String>,
    common: Common,
    fingerprint: Fingerprint,
}

impl<'e> Renderer<'e> {
    /// `overlay` are a user's own files, templates among them; `keys` reads the key of the policy's
    /// encryption, if it has one.
    pub fn new(
        engine: &'e Engine,
        overlay: &[OverlayFile],
        keys: &KeyReader<'_>,
    ) -> Result<Renderer<'e>, Mistakes> {
        let templates = Templates::new(engine.tables(), overlay)?;
        let key = match &engine.policy().file_access.encryption {
            None => None,
            Some(rule) => Some(keys(&rule.key_file).map_err(|text| {
                let place = format!("{}.key-file", rule.place);
                Mistakes::one(place, format!("{}: {text}", rule.key_file))
            })?),
        };
        Ok(Renderer { engine, templates, key, groups: Mutex::default() })
    }

    /// The password by which a phone decrypts its files, if its are encrypted.
    pub fn password(&self, phone: &Phone) -> Option<String> {
        let rule = self.engine.policy().file_access.encryption.as_ref()?;
        let key = self.key.as_ref().filter(|_| rule.only.contains(&phone.vendor))?;
        Some(cipher::password(key, phone.mac))
    }

    /// Why some of the phones placed so far may never come for their files.
    pub fn doubts(&self) -> Vec<String> {
        let groups = self.groups.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut doubts: Vec<String> =
            groups.values().filter_map(|group| group.doubt.clone()).collect();
        doubts.sort();
        doubts
    }

    /// The files that a phone asks for, in the order of its vendor's folder.
    pub fn places(&self, phone: &Phone) -> Result<Vec<Placed>, Mistake> {
        let group = self.group(phone);
        let wrong = |text: String| Mistake::new(phone.row.to_string(), text);
        let place = group.place.as_ref().map_err(|text| wrong(text.clone()))?;
        let folder = place.folder_of(phone.mac, &phone.model).map_err(wrong)?;
        let vendor = self.vendor(phone);
        let mut own = None;
        let mut placed = Vec::new();
        for (file, index) in vendor.files.iter().zip(0u16..) {
            if file.template.is_empty() || !is_asked_for(file, phone) {
                continue;
            }
            let Some(name) = file_name(file, phone) else {
                let text =
                    format!("{} phones ask for {}: say the phone's model", vendor.name, file.name);
                return Err(wrong(text));
            };
            let path = format!("{folder}{name}");
            if !stays_inside(&path) {
                return Err(wrong(format!(
                    "the file {path:?} has a name that not every server hands out: keep to letters, \
                     digits, '-', '_', '+' and '.' in the names of sites and models"
                )));
            }
            // In a folder of its own a phone shares nothing.
            let is_own = &*file.scope == "device" || place.is_own();
            let fingerprint = if is_own {
                *own.get_or_insert_with(|| own_fingerprint(&group, phone))
            } else {
                shared_fingerprint(&group, file, phone)
            };
            placed.push(Placed { path, fingerprint, own: is_own, file: index });
        }
        if placed.is_empty() {
            let model = if phone.model.is_empty() { "phones" } else { &*phone.model };
            return Err(wrong(format!(
                "offhook writes no files for {} {model}: the format is not known well enough; a \
                 template of your own can do it (see docs/files.md)",
                vendor.name
            )));
        }
        Ok(placed)
    }

    /// A file's content.
    pub fn render(&self, phone: &Phone, placed: &Placed) -> Result<Rendered, Mistake> {
        let group = self.group(phone);
        let vendor = self.vendor(phone);
        let Some(file) = vendor.files.get(usize::from(placed.file)) else {
            return Err(Mistake::new(phone.row.to_string(), "no such file of this vendor"));
        };
        let url = self.url(&group, phone);
        let values = match &*file.scope {
            "device" => own(&group.common, phone, url.as_deref()),
            "model" => shared(&group.common, Some(&phone.model), url.as_deref()),
            _ => shared(&group.common, None, url.as_deref()),
        };
        let template = format!("{}/{}", vendor.id, file.template);
        match self.templates.render(&template, values) {
            Ok(marked) => {
                let (text, secrets) = split_secrets(&marked);
                match self.password(phone).filter(|_| !file.cipher.is_empty()) {
                    None => Ok(Rendered { bytes: text.into_bytes(), secrets }),
                    Some(password) => {
                        let bytes = cipher::openssl_aes_256_cbc_md5(&password, text.as_bytes());
                        let all = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                        Ok(Rendered { bytes, secrets: vec![(0, all)] })
                    }
                }
            }
            Err(Fault::Template(mistake)) => Err(mistake),
            Err(Fault::Value { value, text }) => {
                let place = match field_of(phone, value.as_deref()) {
                    Some(field) => format!("{}: {field}", phone.row),
                    None => phone.row.to_string(),
                };
                Err(Mistake::new(place, text))
            }
        }
    }

    /// The URL that the phone is told, where that is known before it asks.
    fn url(&self, group: &Group, phone: &Phone) -> Option<String> {
        let place = group.place.as_ref().ok()?;
        if place.has_token() || place.is_unknown() {
            return None;
        }
        Some(place.base.clone() + &place.folder_of(phone.mac, &phone.model).ok()?)
    }

    fn vendor(&self, phone: &Phone) -> &'e Vendor {
        self.engine.tables().at(phone.vendor)
    }

    fn group(&self, phone: &Phone) -> Arc<Group> {
        let mut groups = self.groups.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let entry = groups.entry((phone.site, phone.vendor));
        Arc::clone(entry.or_insert_with(|| Arc::new(self.new_group(phone.site, phone.vendor))))
    }

    fn new_group(&self, site: Option<u32>, ix: VendorIx) -> Group {
        let policy = self.engine.policy();
        let at = site.and_then(|site| policy.sites.get(site as usize));
        let vendor = self.engine.tables().at(ix);
        // A list does not say which variant a phone is: any that is told to come will do.
        let variants = 0..=u8::try_from(vendor.variants.len()).unwrap_or(0);
        let mut plans =
            variants.map(|variant| self.engine.plan(site.map(|site| site as usize), ix, variant));
        let first = plans.clone().next().and_then(|plan| plan.system.as_deref());
        let (place, doubt) = match (plans.find_map(|plan| plan.place.clone()), first) {
            (Some(place), _) => (Ok(place), None),
            (None, Some(SYSTEM)) => {
                let text =
                    format!("the URL of the system {SYSTEM:?} cannot be made for {}", vendor.id);
                (Err(text), None)
            }
            (None, Some(system)) => (
                Ok(Place::unknown()),
                Some(format!(
                    "the policy sends {} phones{} to the system {system:?}, not to {SYSTEM:?}: they \
                     come for these files only if {system:?} hands them out",
                    vendor.id,
                    at.map(|site| format!(" at {}", site.name)).unwrap_or_default()
                )),
            ),
            (None, None) => (
                Ok(Place::unknown()),
                Some(format!(
                    "no system of the policy serves {} phones{}: nothing tells them to come for \
                     these files; add {SYSTEM:?}",
                    vendor.id,
                    at.map(|site| format!(" at {}", site.name)).unwrap_or_default()
                )),
            ),
        };
        let mut common = common(self.engine, at, ix);
        let rule = policy.file_access.encryption.as_ref();
        let encrypted = rule.is_some_and(|rule| rule.only.contains(&ix));
        common.names.set("encrypted", encrypted);
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update(self.engine.digest());
        hash.update(site.map_or(u32::MAX, |site| site).to_be_bytes());
        hash.update(format!("{:?}", vendor.files));
        hash.update(self.templates.fingerprint());
        if let Some(key) = self.key.as_ref().filter(|_| encrypted) {
            hash.update(key.derive("offhook fingerprint 1"));
        }
        Group { place, doubt, common, fingerprint: finish(hash) }
    }
}

/// Whether a phone of this model asks for a file; one without a model might.
fn is_asked_for(file: &PhoneFile, phone: &Phone) -> bool {
    file.models.is_empty()
        || phone.model.is_empty()
        || file.models.iter().any(|model| phone.model.starts_with(&**model))
}

/// A file's name for this phone; none if it needs a model and the list has none.
fn file_name(file: &PhoneFile, phone: &Phone) -> Option<String> {
    let by_model = file.name.contains("{{model}}") || !file.models.is_empty();
    if phone.model.is_empty() && by_model {
        return None;
    }
    let model = phone.model.strip_prefix(&*file.without).unwrap_or(&phone.model);
    let mut digits = Vec::with_capacity(12);
    crate::text::write_mac(phone.mac.0, false, 0, &mut digits);
    let lower = String::from_utf8_lossy(&digits);
    let name = file.name.replace("{{mac}}", &lower);
    let name = name.replace("{{MAC}}", &lower.to_ascii_uppercase());
    Some(name.replace("{{model}}", model))
}

/// Which field of a phone holds this value, for a message; never the value itself.
fn field_of(phone: &Phone, value: Option<&str>) -> Option<&'static str> {
    let value = value?;
    let lines = phone.lines.iter().flat_map(|line| line.values.iter());
    let found = lines.chain(phone.values.iter()).find(|(_, other)| *other == value);
    Some(found.map_or("a value of the policy", |(at, _)| at.field().name))
}

/// What the policy says at a site to a vendor, the most particular first.
fn common(engine: &Engine, site: Option<&Site>, vendor: VendorIx) -> Common {
    let policy = engine.policy();
    let mut layers: Vec<&Layer> = Vec::new();
    if let Some(site) = site {
        layers.extend(site.scope.vendor(vendor));
        layers.push(&site.scope.layer);
    }
    layers.extend(policy.top.vendor(vendor));
    layers.push(&policy.top.layer);
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
    let list = |servers: Option<&crate::policy::Placed<Vec<String>>>| -> Value {
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
    let first = |get: fn(&Layer) -> Option<&crate::policy::Placed<Vec<String>>>| {
        list(layers.iter().find_map(|layer| get(layer)))
    };
    names.set("time_servers", first(|layer| layer.time_servers.as_ref()));
    names.set("sip_servers", first(|layer| layer.sip_servers.as_ref()));
    Common { names, values, settings }
}

fn own_fingerprint(group: &Group, phone: &Phone) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update(group.fingerprint);
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

fn shared_fingerprint(group: &Group, file: &PhoneFile, phone: &Phone) -> Fingerprint {
    let mut hash = Sha256::new();
    hash.update(group.fingerprint);
    part(&mut hash, &file.name);
    if &*file.scope == "model" {
        part(&mut hash, &phone.model);
    }
    finish(hash)
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
