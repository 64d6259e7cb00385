//! Who the client is: which maker's phone, by which signs.
//!
//! The better sign wins: option 60, then the enterprise of options 124, 125 and 60, then option 77,
//! then a hardware address that only this maker's phones use, then two weak signs of one maker
//! (an address that other devices share, a host name, a rule marked weak). A single weak sign never
//! decides. A rule that says "this is the maker's camera" ends the search: it is not a phone. So does a
//! sign of a boot loader, a computer or the like (`core/catalogue/other-devices`), unless a text that only
//! phones send has decided already.

use std::borrow::Cow;

use crate::catalogue::index::RuleRef;
use crate::catalogue::other_devices::{Counted, OtherSign};
use crate::catalogue::reading::{ReadPart, read_parts};
use crate::catalogue::unlisted::WeakSigns;
use crate::catalogue::{Field, MacRule, Rule, Tables, VendorIx};
use crate::query::Query;
use crate::tlv::Tlv;

/// A sign that counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// A rule of the catalogue.
    Rule(RuleRef),
    /// A range of hardware addresses.
    Address {
        /// Position among the vendors.
        vendor: u16,
        /// Position among the vendor's `macs`.
        rule: u16,
    },
    /// The policy's `devices` say so.
    Device(VendorIx),
}

impl Sign {
    /// The maker that the sign is of.
    pub fn vendor(self) -> VendorIx {
        match self {
            Sign::Rule(at) => VendorIx(at.vendor),
            Sign::Address { vendor, .. } => VendorIx(vendor),
            Sign::Device(vendor) => vendor,
        }
    }
}

/// A phone: its vendor, its variant, and the signs by which it was recognised (the deciding first).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The maker.
    pub vendor: VendorIx,
    /// 0, or 1 + the position in the vendor's `variants`.
    pub variant: u8,
    signs: [Option<Sign>; SIGNS],
}

const SIGNS: usize = 5;

impl Identity {
    /// The signs, the strongest first.
    pub fn signs(&self) -> impl Iterator<Item = Sign> + '_ {
        self.signs.iter().copied().flatten()
    }

    /// An identity that the policy gives.
    pub fn given(vendor: VendorIx) -> Identity {
        Identity::by(Sign::Device(vendor), 0)
    }

    fn by(sign: Sign, variant: u8) -> Identity {
        let mut signs = [None; SIGNS];
        signs[0] = Some(sign);
        Identity { vendor: sign.vendor(), variant, signs }
    }

    fn add(&mut self, sign: Sign) {
        if sign.vendor() == self.vendor
            && let Some(free) = self.signs.iter_mut().find(|slot| slot.is_none())
        {
            *free = Some(sign);
        }
    }
}

/// What the recognition found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// A phone.
    Phone(Identity),
    /// A device of a known maker that is not a phone, by this rule.
    NoPhone(RuleRef),
    /// A device that has a phone maker's hardware address and is not a phone, by this sign.
    OtherDevice(OtherSign),
    /// Perhaps a phone of a maker that the catalogue does not have, by these signs.
    Unlisted(WeakSigns),
    /// No sign is known.
    Unknown,
}

impl Finding {
    /// The phone, if it is one.
    pub fn identity(self) -> Option<Identity> {
        match self {
            Finding::Phone(identity) => Some(identity),
            _ => None,
        }
    }
}

/// What a policy says a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named {
    /// The maker.
    pub vendor: VendorIx,
    /// 0: the one that its packet shows, or else the vendor's default.
    pub variant: u8,
}

impl Named {
    /// The variant of a device whose packet shows this one (0: none).
    pub fn variant_of(self, tables: &Tables, shown: u8) -> u8 {
        match (self.variant, shown) {
            (0, 0) => tables.at(self.vendor).default_variant,
            (0, shown) => shown,
            (named, _) => named,
        }
    }
}

/// Looks at one packet.
pub fn recognise(tables: &Tables, query: &Query<'_>) -> Finding {
    let mut signs = Signs::default();
    by_texts(tables, query, &mut signs);
    let other = if signs.is_open() && (signs.has_weak() || has_known_address(tables, query)) {
        other_device(tables, query)
    } else {
        None
    };
    if let Some(Counted { sign, unless_asked: false }) = other {
        return Finding::OtherDevice(sign);
    }
    by_address(tables, query, other.is_some(), &mut signs);
    match (signs.finding(), other) {
        (Finding::Unknown, Some(other)) => Finding::OtherDevice(other.sign),
        (Finding::Unknown, None) => unlisted(tables, query),
        (finding, _) => finding,
    }
}

/// Weak signs of a phone, unless anything speaks against them.
fn unlisted(tables: &Tables, query: &Query<'_>) -> Finding {
    let asked = query.request_list.as_deref().unwrap_or_default();
    let host_name = crate::query::trimmed(query.host_name.as_deref().unwrap_or_default());
    let class = query.class_text();
    match tables.unlisted.signs(class, asked, host_name, query.mac) {
        Some(signs) if !tables.other_devices.any(class, query.user_classes(), asked) => {
            Finding::Unlisted(signs)
        }
        _ => Finding::Unknown,
    }
}

fn has_known_address(tables: &Tables, query: &Query<'_>) -> bool {
    query.mac.is_some_and(|mac| tables.index.macs.holding(mac.number()).next().is_some())
}

