//! The catalogue that is part of the program: statics that `build.rs` wrote from `vendors/` and
//! `systems/`. Nothing is parsed and nothing allocated to use it.

// Which of the catalogue's types the written statics need depends on the data.
#![allow(unused_imports)]

use std::sync::Arc;

use crate::catalogue::index::{Enterprise, Head, HeadTable, Index, MacTable, RuleRef, Slot, Span};
use crate::catalogue::other_devices::{OtherDevices, OtherList, OtherText};
use crate::catalogue::record::{List, Text};
use crate::catalogue::source;
use crate::catalogue::system_source;
use crate::catalogue::{
    Condition, Field, MacRule, ModelCode, Parameter, ParameterKind, PhoneFile, Read, Rule, Serve,
    Source, System, Tables, Tell, Test, UrlRules, Vendor, What,
};
use crate::error::Mistakes;
use crate::value::{EnterpriseBlock, Existing, OptionSpec, Send, SubOption, Value};

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));

/// The built-in catalogue.
pub fn built_in() -> &'static Tables {
    &TABLES
}

/// The built-in catalogue in the form that an engine holds.
pub fn shared() -> Arc<Tables> {
    Arc::new(TABLES.clone())
}

/// The vendors' examples: id and the text of `examples.toml`.
pub fn example_texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    VENDOR_EXAMPLES.iter().copied()
}

/// The systems' files: id and text (their examples stand in them).
pub fn system_texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    SYSTEM_TEXTS.iter().copied()
}

/// Examples of devices that are not phones, in the form of a vendor's near misses.
pub const OTHER_DEVICES: &str = include_str!("../catalogue/other-devices/examples.toml");

/// The templates of the phones' files: `<id>/<name>.j2` and text. Read only by whoever renders.
pub fn templates() -> impl Iterator<Item = (&'static str, &'static str)> {
    TEMPLATES.iter().copied()
}

/// A file of a user's overlay folder, as the edge read it: `vendors/<id>/vendor.toml`,
/// `vendors/<id>/<name>.j2` or `systems/<id>.toml`.
#[derive(Debug, Clone)]
pub struct OverlayFile {
    pub path: String,
    pub text: String,
}

/// The built-in catalogue with a user's own vendors and systems; one of a built-in's id takes its
/// place. Every mistake names file and line.
pub fn with_overlay(files: &[OverlayFile]) -> Result<Tables, Mistakes> {
    let mut vendors = TABLES.vendors.to_vec();
    let mut systems = TABLES.systems.to_vec();
    let mut mistakes = Mistakes::default();
    for file in files {
        let parts: Vec<&str> = file.path.rsplit('/').collect();
        let wrong = match parts[..] {
            ["vendor.toml", id, ..] => source::vendor(id, &file.text).map(|vendor| {
                vendors.retain(|other| other.id != vendor.id);
                vendors.push(vendor);
            }),
            [name, "systems", ..] if name.ends_with(".toml") => {
                let id = name.trim_end_matches(".toml");
                system_source::system(id, &file.text).map(|system| {
                    systems.retain(|other| other.id != system.id);
                    systems.push(system);
                })
            }
            _ => Ok(()),
        };
        if let Err(wrong) = wrong {
            mistakes.0.extend(wrong.in_file(&file.path).0);
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    Tables::build(vendors, systems, TABLES.other_devices.clone())
}
