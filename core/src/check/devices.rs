//! What single devices are not sent of their own keys.

use std::collections::BTreeSet;

use super::found::Found;
use super::own_folders;
use super::size::{MOST_OPTIONS, check_size};
use crate::catalogue::{VariantIx, VendorIx};
use crate::engine::Engine;
use crate::plan::{Origin, Unreached};

/// Keys of single devices whose maker is known: by the policy, or by the hardware address.
pub(super) fn find(engine: &Engine, found: &mut Found) {
    let tables = engine.tables();
    let mut seen: BTreeSet<(&str, VendorIx)> = BTreeSet::new();
    for (mac, device) in engine.policy().devices.iter() {
        let named = device.named.filter(|_| device.options().count() > MOST_OPTIONS / 2);
        if let Some(named) = named {
            let plan = engine.plan(None, named.vendor, named.variant_of(tables, VariantIx::NONE));
            let id = &tables.at(named.vendor).id;
            check_size(id, &format!("devices ({mac})"), plan, Some(device), found);
        }
        let Some(layer) = device.layer else { continue };
        let Some(vendor) = own_folders::maker(engine, mac, &device) else { continue };
        if !seen.insert((&layer.place, vendor)) {
            continue;
        }
        let plan = own_folders::plan_of(engine, vendor, &device, layer);
        let vendor = tables.at(vendor);
        check_size(&vendor.id, &layer.place, &plan, None, found);
        for Unreached { key, why, .. } in
            plan.unreached.iter().filter(|u| u.origin == Origin::Device)
        {
            let place = format!("{}.{}", layer.place, key.name());
            found.about(&vendor.id, &place, format!("not sent: {}", why.text(*key, vendor)));
        }
    }
}
