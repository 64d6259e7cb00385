//! What the programs share where they meet the world: the files that people name, read in one way, and
//! the ways a command can end.
//!
//! The core does no I/O; whoever runs it (Kea's hook, the dnsmasq companion, the command line) reads
//! for it, and all of them must read the same. No decision belongs here, and nothing that one program
//! needs alone.

/// How a command ends, and what it prints.
pub mod command;
/// A folder that is held open, so that no link leads out of it.
pub mod folder;
/// Keys, and who may read their files.
pub mod key;
/// A folder of a user's own vendors and systems.
pub mod overlay;

use std::path::Path;

use offhook_core::{Mistake, Mistakes};

/// A file's text.
///
/// # Errors
/// It cannot be read: the mistake names the file.
pub fn text(path: &Path) -> Result<String, Mistakes> {
    std::fs::read_to_string(path).map_err(|error| cannot_read(path, &error))
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Mistakes {
    mistake(path, unreadable(error))
}

/// Of a daemon the user and its confinement are seldom thought of, and the system names neither.
fn unreadable(error: &std::io::Error) -> String {
    let why = match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            ": the user that this program runs as may not, by the mode of the file or of a folder above \
             it, or AppArmor forbids it (Debian's lets kea-dhcp4, user _kea, read /etc/kea only)"
        }
        _ => "",
    };
    format!("cannot be read: {error}{why}")
}

fn mistake(path: &Path, text: impl Into<String>) -> Mistakes {
    Mistakes(vec![Mistake::new("", text.into())]).in_file(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::unreadable;

    #[test]
    fn who_may_not_read_is_told_where_to_look() {
        let text = unreadable(&Error::from(ErrorKind::PermissionDenied));
        assert!(text.contains("AppArmor"), "{text}");
        let text = unreadable(&Error::from(ErrorKind::NotFound));
        assert!(!text.contains("AppArmor"), "{text}");
    }
}
