//! The master key of a policy's tokens and of encrypted files.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::geteuid;
use offhook_core::token::{self, KeyError, MasterKey};
use zeroize::Zeroizing;

use crate::file::{self, Kind, Unreadable};

/// A key file holds a line of random characters.
const LARGEST: u64 = 64 << 10;

/// Reads a key's file. Only root or the user of this program may own it, and only its owner and group may
/// read it.
///
/// # Errors
/// What is wrong with the file, without its name: the caller says where it was named.
pub fn read(path: &str) -> Result<MasterKey, KeyError> {
    look(path).map_err(|flaw| match flaw {
        Flaw::File(error) => KeyError::File(error.to_string()),
        Flaw::Content(error) => error,
    })
}

enum Flaw {
    File(Unreadable),
    Content(KeyError),
}

fn look(path: &str) -> Result<MasterKey, Flaw> {
    let (file, found) = file::open(Path::new(path), Kind::FileItself).map_err(Flaw::File)?;
    token::check_mode(found.mode()).map_err(Flaw::Content)?;
    check_owner(found.uid(), geteuid().as_raw()).map_err(Flaw::Content)?;
    let content = Zeroizing::new(file::read_opened(file, LARGEST).map_err(Flaw::File)?);
    MasterKey::from_text(&content).map_err(Flaw::Content)
}

fn check_owner(owner: u32, user: u32) -> Result<(), KeyError> {
    match owner == 0 || owner == user {
        true => Ok(()),
        false => Err(KeyError::Owner { owner, user }),
    }
}

/// Why a server would refuse this file, as far as this program sees it: a server's key need not lie on the
/// machine where its policy is written, and a user who may not open it learns nothing.
pub fn flaw(path: &str) -> Option<String> {
    match look(path) {
        Ok(_) | Err(Flaw::File(Unreadable::System(_))) => None,
        Err(Flaw::File(error)) => Some(error.to_string()),
        Err(Flaw::Content(error)) => Some(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_a_file_of_its_own_user_or_of_root() {
        assert!(check_owner(0, 110).is_ok() && check_owner(110, 110).is_ok());
        let text = check_owner(33, 110).unwrap_err().to_string();
        assert!(text.starts_with("belongs to user 33: expected root (or user 110"), "{text}");
    }

    #[test]
    fn every_flaw_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let name = path.display().to_string();
        assert_eq!(flaw(&name), None, "it may lie on another machine");
        assert!(read(&name).unwrap_err().to_string().contains("No such file"));
        let write = |content: &[u8], mode| {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            flaw(&name).unwrap_or_default()
        };
        let good = b"5b1f0d0a4f7c4f0e9d6a1c2b3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f607";
        assert_eq!(write(good, 0o640), "");
        assert!(read(&name).is_ok());
        assert!(write(good, 0o644).contains("chmod 0640"));
        assert!(write(&b"abcdefgh".repeat(4), 0o600).contains("is not random"));
        assert!(write(&vec![b'x'; 65 << 10], 0o600).contains("too large: expected at most 64 KiB"));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(
            read(&link.display().to_string())
                .unwrap_err()
                .to_string()
                .contains("is a symbolic link")
        );
        assert_eq!(read("/dev/zero").unwrap_err().to_string(), "expected a file, found a device");
    }
}
