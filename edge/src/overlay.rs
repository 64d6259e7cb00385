//! A folder of a user's own vendors and systems: `vendors/<id>/vendor.toml`, templates beside it as
//! `vendors/<id>/<name>.j2`, and `systems/<id>.toml`. Files come in the order of their names.

use std::fs;
use std::path::{Path, PathBuf};

use offhook_core::Mistakes;
use offhook_core::builtin::OverlayFile;

use crate::file::{self, Kind, Unreadable};

/// The largest vendor, system or template, and all of them together. The built-in catalogue is a tenth of it.
const LARGEST_FILE: u64 = 1 << 20;
const LARGEST: u64 = 16 << 20;

/// The most entries of one folder.
const MOST_ENTRIES: usize = 10_000;

/// Vendors and systems: what a decision needs.
///
/// # Errors
/// The folder or a file in it cannot be read, or holds nothing of the kind: it would silently do
/// nothing.
pub fn facts(folder: &Path) -> Result<Vec<OverlayFile>, Mistakes> {
    read(folder, &["toml"], "vendors/<id>/vendor.toml nor systems/<id>.toml")
}

/// Templates too, and `files.toml`: what the generator needs.
///
/// # Errors
/// As [`facts`].
pub fn everything(folder: &Path) -> Result<Vec<OverlayFile>, Mistakes> {
    let wanted = "vendors/<id>/vendor.toml nor vendors/<id>/<name>.j2 nor systems/<id>.toml";
    read(folder, &["toml", "j2"], wanted)
}

fn read(folder: &Path, endings: &[&str], wanted: &str) -> Result<Vec<OverlayFile>, Mistakes> {
    let cannot = |error| crate::cannot_read(folder, &Unreadable::System(error));
    fs::read_dir(folder).map_err(cannot)?;
    let mut paths = Vec::new();
    for vendor in entries(&folder.join("vendors"))? {
        let is_ours = |path: &PathBuf| match ending(path) {
            "toml" => {
                let named = |wanted: &str| path.file_name().is_some_and(|name| name == wanted);
                named("vendor.toml") || (named("files.toml") && endings.contains(&"j2"))
            }
            other => other == "j2",
        };
        paths.extend(entries(&vendor)?.into_iter().filter(is_ours));
    }
    let systems = entries(&folder.join("systems"))?;
    paths.extend(systems.into_iter().filter(|path| ending(path) == "toml"));
    paths.retain(|path| endings.contains(&ending(path)));
    if paths.is_empty() {
        return Err(crate::mistake(folder, format!("holds neither {wanted}")));
    }
    let mut left = LARGEST;
    let file = |path: PathBuf| {
        let text = file::text(&path, Kind::File, left.min(LARGEST_FILE))
            .map_err(|error| crate::cannot_read(&path, &error))?;
        left = left.saturating_sub(u64::try_from(text.len()).unwrap_or(u64::MAX));
        Ok(OverlayFile::new(path.display().to_string(), text))
    };
    paths.into_iter().map(file).collect()
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Mistakes> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let cannot = |error| crate::cannot_read(folder, &Unreadable::System(error));
    let read = fs::read_dir(folder).map_err(cannot)?;
    let mut paths = Vec::new();
    for entry in read {
        if paths.len() == MOST_ENTRIES {
            let text =
                format!("holds more than {MOST_ENTRIES} files: expected vendors and systems");
            return Err(crate::mistake(folder, text));
        }
        paths.push(entry.map_err(cannot)?.path());
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: Result<Vec<OverlayFile>, Mistakes>, folder: &Path) -> Vec<String> {
        let prefix = format!("{}/", folder.display());
        files.unwrap().into_iter().map(|file| file.path.replace(&prefix, "")).collect()
    }

    #[test]
    fn each_reader_gets_what_is_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for name in [
            "vendors/b/vendor.toml",
            "vendors/b/phone.j2",
            "vendors/b/notes.toml",
            "vendors/a/x.j2",
            "vendors/README",
            "systems/own.toml",
            "systems/own.toml~",
        ] {
            fs::create_dir_all(path.join(name).parent().unwrap()).unwrap();
            fs::write(path.join(name), "").unwrap();
        }
        assert_eq!(names(facts(path), path), ["vendors/b/vendor.toml", "systems/own.toml"]);
        assert_eq!(
            names(everything(path), path),
            ["vendors/a/x.j2", "vendors/b/phone.j2", "vendors/b/vendor.toml", "systems/own.toml"]
        );
    }

    #[test]
    fn what_is_no_file_or_too_large_is_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let vendor = folder.path().join("vendors/a");
        fs::create_dir_all(&vendor).unwrap();
        let path = vendor.join("vendor.toml");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let text = facts(folder.path()).unwrap_err().to_string();
        assert!(text.ends_with("vendor.toml: expected a file, found a pipe"), "{text}");
        fs::remove_file(&path).unwrap();
        fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
        let text = facts(folder.path()).unwrap_err().to_string();
        assert!(text.ends_with("is too large: expected at most 1 MiB"), "{text}");
    }

    #[test]
    fn a_folder_that_would_do_nothing_is_a_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let text = facts(folder.path()).unwrap_err().to_string();
        assert!(text.contains("holds neither vendors/"), "{text}");
        let text = facts(&folder.path().join("none")).unwrap_err().to_string();
        assert!(text.contains("none: cannot be read: No such file"), "{text}");
    }
}
