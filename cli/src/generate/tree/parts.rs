//! Folders of the tree, reached from the one above each, and what is wrong with them.

use std::io;
use std::path::Path;

use nix::sys::stat::FileStat;
use offhook_edge::folder::Folder;

use super::{LOCK, STATE};
use crate::input::{Failure, wrong};

/// The state of earlier runs, if there is one that may be trusted.
pub(super) fn state(root: &Folder) -> io::Result<Option<Folder>> {
    if root.about(STATE)?.is_none() {
        return Ok(None);
    }
    let state = root.inside(STATE).map_err(|error| {
        let text = format!("expected a folder, and no link to one ({error})");
        io::Error::other(text)
    })?;
    state.refuse_if_foreign()?;
    // A folder of this user's that was moved here from elsewhere must not be cleared.
    if state.about(LOCK)?.is_none() && !state.names()?.is_empty() {
        return Err(io::Error::other("offhook did not make it: it has no file \"lock\""));
    }
    Ok(Some(state))
}

/// A path's folders, and the name in the last of them.
pub(super) fn split(path: &str) -> (impl Iterator<Item = &str>, &str) {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    (folders.split('/').filter(|part| !part.is_empty()), name)
}

/// Does something in the folder that holds a path.
pub(super) fn within<T>(
    root: &Folder,
    path: &str,
    work: impl FnOnce(&Folder, &str) -> io::Result<T>,
) -> io::Result<T> {
    let (folders, name) = split(path);
    let mut folder: Option<Folder> = None;
    for part in folders {
        folder = Some(folder.as_ref().unwrap_or(root).inside(part)?);
    }
    work(folder.as_ref().unwrap_or(root), name)
}

pub(super) fn written(about: &FileStat) -> i128 {
    i128::from(about.st_mtime) * 1_000_000_000 + i128::from(about.st_mtime_nsec)
}

pub(super) fn damaged(path: &Path, error: &io::Error) -> Failure {
    wrong(format!(
        "{}: damaged: {error}; offhook does not use it: look who has changed it, and move it away",
        path.display()
    ))
}

pub(super) fn cannot(what: &str, path: &Path, error: &io::Error) -> Failure {
    wrong(format!("{}: cannot {what} it: {error}", path.display()))
}
