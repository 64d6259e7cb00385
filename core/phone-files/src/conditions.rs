//! Which of its maker's files a phone requests: some only if another is missing, some only if another
//! names them. The conditions are the catalogue's.

use offhook_catalogue::PhoneFile;
use offhook_catalogue::record::Text;
use offhook_core::file_map::place::Place;

use crate::makers::starts;
use crate::phone::Phone;

/// The files that can be written for a phone.
pub(crate) struct Candidates<'f>(Vec<&'f PhoneFile>);

impl<'f> Candidates<'f> {
    pub fn new(files: impl Iterator<Item = &'f PhoneFile>) -> Candidates<'f> {
        Candidates(files.collect())
    }

    pub fn has(&self, file: &PhoneFile) -> bool {
        self.0.iter().any(|other| std::ptr::eq(*other, file))
    }

    fn one_of(&self, names: &[Text]) -> bool {
        names.iter().any(|name| self.0.iter().any(|file| file.name == *name))
    }

    /// The phone finds another file in the place of this one, and none that it reads names this one.
    pub fn is_never_requested(&self, file: &PhoneFile) -> bool {
        self.one_of(&file.only_if_missing) && !self.one_of(&file.named_by)
    }

    /// The phone requests this one only if another names it, and none of those is written.
    pub fn is_named_by_none(&self, file: &PhoneFile) -> bool {
        !file.named_by.is_empty() && file.only_if_missing.is_empty() && !self.one_of(&file.named_by)
    }
}

/// Whether a phone of this model requests a file; one without a model might.
pub(crate) fn is_asked_for(file: &PhoneFile, phone: &Phone) -> bool {
    file.models.is_empty()
        || phone.model.is_empty()
        || file.models.iter().any(|model| starts(&phone.model, model))
}

/// Whether a file is requested by the scheme of the place that it is for.
pub(crate) fn is_fetched_from(file: &PhoneFile, place: Option<&Place>) -> bool {
    let scheme = place.and_then(|place| place.base.split_once("://")).map(|(scheme, _)| scheme);
    file.by.is_empty()
        || scheme.is_none_or(|scheme| file.by.iter().any(|by| by.eq_ignore_ascii_case(scheme)))
}
