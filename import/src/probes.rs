//! The clients by which a configuration is asked: the phones of the catalogue's examples, phones with each
//! maker's addresses, and what the configuration's own conditions name.

use std::collections::{BTreeMap, BTreeSet};

use offhook_core::catalogue::{Field, Tables, VariantIx, VendorIx};
use offhook_core::parts::Parts;
use offhook_core::recognise::{Finding, Identity, read, recognise};
use offhook_core::{Mac, Query, examples, text};

use crate::model::{Cond, Expr, Host, Old, whole};

/// A phone, and what it is.
#[derive(Debug, Clone)]
pub struct Probe {
    /// For people: `snom: by option 60`.
    pub name: String,
    /// Its maker.
    pub vendor: VendorIx,
    /// 0, or 1 + the position in the vendor's variants.
    pub variant: VariantIx,
    /// The model that its packet names.
    pub model: Option<String>,
    /// Its packet.
    pub parts: Parts,
    /// It is of the catalogue's examples: a packet that a phone sends.
    pub example: bool,
}

/// A client that is not a phone, for what everyone gets.
pub fn stranger() -> Parts {
    Parts { mac: Some(Mac([2, 0, 0, 0, 0, 0x99])), ..Parts::default() }
}

/// The last bytes of the addresses that are made up here.
const TAIL: [u8; 3] = [0x0a, 0x1b, 0x2c];

/// What is put behind a text that a condition compares the beginning with: a model that goes on.
pub const LONGER: &str = "0X";

/// Conditions beyond this many name no new phones for sure, and each is asked at each place.
const MOST_WRITTEN: usize = 3_000;

/// All of them, each once.
pub fn probes(tables: &Tables, old: &Old) -> Vec<Probe> {
    let mut probes =
        Probes { tables, found: Vec::new(), seen: BTreeSet::new(), typical: BTreeMap::new() };
    for example in examples::all().unwrap_or_default() {
        if example.vendor.is_empty() {
            continue;
        }
        let name = format!("{}: {}", example.vendor, example.name);
        probes.add(name, example.packet, true);
    }
    for probe in &probes.found {
        let has_class = probe.parts.options.iter().any(|(code, _)| *code == 60);
        if has_class {
            probes.typical.entry(probe.vendor).or_insert_with(|| probe.parts.options.clone());
        }
    }
    for vendor in &*tables.vendors {
        for range in &*vendor.macs {
            let mac = inside(range.first, range.last);
            probes.with_and_without_class(format!("{}: {mac}", vendor.id), mac);
        }
    }
    written(old, &mut probes);
    probes.found
}

/// The phone with this address as its maker's phones usually are; `None`: not a phone by its address.
pub fn by_address(tables: &Tables, typical: &[Probe], mac: Mac) -> Option<(VendorIx, Parts)> {
    let bare = Parts { mac: Some(mac), ..Parts::default() };
    let vendor = identity(tables, &bare)?.vendor;
    let found = typical.iter().find(|probe| {
        probe.vendor == vendor
            && probe.example
            && probe.parts.options.iter().any(|(code, _)| *code == 60)
    });
    let options = found.map(|probe| probe.parts.options.clone()).unwrap_or_default();
    Some((vendor, Parts { options, ..bare }))
}

/// Who a client is, without a policy.
pub fn identity(tables: &Tables, parts: &Parts) -> Option<Identity> {
    match recognise(tables, &Query::from_parts(parts, &[])) {
        Finding::Phone(identity) => Some(identity),
        _ => None,
    }
}

/// Address, options and message type.
type Packet = (Option<Mac>, Vec<(u8, Vec<u8>)>, u8);

struct Probes<'t> {
    tables: &'t Tables,
    found: Vec<Probe>,
    seen: BTreeSet<Packet>,
    typical: BTreeMap<VendorIx, Vec<(u8, Vec<u8>)>>,
}

