//! Reads what a person names on the command line, and says what is wrong with it.

use std::path::Path;
use std::sync::Arc;

use offhook_core::builtin;
use offhook_core::catalogue::Tables;
use offhook_edge::overlay;

pub use offhook_edge::command::{Failure, wrong};

/// A file's text.
pub fn text_of(path: &Path) -> Result<String, Failure> {
    offhook_edge::text(path).map_err(wrong)
}

/// The catalogue, with a folder of the user's own vendors and systems.
pub fn catalogue(folder: Option<&Path>) -> Result<Arc<Tables>, Failure> {
    let Some(folder) = folder else { return Ok(builtin::shared()) };
    let files = overlay::facts(folder).map_err(wrong)?;
    Ok(Arc::new(builtin::with_overlay(&files).map_err(wrong)?))
}
