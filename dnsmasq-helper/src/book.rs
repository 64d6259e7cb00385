//! The book: what the dhcp-script must know of a rendering, so that it reads neither policy nor
//! catalogue for each event. `render` writes it, the script looks things up in it.
//!
//! ```text
//! "offhook book 1\n", length of the head (4 bytes), the head (JSON),
//! devices: address (6), group (4), sorted by address
//! groups: vendor (2), row of its own or none (4)
//! cells: rule (4); rows of the shared table, then rows of groups
//! ```
//! Numbers are big-endian; the largest stands for "none".

use offhook_core::Engine;
use offhook_core::builtin::OverlayFile;
use offhook_core::policy::Policy;
use serde::{Deserialize, Serialize};

use crate::render::devices::Kind;
use crate::render::{Rendering, tags};

pub const MAGIC: &[u8] = b"offhook book 1\n";
const NONE: u32 = u32::MAX;

/// The part that is read whole.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Head {
    /// The tag that every client of this rendering has.
    pub rendering: String,
    /// The policy's digest.
    pub digest: String,
    /// Stands for the built-in catalogue: another program's numbers mean other vendors.
    pub catalogue: String,
    /// The policy's sites with nothing but their names and matches, as a policy.
    pub sites: String,
    /// Files of the user's own vendors: path and text.
    pub overlay: Vec<(String, String)>,
    /// Cells in a row of the shared table.
    pub width: usize,
    pub rows: usize,
    pub devices: usize,
    pub groups: usize,
}

/// Writes a rendering's book.
pub fn write(engine: &Engine, rendering: &Rendering, overlay: &[OverlayFile]) -> Vec<u8> {
    let mut devices: Vec<([u8; 6], u32)> = Vec::with_capacity(engine.policy().devices.len());
    let (mut groups, mut cells) = (Vec::new(), Vec::new());
    for cell in rendering.table.cells() {
        cells.extend(cell.unwrap_or(NONE).to_be_bytes());
    }
    for (number, group) in (0u32..).zip(&rendering.groups) {
        devices.extend(group.members.iter().map(|mac| (mac.0, number)));
        let vendor = group.key.vendor.map_or(u16::MAX, |vendor| vendor.0);
        groups.extend(vendor.to_be_bytes());
        match &group.key.kind {
            Kind::OnTop { .. } => groups.extend(NONE.to_be_bytes()),
            Kind::Own(columns) => {
                let row = u32::try_from(cells.len() / 4).unwrap_or(NONE);
                groups.extend(row.to_be_bytes());
                for cell in columns.iter().flatten() {
                    cells.extend(cell.unwrap_or(NONE).to_be_bytes());
                }
            }
        }
    }
    devices.sort_unstable();
    let head = Head {
        rendering: tags::rendering(&rendering.digest),
        digest: engine.digest().to_owned(),
        catalogue: catalogue_mark(),
        sites: sites(engine.policy()),
        overlay: overlay.iter().map(|file| (file.path.clone(), file.text.clone())).collect(),
        width: rendering.table.width(),
        rows: rendering.table.rows(),
        devices: devices.len(),
        groups: rendering.groups.len(),
    };
    let head = serde_json::to_vec(&head).unwrap_or_default();
    let mut book = MAGIC.to_vec();
    book.extend(u32::try_from(head.len()).unwrap_or(0).to_be_bytes());
    book.extend(head);
    for (mac, group) in devices {
        book.extend(mac);
        book.extend(group.to_be_bytes());
    }
    book.extend(groups);
    book.extend(cells);
    book
}

/// The program's version and the size of its catalogue.
pub fn catalogue_mark() -> String {
    let tables = offhook_core::builtin::built_in();
    let rules: usize = tables.vendors.iter().map(|v| v.rules.len() + v.macs.len()).sum();
    format!("{} {} {rules}", env!("CARGO_PKG_VERSION"), tables.vendors.len())
}

/// A policy that has these sites and nothing else.
fn sites(policy: &Policy) -> String {
    let texts = |values: &[Vec<u8>]| -> Vec<String> {
        values.iter().map(|id| format!("0x{}", hex::encode(id))).collect()
    };
    let site = |site: &offhook_core::policy::Site| {
        let matching = &site.matching;
        serde_json::json!({
            "name": site.name,
            "match": {
                "networks": strings(&matching.networks),
                "relays": strings(&matching.relays),
                "interfaces": matching.interfaces,
                "client-classes": matching.client_classes,
                "circuit-ids": texts(&matching.circuit_ids),
                "remote-ids": texts(&matching.remote_ids),
            },
        })
    };
    let sites: Vec<_> = policy.sites.iter().map(site).collect();
    serde_json::json!({ "sites": sites }).to_string()
}

fn strings(values: &[impl ToString]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}
