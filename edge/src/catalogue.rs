//! The catalogue in use: the one that is part of the program, a newer one that is installed beside it
//! (`offhook-catalogue`, a package of data alone), and a user's own vendors and systems on top.
//!
//! The installed one is one file of JSON and its signature (minisign's form). It is read as a user's folder is,
//! by the same reader with the same laws. Whatever is wrong with it, the catalogue that is part of the program
//! is used in its place: no policy fails because of it.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use minisign_verify::{PublicKey, Signature};
use offhook_core::Mistakes;
use offhook_core::builtin::{self, Content, OverlayFile};
use offhook_core::catalogue::Tables;
use offhook_core::catalogue::overlay::{OTHER_DEVICES, UNLISTED_ANSWER, UNLISTED_SIGNS};
use offhook_core::tree::{Kind as Node, Tree};
use serde::{Deserialize, Serialize};

use crate::file::{self, Kind, Unreadable};

/// The installed catalogue, and its signature in `catalogue.json.minisig` beside it. Debian's AppArmor profile lets
/// Kea read what is below /usr/lib, and so look whether there is one, and not what is below /usr/share.
pub const PLACE: &str = "/usr/lib/offhook/catalogue.json";

/// Where the public key is that it must be signed with: the first that is there, and no other. The administrator's own
/// come first; the last is the package's, and only root, who may install any package, can replace it.
/// Debian's AppArmor profile lets Kea read the first and the last.
pub const KEYS: [&str; 3] = [
    "/etc/kea/offhook-catalogue.pub",
    "/etc/offhook/catalogue.pub",
    "/usr/lib/offhook/catalogue.pub",
];

/// Other places, for tests and unusual installations: an environment variable each.
const PLACE_VARIABLE: &str = "OFFHOOK_CATALOGUE";
const KEY_VARIABLE: &str = "OFFHOOK_CATALOGUE_KEY";

/// The built-in catalogue is a twentieth of it.
const LARGEST: u64 = 16 << 20;

/// The content of `catalogue.json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Package {
    /// How it is to be read: 1.
    pub format: u32,
    /// The day that it was made on (`2026-11-28`). One that is not newer than the program's own is not used.
    pub edition: String,
    /// The tables of the files that every program reads, by their paths (`vendors/snom/vendor.toml`): JSON is read
    /// in a fraction of the time that TOML takes, and checked all the same.
    pub facts: BTreeMap<String, Tree>,
    /// The texts of the others, which only the generator reads (`vendors/snom/snom.xml.j2`).
    pub texts: BTreeMap<String, String>,
}

/// How a [`Package`] is read today.
pub const FORMAT: u32 = 1;

/// What became of the installed catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Installed {
    /// There is none, or the program's own is as new.
    #[default]
    None,
    /// It is in use: the day that it was made on.
    Used(String),
    /// The program's own is used in its place, for this reason.
    Unusable(String),
}

/// The catalogue in use.
#[derive(Debug)]
pub struct InUse {
    /// The facts.
    pub tables: Arc<Tables>,
    /// What became of the installed one.
    pub installed: Installed,
    /// The files on top of what is part of the program: the installed ones, then the user's own. The generator
    /// reads its templates out of them.
    pub files: Vec<OverlayFile>,
}

impl InUse {
    /// The catalogue with the user's own files on top.
    ///
    /// # Errors
    /// Every mistake in the user's files; never one of the installed catalogue.
    pub fn with(own: Vec<OverlayFile>) -> Result<InUse, Mistakes> {
        let place = env::var_os(PLACE_VARIABLE).map_or_else(|| PLACE.into(), PathBuf::from);
        let keys = match env::var_os(KEY_VARIABLE) {
            Some(key) => vec![PathBuf::from(key)],
            None => KEYS.map(PathBuf::from).to_vec(),
        };
        InUse::at(&place, &keys, own)
    }

    /// The same, with the installed catalogue at `place`, signed with the first of `keys` that is there.
    ///
    /// # Errors
    /// As [`InUse::with`].
    pub fn at(place: &Path, keys: &[PathBuf], own: Vec<OverlayFile>) -> Result<InUse, Mistakes> {
        let why = match installed(place, keys) {
            Ok(None) => return InUse::of(own, Installed::None),
            Ok(Some((edition, mut files))) => {
                files.extend(own.iter().cloned());
                match InUse::of(files, Installed::Used(edition)) {
                    Ok(in_use) => return Ok(in_use),
                    Err(mistakes) => mistakes.to_string(),
                }
            }
            Err(why) => why,
        };
        // If the user's own files are wrong without it too, they are what is said.
        let why = format!(
            "{}: {why}; the catalogue that is part of the program is used",
            place.display()
        );
        InUse::of(own, Installed::Unusable(why))
    }

