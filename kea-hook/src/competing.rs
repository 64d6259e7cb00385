//! Options that the server puts into phones' answers by itself and that compete with offhook's: reported once
//! for each vendor and option while a policy is in force.
//!
//! Packet threads ask [`Competing::is_known`] at every answer of such a vendor, which is one load; the
//! lock is taken when something new is found. Nothing here changes an answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use offhook_core::catalogue::VendorIx;

/// What was found, in words for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) vendor: VendorIx,
    pub(crate) code: u8,
    pub(crate) text: String,
}

#[derive(Debug)]
pub(crate) struct Competing {
    /// For each vendor and code.
    known: Box<[AtomicBool]>,
    found: Mutex<Vec<Found>>,
}

const CODES: usize = 256;

impl Competing {
    pub(crate) fn new(vendors: usize) -> Competing {
        let known = (0..vendors * CODES).map(|_| AtomicBool::new(false)).collect();
        Competing { known, found: Mutex::default() }
    }

    pub(crate) fn is_known(&self, vendor: VendorIx, code: u8) -> bool {
        self.place(vendor, code).is_none_or(|known| known.load(Ordering::Relaxed))
    }

    /// True for the first one who finds it.
    pub(crate) fn add(&self, found: Found) -> bool {
        let place = self.place(found.vendor, found.code);
        if place.is_none_or(|known| known.swap(true, Ordering::Relaxed)) {
            return false;
        }
        self.lock().push(found);
        true
    }

    pub(crate) fn all(&self) -> Vec<Found> {
        self.lock().clone()
    }

    fn place(&self, vendor: VendorIx, code: u8) -> Option<&AtomicBool> {
        self.known.get(usize::from(vendor.0) * CODES + usize::from(code))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Found>> {
        // What a poisoned lock guards is whole: one entry more or less.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_vendor_and_option_is_told_once() {
        let competing = Competing::new(2);
        let found = |vendor, code| Found { vendor: VendorIx(vendor), code, text: String::new() };
        assert!(!competing.is_known(VendorIx(1), 43));
        assert!(competing.add(found(1, 43)));
        assert!(!competing.add(found(1, 43)));
        assert!(competing.is_known(VendorIx(1), 43));
        assert!(!competing.is_known(VendorIx(0), 43));
        assert!(competing.add(found(0, 43)) && competing.add(found(1, 255)));
        assert_eq!(competing.all(), [found(1, 43), found(0, 43), found(1, 255)]);
        // A vendor that is none.
        assert!(competing.is_known(VendorIx(2), 0) && !competing.add(found(2, 0)));
    }
}
