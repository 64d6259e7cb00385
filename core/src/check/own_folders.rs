//! Folders of generated files that only one device is sent to. The tree follows sites and makers: a list of
//! phones names neither the policy's devices nor their URLs, so nothing is written or served there.

use std::collections::BTreeSet;

use crate::catalogue::{VariantIx, VendorIx};
use crate::engine::Engine;
use crate::file_map::place::SYSTEM;
use crate::plan::{For, Plan, Wrong, plan};
use crate::policy::devices::{Device, DeviceLayer};
use crate::policy::models::Models;
use crate::query::Query;
use crate::recognise::recognise;

/// The maker that a device is known to be of: by the policy, or by its hardware address.
pub(super) fn maker(engine: &Engine, mac: crate::Mac, device: &Device<'_>) -> Option<VendorIx> {
    let by_address = || {
        let query = Query { mac: Some(mac), ..Query::default() };
        recognise(engine.tables(), &query).identity().map(|identity| identity.vendor)
    };
    device.named.map(|named| named.vendor).or_else(by_address)
}

/// What a device with a layer of its own is sent where no site matches.
pub(super) fn plan_of(
    engine: &Engine,
    vendor: VendorIx,
    device: &Device<'_>,
    layer: &DeviceLayer,
) -> Plan {
    let tables = engine.tables();
    let at = For {
        tables,
        policy: engine.policy(),
        site: None,
        vendor,
        variant: device
            .named
            .map_or(VariantIx::NONE, |named| named.variant_of(tables, VariantIx::NONE)),
        models: Models::default(),
        device: Some(layer),
    };
    plan(at, &mut Vec::new(), &mut ())
}

/// A doubt for each URL of the system `files` that a device has of its own, and that no site or maker shares.
pub fn own_folders(engine: &Engine) -> Vec<Wrong> {
    let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
    let map = engine.file_map();
    for (mac, device) in engine.policy().devices.iter() {
        let Some(layer) = device.layer.filter(|layer| layer.layer.systems.is_some()) else {
            continue;
        };
        let Some(vendor) = maker(engine, mac, &device) else { continue };
        // Equal layers of many devices are one.
        if !seen.insert((layer.place.as_str(), vendor)) {
            continue;
        }
        let Some(served) = plan_of(engine, vendor, &device, layer).served else { continue };
        let Some(place) = served.place.filter(|_| served.system == SYSTEM) else { continue };
        let mut folders = map.folders.iter();
        if folders.any(|folder| folder.place == place && folder.vendors.contains(&vendor)) {
            continue;
        }
        let value = format!(
            "{place}: offhook generate writes nothing for a URL that only a device has, and offhook web-server \
             does not serve it: give the phone a site of its own, or \"models\" of its maker, or write and serve \
             its files yourself"
        );
        found.insert((served.entry, value));
    }
    found.into_iter().map(|(place, value)| Wrong { place, value }).collect()
}
