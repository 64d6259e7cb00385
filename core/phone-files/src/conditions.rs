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
    let scheme = place.map(Place::scheme);
    file.by.is_empty()
        || scheme.is_none_or(|scheme| file.by.iter().any(|by| by.eq_ignore_ascii_case(scheme)))
}

#[cfg(test)]
mod tests {
    use offhook_catalogue::Vendor;
    use offhook_core::builtin::built_in;

    use super::*;

    fn vendor(id: &str) -> &'static Vendor {
        built_in().at(built_in().vendor(id).unwrap())
    }

    fn file(id: &str, template: &str) -> &'static PhoneFile {
        vendor(id).files.iter().find(|file| file.template.as_deref() == Some(template)).unwrap()
    }

    fn candidates(id: &str, templates: &[&str]) -> Candidates<'static> {
        Candidates::new(templates.iter().map(|template| file(id, template)))
    }

    #[test]
    fn another_file_is_in_the_place_of_one() {
        let common = file("polycom", "common.cfg.j2");
        let both = candidates("polycom", &["phone.cfg.j2", "common.cfg.j2"]);
        assert!(both.is_never_requested(common));
        assert!(!both.is_never_requested(file("polycom", "phone.cfg.j2")));
        assert!(!candidates("polycom", &["common.cfg.j2"]).is_never_requested(common));
        // Yealink's .boot names it.
        let phone = file("yealink", "phone.cfg.j2");
        assert!(
            !candidates("yealink", &["phone.boot.j2", "phone.cfg.j2"]).is_never_requested(phone)
        );
        assert!(!candidates("yealink", &["phone.cfg.j2"]).is_named_by_none(phone));
    }

    #[test]
    fn another_file_names_one() {
        for (id, named, naming) in [
            ("snom", "firmware.htm.j2", "phone.htm.j2"),
            ("cisco-spa", "phone.xml.j2", "model.cfg.j2"),
            ("cisco-mpp", "phone.xml.j2", "model.xml.j2"),
            ("panasonic", "phone.cfg.j2", "model.cfg.j2"),
            ("avaya", "phone.cfg.j2", "upgrade.txt.j2"),
        ] {
            let one = file(id, named);
            assert!(candidates(id, &[named]).is_named_by_none(one), "{id}");
            assert!(!candidates(id, &[named, naming]).is_named_by_none(one), "{id}");
        }
    }
}