impl Probes<'_> {
    fn add(&mut self, name: String, parts: Parts, example: bool) {
        let key = (parts.mac, parts.options.clone(), parts.message.number());
        if !self.seen.insert(key) {
            return;
        }
        let query = Query::from_parts(&parts, &[]);
        let Finding::Phone(identity) = recognise(self.tables, &query) else { return };
        let model = read(self.tables, &query, &identity).model;
        let model = model.map(|model| text::printable(&model));
        let (vendor, variant) = (identity.vendor, identity.variant);
        self.found.push(Probe { name, vendor, variant, model, parts, example });
    }

    fn with_and_without_class(&mut self, name: String, mac: Mac) {
        let bare = Parts { mac: Some(mac), ..Parts::default() };
        let vendor = identity(self.tables, &bare).map(|identity| identity.vendor);
        let options = vendor.and_then(|vendor| self.typical.get(&vendor)).cloned();
        self.add(name.clone(), bare.clone(), false);
        if let Some(options) = options {
            self.add(format!("{name} with its vendor class"), Parts { options, ..bare }, false);
        }
    }
}

impl Probe {
    /// Whether it says something of its maker's other phones: its address is the maker's, or no maker's at all.
    pub fn is_typical(&self, tables: &Tables) -> bool {
        let Some(mac) = self.parts.mac else { return true };
        if self.has_no_address() {
            return true;
        }
        // Of a maker that the catalogue leaves alone, only a condition on what its phones say of themselves.
        let vendor = tables.at(self.vendor);
        vendor.left_alone.is_none()
            && vendor.macs.iter().any(|range| (range.first..=range.last).contains(&mac.number()))
    }

    /// Its address is of no maker: it is recognised by what it says of itself.
    fn has_no_address(&self) -> bool {
        self.parts.mac.is_some_and(|mac| mac.0.first().is_some_and(|first| first & 2 == 2))
    }
}

/// An address of a range, not the first one.
fn inside(first: u64, last: u64) -> Mac {
    let tail = TAIL.iter().fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let free = last - first;
    Mac::from_number(first + if free >= 0xff_ffff { tail } else { tail % (free + 1) })
}

/// The phones that conditions name one by one, by their whole hardware address.
pub fn single(old: &Old) -> Vec<Host> {
    let mut found: BTreeMap<Mac, Host> = BTreeMap::new();
    for rule in &old.rules {
        let (mut texts, mut macs) = (BTreeSet::new(), BTreeSet::new());
        rule.when.each(&mut |cond| match cond {
            Cond::Same(value, Expr::Bytes(bytes)) => compared(value, bytes, &mut texts, &mut macs),
            Cond::Mac(pattern) => _ = macs.insert(*pattern),
            _ => {}
        });
        for mac in macs.iter().filter_map(whole) {
            found.entry(mac).or_insert_with(|| Host { mac, address: None, at: rule.at.clone() });
        }
    }
    for host in &old.hosts {
        found.insert(host.mac, host.clone());
    }
    found.into_values().collect()
}

/// What the conditions compare with: a vendor class, a user class, an address.
fn written(old: &Old, probes: &mut Probes<'_>) {
    let mut texts: BTreeSet<(u8, Vec<u8>)> = BTreeSet::new();
    let mut macs: BTreeSet<[Option<u8>; 6]> = BTreeSet::new();
    for rule in old.rules.iter().filter(|rule| rule.when.only_mac().is_none()) {
        rule.when.each(&mut |cond| match cond {
            Cond::Same(value, Expr::Bytes(bytes))
            | Cond::Same(Expr::Bytes(bytes), value)
            | Cond::SameText(value, Expr::Bytes(bytes))
            | Cond::Contains(value, bytes)
            | Cond::Item(value, bytes) => {
                compared(value, bytes, &mut texts, &mut macs);
                if is_beginning(value, bytes) || matches!(cond, Cond::Contains(..)) {
                    beginning(probes.tables, value, bytes, &mut texts, &mut macs);
                }
            }
            Cond::Begins(value, wanted) => {
                let bytes: Vec<u8> = wanted.iter().map(|byte| byte.unwrap_or(b'0')).collect();
                compared(value, &bytes, &mut texts, &mut macs);
                beginning(probes.tables, value, &bytes, &mut texts, &mut macs);
            }
            Cond::Mac(pattern) => _ = macs.insert(*pattern),
            _ => {}
        });
    }
    // A whole address is a single phone: see `single`.
    macs.retain(|pattern| whole(pattern).is_none());
    for pattern in macs.into_iter().take(MOST_WRITTEN) {
        let mut mac = pattern;
        for (at, byte) in mac.iter_mut().enumerate() {
            *byte = byte.or_else(|| TAIL.get(at.saturating_sub(3)).copied());
        }
        if let Some(mac) = whole(&mac) {
            probes.with_and_without_class(format!("{mac}, as a condition has it"), mac);
        }
    }
    for (code, bytes) in texts.into_iter().take(MOST_WRITTEN) {
        let shown = text::printable(&bytes);
        let mut parts = Parts { mac: stranger().mac, ..Parts::default() };
        parts.option(code, bytes);
        let mut named = parts.clone();
        // With an address of the maker too: some are phones only so.
        if let Some(identity) = identity(probes.tables, &parts)
            && let Some(range) = probes.tables.at(identity.vendor).macs.first()
        {
            named.mac = Some(inside(range.first, range.last));
        }
        probes.add(format!("option {code} {shown:?}, as a condition has it"), parts, false);
        probes.add(format!("option {code} {shown:?} with an address of its maker"), named, false);
    }
}

