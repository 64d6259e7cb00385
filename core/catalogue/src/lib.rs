//! What is known before the first packet: the makers of phones and the systems that serve them.
//!
//! This package holds facts and their index, no decisions. offhook-core writes the built-in catalogue as
//! Rust statics when it is built (its `build.rs`, by the code in here); a user's overlay folder is read
//! into the same types at run time. Nothing in here may be a list of vendors: a vendor is a folder.
#![forbid(unsafe_code)]

pub mod byte_set;
pub mod code;
pub mod error;
pub mod examples;
pub mod facts;
pub mod idn;
pub mod index;
pub mod json;
mod law;
pub mod mac;
pub mod masking;
pub mod message_type;
pub mod notify;
pub mod other_devices;
pub mod overlay;
pub mod parts;
pub mod reader;
pub mod reading;
pub mod record;
pub mod source;
pub mod system_source;
pub mod tables;
pub mod text;
pub mod texts;
pub mod tree;
pub mod unlisted;
pub mod url;
pub mod value;

pub use error::{Mistake, Mistakes};
pub use facts::*;
pub use mac::Mac;
pub use message_type::MessageType;
pub use tables::{Tables, VendorIx};
