//! Lines in Kea's log, without any part of Kea.
//!
//! Kea writes its log by log4cplus, which has an interface in C that stays the same over its releases. A
//! line that goes there by Kea's own name of the logger comes out where and as Kea's lines do. Where it
//! is not at hand the line goes to standard error, in the same form.

use crate::dynamic;

/// There is no build for this release of Kea.
pub(crate) const BUILD_MISSING: &str = "OFFHOOK_BUILD_MISSING";
/// There is one, but it cannot be used.
pub(crate) const BUILD_REFUSED: &str = "OFFHOOK_BUILD_REFUSED";
/// A fault in the loader itself.
pub(crate) const FAULT: &str = "OFFHOOK_FAULT";

/// Writes one line of level ERROR.
pub(crate) fn error(id: &str, text: &str) {
    let daemon = std::fs::read_link("/proc/self/exe")
        .ok()
        .and_then(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
        .unwrap_or_else(|| "kea-dhcp4".to_owned());
    // The executable of a running process may have been replaced: Linux then adds this to its name.
    let logger = format!("{}.offhook-hooks", daemon.trim_end_matches(" (deleted)"));
    if !dynamic::log4cplus_error(&logger, &format!("{id} {text}")) {
        let now = dynamic::local_time();
        eprintln!("{now} ERROR [{logger}/{}] {id} {text}", std::process::id());
    }
}
