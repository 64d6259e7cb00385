//! Reads what a person names on the command line, and says what is wrong with it.

use std::fmt::Display;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use offhook_core::builtin::{self, OverlayFile};
use offhook_core::catalogue::Tables;
use offhook_core::token::{self, MasterKey};

/// Why a command ended early.
pub enum Failure {
    /// The input is wrong; the text says what and where.
    Wrong(String),
    /// The input was read, and what was found in it has been said.
    Found,
    /// Whoever read our output has stopped.
    ClosedPipe,
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => Failure::Wrong(error.to_string()),
        }
    }
}

pub fn wrong(text: impl Display) -> Failure {
    Failure::Wrong(text.to_string())
}

/// A file's text.
pub fn text_of(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| wrong(format!("{}: cannot be read: {error}", path.display())))
}

/// The key of the policy's tokens, under the same rules as the Kea hook has. The error does not
/// repeat the file's name.
pub fn key(path: &str) -> Result<MasterKey, String> {
    let cannot = |error: io::Error| format!("cannot be read: {error}");
    let found = std::fs::metadata(path).map_err(cannot)?;
    if !found.is_file() {
        return Err("is no file".to_owned());
    }
    token::check_mode(found.permissions().mode())?;
    MasterKey::from_text(&std::fs::read(path).map_err(cannot)?)
}

/// The catalogue, with a folder of the user's own vendors and systems, and that folder's files.
pub fn catalogue(folder: Option<&Path>) -> Result<(Arc<Tables>, Vec<OverlayFile>), Failure> {
    let Some(folder) = folder else { return Ok((builtin::shared(), Vec::new())) };
    let files = overlay_files(folder)?;
    let tables = builtin::with_overlay(&files).map_err(wrong)?;
    Ok((Arc::new(tables), files))
}

fn overlay_files(folder: &Path) -> Result<Vec<OverlayFile>, Failure> {
    let cannot = |path: &Path, error: io::Error| wrong(format!("{}: {error}", path.display()));
    std::fs::read_dir(folder).map_err(|error| cannot(folder, error))?;
    let mut files = Vec::new();
    for (sub, is_vendor) in [("vendors", true), ("systems", false)] {
        let Ok(entries) = std::fs::read_dir(folder.join(sub)) else { continue };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let path = if is_vendor { path.join("vendor.toml") } else { path };
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).map_err(|error| cannot(&path, error))?;
            files.push(OverlayFile { path: path.display().to_string(), text });
        }
    }
    if files.is_empty() {
        let expected = "expected vendors/<id>/vendor.toml or systems/<id>.toml";
        return Err(wrong(format!("{}: nothing in it: {expected}", folder.display())));
    }
    Ok(files)
}
