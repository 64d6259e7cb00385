//! What was rendered, found again in what dnsmasq reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use offhook_core::Mac;

use super::effective::{Effective, Setting};
use super::options::{Kind, address, option_line, words};
use crate::render::competing::Competing;
use crate::render::tags;

/// What was rendered, as it stands in the effective configuration.
pub struct Ours {
    /// The files that hold it, with the tag of their rendering.
    pub files: BTreeMap<PathBuf, BTreeSet<String>>,
    /// Where the last of our lines stands among all.
    pub last: usize,
    /// Options that are set, with their codes.
    pub codes: BTreeSet<u8>,
    pub devices: BTreeSet<Mac>,
    /// What competes with them if another line sends it.
    pub competing: Vec<Competing>,
    /// Tags that the user's `dhcp-range` lines must set.
    pub wanted: BTreeSet<String>,
}

impl Ours {
    pub fn of(effective: &Effective) -> Option<Ours> {
        let mut files: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
        for setting in effective.all("tag-if") {
            let marks = words(&setting.value)
                .filter_map(|word| word.strip_prefix("set:")?.strip_prefix(tags::RENDERING));
            for mark in marks.filter(|mark| mark.len() == 16 && is_hex(mark)) {
                files.entry(setting.file.to_path_buf()).or_default().insert(mark.to_owned());
            }
        }
        let first = files.keys().next()?.clone();
        let mut ours = Ours {
            files,
            last: 0,
            codes: BTreeSet::new(),
            devices: BTreeSet::new(),
            competing: Vec::new(),
            wanted: BTreeSet::new(),
        };
        let comments = effective.comments.iter().filter(|(file, _)| **file == *first);
        ours.competing = comments.filter_map(|(_, text)| Competing::read(text)).collect();
        let mine = |setting: &Setting| *setting.file == *first;
        for (at, setting) in effective.settings.iter().enumerate().filter(|(_, s)| mine(s)) {
            ours.last = at;
            match setting.key.as_str() {
                "dhcp-option" | "dhcp-option-force" => {
                    if let Kind::Code(code) | Kind::Part(code) = option_line(&setting.value).kind {
                        ours.codes.insert(code);
                    }
                }
                "dhcp-boot" => ours.codes.extend([66, 67]),
                "dhcp-mac" => ours.devices.extend(words(&setting.value).filter_map(address)),
                "tag-if" => ours.wanted.extend(
                    words(&setting.value)
                        .filter_map(|word| word.strip_prefix("tag:"))
                        .map(|tag| tag.trim_start_matches('!'))
                        .filter(|tag| tag.starts_with(tags::RANGE))
                        .map(str::to_owned),
                ),
                _ => {}
            }
        }
        Some(ours)
    }

    pub fn holds(&self, file: &Path) -> bool {
        self.files.contains_key(file)
    }

    /// The user's own lines of a key, with their positions.
    pub fn others<'e>(
        &'e self,
        effective: &'e Effective,
        keys: &'e [&str],
    ) -> impl Iterator<Item = (usize, &'e Setting)> {
        let lines = effective.settings.iter().enumerate();
        lines.filter(move |(_, setting)| {
            keys.contains(&setting.key.as_str()) && !self.holds(&setting.file)
        })
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
