//! Recognises an IP phone in its DHCP packet and decides, by one policy, what it must be told.
//!
//! ```text
//! wire bytes -> query -> recognise -> decide -> encode -> edge
//! ```
//! Pure functions from end to end: no I/O, no clock, no host, no unsafe code. The edges (the Kea
//! hook, the dnsmasq companion, the command line) read files, speak to servers and do what is
//! decided here.
#![forbid(unsafe_code)]

pub mod builtin;
pub mod check;
pub mod client_json;
pub mod conflicts;
pub mod decide;
pub mod decode;
pub mod diff;
pub mod encode;
pub mod engine;
pub mod explain;
pub mod fields;
pub mod file_map;
pub mod lookalikes;
pub mod plan;
pub mod policy;
pub mod query;
pub mod recognise;
pub mod token;

pub use offhook_catalogue as catalogue;
pub use offhook_catalogue::{error, examples, json, mac, parts, reader, text, tree, url, value};

pub use decide::{Decision, Edit, EditValue, Edits, Header, Verdict};
pub use engine::{Engine, Host, Ready};
pub use error::{Mistake, Mistakes};
pub use explain::{Explanation, explain};
pub use mac::Mac;
pub use query::{Context, Query};
