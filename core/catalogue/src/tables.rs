//! All facts and their index, as an engine holds them.

use crate::facts::{System, Vendor};
use crate::index::Index;
use crate::other_devices::OtherDevices;
use crate::record::{List, record};

record! {
    /// All vendors (sorted by id), all systems (sorted by id), and the index for recognition.
    pub struct Tables {
        pub vendors: List<Vendor>,
        pub systems: List<System>,
        pub other_devices: OtherDevices,
        pub index: Index,
    }
}

/// A vendor's position in [`Tables::vendors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VendorIx(pub u16);

impl Tables {
    pub fn vendor(&self, id: &str) -> Option<VendorIx> {
        let found = self.vendors.binary_search_by(|vendor| (*vendor.id).cmp(id)).ok()?;
        u16::try_from(found).ok().map(VendorIx)
    }

    pub fn system(&self, id: &str) -> Option<&System> {
        let found = self.systems.binary_search_by(|system| (*system.id).cmp(id)).ok()?;
        self.systems.get(found)
    }

    /// # Panics
    /// Never for an index of these tables.
    pub fn at(&self, vendor: VendorIx) -> &Vendor {
        &self.vendors[usize::from(vendor.0)]
    }
}
