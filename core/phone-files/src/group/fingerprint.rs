//! What a file's content depends on, as one number.

use offhook_core::fields::Values;
use sha2::{Digest, Sha256};

/// What a file's content depends on; two files with the same fingerprint are the same.
pub type Fingerprint = [u8; 16];

/// What a file depends on, gathered before it is hashed: many short texts.
#[derive(Default)]
pub(super) struct Said(Vec<u8>);

impl Said {
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub fn settings(&mut self, settings: &[(Box<str>, Box<str>)]) {
        self.bytes(&(settings.len() as u64).to_be_bytes());
        for (key, value) in settings {
            self.part(key);
            self.part(value);
        }
    }

    pub fn values(&mut self, values: &Values) {
        self.bytes(&[0xff]);
        for (field, value) in values.iter() {
            self.bytes(&[field.0]);
            self.part(value);
        }
    }

    /// A number; most are small.
    pub fn number(&mut self, number: u16) {
        match u8::try_from(number) {
            Ok(small) if small < u8::MAX => self.bytes(&[small]),
            _ => {
                self.bytes(&[u8::MAX]);
                self.bytes(&number.to_be_bytes());
            }
        }
    }

    /// A text with its length, so that two texts never look like two others. Most are short: a length below 255 is
    /// one byte, for what is hashed is what it costs.
    pub fn part(&mut self, text: &str) {
        match u8::try_from(text.len()) {
            Ok(short) if short < u8::MAX => self.bytes(&[short]),
            _ => {
                self.bytes(&[u8::MAX]);
                self.bytes(&(text.len() as u64).to_be_bytes());
            }
        }
        self.bytes(text.as_bytes());
    }

    pub fn fingerprint(&self) -> Fingerprint {
        let digest = Sha256::digest(&self.0);
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(&digest[..16]);
        fingerprint
    }
}
