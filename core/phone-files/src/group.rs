//! What the phones of one vendor at one site have in common: where their files belong, what the policy
//! says to all of them, and what of it their files have no place for.

/// What a file depends on.
mod fingerprint;
/// What the policy says.
mod said;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::FixedState;
use sha2::{Digest, Sha256};

use crate::escape::Escape;
use crate::fit::{Fit, Loss, Right, fit, is_said, said};
use crate::makers::{LineEnd, Maker};
use crate::needs::Needs;
use crate::nested::{is_put, put_all};
use crate::phone::Phone;
use crate::rows::Rows;
use crate::templates::{Fault, Templates, mark_secret};
use crate::values::{Common, maker_words, own_settings};
use offhook_catalogue::{FileEscape, FileScope};
use offhook_catalogue::{PhoneFile, Vendor, VendorIx};
use offhook_core::Engine;
use offhook_core::fields::{FIELDS, FieldIx, Values};
use offhook_core::file_map::place::{Place, SYSTEM};
use offhook_core::policy::Site;
use offhook_core::policy::models::ModelsAt;
use offhook_core::token::MasterKey;

pub use fingerprint::Fingerprint;
use fingerprint::Said;

/// Where the files of a group belong.
pub(crate) enum Home {
    /// Where the policy sends the phones.
    Told(Place),
    /// At the tree's root: the policy does not send the phones here, and this is the doubt to report.
    Root(String),
    /// Nowhere, and why.
    None(String),
}

type ByModel<T> = HashMap<Box<str>, T, FixedState>;

/// Phones of one vendor at one site.
pub(crate) struct Group {
    vendor: String,
    pub home: Home,
    pub common: Common,
    fingerprint: Fingerprint,
    /// The vendor's name, as people say it.
    shown: String,
    /// What each template of the vendor looks up, by its path.
    needs: BTreeMap<String, Needs>,
    /// The fields that no template of the vendor names, a bit each.
    unwritten: u64,
    /// A user's own templates may write what the maker's facts call lost.
    own_templates: bool,
    /// What the policy says rightly, by model.
    right: Mutex<ByModel<Right>>,
    /// The fingerprints of files that phones share, by the file's name and the model.
    shared: Mutex<BTreeMap<Box<str>, ByModel<Fingerprint>>>,
    /// What the phones noted so far lose, and in which rows.
    losses: Mutex<BTreeMap<Loss, Rows>>,
    /// Rows with a line for which no registrar is given.
    unregistered: Mutex<Rows>,
    /// Files that no written file names, though the phones request them only then.
    unnamed_files: Mutex<BTreeMap<String, Rows>>,
}

impl Group {
    pub fn new(
        engine: &Engine,
        templates: &Templates,
        maker: Option<Arc<Maker>>,
        key: Option<&MasterKey>,
        (site, ix, models): (Option<u32>, VendorIx, ModelsAt),
    ) -> Group {
        let policy = engine.policy();
        let at = site.and_then(|site| policy.sites.get(site as usize));
        let vendor = engine.tables().at(ix);
        // A list does not say which variant a phone is: any that is sent here will do.
        let mut plans = vendor.columns().map(|variant| {
            engine.plan_of_models(site.map(|site| site as usize), ix, variant, models)
        });
        let first = plans.clone().next().and_then(|plan| plan.system());
        let home = match plans.find_map(|plan| plan.place().cloned()) {
            Some(place) => Home::Told(place),
            None => elsewhere(first, &vendor.id, at),
        };
        let mut common = said::common(engine, at, ix, models);
        if let Some(maker) = &maker {
            let families = maker.family.iter().map(|(name, family)| (name.as_str(), family));
            for family in families.map(Some).chain([None]) {
                let name = family.map(|(name, _)| name.to_owned());
                common.words.insert(name, Arc::new(maker_words(maker, family)));
            }
        }
        common.maker = maker;
        let rule = policy.file_access.encryption.as_ref();
        let encrypted = rule.is_some_and(|rule| rule.only.contains(&ix));
        Arc::make_mut(&mut common.names).set("encrypted", encrypted);
        let mut hash = Said::default();
        hash.bytes(env!("CARGO_PKG_VERSION").as_bytes());
        hash.bytes(engine.digest().as_bytes());
        hash.bytes(&site.map_or(u32::MAX, |site| site).to_be_bytes());
        for entry in [models.0, models.1] {
            let number = entry.map_or(u32::MAX, u32::from);
            hash.bytes(&number.to_be_bytes());
        }
        hash.bytes(&serde_json::to_vec(&vendor.files).unwrap_or_default());
        hash.bytes(&templates.fingerprint());
        hash.bytes(&common.maker.as_deref().map_or([0; 32], |maker| maker.digest));
        if let Some(key) = key.filter(|_| encrypted) {
            // The key itself is in no memory that is not wiped.
            hash.bytes(&Sha256::digest(*key.derive("offhook fingerprint 1")));
        }
        let written = vendor.files.iter().filter_map(|file| file.template_of(vendor));
        let of = |name: String| {
            let needs = Needs::of(templates, &name);
            (name, needs)
        };
        let needs: BTreeMap<String, Needs> = written.map(of).collect();
        let unwritten = fields()
            .filter(|at| !needs.values().any(|needs| needs.field(*at)))
            .fold(0, |all, at| all | at.bit());
        let own_templates = templates.has_own(&vendor.id);
        let shown = vendor.name.to_string();
        let vendor = vendor.id.to_string();
        let (right, shared) = (Mutex::default(), Mutex::default());
        let (losses, unregistered) = (Mutex::default(), Mutex::default());
        let unnamed_files = Mutex::default();
        let fingerprint = hash.fingerprint();
        Group {
            vendor,
            home,
            common,
            fingerprint,
            shown,
            needs,
            unwritten,
            own_templates,
            right,
            shared,
            losses,
            unregistered,
            unnamed_files,
        }
    }

