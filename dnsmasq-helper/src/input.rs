//! Reads what a person names on the command line, and says what is wrong with it.

use std::path::Path;
use std::sync::Arc;

use offhook_core::catalogue::Tables;
use offhook_edge::catalogue::InUse;
use offhook_edge::command::error_line;
use offhook_edge::overlay;

pub use offhook_edge::command::{Failure, wrong};

/// A file's text.
pub fn text_of(path: &Path) -> Result<String, Failure> {
    offhook_edge::text(path).map_err(wrong)
}

/// The catalogue in use, with a folder of the user's own vendors and systems.
pub fn catalogue(folder: Option<&Path>) -> Result<Arc<Tables>, Failure> {
    let own = folder.map_or(Ok(Vec::new()), overlay::facts).map_err(wrong)?;
    let in_use = InUse::with(own).map_err(wrong)?;
    if let Some(why) = in_use.installed.unusable() {
        error_line(why);
    }
    Ok(in_use.tables)
}
