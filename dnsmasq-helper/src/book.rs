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

use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use offhook_core::builtin::OverlayFile;
use offhook_core::catalogue::{Tables, VendorIx};
use offhook_core::policy::Policy;
use offhook_core::{Engine, Mac};
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
    /// Position of each vendor's first identity in a row of the shared table.
    pub offsets: Vec<usize>,
    /// Cells in such a row.
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
        offsets: rendering.table.offsets().to_vec(),
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

/// A book being read, a few bytes at a time: it may hold 100,000 devices.
pub struct Book {
    file: File,
    pub head: Head,
    devices_at: u64,
}

/// What the book says of a group of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    pub vendor: Option<VendorIx>,
    /// Where the rules of its own begin; none: the shared ones count.
    own: Option<u32>,
}

impl Book {
    pub fn open(path: &Path) -> io::Result<Book> {
        let file = File::open(path)?;
        let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        // Most heads come with the first read.
        let mut start = vec![0; 4096];
        let read = file.read_at(&mut start, 0)?;
        start.truncate(read);
        let before = MAGIC.len() + 4;
        let length = start.strip_prefix(MAGIC).and_then(|rest| rest.first_chunk());
        let Some(length) = length.map(|length| u32::from_be_bytes(*length) as usize) else {
            return Err(bad("this is no book of offhook"));
        };
        if start.len() < before + length {
            if (before + length) as u64 > file.metadata()?.len() {
                return Err(bad("the book is cut off"));
            }
            start.resize(before + length, 0);
            file.read_exact_at(&mut start, 0)?;
        }
        let head = start.get(before..before + length).unwrap_or_default();
        let head: Head = serde_json::from_slice(head)?;
        if head.catalogue != catalogue_mark() {
            return Err(bad("the book is of another version of offhook; render again"));
        }
        Ok(Book { file, head, devices_at: (before + length) as u64 })
    }

    /// The policy's sites; none if it has none.
    pub fn sites(&self, tables: &Tables) -> Option<Policy> {
        (self.head.rows > 1).then(|| offhook_core::policy::policy(&self.head.sites, tables).ok())?
    }

    fn number(&self, at: u64) -> Option<u32> {
        let mut bytes = [0; 4];
        self.file.read_exact_at(&mut bytes, at).ok()?;
        Some(u32::from_be_bytes(bytes))
    }

    /// The group of a device that the policy names.
    pub fn group(&self, mac: Mac) -> Option<Group> {
        let (mut low, mut high) = (0, self.head.devices as u64);
        let mut number = None;
        while low < high {
            let middle = low + (high - low) / 2;
            let mut record = [0; DEVICE as usize];
            self.file.read_exact_at(&mut record, self.devices_at + middle * DEVICE).ok()?;
            let (address, rest) = record.split_first_chunk::<6>()?;
            match address.cmp(&mac.0) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => {
                    number = rest.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
                    break;
                }
            }
        }
        let at = self.groups_at() + u64::from(number?) * GROUP;
        let mut record = [0; GROUP as usize];
        self.file.read_exact_at(&mut record, at).ok()?;
        let [v1, v2, r1, r2, r3, r4] = record;
        let vendor = u16::from_be_bytes([v1, v2]);
        let own = u32::from_be_bytes([r1, r2, r3, r4]);
        Some(Group {
            vendor: (vendor != u16::MAX).then_some(VendorIx(vendor)),
            own: (own != NONE).then_some(own),
        })
    }

    fn groups_at(&self) -> u64 {
        self.devices_at + self.head.devices as u64 * DEVICE
    }

    /// The rule for a phone at a site (by its position).
    pub fn rule(
        &self,
        group: Option<&Group>,
        site: Option<usize>,
        vendor: VendorIx,
        variant: u8,
    ) -> Option<u32> {
        let row = site.map_or(0, |site| site + 1);
        let before = self.head.offsets.get(usize::from(vendor.0)).copied();
        let cell = match group.copied() {
            Some(Group { vendor: Some(_), own: Some(start) }) => {
                start as usize + usize::from(variant) * self.head.rows + row
            }
            Some(Group { vendor: None, own: Some(start) }) => {
                start as usize + (before? + usize::from(variant)) * self.head.rows + row
            }
            _ => row * self.head.width + before? + usize::from(variant),
        };
        let cells_at = self.groups_at() + self.head.groups as u64 * GROUP;
        self.number(cells_at + cell as u64 * 4).filter(|rule| *rule != NONE)
    }
}

const DEVICE: u64 = 10;
const GROUP: u64 = 6;
