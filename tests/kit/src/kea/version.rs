//! Which Kea is installed, and what its releases write differently.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::process;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    pub fn installed() -> Version {
        static VERSION: OnceLock<Version> = OnceLock::new();
        *VERSION.get_or_init(|| {
            let text = process::run_well(process::command("kea-dhcp4").arg("-V"));
            let mut parts = text
                .split(|c: char| !c.is_ascii_digit())
                .filter(|part| !part.is_empty())
                .map_while(|part| part.parse().ok());
            match (parts.next(), parts.next(), parts.next()) {
                (Some(a), Some(b), Some(c)) => Version(a, b, c),
                _ => panic!("expected a version from kea-dhcp4 -V, found {text}"),
            }
        })
    }

    /// Guards are a list since 2.7.4; sockets may be several since 2.7.2.
    pub fn has_lists(self) -> bool {
        self >= Version(3, 0, 0)
    }
}

/// A guard of a pool or subnet by one client class.
pub fn guard(class: &str) -> (&'static str, Value) {
    match Version::installed().has_lists() {
        true => ("client-classes", json!([class])),
        false => ("client-class", json!(class)),
    }
}

/// Where Debian keeps Kea's own hook libraries.
pub fn distribution_hooks() -> PathBuf {
    let found = fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("kea/hooks"))
        .find(|path| path.is_dir());
    found.unwrap_or_else(|| PathBuf::from("/usr/local/lib/kea/hooks"))
}
