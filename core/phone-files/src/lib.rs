//! The phones' files: a list of phones and a policy in, names and bytes out.
//!
//! ```text
//! list (JSON, CSV) -> phones -> place (folder under the policy's URL) -> templates -> files
//! ```
//! Pure as the core: the caller reads the list and writes the tree. Nothing of this is part of the
//! library that Kea loads, and no maker may be named here: the vendor's folder says what a file holds.
#![forbid(unsafe_code)]

mod cipher;
pub mod csv_list;
pub mod escape;
pub mod files;
mod group;
pub mod json_list;
pub mod list;
pub mod phone;
pub mod templates;
mod values;

// The templates that are part of the program: `<vendor>/<name>.j2` and text.
include!(concat!(env!("OUT_DIR"), "/templates.rs"));

pub use files::{Placed, Rendered, Renderer};
pub use list::PhoneList;
pub use phone::{Line, Phone, Row};
