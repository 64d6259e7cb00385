//! The master key of a policy's tokens and of encrypted files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use offhook_core::token::{self, MasterKey};

/// Reads a key's file. Nobody but its owner and group may read or change it.
///
/// # Errors
/// What is wrong with the file, without its name: the caller says where it was named.
pub fn read(path: &str) -> Result<MasterKey, String> {
    let cannot = |error: std::io::Error| crate::unreadable(&error);
    let found = fs::metadata(path).map_err(cannot)?;
    if !found.is_file() {
        return Err("is no file".to_owned());
    }
    token::check_mode(found.permissions().mode())?;
    MasterKey::from_text(&fs::read(path).map_err(cannot)?)
}

/// Why a server would refuse this file, as far as this program sees it: a server's key need not lie on the
/// machine where its policy is written, and whoever may not open it learns nothing.
pub fn flaw(path: &str) -> Option<String> {
    fs::File::open(path).ok()?;
    read(path).err()
}
