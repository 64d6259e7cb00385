//! From a phone to its files: which ones, where, and what is in them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use foldhash::fast::FixedState;

use crate::cipher;
use crate::conditions::{Candidates, is_asked_for, is_fetched_from};
use crate::group::{Group, Home};
use crate::makers::{Makers, starts};
use crate::models::{models_at, with_model};
use crate::phone::Phone;
use crate::templates::{Fault, Templates, split_secrets};
use crate::values::{File, own, shared};
use offhook_catalogue::error::{Mistake, Mistakes};
use offhook_catalogue::overlay::OverlayFile;
use offhook_catalogue::text::{Live, Piece, pieces, write_mac};
use offhook_catalogue::{FileEscape, FileScope};
use offhook_catalogue::{PhoneFile, Vendor, VendorIx};
use offhook_core::Engine;
use offhook_core::file_map::place::{Place, stays_inside};
use offhook_core::policy::models::ModelsAt;
use offhook_core::token::{KeyReader, MasterKey};

pub use crate::group::Fingerprint;

/// A file that must be in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Below the root, with `/` between its parts.
    pub path: String,
    /// What its content depends on.
    pub fingerprint: Fingerprint,
    /// The phone's own; else it is shared by the phones of a folder.
    pub own: bool,
    /// Position in the vendor's list of files.
    file: u16,
}

/// A file's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Where in it secrets are.
    pub secrets: Vec<(u32, u32)>,
}

/// Writes the files of phones under one policy. Shared between threads.
pub struct Renderer<'e> {
    engine: &'e Engine,
    templates: Templates,
    makers: Makers,
    /// For files that only their phone can read.
    key: Option<MasterKey>,
    groups: Mutex<Groups>,
}

/// By site, vendor and the entries of models that hold.
type Groups = HashMap<(Option<u32>, VendorIx, ModelsAt), Arc<Group>, FixedState>;