    /// What is wrong with a phone's values for this maker; its losses are noted. `listed` is what the list
    /// itself says of it.
    pub fn fit(&self, phone: &Phone, listed: &Values) -> Vec<(String, String)> {
        let right = || self.right.lock().unwrap_or_else(PoisonError::into_inner);
        let known = right().get(&phone.model).copied().unwrap_or_default();
        let Fit { mistakes, mut losses, right: found } = match self.common.maker.as_deref() {
            Some(maker) => fit(maker, &self.shown, &self.common, phone, listed, known),
            None => Fit::default(),
        };
        if known.union(found) != known {
            let mut right = right();
            let model = right.entry(phone.model.clone()).or_default();
            *model = model.union(found);
        }
        if self.own_templates || self.common.maker.is_none() {
            losses = self.unnamed(phone);
        }
        if !losses.is_empty() {
            let mut all = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
            for loss in losses {
                all.entry(loss).or_default().add(phone.row);
            }
        }
        mistakes
    }

    /// The fields of a phone that no template names.
    fn unnamed(&self, phone: &Phone) -> Vec<Loss> {
        let said = said(phone, &self.common.values);
        let lost = FieldIx::of_bits(said & self.unwritten);
        let loss = |at: FieldIx| Loss {
            model: phone.model.to_string(),
            field: named(at).to_owned(),
            line: None,
            value: None,
            why: "no template names it".to_owned(),
        };
        lost.map(loss).collect()
    }

    /// What a template looks up.
    pub fn needs_of(&self, template: &str) -> Option<&Needs> {
        self.needs.get(template)
    }

    /// Whether a template is for this phone: some are only for phones with a field.
    pub fn needs(&self, template: &str, phone: &Phone) -> bool {
        let maker = self.common.maker.as_deref();
        let field = maker.and_then(|maker| maker.only_with.get(template));
        field.is_none_or(|field| is_said(field, &self.common.values, phone))
    }

    /// Puts the maker's own keys that are paths into a rendered file, and ends its lines as the maker does.
    ///
    /// # Errors
    /// A key that has no place in the file.
    pub fn finish(
        &self,
        file: &PhoneFile,
        vendor: &Vendor,
        phone: &Phone,
        mut text: String,
    ) -> Result<String, Fault> {
        let Some(maker) = self.common.maker.as_deref() else { return Ok(text) };
        let form = maker.settings_of(maker.family_of(&phone.model).map(|(_, family)| family));
        if file.escape == Some(FileEscape::Xml) {
            let device = file.scope == FileScope::Device;
            // What the policy says to all is in the file of all, if there is one.
            let common = vendor
                .files
                .iter()
                .any(|file| file.template.is_some() && file.scope != FileScope::Device);
            let listed = own_settings(&self.common, phone);
            let listed = listed.filter(|_| {
                device
                    && !file
                        .template
                        .as_deref()
                        .is_some_and(|name| maker.only_with.contains_key(name))
            });
            let policy = self.common.settings.iter().filter(|_| !device || !common);
            let policy = policy.map(|(key, value)| (Cow::Borrowed(&**key), &**value));
            let values = policy
                .map(|(key, value)| (key, value, false))
                .chain(listed.map(|(key, value)| {
                    let secret = !maker.is_plain(&key);
                    (key, value, secret)
                }))
                .filter(|(key, ..)| is_put(form, key))
                .map(|(key, value, secret)| Ok((key, marked(value, secret)?)))
                .collect::<Result<Vec<_>, Fault>>()?;
            text = put_all(text, form, &values).map_err(|wrong| {
                let text = format!("a key of \"settings\" cannot be written here: {wrong}");
                Fault::Value { value: None, text }
            })?;
        }
        if maker.line_end == LineEnd::Crlf {
            text = text.replace('\n', "\r\n");
        }
        Ok(text)
    }

