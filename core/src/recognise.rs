//! Who the client is: which maker's phone, by which signs.
//!
//! The better sign wins: option 60, then the enterprise of options 124, 125 and 60, then option 77,
//! then a hardware address that only this maker's phones use, then two weak signs of one maker
//! (an address that other devices share, a host name, a rule marked weak). A single weak sign never
//! decides. A rule that says "this is the maker's camera" ends the search: it is not a phone. So does a
//! sign of a boot loader, a computer or the like (`core/catalogue/other-devices`), unless a text that only
//! phones send has decided already.

/// What the signs add up to.
mod signs;

use std::borrow::Cow;

use crate::catalogue::byte_set::ByteSet;
use crate::catalogue::other_devices::{Counted, OtherTexts};
use crate::catalogue::reading::{ReadPart, read_parts};
use crate::catalogue::{Field, MacRule, Rule, Tables, VariantIx, VendorIx};
use crate::query::Query;
use crate::tlv::Tlv;

use signs::Signs;
pub use signs::{Finding, Identity, Sign, rule};

/// What a policy says a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named {
    /// The maker.
    pub vendor: VendorIx,
    /// None: the one that its packet shows, or else the vendor's default.
    pub variant: VariantIx,
}

impl Named {
    /// The variant of a device whose packet shows this one.
    pub fn variant_of(self, tables: &Tables, shown: VariantIx) -> VariantIx {
        match self.variant.or(shown) {
            VariantIx::NONE => tables.at(self.vendor).default_variant,
            known => known,
        }
    }
}

/// Looks at one packet.
pub fn recognise(tables: &Tables, query: &Query<'_>) -> Finding {
    let mut signs = Signs::default();
    let texts = by_texts(tables, query, &mut signs);
    // A client that no text has decided, with an address of another maker: most of them.
    let unknown_address = signs.is_open() && !has_known_address(tables, query);
    let other = if signs.is_open() && (signs.has_weak() || !unknown_address) {
        tables.other_devices.sign(texts, asked(query))
    } else {
        None
    };
    if let Some(Counted { sign, unless_asked: false }) = other {
        return Finding::OtherDevice(sign);
    }
    if !unknown_address {
        by_address(tables, query, other.is_some(), &mut signs);
    }
    match (signs.finding(), other) {
        (Finding::Unknown, Some(other)) => Finding::OtherDevice(other.sign),
        (Finding::Unknown, None) if texts.is_empty() => unlisted(tables, query),
        (finding, _) => finding,
    }
}

/// Weak signs of a phone, unless anything speaks against them.
fn unlisted(tables: &Tables, query: &Query<'_>) -> Finding {
    let asked = asked(query);
    let host_name = crate::query::trimmed(query.host_name.as_deref().unwrap_or_default());
    match tables.unlisted.signs(query.class_text(), asked, host_name, query.mac) {
        Some(signs) if !tables.other_devices.lists_any(asked) => Finding::Unlisted(signs),
        _ => Finding::Unknown,
    }
}

/// Whether the address is in a range that makers of phones use.
pub(crate) fn has_known_address(tables: &Tables, query: &Query<'_>) -> bool {
    query.mac.is_some_and(|mac| tables.index.macs.holding(mac.number()).next().is_some())
}

/// The options that the client lists in its option 55.
pub(crate) fn asked(query: &Query<'_>) -> ByteSet {
    ByteSet::of(query.request_list.as_deref().unwrap_or_default())
}

/// The sign of a device that is not a phone, if the packet has one.
pub(crate) fn other_device(tables: &Tables, query: &Query<'_>) -> Option<Counted> {
    let texts = by_texts(tables, query, &mut Signs::default());
    tables.other_devices.sign(texts, asked(query))
}

/// The same where a policy may name the device's vendor: then the packet only fills in the rest.
pub fn find(tables: &Tables, query: &Query<'_>, named: Option<Named>) -> Finding {
    let found = recognise(tables, query);
    let Some(named) = named else { return found };
    let mut identity = match found {
        Finding::Phone(identity) if identity.vendor == named.vendor => identity,
        _ => Identity::given(named.vendor),
    };
    identity.variant = named.variant_of(tables, identity.variant);
    Finding::Phone(identity)
}

/// Adds the makers' signs, and returns the texts of other devices.
fn by_texts(tables: &Tables, query: &Query<'_>, signs: &mut Signs) -> OtherTexts {
    let index = &tables.index;
    let class = index.vendor_class.find(query.class_text());
    let mut others = OtherTexts { vendor_class: class.other_device, user_class: None };
    if let Some(at) = class.rule {
        signs.rule(tables, at);
    }
    if query.may_name_enterprises() {
        for at in query.enterprises().filter_map(|(number, _)| index.enterprise(number)) {
            signs.rule(tables, at);
        }
    }
    if query.user_class.is_some() {
        for text in query.user_classes() {
            let user = index.user_class.find(text);
            others.user_class = others.user_class.or(user.other_device);
            if let Some(at) = user.rule {
                signs.rule(tables, at);
            }
        }
    }
    if let Some(name) = query.host_name.as_deref()
        && let Some(at) = index.host_name.find(crate::query::trimmed(name)).rule
        // Any user can choose a host name: it may help a phone, it may not hide one.
        && rule(tables, at).is_some_and(|rule| rule.phone)
    {
        signs.rule(tables, at);
    }
    others
}

