//! Files that appear whole or not at all.

use std::io::{self, Write};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, renameat};
use nix::unistd::{linkat, symlinkat};

use super::{FILE, Folder};

impl Folder {
    /// Puts a file in its place, whole or not at all; one that was there is replaced.
    ///
    /// # Errors
    /// It cannot be written; the file that was there is as it was.
    pub fn put(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.by_way_of(name, content, |temporary| Ok(renameat(&self.0, temporary, &self.0, name)?))
    }

    /// The same, but a file that is there already stays.
    ///
    /// # Errors
    /// It is there already, or cannot be written.
    pub fn put_if_absent(&self, name: &str, content: &[u8]) -> io::Result<()> {
        self.by_way_of(name, content, |temporary| {
            match linkat(&self.0, temporary, &self.0, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::EEXIST) => self.remove(temporary),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn by_way_of(
        &self,
        name: &str,
        content: &[u8],
        place: impl FnOnce(&str) -> io::Result<()>,
    ) -> io::Result<()> {
        let temporary = temporary(name);
        let created = match self.create(&temporary, OFlag::O_WRONLY, FILE) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Of a killed run that had our process id.
                self.remove(&temporary)?;
                self.create(&temporary, OFlag::O_WRONLY, FILE)
            }
            other => other,
        };
        let done =
            created.and_then(|mut file| file.write_all(content)).and_then(|()| place(&temporary));
        if done.is_err() {
            let _ = self.remove(&temporary);
        }
        done
    }

    /// Makes `name` a link to `target`, in place of what was there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn link(&self, name: &str, target: &Path) -> io::Result<()> {
        let temporary = temporary(name);
        self.remove(&temporary)?;
        symlinkat(target, &self.0, temporary.as_str())?;
        let placed = renameat(&self.0, temporary.as_str(), &self.0, name);
        if placed.is_err() {
            let _ = self.remove(&temporary);
        }
        Ok(placed?)
    }
}

/// The name of a file that is not whole yet.
pub(super) fn temporary(name: &str) -> String {
    format!(".{name}-{}", std::process::id())
}
