//! Restarts dnsmasq after a change: once for many changes in a row.
//!
//! A restart takes it 20 ms and keeps the leases; SIGHUP would not read static configuration at all.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::publish::{self, Readers};
use crate::input::{Failure, wrong};

/// Notes that the content of `out` is not in force yet: until a restart by this program succeeds.
pub fn wanted(out: &Path) -> Result<(), Failure> {
    let mine = std::process::id().to_string();
    publish::write(&publish::beside(out, "restart")?, mine.as_bytes(), Readers::AllUsers)?;
    Ok(())
}

/// Whether a change of an earlier run waits for its restart: that one failed, or was not requested.
pub fn is_due(out: &Path) -> bool {
    publish::beside(out, "restart").is_ok_and(|mark| mark.exists())
}

/// Waits until nothing has changed for `settle`, then restarts. False: a later run, which
/// changed the file again, has taken the restart over.
pub fn debounced(out: &Path, settle: Duration, command: &str) -> Result<bool, Failure> {
    let mark = publish::beside(out, "restart")?;
    let mine = std::process::id().to_string();
    wanted(out)?;
    std::thread::sleep(settle);
    if std::fs::read_to_string(&mark).is_ok_and(|last| last != mine) {
        return Ok(false);
    }
    let mut words = command.split_whitespace();
    let program = words.next().ok_or_else(|| wrong("--restart-command is empty"))?;
    let status = Command::new(program).args(words).stdin(Stdio::null()).status();
    let status = status.map_err(|error| wrong(format!("{command}: cannot be run: {error}")))?;
    if !status.success() {
        return Err(wrong(format!(
            "{command}: {status}. The new configuration is in place but not in force"
        )));
    }
    // A run that comes after this moment restarts for itself.
    let _ = std::fs::remove_file(&mark);
    Ok(true)
}
