//! The phones' files: a list of phones and a policy in, names and bytes out.
//!
//! ```text
//! list (JSON, CSV) -> phones -> place (folder under the policy's URL) -> templates -> files
//! ```
//! Pure as the core: the caller reads the list and writes the tree. Nothing of this is part of the
//! library that Kea loads, and no maker may be named here: the vendor's folder says what a file holds.
//!
//! # Example
//! ```
//! use offhook_core::token::KeyError;
//! use offhook_core::{Engine, Host, builtin};
//! use offhook_phone_files::{Reading, Renderer};
//!
//! let policy = r#"{ "systems": [ { "system": "files", "url": "https://p.example.com/phones/" } ],
//!                   "phone-settings": { "server": "pbx.example.com" } }"#;
//! let engine = Engine::new(builtin::shared(), policy, Host::ANY).expect("a good policy");
//! let no_key = |_: &str| Err(KeyError::File("this policy names no key".to_owned()));
//! let renderer = Renderer::new(&engine, &[], &no_key).expect("templates without mistakes");
//!
//! let list = Reading::new(&engine, renderer.makers()).read(
//!     br#"[ { "mac": "00:15:65:aa:bb:cc", "lines": [ { "user": "1001", "password": "secret" } ] } ]"#,
//! );
//! assert_eq!(list.mistakes, []);
//!
//! let places = renderer.places(&list.phones[0]).expect("a place for each file");
//! let own = places.iter().find(|placed| placed.path == "001565aabbcc.cfg").expect("its own file");
//! let file = renderer.render(&list.phones[0], own).expect("a file");
//! assert!(file.bytes.windows(4).any(|part| part == b"1001"));
//! ```
#![forbid(unsafe_code)]

mod cipher;
mod conditions;
mod csv_list;
mod encoding;
pub mod escape;
pub mod files;
mod fit;
mod group;
mod json_list;
mod key_names;
pub mod list;
pub mod makers;
mod models;
mod names;
mod needs;
mod nested;
mod parts;
pub mod phone;
mod reading;
mod rows;
pub mod templates;
mod values;
mod zone;

// What is part of the program: templates (`<vendor>/<name>.j2` and text), and `files.toml` by vendor.
include!(concat!(env!("OUT_DIR"), "/templates.rs"));

pub use files::{Placed, Rendered, Renderer};
pub use list::{Format, PhoneList, Reading};
pub use makers::Makers;
pub use phone::{Line, Phone, Row};
