//! Folders of vendors and systems, read into tables: those of the program when it is built, a user's
//! own at run time.

use crate::error::Mistakes;
use crate::facts::{System, Vendor};
use crate::other_devices::{OtherDevices, other_devices};
use crate::tables::Tables;
use crate::unlisted::{UnlistedSigns, unlisted_phones};
use crate::{source, system_source};

/// A file of a folder, as the edge read it: `vendors/<id>/vendor.toml`, `vendors/<id>/<name>.j2` or
/// `systems/<id>.toml`.
#[derive(Debug, Clone)]
pub struct OverlayFile {
    /// Its path below the overlay's folder, with `/`.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// `base` with the vendors and systems of `files`; one with an id that `base` has takes its place.
///
/// # Errors
/// Every mistake in the files, each with its file and line.
pub fn with_overlay(base: &Tables, files: &[OverlayFile]) -> Result<Tables, Mistakes> {
    let unlisted = base.unlisted.clone();
    read(base.vendors.to_vec(), base.systems.to_vec(), base.other_devices.clone(), unlisted, files)
}

/// Tables out of `files` alone.
///
/// # Errors
/// As [`with_overlay`].
pub fn from_files(files: &[OverlayFile]) -> Result<Tables, Mistakes> {
    let named = |name: &str| {
        let found = files.iter().find(|file| file.path.ends_with(name));
        found.ok_or_else(|| Mistakes::one(name, "is missing"))
    };
    let signs = named("other-devices/signs.toml")?;
    let others = other_devices(&signs.text).map_err(|wrong| wrong.in_file(&signs.path))?;
    let (signs, answer) = (named("unlisted/signs.toml")?, named("unlisted/answer.toml")?);
    let unlisted = unlisted_phones(&signs.text, &answer.text);
    read(
        Vec::new(),
        Vec::new(),
        others,
        unlisted.map_err(|wrong| wrong.in_file(&signs.path))?,
        files,
    )
}

fn read(
    mut vendors: Vec<Vendor>,
    mut systems: Vec<System>,
    other_devices: OtherDevices,
    unlisted: UnlistedSigns,
    files: &[OverlayFile],
) -> Result<Tables, Mistakes> {
    let mut mistakes = Mistakes::default();
    for file in files {
        let parts: Vec<&str> = file.path.rsplit('/').collect();
        let wrong = match parts[..] {
            ["vendor.toml", id, ..] => source::vendor(id, &file.text).map(|vendor| {
                vendors.retain(|other| other.id != vendor.id);
                vendors.push(vendor);
            }),
            [name, "systems", ..] if name.ends_with(".toml") => {
                let id = name.trim_end_matches(".toml");
                system_source::system(id, &file.text).map(|system| {
                    systems.retain(|other| other.id != system.id);
                    systems.push(system);
                })
            }
            _ => Ok(()),
        };
        if let Err(wrong) = wrong {
            mistakes.0.extend(wrong.in_file(&file.path).0);
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    Tables::build(vendors, systems, other_devices, unlisted)
}