/// A text that a value begins with: longer ones, and those by which the catalogue recognises a maker.
fn beginning(
    tables: &Tables,
    value: &Expr,
    bytes: &[u8],
    texts: &mut BTreeSet<(u8, Vec<u8>)>,
    macs: &mut BTreeSet<[Option<u8>; 6]>,
) {
    compared(value, &[bytes, LONGER.as_bytes()].concat(), texts, macs);
    let rules = tables.vendors.iter().flat_map(|vendor| vendor.rules.iter());
    for rule in rules.filter(|rule| rule.field == Field::VendorClass && rule.any.is_empty()) {
        if rule.head.starts_with(bytes) && rule.head.len() > bytes.len() {
            compared(value, &rule.head, texts, macs);
        }
    }
}

/// The condition asks how the value begins.
fn is_beginning(value: &Expr, bytes: &[u8]) -> bool {
    matches!(value, Expr::Part { from: 0, length, .. } if *length == bytes.len())
}

fn compared(
    value: &Expr,
    bytes: &[u8],
    texts: &mut BTreeSet<(u8, Vec<u8>)>,
    macs: &mut BTreeSet<[Option<u8>; 6]>,
) {
    match value {
        Expr::Option(code @ (60 | 77 | 12)) => _ = texts.insert((*code, bytes.to_vec())),
        Expr::Case(of, _) => compared(of, bytes, texts, macs),
        Expr::Part { of, from, .. } if is_hardware(of) || matches!(**of, Expr::Mac) => {
            let shift = if is_hardware(of) { 1 } else { 0 };
            let mut pattern = [None; 6];
            for (at, byte) in bytes.iter().enumerate() {
                let place = (at + from).checked_sub(shift).and_then(|at| pattern.get_mut(at));
                if let Some(place) = place {
                    *place = Some(*byte);
                }
            }
            macs.insert(pattern);
        }
        Expr::Part { of, from: 0, .. } => compared(of, bytes, texts, macs),
        Expr::First(parts) => parts.iter().for_each(|part| compared(part, bytes, texts, macs)),
        Expr::Mac => compared_address(bytes, macs),
        whole if is_hardware(whole) => {
            compared_address(bytes.get(1..).unwrap_or_default(), macs);
        }
        Expr::Digits { base: 16, width: 1, separator, of, .. } => {
            let text = String::from_utf8_lossy(bytes);
            let separator = String::from_utf8_lossy(separator);
            let bytes = match separator.as_ref() {
                "" => hex::decode(text.as_ref()).ok(),
                separator => {
                    text.split(separator).map(|byte| u8::from_str_radix(byte, 16).ok()).collect()
                }
            };
            if let Some(bytes) = bytes {
                compared(of, &bytes, texts, macs);
            }
        }
        _ => {}
    }
}

fn compared_address(bytes: &[u8], macs: &mut BTreeSet<[Option<u8>; 6]>) {
    let mut pattern = [None; 6];
    for (place, byte) in pattern.iter_mut().zip(bytes) {
        *place = Some(*byte);
    }
    macs.insert(pattern);
}

/// dhcpd's `hardware`: the type and the address.
fn is_hardware(value: &Expr) -> bool {
    matches!(value, Expr::Concat(parts) if matches!(parts.as_slice(), [Expr::Bytes(kind), Expr::Mac] if *kind == [1]))
}
