//! What is derived from keys, and written into files that no other user can read.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use offhook_core::policy::TokenRule;
use offhook_core::token::Minter;
use offhook_edge::key;

use crate::input::{Failure, wrong};

/// Every key and epoch that is valid now, the current ones first.
pub fn minters(rule: &TokenRule) -> Result<Vec<Minter>, Failure> {
    let read = |path: &str| key::read(path).map_err(|error| wrong(format!("{path}: {error}")));
    let mut keys = vec![read(&rule.key_file)?];
    if let Some(previous) = &rule.previous_key_file {
        keys.push(read(previous)?);
    }
    let mut epochs = vec![rule.epoch.as_str()];
    if !rule.previous_epoch.is_empty() {
        epochs.push(&rule.previous_epoch);
    }
    let pairs = keys.iter().flat_map(|key| epochs.iter().map(move |epoch| (key, *epoch)));
    let minters: Vec<Minter> =
        pairs.map(|(key, epoch)| Minter::of(key, epoch, rule.address)).collect();
    for (at, minter) in minters.iter().enumerate() {
        if minters.iter().take(at).any(|other| other.mark() == minter.mark()) {
            return Err(wrong(format!(
                "{}: two of the valid keys and epochs have one mark, so that no server could tell \
                 their tokens apart; choose another epoch",
                rule.place
            )));
        }
    }
    Ok(minters)
}

/// Writes the file, for its owner alone from its first byte on, and whole or not at all.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let write = || {
        let _ = fs::remove_file(&new);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    write().map_err(|error| wrong(format!("{}: cannot be written: {error}", path.display())))
}
