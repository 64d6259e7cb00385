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
    let bytes = std::fs::read(path).map_err(|error| cannot_read(path, &error))?;
    utf_8(bytes).map_err(|text| mistake(path, text))
}

/// The text of these bytes.
///
/// # Errors
/// They are of another encoding: what is found, and where.
pub fn utf_8(bytes: Vec<u8>) -> Result<String, String> {
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = *bytes {
        return Err("expected UTF-8, found UTF-16: save it as UTF-8".to_owned());
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
        let byte = bytes.get(at).copied().unwrap_or_default();
        format!(
            "line {line}: expected UTF-8, found the byte 0x{byte:02x} (Latin-1?): save it as UTF-8"
        )
    })
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
