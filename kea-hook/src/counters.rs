//! What is counted, and under which names Kea's statistics show it.

/// Something that is counted; the discriminant is its place in [`Counts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    /// OFFERs and ACKs that were about to leave, to phones and to other clients.
    Packets,
    /// Those of them that were for a phone.
    Recognised,
    /// Those of them that were for what may be a phone of a maker that the catalogue does not have.
    Unlisted,
    /// Answers with something from us in them.
    Answered,
    OptionsSet,
    OptionsRemoved,
    /// Values that could not be made for a packet, and were left out.
    OptionsLeftOut,
    /// Packets dropped because the policy answers phones only.
    Dropped,
    LeasesAnnotated,
    /// Phones that the table of phones seen had no room for any more.
    PhonesForgotten,
    PoliciesApplied,
    Faults,
}

/// All names, in the order of [`Count`].
pub(crate) const NAMES: [&str; 12] = [
    "offhook.packets",
    "offhook.recognised",
    "offhook.unlisted",
    "offhook.answered",
    "offhook.options-set",
    "offhook.options-removed",
    "offhook.options-left-out",
    "offhook.dropped",
    "offhook.leases-annotated",
    "offhook.phones-forgotten",
    "offhook.policies-applied",
    "offhook.faults",
];

/// One value per [`Count`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts(pub(crate) [u64; NAMES.len()]);

impl Counts {
    pub(crate) fn add(&mut self, what: Count, number: u64) {
        if let Some(value) = self.0.get_mut(what as usize) {
            *value += number;
        }
    }

    pub(crate) fn add_all(&mut self, other: &Counts) {
        for (value, more) in self.0.iter_mut().zip(other.0) {
            *value += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_has_its_name() {
        assert_eq!(NAMES[Count::Faults as usize], "offhook.faults");
        assert_eq!(Count::Faults as usize + 1, NAMES.len());
        assert_eq!(NAMES[Count::Dropped as usize], "offhook.dropped");
    }
}
