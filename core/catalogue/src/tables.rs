//! All facts and their index, as an engine holds them.

use crate::facts::{System, Vendor};
use crate::index::Index;
use crate::other_devices::OtherDevices;
use crate::record::{List, record};
use crate::unlisted::{UNLISTED, UnlistedSigns};

record! {
    /// All vendors (sorted by id), all systems (sorted by id), and the index for recognition.
    pub struct Tables {
        /// The makers, sorted by id.
        pub vendors: List<Vendor>,
        /// The PBXs and provisioning servers.
        pub systems: List<System>,
        /// What is not a phone.
        pub other_devices: OtherDevices,
        /// What may be a phone of another maker.
        pub unlisted: UnlistedSigns,
        /// For recognition.
        pub index: Index,
    }
}

/// A vendor's position in [`Tables::vendors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VendorIx(pub u16);

impl VendorIx {
    /// The pseudo maker of phones that the catalogue does not have: what [`UnlistedSigns::answer`] says.
    pub const UNLISTED: VendorIx = VendorIx(u16::MAX);
}

impl Tables {
    /// The position of a vendor, by its id.
    pub fn vendor(&self, id: &str) -> Option<VendorIx> {
        let found = self.vendors.binary_search_by(|vendor| (*vendor.id).cmp(id)).ok()?;
        u16::try_from(found).ok().map(VendorIx)
    }

    /// A vendor by its id, or [`VendorIx::UNLISTED`] by that of the phones without one.
    pub fn vendor_or_unlisted(&self, id: &str) -> Option<VendorIx> {
        if id == UNLISTED { Some(VendorIx::UNLISTED) } else { self.vendor(id) }
    }

    /// A system, by its id.
    pub fn system(&self, id: &str) -> Option<&System> {
        let found = self.systems.binary_search_by(|system| (*system.id).cmp(id)).ok()?;
        self.systems.get(found)
    }

    /// # Panics
    /// Never for an index of these tables.
    pub fn at(&self, vendor: VendorIx) -> &Vendor {
        if vendor == VendorIx::UNLISTED {
            return &self.unlisted.answer;
        }
        &self.vendors[usize::from(vendor.0)]
    }
}
