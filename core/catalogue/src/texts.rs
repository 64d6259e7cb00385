//! Files of the built-in folders that are used as they are written: id and text, sorted by id.

include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// The vendors' `examples.toml`.
pub fn vendor_examples() -> impl Iterator<Item = (&'static str, &'static str)> {
    VENDOR_EXAMPLES.iter().copied()
}

/// The vendors' `phone.toml`: what the emulator needs beside the catalogue.
pub fn phones() -> impl Iterator<Item = (&'static str, &'static str)> {
    PHONES.iter().copied()
}

/// The vendors' `notify.toml`: how their phones are asked to fetch.
pub fn notifies() -> impl Iterator<Item = (&'static str, &'static str)> {
    NOTIFIES.iter().copied()
}

/// The systems' files; their examples are part of them.
pub fn systems() -> impl Iterator<Item = (&'static str, &'static str)> {
    SYSTEMS.iter().copied()
}

/// Examples of phones of makers that the catalogue does not have.
pub const UNLISTED: &str = include_str!("../unlisted/examples.toml");

/// Examples of devices that are not phones, in the form of a vendor's near misses.
pub const OTHER_DEVICES: &str = include_str!("../other-devices/examples.toml");
