//! The records that `offhook-dnsmasq` keeps of phones: one small JSON file each.

use std::fs;
use std::path::Path;

use offhook_edge::file::{self, Kind};
use serde_json::Value;

use crate::input::{Failure, wrong};

/// The largest record of a phone; the script's own are a few hundred bytes.
const LARGEST: u64 = 64 << 10;

/// Visits every record of the book. A file that is being replaced, damaged, or not a record is skipped.
pub fn records(directory: &Path, mut visit: impl FnMut(&Value)) -> Result<(), Failure> {
    let cannot = |error| wrong(format!("{}: cannot be read: {error}", directory.display()));
    fs::read_dir(directory).map_err(cannot)?;
    // Before the first phone there is no folder yet.
    let Ok(folders) = fs::read_dir(directory.join("phones")) else { return Ok(()) };
    for folder in folders.flatten() {
        let Ok(files) = fs::read_dir(folder.path()) else { continue };
        for entry in files.flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let Ok(text) = file::read(&path, Kind::FileItself, LARGEST) else { continue };
            let Ok(record) = serde_json::from_slice::<Value>(&text) else { continue };
            visit(&record);
        }
    }
    Ok(())
}
