//! The catalogue that is part of the program: statics that `build.rs` wrote from `vendors/` and
//! `systems/`. Nothing is parsed and nothing allocated to use it.

// Which of the catalogue's types the written statics need depends on the data.
#![allow(unused_imports)]

use std::sync::Arc;

use offhook_catalogue::overlay;
pub use offhook_catalogue::overlay::{Content, OverlayFile};

use crate::catalogue::byte_set::{FirstBytes, Sieve};
use crate::catalogue::index::{
    Enterprise, Head, HeadTable, Index, MacTable, Owner, RuleRef, Slot, Span,
};
use crate::catalogue::other_devices::{OtherDevices, OtherList, OtherText};
use crate::catalogue::record::{List, Text};
use crate::catalogue::unlisted::{UnlistedSigns, WeakList, Word, Words};
use crate::catalogue::{
    Cipher, Condition, Field, FileEscape, FileFormat, FileScope, Gives, HeaderField, MacRule,
    ModelCode, Parameter, ParameterKind, PhoneFile, Read, ReadFrom, Rule, Serve, ServedVendors,
    Source, SubOptionCode, System, Tables, Takes, Tell, Test, UrlRules, VariantIx, Vendor, What,
};
use crate::error::Mistakes;
use crate::value::{EnterpriseBlock, Existing, Joined, OptionSpec, Send, SubOption, Value};

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// The day that the built-in catalogue is of.
pub const EDITION: &str = include_str!("../catalogue/EDITION").trim_ascii();

/// The built-in catalogue.
pub fn built_in() -> &'static Tables {
    &TABLES
}

/// The built-in catalogue in the form that an engine holds.
pub fn shared() -> Arc<Tables> {
    Arc::new(TABLES.clone())
}

/// The built-in catalogue with a user's own vendors and systems; one of a built-in's id takes its
/// place.
///
/// # Errors
/// Every mistake in the files, each with its file and line.
pub fn with_overlay(files: &[OverlayFile]) -> Result<Tables, Mistakes> {
    overlay::with_overlay(&TABLES, files)
}