impl<'e> Renderer<'e> {
    /// `overlay` are a user's own files, templates among them; `keys` reads the key of the policy's
    /// encryption, if it has one.
    ///
    /// # Errors
    /// Every mistake in the templates, the makers' `files.toml` and the policy's key file.
    pub fn new(
        engine: &'e Engine,
        overlay: &[OverlayFile],
        keys: &KeyReader<'_>,
    ) -> Result<Renderer<'e>, Mistakes> {
        let templates = Templates::new(engine.tables(), overlay)?;
        let makers = Makers::new(overlay)?;
        let key = match &engine.policy().file_access.encryption {
            None => None,
            Some(rule) => Some(keys(&rule.key_file).map_err(|text| {
                let place = format!("{}.key-file", rule.place);
                Mistakes::one(place, format!("{}: {text}", rule.key_file))
            })?),
        };
        Ok(Renderer { engine, templates, makers, key, groups: Mutex::default() })
    }

    /// What the makers' files can say.
    pub fn makers(&self) -> &Makers {
        &self.makers
    }

    /// The password by which a phone decrypts its files, if its are encrypted.
    pub fn password(&self, phone: &Phone) -> Option<String> {
        let rule = self.engine.policy().file_access.encryption.as_ref()?;
        let key = self.key.as_ref().filter(|_| rule.only.contains(&phone.vendor))?;
        Some(cipher::password(key, phone.mac))
    }

    /// Why some of the phones placed so far may never come for their files, and what they will not
    /// find there.
    pub fn doubts(&self) -> Vec<String> {
        let groups = self.groups.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut doubts: Vec<String> = groups.values().flat_map(|group| group.doubts()).collect();
        doubts.sort();
        doubts.dedup();
        doubts
    }

    /// The files that a phone requests, in the order of its vendor's folder.
    ///
    /// # Errors
    ///
    /// What is wrong with the phone's values for this maker and model, or why no file can be written.
    pub fn places(&self, phone: &Phone) -> Result<Vec<Placed>, Mistakes> {
        let models = models_at(self.engine, phone);
        let listed = &phone.values;
        let phone = &*with_model(self.engine, phone, models);
        let group = self.group(phone, models);
        let row = phone.row;
        let unfit = group.fit(phone, listed).into_iter();
        let unfit = Mistakes(
            unfit.map(|(place, text)| Mistake::new(format!("{row}: {place}"), text)).collect(),
        );
        if !unfit.is_empty() {
            return Err(unfit);
        }
        let wrong = |text: String| Mistakes::one(row.to_string(), text);
        let place = match &group.home {
            Home::Told(place) => Some(place),
            Home::Root(_) => None,
            Home::None(why) => return Err(wrong(why.clone())),
        };
        let folder = place.map(|place| place.folder_of(phone.mac, &phone.model));
        let folder = folder.transpose().map_err(|error| wrong(error.into()))?.unwrap_or_default();
        let vendor = self.vendor(phone);
        let (mut own, mut placed) = (None, Vec::new());
        // The files of other models, and whether there is one of this.
        let (mut skipped, mut of_model) = (Vec::new(), false);
        let candidates = Candidates::new(vendor.files.iter().filter(|file| {
            file.template.as_deref().is_some_and(|template| {
                is_asked_for(file, phone)
                    && is_fetched_from(file, place)
                    && group.needs(template, phone)
            })
        }));
        for (file, index) in vendor.files.iter().zip(0u16..) {
            if file.template.is_none() {
                continue;
            }
            if !is_asked_for(file, phone) {
                skipped.extend(file.models.iter().map(|head| format!("{head}...")));
                continue;
            }
            of_model |= !file.models.is_empty();
            // In a folder of its own a phone shares nothing.
            let is_own = file.scope == FileScope::Device || place.is_some_and(Place::is_own);
            if !candidates.has(file) || (is_own && candidates.is_never_requested(file)) {
                continue;
            }
            let Some(name) = file_name(file, phone) else {
                let text =
                    format!("{} phones request {}: say the phone's model", vendor.name, file.name);
                return Err(wrong(text));
            };
            let path = format!("{folder}{name}");
            if !stays_inside(&path) {
                return Err(wrong(format!(
                    "the file {path:?} has a name that not every server hands out: keep to letters, \
                     digits, '-', '_', '+' and '.' in the names of sites and models"
                )));
            }
            if candidates.is_named_by_none(file) {
                group.note_unnamed(file, phone);
            }
            let fingerprint = if is_own {
                *own.get_or_insert_with(|| group.own_fingerprint(phone))
            } else {
                self.sharing(file, phone, models).shared_fingerprint(file, phone)
            };
            placed.push(Placed { path, fingerprint, own: is_own, file: index });
        }
        if placed.is_empty() || (!skipped.is_empty() && !of_model) {
            let model = if phone.model.is_empty() { "phones" } else { &*phone.model };
            let known = match skipped.is_empty() {
                true => String::new(),
                false => format!(" (its files are those of models {})", skipped.join(", ")),
            };
            return Err(wrong(format!(
                "offhook writes no files for {} {model}{known}; a template of your own can do it (see \
                 docs/files.md)",
                vendor.name
            )));
        }
        group.note(phone);
        Ok(placed)
    }

    /// A file's content.
    ///
    /// # Errors
    /// A value that the file's format cannot hold, or a template that fails; with the phone's row.
    pub fn render(&self, phone: &Phone, placed: &Placed) -> Result<Rendered, Mistake> {
        let models = models_at(self.engine, phone);
        let phone = &*with_model(self.engine, phone, models);
        let vendor = self.vendor(phone);
        let file = vendor.files.get(usize::from(placed.file));
        let Some((file, template)) = file.and_then(|file| Some((file, file.template_of(vendor)?)))
        else {
            return Err(Mistake::new(phone.row.to_string(), "no such file of this vendor"));
        };
        let group = match placed.own {
            true => self.group(phone, models),
            false => self.sharing(file, phone, models),
        };
        let url = self.url(&group, phone);
        let model = Some(&*phone.model).filter(|_| file.scope != FileScope::Common);
        let Some(needs) = group.needs_of(&template) else {
            return Err(Mistake::new(phone.row.to_string(), "no such file of this vendor"));
        };
        let xml = file.escape == Some(FileEscape::Xml);
        let of = File { model, xml, needs, url: url.as_deref() };
        let values = match file.scope {
            FileScope::Device => own(&group.common, phone, &of),
            _ => shared(&group.common, &of),
        };
        let rendered = self.templates.render(&template, values);
        match rendered.and_then(|marked| group.finish(file, vendor, phone, marked)) {
            Ok(marked) => {
                let (text, secrets) = split_secrets(&marked);
                match self.password(phone).filter(|_| file.cipher.is_some()) {
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

    /// The URL that the phone is sent, where that is known before its packet.
    fn url(&self, group: &Group, phone: &Phone) -> Option<String> {
        let Home::Told(place) = &group.home else { return None };
        if place.has_token() {
            return None;
        }
        Some(place.base.clone() + &place.folder_of(phone.mac, &phone.model).ok()?)
    }

    fn vendor(&self, phone: &Phone) -> &'e Vendor {
        self.engine.tables().at(phone.vendor)
    }

    /// The group whose values a shared file holds: of a model's file those of the model, else of the maker.
    fn sharing(&self, file: &PhoneFile, phone: &Phone, models: ModelsAt) -> Arc<Group> {
        self.group(phone, if file.scope == FileScope::Model { models } else { (None, None) })
    }

    fn group(&self, phone: &Phone, models: ModelsAt) -> Arc<Group> {
        let mut groups = self.groups.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let entry = groups.entry((phone.site, phone.vendor, models));
        Arc::clone(entry.or_insert_with(|| {
            let Renderer { engine, templates, makers, key, .. } = self;
            let maker = makers.of(&engine.tables().at(phone.vendor).id);
            let at = (phone.site, phone.vendor, models);
            Arc::new(Group::new(engine, templates, maker, key.as_ref(), at))
        }))
    }
}

/// A file's name for this phone; none if it needs a model and the list has none.
fn file_name(file: &PhoneFile, phone: &Phone) -> Option<String> {
    let pieces = pieces(&file.name);
    let names_model = |piece: &Piece<'_>| matches!(piece, Piece::Name("model"));
    let named = pieces.as_ref().is_ok_and(|pieces| pieces.iter().any(names_model));
    if phone.model.is_empty() && (named || !file.models.is_empty()) {
        return None;
    }
    let model = match file.without.as_deref().filter(|without| starts(&phone.model, without)) {
        Some(without) => phone.model.get(without.len()..).unwrap_or_default(),
        None => &phone.model,
    };
    let Ok(pieces) = pieces else { return Some(file.name.to_string()) };
    let mut name = Vec::with_capacity(file.name.len() + model.len());
    for piece in pieces {
        match piece {
            Piece::Literal(text) => name.extend(text.as_bytes()),
            Piece::Name(hole) => match Live::named(hole) {
                Some(Live::Mac { upper, separator }) => {
                    write_mac(phone.mac.0, upper, separator, &mut name);
                }
                Some(Live::Model) => name.extend(model.as_bytes()),
                // Known from the packet alone.
                _ => name.extend(format!("{{{{{hole}}}}}").as_bytes()),
            },
        }
    }
    String::from_utf8(name).ok()
}

/// Which field of a phone holds this value, for a message; never the value itself.
fn field_of(phone: &Phone, value: Option<&str>) -> Option<&'static str> {
    let value = value?;
    let lines = phone.lines.iter().flat_map(|line| line.values.iter());
    let found = lines.chain(phone.values.iter()).find(|(_, other)| *other == value);
    Some(found.map_or("a value of the policy", |(at, _)| at.field().name))
}