/// The sign of a device that is not a phone, if the packet has one.
pub(crate) fn other_device(tables: &Tables, query: &Query<'_>) -> Option<Counted> {
    let asked = query.request_list.as_deref().unwrap_or_default();
    tables.other_devices.sign(query.class_text(), query.user_classes(), asked)
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

fn by_texts(tables: &Tables, query: &Query<'_>, signs: &mut Signs) {
    let index = &tables.index;
    if let Some(at) = index.vendor_class.find(query.class_text()) {
        signs.rule(tables, at);
    }
    for (number, _) in query.enterprises() {
        if let Some(at) = index.enterprise(number) {
            signs.rule(tables, at);
        }
    }
    if query.user_class.is_some() {
        for text in query.user_classes() {
            if let Some(at) = index.user_class.find(text) {
                signs.rule(tables, at);
            }
        }
    }
    if let Some(name) = query.host_name.as_deref()
        && let Some(at) = index.host_name.find(crate::query::trimmed(name))
        // Any user can choose a host name: it may help a phone, it may not hide one.
        && rule(tables, at).is_some_and(|rule| rule.phone)
    {
        signs.rule(tables, at);
    }
}

/// `doubtful`: another sign speaks against a phone, so that no address decides alone.
fn by_address(tables: &Tables, query: &Query<'_>, doubtful: bool, signs: &mut Signs) {
    let Some(mac) = query.mac else { return };
    for span in tables.index.macs.holding(mac.number()) {
        let sign = Sign::Address { vendor: span.vendor, rule: span.rule };
        let variant = mac_rule(tables, span.vendor, span.rule).map_or(0, |rule| rule.variant);
        if span.shared || doubtful {
            signs.weak(sign, variant, true);
        } else {
            signs.strong(sign, variant);
        }
    }
}

/// A rule of the catalogue by its reference.
pub fn rule(tables: &Tables, at: RuleRef) -> Option<&Rule> {
    tables.vendors.get(usize::from(at.vendor))?.rules.get(usize::from(at.rule))
}

/// An address range of the catalogue.
pub(crate) fn mac_rule(tables: &Tables, vendor: u16, rule: u16) -> Option<&MacRule> {
    tables.vendors.get(usize::from(vendor))?.macs.get(usize::from(rule))
}

/// The signs met so far, in the order of their rank.
#[derive(Default)]
struct Signs {
    decided: Option<Identity>,
    weak: [Option<(Sign, u8, bool)>; SIGNS],
    no_phone: Option<RuleRef>,
}

impl Signs {
    /// Neither a phone nor a maker's other device so far.
    fn is_open(&self) -> bool {
        self.decided.is_none() && self.no_phone.is_none()
    }

    fn has_weak(&self) -> bool {
        self.weak.iter().any(Option::is_some)
    }

    fn rule(&mut self, tables: &Tables, at: RuleRef) {
        let Some(rule) = rule(tables, at) else { return };
        if !rule.phone {
            // The better sign comes first: once a phone is decided, a lesser sign cannot undo it.
            if self.decided.is_none() {
                self.no_phone.get_or_insert(at);
            }
        } else if rule.weak {
            self.weak(Sign::Rule(at), rule.variant, false);
        } else {
            self.strong(Sign::Rule(at), rule.variant);
        }
    }

    fn strong(&mut self, sign: Sign, variant: u8) {
        match &mut self.decided {
            Some(identity) => {
                identity.add(sign);
                if identity.variant == 0 && identity.vendor == sign.vendor() {
                    identity.variant = variant;
                }
            }
            None => self.decided = Some(Identity::by(sign, variant)),
        }
    }

    fn weak(&mut self, sign: Sign, variant: u8, address: bool) {
        if let Some(free) = self.weak.iter_mut().find(|slot| slot.is_none()) {
            *free = Some((sign, variant, address));
        }
    }

    fn finding(self) -> Finding {
        if let Some(at) = self.no_phone {
            return Finding::NoPhone(at);
        }
        let weak = || self.weak.iter().copied().flatten();
        if let Some(mut identity) = self.decided {
            weak().for_each(|(sign, ..)| identity.add(sign));
            return Finding::Phone(identity);
        }
        // Two weak signs of one vendor decide; two address ranges are one sign, not two.
        for (number, (sign, variant, address)) in weak().enumerate() {
            let second = weak().skip(number + 1).find(|(other, _, other_address)| {
                other.vendor() == sign.vendor() && !(address && *other_address)
            });
            if let Some((other, other_variant, _)) = second {
                let variant = if variant == 0 { other_variant } else { variant };
                let mut identity = Identity::by(sign, variant);
                identity.add(other);
                return Finding::Phone(identity);
            }
        }
        Finding::Unknown
    }
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
        let fixed = (!rule.model.is_empty()).then(|| Cow::Borrowed(rule.model.as_bytes()));
        reading.model = reading.model.or(found.model).or(fixed);
        reading.firmware = reading.firmware.or(found.firmware);
    }
    reading
}

fn read_pattern<'a>(rule: &Rule, mut value: &'a [u8]) -> Reading<'a> {
    let mut reading = Reading::default();
    let Ok(parts) = read_parts(&rule.read) else { return reading };
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
        if number != rule.number {
            continue;
        }
        for (code, value) in Tlv::plain(data).values() {
            let value = crate::query::trimmed(value);
            if value.is_empty() {
                continue;
            }
            if code == rule.model_sub {
                reading.model.get_or_insert(Cow::Borrowed(value));
            }
            if code == rule.firmware_sub {
                reading.firmware.get_or_insert(Cow::Borrowed(value));
            }
        }
    }
    reading
}