    /// Takes note of a phone whose files are written.
    pub fn note(&self, phone: &Phone) {
        let server = |values: &Values| values.named("server").is_some();
        let known = server(&self.common.values) || server(&phone.values);
        // The maker's own keys may say it too; which ones is not known here.
        let own = !self.common.settings.is_empty()
            || !phone.settings.is_empty()
            || phone.lines.iter().any(|line| !line.settings.is_empty());
        if !known && !own && phone.lines.iter().any(|line| !server(&line.values)) {
            let mut rows = self.unregistered.lock().unwrap_or_else(PoisonError::into_inner);
            rows.add(phone.row);
        }
    }

    /// Takes note of a file that nothing leads the phone to.
    pub fn note_unnamed(&self, file: &PhoneFile, phone: &Phone) {
        let others = file.named_by.join(" or ");
        let text = format!("{} is requested only if {others} names it", file.name);
        let mut all = self.unnamed_files.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(text).or_default().add(phone.row);
    }

    /// Why the phones may not come here, and what their files lack.
    pub fn doubts(&self) -> Vec<String> {
        let mut doubts = Vec::new();
        if let Home::Root(doubt) = &self.home {
            doubts.push(doubt.clone());
        }
        let losses = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
        for (loss, rows) in losses.iter() {
            let Loss { model, field, line, value, why } = loss;
            let line = line.map(|line| format!(" of line {line}")).unwrap_or_default();
            let value = value.as_deref().map(|value| format!(" {value:?}")).unwrap_or_default();
            let phone = format!("{} {model}", self.vendor);
            doubts.push(format!(
                "{rows}: the files of {} have no place for {field}{value}{line}: it is left out \
                 ({why}; see docs/files.md)",
                phone.trim_end(),
            ));
        }
        let unnamed = self.unnamed_files.lock().unwrap_or_else(PoisonError::into_inner);
        for (text, rows) in unnamed.iter() {
            doubts.push(format!(
                "{rows}: {text}, and offhook writes none of these for this phone of {}",
                self.vendor
            ));
        }
        let rows = self.unregistered.lock().unwrap_or_else(PoisonError::into_inner);
        if !rows.is_empty() {
            doubts.push(format!(
                "{rows}: phones of {} have lines without a \"server\", in the list as in the \
                 policy's \"phone-settings\": they know no registrar",
                self.vendor
            ));
        }
        doubts
    }

    pub fn own_fingerprint(&self, phone: &Phone) -> Fingerprint {
        let mut said = Said::default();
        said.bytes(&self.fingerprint);
        said.bytes(&phone.mac.0);
        said.part(&phone.model);
        said.values(&phone.values);
        said.settings(&phone.settings);
        for line in &phone.lines {
            said.bytes(&line.number.to_be_bytes());
            said.values(&line.values);
            said.settings(&line.settings);
        }
        for key in phone.keys.iter() {
            said.number(key.module.into());
            said.number(key.number);
            said.number(key.line);
            for text in [key.kind, key.value, key.label] {
                said.part(text);
            }
        }
        said.fingerprint()
    }

    pub fn shared_fingerprint(&self, file: &PhoneFile, phone: &Phone) -> Fingerprint {
        let model = if file.scope == FileScope::Model { &*phone.model } else { "" };
        let mut known = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&*file.name).and_then(|models| models.get(model)) {
            return *known;
        }
        let mut said = Said::default();
        said.bytes(&self.fingerprint);
        said.part(&file.name);
        if file.scope == FileScope::Model {
            said.part(model);
        }
        let fingerprint = said.fingerprint();
        known.entry((&*file.name).into()).or_default().insert(model.into(), fingerprint);
        fingerprint
    }
}

/// A value as it is written in XML, marked if it is a secret.
fn marked(value: &str, secret: bool) -> Result<String, Fault> {
    let mut out = String::new();
    match Escape::Xml.write("", value, &mut out) {
        Ok(()) if secret => Ok(mark_secret(&out)),
        Ok(()) => Ok(out),
        Err(refused) => {
            let value = (!secret).then(|| value.to_owned());
            let text = if secret {
                format!("a secret of this phone: {refused}")
            } else {
                refused.to_string()
            };
            Err(Fault::Value { value, text })
        }
    }
}

/// Where phones go that are not sent here, as far as the policy says.
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
            "no system of the policy serves {vendor} phones{at}: nothing makes them come for \
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
