//! A policy in force: the compiled engine, the names of its client classes, and where it came from.
//!
//! Built whole before anything is replaced; immutable afterwards. Reading files happens here, on
//! Kea's main thread, never while a packet is answered.

use std::time::SystemTime;

use offhook_core::catalogue::Tables;
use offhook_core::check::{self, Doubt};
use offhook_core::explain::unlisted_class;
use offhook_core::{Engine, Host, Mistakes};
use offhook_edge::catalogue::{InUse, Installed};
use offhook_edge::{key, overlay};

use crate::competing::Competing;
use crate::parameters::{Origin, Parameters};

/// Whether a policy's key files are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    Read,
    /// The policy is only looked at; its tokens are stars.
    Unread,
}

#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) engine: Engine,
    pub(crate) origin: Origin,
    /// As it was written, comments and all.
    pub(crate) text: String,
    pub(crate) since: SystemTime,
    /// Stands for the policy in comparisons: another policy has another number.
    pub(crate) number: u64,
    /// Looked for once: it takes long for a policy of many sites.
    pub(crate) doubts: Vec<Doubt>,
    /// What competes with what this policy sends.
    pub(crate) competing: Competing,
    /// What became of an installed catalogue.
    pub(crate) catalogue: Installed,
    /// The class of every phone, then each vendor's in the order of the catalogue, then that of phones of
    /// makers that the catalogue does not have.
    pub(crate) classes: Vec<String>,
}

impl Snapshot {
    /// Reads the policy that an origin names, and the overlay folder, and compiles both.
    pub(crate) fn build(
        origin: Origin,
        parameters: &Parameters,
        host: Host,
        keys: Keys,
    ) -> Result<Snapshot, Mistakes> {
        let own = parameters.vendors_directory.as_deref().map_or(Ok(Vec::new()), overlay::facts)?;
        let InUse { tables, installed: catalogue, .. } = InUse::with(own)?;
        let (text, file) = match &origin {
            Origin::Inline(text) | Origin::Command(text) => (text.clone(), None),
            Origin::LastGood(path, text) => (text.clone(), Some(path.display().to_string())),
            Origin::Nowhere => ("{}".to_owned(), None),
            Origin::File(path) => (offhook_edge::text(path)?, Some(path.display().to_string())),
        };
        let engine = match keys {
            Keys::Read => Engine::with_keys(tables, &text, host, &key::read),
            Keys::Unread => Engine::new(tables, &text, host),
        };
        let engine = engine.map_err(|mistakes| match &file {
            Some(file) => mistakes.in_file(file),
            None => mistakes,
        })?;
        let token = engine.policy().file_access.token.as_ref();
        if let Some(rule) = token.filter(|rule| rule.only_if.any())
            && !parameters.annotate_leases
        {
            let text = "what a phone showed before is kept in its lease: expected the hook's parameter \
                        annotate-leases to be true, found false";
            return Err(Mistakes::one(format!("{}.only-if", rule.place), text));
        }
        let classes = class_names(&parameters.class_prefix, engine.tables());
        let competing = Competing::new(engine.tables().vendors.len());
        let number = u64::from_str_radix(engine.digest(), 16).unwrap_or_default();
        let (doubts, since) = (check::doubts(&engine, check::Makers::All), SystemTime::now());
        Ok(Snapshot { engine, origin, text, since, number, doubts, competing, catalogue, classes })
    }
}

/// `PHONE`, `PHONE_yealink`, ..., `PHONE_UNLISTED`
fn class_names(prefix: &str, tables: &Tables) -> Vec<String> {
    let vendors = tables.vendors.iter().map(|vendor| format!("{prefix}_{}", vendor.id));
    let names = std::iter::once(prefix.to_owned()).chain(vendors);
    names.chain([unlisted_class(prefix)]).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn parameters(folder: Option<&Path>) -> Parameters {
        let mut parameters = Parameters::salvage(r#"{"class-prefix": "TEL"}"#);
        parameters.vendors_directory = folder.map(Path::to_owned);
        parameters
    }

    #[test]
    fn a_policy_from_a_file_names_the_file_in_its_mistakes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("offhook.json");
        let build = || {
            Snapshot::build(Origin::File(path.clone()), &parameters(None), Host::ANY, Keys::Read)
        };
        let text = build().unwrap_err().to_string();
        assert!(
            text.ends_with("offhook.json: cannot be read: No such file or directory (os error 2)")
        );
        fs::write(&path, "{ // nothing much\n \"answer\": \"nobody\" }").unwrap();
        let text = build().unwrap_err().to_string();
        assert!(text.contains("offhook.json"), "{text}");
        assert!(text.contains("answer"), "{text}");
        fs::write(&path, "{ }").unwrap();
        let snapshot = build().unwrap();
        assert_eq!(snapshot.classes[0], "TEL");
        assert_eq!(snapshot.classes.len(), 2 + snapshot.engine.tables().vendors.len());
        assert_eq!(snapshot.classes.last().unwrap(), "TEL_UNLISTED");
    }

    #[test]
    fn an_overlay_that_would_do_nothing_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let build = || {
            let origin = Origin::Inline("{}".to_owned());
            Snapshot::build(origin, &parameters(Some(folder.path())), Host::ANY, Keys::Read)
        };
        assert!(build().unwrap_err().to_string().contains("holds neither vendors/"));
        fs::create_dir_all(folder.path().join("vendors/own")).unwrap();
        fs::write(folder.path().join("vendors/own/vendor.toml"), "name = 3\n").unwrap();
        let text = build().unwrap_err().to_string();
        assert!(text.contains("own/vendor.toml:"), "{text}");
    }
}
