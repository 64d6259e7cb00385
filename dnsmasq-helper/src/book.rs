//! The book: what the dhcp-script must know of a rendering, compiled, so that it reads neither a policy
//! nor a folder of vendors for each event. `render` writes it, the script looks things up in it.
//!
//! ```text
//! "offhook book 4\n", length of the head (4 bytes), the head (JSON),
//! devices: address (6), group (4), sorted by address
//! groups: vendor (2), its variant (1; 0: as shown), row of its own or none (4)
//! cells: rule (4); rows of the shared table, then rows of groups
//! ```
//! Numbers are big-endian; the largest means "none".

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use offhook_core::builtin;
use offhook_core::catalogue::index::Index;
use offhook_core::catalogue::record::{List, Text};
use offhook_core::catalogue::{MacRule, Rule, Tables, VariantIx, Vendor, VendorIx};
use offhook_core::policy::{Scope, Site, SiteMatch, UnlistedPhones};
use offhook_core::recognise::Named;
use offhook_core::{Engine, Mac};
use serde::{Deserialize, Serialize};

use crate::render::devices::Kind;
use crate::render::{Rendering, tags};

pub const MAGIC: &[u8] = b"offhook book 4\n";
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
    /// Where a client must be to belong to a site.
    sites: Vec<Place>,
    /// The user's own vendors: how they are recognised.
    vendors: Vec<Maker>,
    /// Position of each vendor's first identity in a row of the shared table.
    pub offsets: Vec<usize>,
    /// Cells in such a row.
    pub width: usize,
    pub rows: usize,
    pub devices: usize,
    pub groups: usize,
    /// What becomes of phones of unlisted makers, and by which rule they are answered: at no site, then at
    /// each site.
    pub unlisted: Vec<(UnlistedPhones, Option<u32>)>,
}

/// A site.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    name: String,
    matching: SiteMatch,
}

/// A vendor, as far as recognition needs it.
#[derive(Debug, Serialize, Deserialize)]
struct Maker {
    id: Text,
    variants: List<Text>,
    default_variant: VariantIx,
    rules: List<Rule>,
    macs: List<MacRule>,
}

/// Writes a rendering's book.
pub fn write(engine: &Engine, rendering: &Rendering) -> Vec<u8> {
    let unlisted = |(row, rule): (usize, &Option<u32>)| {
        let site = row.checked_sub(1).and_then(|site| engine.policy().sites.get(site));
        (engine.policy().unlisted_at(site), *rule)
    };
    let mut devices: Vec<([u8; 6], u32)> = Vec::with_capacity(engine.policy().devices.len());
    let (mut groups, mut cells) = (Vec::new(), Vec::new());
    for cell in rendering.table.cells() {
        cells.extend(cell.unwrap_or(NONE).to_be_bytes());
    }
    for (number, group) in (0u32..).zip(&rendering.groups) {
        devices.extend(group.members.iter().map(|mac| (mac.0, number)));
        let vendor = group.key.named.map_or(u16::MAX, |named| named.vendor.0);
        groups.extend(vendor.to_be_bytes());
        groups.push(group.key.named.map_or(0, |named| named.variant.column()));
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
        sites: engine.policy().sites.iter().map(place).collect(),
        vendors: makers(engine.tables()),
        offsets: rendering.table.offsets().to_vec(),
        width: rendering.table.width(),
        rows: rendering.table.rows(),
        devices: devices.len(),
        groups: rendering.groups.len(),
        unlisted: rendering.unlisted.iter().enumerate().map(unlisted).collect(),
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

fn place(site: &Site) -> Place {
    Place { name: site.name.clone(), matching: site.matching.clone() }
}

/// The vendors that the program does not have built in, or not so.
fn makers(tables: &Tables) -> Vec<Maker> {
    let known = &builtin::built_in().vendors;
    let own = tables.vendors.iter().filter(|vendor| !known.contains(vendor));
    let maker = |vendor: &Vendor| Maker {
        id: vendor.id.clone(),
        variants: vendor.variants.clone(),
        default_variant: vendor.default_variant,
        // Recognition needs no sources.
        rules: vendor
            .rules
            .iter()
            .map(|r| Rule { sources: List::default(), ..r.clone() })
            .collect(),
        macs: vendor
            .macs
            .iter()
            .map(|m| MacRule { sources: List::default(), ..m.clone() })
            .collect(),
    };
    own.map(maker).collect()
}

/// A book being read, a few bytes at a time: it may hold 100,000 devices.
pub struct Book {
    file: File,
    pub head: Head,
    /// The policy's sites, with nothing but their names and matches.
    pub sites: Vec<Site>,
    devices_at: u64,
}

/// What the book says of a group of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    pub named: Option<Named>,
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
            return Err(bad("not a book of offhook"));
        };
        if start.len() < before + length {
            if (before + length) as u64 > file.metadata()?.len() {
                return Err(bad("the book is cut off"));
            }
            start.resize(before + length, 0);
            file.read_exact_at(&mut start, 0)?;
        }
        let head = start.get(before..before + length).unwrap_or_default();
        let mut head: Head = serde_json::from_slice(head)?;
        if head.catalogue != catalogue_mark() {
            return Err(bad("the book is of another version of offhook; render again"));
        }
        let site = |place: Place| Site {
            name: place.name,
            matching: place.matching,
            scope: Scope::default(),
        };
        let sites = std::mem::take(&mut head.sites).into_iter().map(site).collect();
        Ok(Book { file, head, sites, devices_at: (before + length) as u64 })
    }

    /// The catalogue for recognition: the built-in one, with the user's own vendors.
    pub fn tables(&self) -> Cow<'static, Tables> {
        let known = builtin::built_in();
        if self.head.vendors.is_empty() {
            return Cow::Borrowed(known);
        }
        let mut vendors: Vec<Vendor> = known.vendors.to_vec();
        for maker in &self.head.vendors {
            vendors.retain(|vendor| vendor.id != maker.id);
            vendors.push(Vendor {
                id: maker.id.clone(),
                variants: maker.variants.clone(),
                default_variant: maker.default_variant,
                rules: maker.rules.clone(),
                macs: maker.macs.clone(),
                ..Vendor::default()
            });
        }
        vendors.sort_by(|a, b| a.id.cmp(&b.id));
        let (other_devices, unlisted) = (known.other_devices.clone(), known.unlisted.clone());
        let index = Index::build(&vendors, &other_devices);
        Cow::Owned(Tables {
            vendors: vendors.into(),
            systems: List::default(),
            other_devices,
            unlisted,
            index,
        })
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
        let [v1, v2, variant, r1, r2, r3, r4] = record;
        let vendor = u16::from_be_bytes([v1, v2]);
        let own = u32::from_be_bytes([r1, r2, r3, r4]);
        Some(Group {
            named: (vendor != u16::MAX).then_some(Named {
                vendor: VendorIx(vendor),
                variant: VariantIx::of_column(variant),
            }),
            own: (own != NONE).then_some(own),
        })
    }

    fn groups_at(&self) -> u64 {
        self.devices_at + self.head.devices as u64 * DEVICE
    }

    /// What becomes of phones of unlisted makers at a site (by its position), and the rule that answers them.
    pub fn unlisted(&self, site: Option<usize>) -> (UnlistedPhones, Option<u32>) {
        self.head.unlisted.get(site.map_or(0, |site| site + 1)).copied().unwrap_or_default()
    }

    /// The rule for a phone at a site (by its position).
    pub fn rule(
        &self,
        group: Option<&Group>,
        site: Option<usize>,
        vendor: VendorIx,
        variant: VariantIx,
    ) -> Option<u32> {
        let row = site.map_or(0, |site| site + 1);
        let before = self.head.offsets.get(usize::from(vendor.0)).copied();
        let cell = match group.copied() {
            Some(Group { named: Some(_), own: Some(start) }) => {
                start as usize + usize::from(variant.column()) * self.head.rows + row
            }
            Some(Group { named: None, own: Some(start) }) => {
                start as usize + (before? + usize::from(variant.column())) * self.head.rows + row
            }
            _ => row * self.head.width + before? + usize::from(variant.column()),
        };
        let cells_at = self.groups_at() + self.head.groups as u64 * GROUP;
        self.number(cells_at + cell as u64 * 4).filter(|rule| *rule != NONE)
    }
}