/// `doubtful`: another sign speaks against a phone, so that no address decides alone.
fn by_address(tables: &Tables, query: &Query<'_>, doubtful: bool, signs: &mut Signs) {
    let Some(mac) = query.mac else { return };
    for span in tables.index.macs.holding(mac.number()) {
        let sign = Sign::Address { vendor: span.vendor, rule: span.rule };
        let variant =
            mac_rule(tables, span.vendor, span.rule).map_or(VariantIx::NONE, |rule| rule.variant);
        if span.shared || doubtful {
            signs.weak(sign, variant, true);
        } else {
            signs.strong(sign, variant);
        }
    }
}

/// An address range of the catalogue.
pub(crate) fn mac_rule(tables: &Tables, vendor: u16, rule: u16) -> Option<&MacRule> {
    tables.vendors.get(usize::from(vendor))?.macs.get(usize::from(rule))
}

/// What the packet says of model and firmware.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading<'a> {
    /// The model, as the packet has it.
    pub model: Option<Cow<'a, [u8]>>,
    /// The firmware, as the packet has it.
    pub firmware: Option<Cow<'a, [u8]>>,
}

/// Reads model and firmware where the signs contain them; the first sign that contains one counts.
pub fn read<'a>(tables: &'a Tables, query: &'a Query<'_>, identity: &Identity) -> Reading<'a> {
    let mut reading = Reading::default();
    for sign in identity.signs() {
        let Sign::Rule(at) = sign else { continue };
        let Some(rule) = rule(tables, at) else { continue };
        let found = match rule.field {
            Field::VendorClass => read_pattern(rule, query.class_text()),
            Field::UserClass => query
                .user_classes()
                .map(|text| read_pattern(rule, text))
                .find(|found| *found != Reading::default())
                .unwrap_or_default(),
            Field::HostName => read_pattern(rule, query.host_name.as_deref().unwrap_or_default()),
            Field::Enterprise => read_enterprise(rule, query),
        };
        let fixed = rule.model.as_ref().map(|model| Cow::Borrowed(model.as_bytes()));
        reading.model = reading.model.or(found.model).or(fixed);
        reading.firmware = reading.firmware.or(found.firmware);
    }
    reading
}

fn read_pattern<'a>(rule: &Rule, mut value: &'a [u8]) -> Reading<'a> {
    let mut reading = Reading::default();
    let pattern = rule.read.as_deref().unwrap_or_default();
    let Ok(parts) = read_parts(pattern) else { return reading };
    let mut parts = parts.iter().peekable();
    while let Some(part) = parts.next() {
        if let ReadPart::Literal(literal) = part {
            match value.strip_prefix(literal.as_bytes()) {
                Some(rest) => value = rest,
                None => return Reading::default(),
            }
            continue;
        }
        if let ReadPart::Ending(ending) = part {
            value = value.strip_prefix(ending.as_bytes()).unwrap_or(value);
            continue;
        }
        let end = match parts.peek() {
            Some(ReadPart::Literal(next)) => {
                let next = next.as_bytes();
                value.windows(next.len()).position(|window| window == next)
            }
            Some(ReadPart::Ending(ending)) => {
                Some(value.strip_suffix(ending.as_bytes()).unwrap_or(value).len())
            }
            _ => Some(value.len()),
        };
        let Some(end) = end else { return Reading::default() };
        let (piece, rest) = value.split_at(end);
        let piece = Some(piece).filter(|piece| !piece.is_empty()).map(Cow::Borrowed);
        match part {
            ReadPart::Model => reading.model = piece,
            ReadPart::Firmware => reading.firmware = piece,
            _ => {}
        }
        value = rest;
    }
    if value.is_empty() { reading } else { Reading::default() }
}

fn read_enterprise<'a>(rule: &Rule, query: &'a Query<'_>) -> Reading<'a> {
    let mut reading = Reading::default();
    for (number, data) in query.enterprises() {
        if Some(number) != rule.number {
            continue;
        }
        for (code, value) in Tlv::plain(data).values() {
            let value = crate::query::trimmed(value);
            if value.is_empty() {
                continue;
            }
            if Some(code) == rule.model_sub {
                reading.model.get_or_insert(Cow::Borrowed(value));
            }
            if Some(code) == rule.firmware_sub {
                reading.firmware.get_or_insert(Cow::Borrowed(value));
            }
        }
    }
    reading
}
