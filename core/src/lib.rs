//! Recognises an IP phone in its DHCP packet and decides, by one policy, which options it is sent.
//!
//! ```text
//! LOAD (once per policy)                                   PACKET (per exchange)
//! policy text -> policy -> compile (layers, systems,       wire bytes -> query -> recognise -> look up -> edits
//!   names, plans, encoded options) -> engine ------------------------------------------------^
//! ```
//! LOAD may allocate, and reports every mistake of a policy at once. PACKET reads what LOAD compiled: it
//! parses no policy, does no I/O and cannot fail. Both are pure functions: no clock, no host, no unsafe
//! code. The edges (the Kea hook, the dnsmasq companion, the command line) read files, talk to servers
//! and carry out what is decided here. The facts about makers and PBXs are offhook-catalogue, and the
//! phones' files are offhook-phone-files.
//!
//! # What other crates may use
//! Loading: [`Engine`], [`builtin`], [`policy`], [`plan`]. One packet: [`query`], [`recognise`], [`decide`],
//! [`edit`], [`encode`], [`token`]. For people: [`explain()`], [`check`], [`diff`], [`decode`], [`conflicts`],
//! [`lookalikes`], [`client_json`]. For the phones' files: [`fields`], [`keys`], [`file_map`]. The rest is
//! `pub(crate)`. From the catalogue: [`catalogue`] itself, and its types under their short names.
//!
//! # Examples
//! An engine is built once per policy, and a packet is recognised and decided with it:
//! ```
//! use offhook_core::parts::Parts;
//! use offhook_core::recognise::{Finding, recognise};
//! use offhook_core::{Context, Edits, Engine, Host, Mac, Mistakes, Query, builtin, explain};
//!
//! let policy = r#"{ "systems": [ { "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" } ] }"#;
//! let engine = Engine::new(builtin::shared(), policy, Host::ANY)?;
//!
//! let client = Parts { mac: Mac::parse("00:15:65:aa:bb:cc"), ..Parts::default() };
//! let wire = client.wire(7);
//! let query = Query::from_wire(&wire, Context::default()).expect("a packet with a whole header");
//! let Finding::Phone(phone) = recognise(engine.tables(), &query) else { panic!("a Yealink phone") };
//! assert_eq!(engine.tables().at(phone.vendor).id, "yealink");
//!
//! let decision = engine.decide(&query);
//! let mut edits = Edits::default();
//! decision.edits(&engine, &query, &mut edits);
//! let edit = edits.iter().find(|edit| edit.code == 66).expect("option 66");
//! let value = edit.value.expect("set, not removed");
//! assert_eq!(edits.bytes(&engine, value), b"http://10.0.0.5:8880/p/acme/");
//!
//! let why = explain(&engine, &query, "PHONE");
//! assert_eq!(why.vendor.as_deref(), Some("yealink"));
//! assert!(why.reasons.iter().any(|reason| reason.contains("pascom")));
//! # Ok::<(), Mistakes>(())
//! ```
//! A mistake says where it is, what was expected and what was found:
//! ```
//! use offhook_core::{Engine, Host, builtin};
//!
//! let mistakes = Engine::new(builtin::shared(), r#"{ "answer": "nobody" }"#, Host::ANY).unwrap_err();
//! assert!(mistakes.to_string().starts_with("answer: expected"), "{mistakes}");
//! ```
#![forbid(unsafe_code)]

pub mod builtin;
pub mod check;
pub mod client_json;
pub mod conflicts;
pub mod decide;
pub mod decode;
pub mod diff;
pub mod edit;
pub mod encode;
mod engine;
pub mod explain;
pub mod fields;
pub mod file_map;
pub mod keys;
pub mod lookalikes;
mod packed;
pub mod plan;
pub mod policy;
pub mod query;
pub mod recognise;
mod site;
pub mod tlv;
pub mod token;
mod value_error;

pub use offhook_catalogue as catalogue;
pub use offhook_catalogue::{error, examples, json, mac, parts, reader, text, tree, url, value};

pub use decide::{Decision, Edits, Header, Verdict};
pub use edit::{Edit, EditValue};
pub use engine::{Engine, Host, Ready};
pub use error::{Mistake, Mistakes};
pub use explain::{Explanation, explain};
pub use mac::Mac;
pub use offhook_catalogue::MessageType;
pub use query::{Context, Query};
pub use value_error::ValueError;
