//! What a file's content depends on, as one number.

use offhook_core::fields::Values;
use sha2::{Digest, Sha256};

/// What a file's content depends on; two files with the same fingerprint are the same.
pub type Fingerprint = [u8; 16];

pub(super) fn settings(hash: &mut Sha256, settings: &[(Box<str>, Box<str>)]) {
    hash.update((settings.len() as u64).to_be_bytes());
    for (key, value) in settings {
        part(hash, key);
        part(hash, value);
    }
}

pub(super) fn values(hash: &mut Sha256, values: &Values) {
    hash.update([0xff]);
    for (field, value) in values.iter() {
        hash.update([field.0]);
        part(hash, value);
    }
}

/// A text with its length, so that two texts never look like two others.
pub(super) fn part(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text);
}

pub(super) fn finish(hash: Sha256) -> Fingerprint {
    let digest = hash.finalize();
    let mut fingerprint = [0; 16];
    fingerprint.copy_from_slice(&digest[..16]);
    fingerprint
}