    fn of(files: Vec<OverlayFile>, installed: Installed) -> Result<InUse, Mistakes> {
        let tables = match files.is_empty() {
            true => builtin::shared(),
            false => Arc::new(builtin::with_overlay(&files)?),
        };
        Ok(InUse { tables, installed, files })
    }
}

impl Installed {
    /// The day that the catalogue in use was made on.
    pub fn edition(&self) -> &str {
        match self {
            Installed::Used(edition) => edition,
            Installed::None | Installed::Unusable(_) => builtin::EDITION,
        }
    }

    /// Why the installed catalogue is not used, if it is there and should be.
    pub fn unusable(&self) -> Option<&str> {
        match self {
            Installed::Unusable(why) => Some(why),
            Installed::None | Installed::Used(_) => None,
        }
    }
}

/// The installed catalogue's edition and files; `None`: there is none that is newer than the program's own.
fn installed(place: &Path, keys: &[PathBuf]) -> Result<Option<(String, Vec<OverlayFile>)>, String> {
    let bytes = match file::read(place, Kind::File, LARGEST) {
        Ok(bytes) => bytes,
        Err(Unreadable::System(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error.to_string()),
    };
    let beside = PathBuf::from(format!("{}.minisig", place.display()));
    let text = |path: &Path| {
        file::text(path, Kind::File, 4096).map_err(|error| format!("{}: {error}", path.display()))
    };
    let there = keys.iter().find(|key| key.exists()).or(keys.first());
    let key = there.ok_or_else(|| "no place of a public key is known".to_owned())?;
    let public = PublicKey::decode(&text(key)?).map_err(|error| {
        format!("{}: expected a public key of minisign's: {error}", key.display())
    })?;
    let shown = beside.display();
    let signature = Signature::decode(&text(&beside)?)
        .map_err(|error| format!("{shown}: expected a signature of minisign's: {error}"))?;
    public.verify(&bytes, &signature, false).map_err(|error| {
        format!("the signature in {shown} is not of the key in {}: {error}", key.display())
    })?;
    let package: Package = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if package.format != FORMAT {
        return Err(format!(
            "format {}: this program reads {FORMAT}; upgrade offhook",
            package.format
        ));
    }
    if *package.edition <= *builtin::EDITION {
        return Ok(None);
    }
    let within = |path: String| format!("{}/{path}", place.display());
    let facts = package.facts.into_iter();
    let facts = facts
        .map(|(path, tree)| OverlayFile { path: within(path), content: Content::Tables(tree) });
    let texts = package.texts.into_iter().map(|(path, text)| OverlayFile::new(within(path), text));
    Ok(Some((package.edition, facts.chain(texts).collect())))
}

/// Packs a folder of vendors and systems.
///
/// # Errors
/// The edition is not a day, the folder cannot be read, or a file in it has a mistake.
pub fn pack(folder: &Path, edition: &str) -> Result<Package, Mistakes> {
    let digits =
        |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = edition.split('-').collect();
    let is_day = matches!(parts[..], [y, m, d] if digits(y, 4) && digits(m, 2) && digits(d, 2));
    if !is_day {
        return Err(Mistakes::one(
            "edition",
            format!("expected a day (2026-11-28), found {edition:?}"),
        ));
    }
    let mut files = crate::overlay::everything(folder)?;
    for name in [OTHER_DEVICES, UNLISTED_SIGNS, UNLISTED_ANSWER] {
        let path = folder.join(name);
        if path.exists() {
            files.push(OverlayFile::new(path.display().to_string(), crate::text(&path)?));
        }
    }
    builtin::with_overlay(&files)?;
    let prefix = format!("{}/", folder.display());
    let mut package = Package {
        format: FORMAT,
        edition: edition.to_owned(),
        facts: BTreeMap::new(),
        texts: BTreeMap::new(),
    };
    for file in &files {
        let path = file.path.strip_prefix(&prefix).unwrap_or(&file.path).to_owned();
        match file.text() {
            Some(text) if path.ends_with(".j2") || path.ends_with("/files.toml") => {
                package.texts.insert(path, text.to_owned());
            }
            _ => {
                package.facts.insert(path, without_examples(file.tables()?.into_owned()));
            }
        }
    }
    Ok(package)
}

/// A system's examples prove its file when offhook is built; no program reads them later.
fn without_examples(mut tree: Tree) -> Tree {
    if let Node::Table(entries) = &mut tree.kind {
        entries.retain(|(key, _)| key != "example");
    }
    tree
}

#[cfg(test)]
mod tests;
