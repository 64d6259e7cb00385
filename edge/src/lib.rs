//! What the programs share where they meet the world: the files that people name, read in one way, and
//! the ways a command can end.
//!
//! The core does no I/O; the program that runs it (Kea's hook, the dnsmasq companion, the command line) reads
//! for it, and all of them must read the same. No decision belongs here, and nothing that one program
//! needs alone.

/// The catalogue in use: the program's own, an installed one, and a user's own on top.
pub mod catalogue;
/// How a command ends, and what it prints.
pub mod command;
/// The one door for files that people name.
pub mod file;
/// A folder that is held open, so that no link leads out of it.
pub mod folder;
/// Keys, and who may read their files.
pub mod key;
/// What a process keeps to itself.
pub mod memory;
/// A folder of a user's own vendors and systems.
pub mod overlay;

use std::path::Path;

use offhook_core::{Mistake, Mistakes};

use crate::file::{Kind, Unreadable};

/// A file's text, for a server: see `file`.
///
/// # Errors
/// It cannot be read: the mistake names the file.
pub fn text(path: &Path) -> Result<String, Mistakes> {
    file::text(path, Kind::File, file::LARGEST).map_err(|error| cannot_read(path, &error))
}

fn cannot_read(path: &Path, error: &Unreadable) -> Mistakes {
    mistake(path, error.to_string())
}

fn mistake(path: &Path, text: impl Into<String>) -> Mistakes {
    Mistakes(vec![Mistake::new("", text.into())]).in_file(&path.display().to_string())
}
