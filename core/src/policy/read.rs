//! From the document to the policy's types. Every mistake is reported with its place; nothing is
//! taken half.

use super::Policy;
use super::devices::DevicesBuilder;
use super::file_access::read_file_access;
use super::limits;
use super::read_layer::{LAYER_KEYS, read_layer, read_scope};
use super::read_site::read_sites;
use super::read_system::read_vendor_id;
use crate::catalogue::{Tables, VariantIx, VendorIx};
use crate::error::Mistakes;
use crate::json;
use crate::mac::Mac;
use crate::reader::{Cursor, advice};
use crate::recognise::Named;

/// Reads a policy against a catalogue.
///
/// # Errors
/// Every mistake of the policy, each with its place.
pub(crate) fn policy(text: &str, tables: &Tables) -> Result<Policy, Mistakes> {
    limits::check_length(text)?;
    let tree = json::from_json(text)?;
    let mut mistakes = Mistakes::default();
    limits::check(&Cursor::root(&tree), &mut mistakes);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let policy = read_policy(&Cursor::root(&tree), tables, &mut mistakes);
    mistakes.or(policy)
}

fn read_policy(root: &Cursor<'_>, tables: &Tables, mistakes: &mut Mistakes) -> Option<Policy> {
    let keys: Vec<&str> =
        LAYER_KEYS.into_iter().chain(["vendors", "sites", "devices", "file-access"]).collect();
    let table = root.table(&keys, mistakes)?;
    let top = read_scope(&table, tables, mistakes);
    let sites = match table.get("sites") {
        Some(at) => read_sites(&at, tables, mistakes),
        None => Vec::new(),
    };
    let mut devices = DevicesBuilder::default();
    if let Some(at) = table.get("devices") {
        devices.reserve(at.list("devices", &mut Mistakes::default()).len());
        for item in at.list("devices", mistakes).collect::<Vec<_>>() {
            read_device(&item, tables, &mut devices, mistakes);
        }
    }
    let file_access =
        table.get("file-access").and_then(|at| read_file_access(&at, tables, mistakes));
    let file_access = file_access.unwrap_or_default();
    Some(Policy { top, sites, devices: devices.build(), file_access })
}

fn read_device(
    at: &Cursor<'_>,
    tables: &Tables,
    devices: &mut DevicesBuilder,
    mistakes: &mut Mistakes,
) {
    let keys: [&str; 18] = {
        let mut keys = ["mac"; 18];
        keys[1] = "vendor";
        keys[2] = "ignore";
        keys[3] = "variant";
        keys[4..].copy_from_slice(&LAYER_KEYS);
        keys
    };
    let Some(table) = at.table(&keys, mistakes) else { return };
    let mac = table.need("mac", "a hardware address such as 00:15:65:aa:bb:cc", mistakes).and_then(
        |at| {
            let text = at.text("a hardware address", mistakes)?;
            let mac = Mac::parse(text);
            if mac.is_none() {
                at.expected("a hardware address such as 00:15:65:aa:bb:cc", mistakes);
            }
            mac
        },
    );
    let vendor = table.get("vendor").and_then(|at| {
        let id = at.text("a vendor's id", mistakes)?;
        read_vendor_id(id, &at, tables, mistakes)
    });
    let variant = table.get("variant").and_then(|at| read_variant(&at, vendor, tables, mistakes));
    let named = vendor.map(|vendor| Named { vendor, variant: variant.unwrap_or_default() });
    if let Some(at) = table.get("answer") {
        at.mistake("\"answer\" is decided per site or for all, not per device", mistakes);
    }
    if let Some(at) = table.get("unlisted-phones") {
        let text = "\"unlisted-phones\" is decided per site or for all: give the device its \"vendor\", or \
                    its own options with \"vendor\"";
        at.mistake(text, mistakes);
    }
    if let Some(at) = table.get("phone-settings") {
        at.mistake("a single phone's settings belong in the list of phones", mistakes);
    }
    let before = mistakes.0.len();
    let mut layer = read_layer(&table, tables, mistakes);
    layer.ignore = table.bool("ignore", mistakes);
    let Some(mac) = mac else { return };
    if mistakes.0.len() == before && !devices.add(mac, named, layer, || at.place()) {
        at.mistake(format!("the device {mac} is listed twice"), mistakes);
    }
}

/// A device's `variant`, by its name in the catalogue.
fn read_variant(
    at: &Cursor<'_>,
    vendor: Option<VendorIx>,
    tables: &Tables,
    mistakes: &mut Mistakes,
) -> Option<VariantIx> {
    let name = at.text("the name of a variant", mistakes)?;
    let Some(vendor) = vendor.map(|vendor| tables.at(vendor)) else {
        at.mistake("\"variant\" needs \"vendor\" beside it", mistakes);
        return None;
    };
    let found = vendor.variant(name);
    if found.is_none() {
        let known: Vec<&str> = vendor.variants.iter().map(|name| &**name).collect();
        let text = match known.is_empty() {
            true => format!("{} phones have no variants: take it out", vendor.id),
            false => format!("{} has no variant {name:?}; {}", vendor.id, advice(name, &known)),
        };
        at.mistake(text, mistakes);
    }
    found
}
