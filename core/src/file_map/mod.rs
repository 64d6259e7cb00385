//! Which files lie in which folder of the generated tree, and what protects them: one map of maker,
//! site and file for everything that writes the tree (`generate`), serves it (`web-server`) or judges
//! a policy (`check`).
//!
//! A file is protected by the rule of the place that it is written for. Two places whose protection
//! differs must not be able to name one file: `conflicts` finds those, and such a policy is refused.

mod conflicts;
mod doubts;
mod folder;
pub mod pattern;
pub mod place;

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use crate::catalogue::{FileScope, PhoneFile, Tables, VendorIx};
use crate::plan::{Plan, Wrong};
use crate::policy::{FileAccess, RandomFolder};
use pattern::Pattern;
use place::Place;

/// What a web server asks of a request before it hands out a file of a place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protection {
    /// The URL holds the policy's random folder.
    pub random_folder: bool,
    /// A token is part of the URL.
    pub token: bool,
    /// Certificates are requested (everywhere or nowhere), and the folder says whose it must be; without
    /// it the file's name does.
    pub own_folder: bool,
}

impl Protection {
    /// Whether knowing a phone's address is enough to get its files, certificates apart.
    pub fn is_open(self) -> bool {
        !self.random_folder && !self.token
    }
}

/// A folder that phones are sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// The folder that the URL leads to.
    pub place: Place,
    /// What a client must show to read there.
    pub protection: Protection,
    /// The makers whose phones are sent there.
    pub vendors: BTreeSet<VendorIx>,
    /// The entry of `systems` in the policy.
    pub system_place: String,
}

/// Every folder that a policy sends phones to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileMap {
    /// Each place once.
    pub folders: Vec<Folder>,
}

impl FileMap {
    /// `plans` are those of every site, maker and variant.
    pub fn new<'p>(
        access: &FileAccess,
        plans: impl Iterator<Item = (VendorIx, &'p Plan)>,
    ) -> FileMap {
        let mut folders: Vec<Folder> = Vec::new();
        let mut known: HashMap<&Place, usize> = HashMap::new();
        for (vendor, plan) in plans {
            let Some(served) = &plan.served else { continue };
            let Some(place) = &served.place else { continue };
            let at = *known.entry(place).or_insert(folders.len());
            if let Some(folder) = folders.get_mut(at) {
                folder.vendors.insert(vendor);
                continue;
            }
            let random = access.random_folder.as_ref().map(RandomFolder::reveal);
            folders.push(Folder {
                place: place.clone(),
                protection: Protection {
                    random_folder: random.is_some_and(|random| place.has_part(random)),
                    token: place.has_token(),
                    own_folder: access.client_certificates.is_some() && place.has_owner(),
                },
                vendors: BTreeSet::from([vendor]),
                system_place: served.entry.clone(),
            });
        }
        FileMap { folders }
    }

    /// What is wrong with it: what no web server could check, and places of unequal protection that
    /// lead to one file.
    pub(crate) fn mistakes(&self, tables: &Tables, access: &FileAccess) -> Vec<Wrong> {
        let mut wrong = conflicts::unequal(self, tables);
        if access.client_certificates.is_some() {
            wrong.extend(conflicts::unknown_owners(self, tables));
            for folder in &self.folders {
                if !folder.has_scheme("https") {
                    wrong.push(Wrong {
                        place: folder.system_place.clone(),
                        value: format!(
                            "{}: phones can only show a certificate over https: take \
                             \"client-certificates\" out of the policy, or make the URL https",
                            folder.place
                        ),
                    });
                }
            }
        }
        wrong
    }
}

impl Folder {
    /// Whether phones fetch from there by this scheme.
    pub fn has_scheme(&self, scheme: &str) -> bool {
        self.place.base_url().is_ok_and(|url| url.has_scheme(scheme))
    }

    /// The names that phones may request there, without doubles.
    pub fn names(&self, tables: &Tables) -> BTreeSet<Name> {
        let files = self.vendors.iter().flat_map(|vendor| tables.at(*vendor).files.iter());
        files.filter(|file| self.is_fetched(file)).filter_map(Name::new).collect()
    }

    /// Whether phones request a file by the scheme of this folder's URL.
    fn is_fetched(&self, file: &PhoneFile) -> bool {
        let scheme = self.place.scheme();
        file.by.is_empty() || file.by.iter().any(|by| by.eq_ignore_ascii_case(scheme))
    }
}

/// The name of a file in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The name, with what differs between phones.
    pub pattern: Pattern,
    /// The file is one phone's own.
    pub own: bool,
}

impl Name {
    fn new(file: &PhoneFile) -> Option<Name> {
        let pattern = Pattern::from_name(&file.name)?;
        // What has a phone's address in its name is that phone's, whatever it is said to be.
        let own = file.scope == FileScope::Device || pattern.has_mac();
        Some(Name { pattern, own })
    }
}

/// As a part of a sentence: "requests ...".
impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own = self.own_folder.then_some("the certificate of the folder's phone");
        let folder = self.random_folder.then_some("the random folder");
        let asked: Vec<&str> =
            own.into_iter().chain(folder).chain(self.token.then_some("a token")).collect();
        match asked.as_slice() {
            [] => f.write_str("neither a token nor the random folder"),
            asked => f.write_str(&asked.join(" and ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Engine, Host, builtin};

    /// ALE's phones request `lanpbx.cfg` by TFTP only.
    #[test]
    fn what_is_fetched_by_another_scheme_is_not_served() {
        for (scheme, served) in [("https", false), ("tftp", true)] {
            let policy = format!(
                r#"{{ "systems": [{{ "system": "files", "url": "{scheme}://192.0.2.1/{{{{vendor}}}}/" }}] }}"#
            );
            let engine = Engine::new(builtin::shared(), &policy, Host::ANY).unwrap();
            let map = engine.file_map();
            let names = map.folders.iter().flat_map(|folder| folder.names(engine.tables()));
            let found = names.into_iter().any(|name| name.pattern.to_string() == "lanpbx.cfg");
            assert_eq!(found, served, "{scheme}");
        }
    }
}
