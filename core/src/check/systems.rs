//! Entries of `systems` that answer no phone.

use std::collections::BTreeSet;

use super::found::Found;
use crate::catalogue::{Tables, VendorIx};
use crate::engine::Engine;
use crate::policy::SystemUse;

/// An entry that answers no phone by any plan: the plans of the makers' phones say why, except where
/// another entry comes first.
pub(super) fn unreached(engine: &Engine, found: &mut Found) {
    let used: BTreeSet<&str> =
        engine.plans().iter().filter_map(|plan| Some(&*plan.served.as_ref()?.entry)).collect();
    for (_, layer) in engine.policy().all_layers() {
        for entry in layer.systems.iter().flatten() {
            if !used.contains(&*entry.place) {
                found.add(&entry.place, why_unreached(engine, entry));
            }
        }
    }
}

fn why_unreached(engine: &Engine, entry: &SystemUse) -> String {
    let tables = engine.tables();
    let takes_none = |vendor: &VendorIx| {
        let vendor = tables.at(*vendor);
        vendor.columns().all(|variant| !vendor.takes_url(variant))
    };
    let reason = if !entry.only.is_empty() && entry.only.iter().all(takes_none) {
        "no form is known in which the phones that \"for\" names take a URL by DHCP"
    } else if !entry.only.is_empty()
        && entry.only.iter().all(|vendor| is_left_alone(tables, *vendor))
    {
        "the catalogue leaves the phones that \"for\" names alone; \"ignore\": false in their entry of \
         \"vendors\" sends it all the same"
    } else {
        "an earlier entry serves all its makers, it serves none of those that \"for\" names, or a more \
         particular place has systems of its own"
    };
    format!("this entry ({:?}) is never reached: {reason}", entry.system)
}

fn is_left_alone(tables: &Tables, vendor: VendorIx) -> bool {
    tables.at(vendor).left_alone.is_some()
}
