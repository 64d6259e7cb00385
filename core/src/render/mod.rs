//! The phones' files: a list of phones and a policy in, names and bytes out.
//!
//! ```text
//! list (JSON, CSV) -> phones -> place (folder under the policy's URL) -> templates -> files
//! ```
//! Pure as the rest of the core: whoever calls reads the list and writes the tree. Nothing of this
//! runs while a packet is answered, and no maker may be named here: what a file holds stands in the
//! vendor's folder.

mod cipher;
pub mod csv_list;
pub mod escape;
pub mod fields;
pub mod files;
mod group;
pub mod json_list;
pub mod list;
pub mod phone;
pub mod templates;
mod values;

pub use files::{Placed, Rendered, Renderer};
pub use list::{PhoneList, Row};
pub use phone::{Line, Phone};