const DEVICE: u64 = 10;
const GROUP: u64 = 7;

#[cfg(test)]
mod tests {
    use offhook_core::builtin::OverlayFile;
    use offhook_core::catalogue::Field;

    use super::*;
    use crate::render::{HOST, Wishes, render};

    const OWN: &str = r#"
name = "Acme"
sources = { page = "https://acme.example/" }
[[option-60]]
starts = "acme-phone"
read = "acme-phone{model}"
source = "page"
"#;

    const POLICY: &str = r#"{
        "systems": [{ "system": "url", "url": "http://p.example.com/" }],
        "sites": [{ "name": "lab", "match": { "networks": ["10.7.0.0/16"], "relays": ["10.7.0.1"],
                    "interfaces": ["eth1"], "client-classes": ["vpn"], "circuit-ids": ["0x0004000a"] } }]
    }"#;

    fn book(overlay: &[(&str, &str)]) -> (Engine, Book) {
        let file = |(path, text): &(&str, &str)| OverlayFile::new(*path, *text);
        let files: Vec<OverlayFile> = overlay.iter().map(file).collect();
        let tables = builtin::with_overlay(&files).unwrap();
        let engine = Engine::new(tables.into(), POLICY, HOST).unwrap();
        let rendering = render(&engine, &Wishes::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book");
        std::fs::write(&path, write(&engine, &rendering)).unwrap();
        let book = Book::open(&path).unwrap();
        (engine, book)
    }

    #[test]
    fn a_site_in_the_book_is_the_policys() {
        let (engine, book) = book(&[]);
        let policys: Vec<_> =
            engine.policy().sites.iter().map(|s| (&s.name, &s.matching)).collect();
        let kept: Vec<_> = book.sites.iter().map(|site| (&site.name, &site.matching)).collect();
        assert_eq!(kept, policys);
        assert!(matches!(book.tables(), Cow::Borrowed(_)), "nothing is read of the catalogue");
    }

    #[test]
    fn the_users_own_vendors_are_recognised_by_the_book_alone() {
        let (engine, book) = book(&[("vendors/acme/vendor.toml", OWN)]);
        assert_eq!(book.head.vendors.len(), 1);
        let (kept, tables) = (book.tables(), engine.tables());
        let ids =
            |tables: &Tables| tables.vendors.iter().map(|v| v.id.to_string()).collect::<Vec<_>>();
        assert_eq!(ids(&kept), ids(tables));
        assert_eq!(kept.index, tables.index, "the same numbers, the same decisions");
        let acme = kept.at(kept.vendor("acme").unwrap());
        assert!(matches!(&acme.rules[..], [rule] if rule.field == Field::VendorClass));
        assert_eq!(acme.rules[0].read.as_deref(), Some("acme-phone{model}"));
    }
}
