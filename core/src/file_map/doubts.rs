//! Where passwords lie open: nothing that is wrong, but something that a policy's author must know.

use std::collections::BTreeSet;

use super::{FileMap, Folder};
use crate::catalogue::Tables;
use crate::plan::Wrong;
use crate::policy::FileAccess;

impl FileMap {
    /// Places whose passwords can be read by guessing an address, or by listening on the wire.
    pub fn doubts(&self, tables: &Tables, access: &FileAccess) -> Vec<Wrong> {
        let readable = |folder: &&Folder| folder.has_readable_files(tables, access);
        let mut doubts = BTreeSet::new();
        for folder in self.folders.iter().filter(readable) {
            let mut add =
                |text: &str| doubts.insert((folder.system_place.clone(), text.to_owned()));
            if folder.protection.is_open() && access.client_certificates.is_none() {
                add(
                    "the phones' files hold passwords, and a client that may ask the web server and guesses a \
                     phone's address gets its file: see \"file-access\" (docs/files.md, \"Who may fetch \
                     a file\")",
                );
            }
            if !folder.has_scheme("https") {
                add(
                    "the phones' files hold passwords, and travel in the clear: any listener on the \
                     wire reads them; use https",
                );
            }
        }
        doubts.into_iter().map(|(place, value)| Wrong { place, value }).collect()
    }
}

impl Folder {
    /// Whether files are written there that are not encrypted for their phone alone.
    fn has_readable_files(&self, tables: &Tables, access: &FileAccess) -> bool {
        let encrypted = access.encryption.as_ref().map_or(&[][..], |rule| &rule.only);
        let open = self.vendors.iter().filter(|vendor| !encrypted.contains(vendor));
        open.flat_map(|vendor| tables.at(*vendor).files.iter()).any(|file| file.template.is_some())
    }
}
