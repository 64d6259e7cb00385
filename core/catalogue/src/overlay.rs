//! Folders of vendors and systems, read into tables: those of the program when it is built, a user's
//! own and an installed catalogue at run time.

use std::borrow::Cow;

use crate::error::Mistakes;
use crate::other_devices::{OtherDevices, other_devices};
use crate::source::vendor_of;
use crate::system_source::system_of;
use crate::tables::Tables;
use crate::tree::{self, Tree};
use crate::unlisted::{UNLISTED, UnlistedSigns, unlisted_phones};

/// Signs of devices that are not phones.
pub const OTHER_DEVICES: &str = "other-devices/signs.toml";
/// Signs of phones of makers that the catalogue does not have.
pub const UNLISTED_SIGNS: &str = "unlisted/signs.toml";
/// What such phones are sent.
pub const UNLISTED_ANSWER: &str = "unlisted/answer.toml";

/// A file of a folder, as the edge read it: `vendors/<id>/vendor.toml`, `vendors/<id>/<name>.j2` or
/// `systems/<id>.toml`; the catalogue's own folder has signs too.
#[derive(Debug, Clone)]
pub struct OverlayFile {
    /// Its path below the overlay's folder, with `/`.
    pub path: String,
    /// What is in it.
    pub content: Content,
}

/// What is in a file.
#[derive(Debug, Clone)]
pub enum Content {
    /// Its text.
    Text(String),
    /// Its tables: an installed catalogue has them in a form that is quicker to read than TOML.
    Tables(Tree),
}

impl OverlayFile {
    /// A file as it is written.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> OverlayFile {
        OverlayFile { path: path.into(), content: Content::Text(text.into()) }
    }

    /// Its text; `None` for one whose text was not kept.
    pub fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Tables(_) => None,
        }
    }

    /// Its tables.
    ///
    /// # Errors
    /// The text is not TOML.
    pub fn tables(&self) -> Result<Cow<'_, Tree>, Mistakes> {
        match &self.content {
            Content::Text(text) => {
                let tree = tree::from_toml(text).map_err(|wrong| wrong.in_file(&self.path))?;
                Ok(Cow::Owned(tree))
            }
            Content::Tables(tree) => Ok(Cow::Borrowed(tree)),
        }
    }

    /// What `read` makes of its tables; each mistake says that it is in this file.
    fn read<T>(&self, read: impl Fn(&Tree) -> Result<T, Mistakes>) -> Result<T, Mistakes> {
        read(&*self.tables()?).map_err(|wrong| wrong.in_file(&self.path))
    }
}

/// `base` with the vendors, systems and signs of `files`; a vendor or system with an id that `base` has takes
/// its place.
///
/// # Errors
/// Every mistake in the files, each with its file and line.
pub fn with_overlay(base: &Tables, files: &[OverlayFile]) -> Result<Tables, Mistakes> {
    read(Some(base), files)
}

/// Tables out of `files` alone.
///
/// # Errors
/// As [`with_overlay`].
pub fn from_files(files: &[OverlayFile]) -> Result<Tables, Mistakes> {
    read(None, files)
}

fn read(base: Option<&Tables>, files: &[OverlayFile]) -> Result<Tables, Mistakes> {
    let mut vendors = base.map_or_else(Vec::new, |base| base.vendors.to_vec());
    let mut systems = base.map_or_else(Vec::new, |base| base.systems.to_vec());
    let mut mistakes = Mistakes::default();
    for file in files {
        let parts: Vec<&str> = file.path.rsplit('/').collect();
        let wrong = match parts[..] {
            ["vendor.toml", id, ..] => file.read(|tree| vendor_of(id, tree)).map(|vendor| {
                vendors.retain(|other| other.id != vendor.id);
                vendors.push(vendor);
            }),
            [name, "systems", ..] if name.ends_with(".toml") => {
                let id = name.trim_end_matches(".toml");
                file.read(|tree| system_of(id, tree)).map(|system| {
                    systems.retain(|other| other.id != system.id);
                    systems.push(system);
                })
            }
            _ => Ok(()),
        };
        if let Err(wrong) = wrong {
            mistakes.0.extend(wrong.0);
        }
    }
    let others = others(base, files).map_err(|wrong| mistakes.0.extend(wrong.0)).ok();
    let unlisted = unlisted(base, files).map_err(|wrong| mistakes.0.extend(wrong.0)).ok();
    let (others, unlisted) = mistakes.or(others.zip(unlisted))?;
    Tables::build(vendors, systems, others, unlisted)
}

fn others(base: Option<&Tables>, files: &[OverlayFile]) -> Result<OtherDevices, Mistakes> {
    match (named(files, OTHER_DEVICES), base) {
        (Some(signs), _) => signs.read(other_devices),
        (None, Some(base)) => Ok(base.other_devices.clone()),
        (None, None) => Err(missing(OTHER_DEVICES)),
    }
}

/// Signs and answer come together, or are both `base`'s.
fn unlisted(base: Option<&Tables>, files: &[OverlayFile]) -> Result<UnlistedSigns, Mistakes> {
    match (named(files, UNLISTED_SIGNS), named(files, UNLISTED_ANSWER), base) {
        (Some(signs), Some(answer), _) => {
            let answer = answer.read(|tree| vendor_of(UNLISTED, tree))?;
            signs.read(|tree| unlisted_phones(tree, answer.clone()))
        }
        (None, None, Some(base)) => Ok(base.unlisted.clone()),
        (None, ..) => Err(missing(UNLISTED_SIGNS)),
        (_, None, _) => Err(missing(UNLISTED_ANSWER)),
    }
}

fn named<'f>(files: &'f [OverlayFile], name: &str) -> Option<&'f OverlayFile> {
    files.iter().rev().find(|file| file.path.ends_with(name))
}

fn missing(name: &str) -> Mistakes {
    Mistakes::one(name, "is missing")
}
