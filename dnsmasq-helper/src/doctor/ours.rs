//! What was rendered, found again in what dnsmasq reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use offhook_core::Mac;

use crate::render::competing::Competing;
use crate::render::tags;
use offhook_dnsmasq_config::effective::{Effective, Setting};
use offhook_dnsmasq_config::matching::MacPattern;
use offhook_dnsmasq_config::options::words;

/// What was rendered, as it appears in the effective configuration.
pub struct Ours {
    /// The files that hold it, with the tag of their rendering.
    pub files: BTreeMap<PathBuf, BTreeSet<String>>,
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
            for word in words(&setting.value) {
                let mark = word
                    .text
                    .strip_prefix("set:")
                    .and_then(|tag| tag.strip_prefix(tags::RENDERING));
                if let Some(mark) = mark.filter(|mark| mark.len() == 16 && is_hex(mark)) {
                    files.entry(setting.file.to_path_buf()).or_default().insert(mark.to_owned());
                }
            }
        }
        let first = files.keys().next()?.clone();
        let mut ours = Ours {
            files,
            devices: BTreeSet::new(),
            competing: Vec::new(),
            wanted: BTreeSet::new(),
        };
        let comments = effective.comments.iter().filter(|(file, _)| **file == *first);
        ours.competing = comments.filter_map(|(_, text)| Competing::read(text)).collect();
        let mine = |setting: &Setting| *setting.file == *first;
        for setting in effective.settings.iter().filter(|setting| mine(setting)) {
            let words = words(&setting.value);
            match setting.key.as_str() {
                "dhcp-mac" => ours
                    .devices
                    .extend(words.iter().filter_map(|word| MacPattern::read(&word.text)?.whole())),
                "tag-if" => ours.wanted.extend(
                    words
                        .iter()
                        .filter_map(|word| word.text.strip_prefix("tag:"))
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
}

/// A tag that is ours.
pub fn is_ours(tag: &str) -> bool {
    tag.starts_with("oh_") || tag.starts_with("oh-")
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
