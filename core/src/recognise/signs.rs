//! The signs that a packet shows, the strongest first, and what follows from them.

use crate::catalogue::index::RuleRef;
use crate::catalogue::other_devices::OtherSign;
use crate::catalogue::unlisted::WeakSigns;
use crate::catalogue::{Rule, Tables, VariantIx, VendorIx};

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
    /// The variant that the signs mean.
    pub variant: VariantIx,
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
        Identity::by(Sign::Device(vendor), VariantIx::NONE)
    }

    fn by(sign: Sign, variant: VariantIx) -> Identity {
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

/// A rule of the catalogue by its reference.
pub fn rule(tables: &Tables, at: RuleRef) -> Option<&Rule> {
    tables.vendors.get(usize::from(at.vendor))?.rules.get(usize::from(at.rule))
}

/// The signs met so far, in the order of their rank.
#[derive(Default)]
pub(super) struct Signs {
    decided: Option<Identity>,
    weak: [Option<(Sign, VariantIx, bool)>; SIGNS],
    no_phone: Option<RuleRef>,
}

impl Signs {
    /// Neither a phone nor a maker's other device so far.
    pub(super) fn is_open(&self) -> bool {
        self.decided.is_none() && self.no_phone.is_none()
    }

    pub(super) fn has_weak(&self) -> bool {
        self.weak.iter().any(Option::is_some)
    }

    pub(super) fn rule(&mut self, tables: &Tables, at: RuleRef) {
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

    pub(super) fn strong(&mut self, sign: Sign, variant: VariantIx) {
        match &mut self.decided {
            Some(identity) => {
                identity.add(sign);
                if identity.variant.is_none() && identity.vendor == sign.vendor() {
                    identity.variant = variant;
                }
            }
            None => self.decided = Some(Identity::by(sign, variant)),
        }
    }

    pub(super) fn weak(&mut self, sign: Sign, variant: VariantIx, address: bool) {
        if let Some(free) = self.weak.iter_mut().find(|slot| slot.is_none()) {
            *free = Some((sign, variant, address));
        }
    }

    pub(super) fn finding(self) -> Finding {
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
                let mut identity = Identity::by(sign, variant.or(other_variant));
                identity.add(other);
                return Finding::Phone(identity);
            }
        }
        Finding::Unknown
    }
}
