//! Sets of bytes and heads by their first byte: what makes the usual case quick, a client that shows no sign.

use std::ops::Range;

use crate::record::{Bytes, List, record};

/// A set of bytes, such as the codes of an option 55.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByteSet([u64; 4]);

impl ByteSet {
    /// The set of these bytes.
    pub fn of(bytes: &[u8]) -> ByteSet {
        let mut set = [0_u64; 4];
        for byte in bytes {
            if let Some(part) = set.get_mut(usize::from(byte >> 6)) {
                *part |= 1 << (byte & 63);
            }
        }
        ByteSet(set)
    }

    /// Whether the byte is one of them.
    pub fn has(self, byte: u8) -> bool {
        self.0.get(usize::from(byte >> 6)).is_some_and(|part| part >> (byte & 63) & 1 != 0)
    }

    /// Whether one of these bytes is one of them.
    pub fn has_any(self, bytes: &[u8]) -> bool {
        bytes.iter().any(|byte| self.has(*byte))
    }
}

record! {
    /// Where the entries of a sorted list are that begin with a byte.
    pub struct FirstBytes {
        /// For each first byte, the end of its entries (256 of them; none if the list is empty).
        pub ends: List<u16>,
    }
}

impl FirstBytes {
    /// Of a list that is sorted by these first bytes; an entry without one comes before all others.
    pub fn of(firsts: &[Option<u8>]) -> FirstBytes {
        if firsts.is_empty() {
            return FirstBytes { ends: List::default() };
        }
        let end = |byte: u8| firsts.partition_point(|first| *first <= Some(byte));
        FirstBytes { ends: (0..=255).map(|b| u16::try_from(end(b)).unwrap_or(u16::MAX)).collect() }
    }

    /// The entries that begin with this byte.
    pub fn range(&self, byte: u8) -> Range<usize> {
        let end = |at: usize| usize::from(self.ends.get(at).copied().unwrap_or(0));
        let at = usize::from(byte);
        at.checked_sub(1).map_or(0, end)..end(at)
    }
}

record! {
    /// Whether a value may have one of some texts in it: by the first three bytes of each.
    pub struct Sieve {
        /// For each byte, whether it is the first (1), the second (2), the third (4) of a text (256 entries).
        pub places: Bytes,
    }
}

/// How long a text must be so that a [`Sieve`] can look for it.
pub const SIEVED: usize = 3;

impl Sieve {
    /// Of texts of at least [`SIEVED`] bytes.
    pub fn of<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Sieve {
        let mut places = vec![0; 256];
        for text in texts {
            for (place, byte) in text.iter().take(SIEVED).enumerate() {
                if let Some(places) = places.get_mut(usize::from(*byte)) {
                    *places |= 1 << place;
                }
            }
        }
        Sieve { places: places.into() }
    }

    /// Where in the value one of the texts may begin.
    pub fn starts<'v>(&'v self, value: &'v [u8]) -> impl Iterator<Item = usize> + 'v {
        let mut met = 0;
        let ends = value.iter().enumerate().filter(move |(_, byte)| {
            met = (met << 1 | 1) & self.places.get(usize::from(**byte)).copied().unwrap_or(0);
            met & 1 << (SIEVED - 1) != 0
        });
        ends.map(|(end, _)| end + 1 - SIEVED)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_falls_through_the_sieve(
            texts in proptest::collection::vec("[a-d]{3,5}", 1..5),
            value in "[a-e]{0,12}",
        ) {
            let sieve = Sieve::of(texts.iter().map(String::as_bytes));
            let starts: Vec<usize> = sieve.starts(value.as_bytes()).collect();
            for (at, _) in value.char_indices() {
                let there = texts.iter().any(|text| value[at..].starts_with(text.as_str()));
                prop_assert!(!there || starts.contains(&at), "{texts:?} in {value:?} at {at}: {starts:?}");
            }
            // A position that no text's first bytes fit is not looked at.
            let fits = |at: &usize| (0..SIEVED).all(|place| {
                texts.iter().any(|text| text.as_bytes()[place] == value.as_bytes()[at + place])
            });
            prop_assert!(starts.iter().all(fits));
        }

        #[test]
        fn a_set_has_its_bytes_and_no_others(bytes: Vec<u8>, other: Vec<u8>) {
            let set = ByteSet::of(&bytes);
            for byte in 0..=255 {
                prop_assert_eq!(set.has(byte), bytes.contains(&byte));
            }
            prop_assert_eq!(set.has_any(&other), other.iter().any(|byte| bytes.contains(byte)));
        }

        #[test]
        fn the_entries_of_each_byte_are_found(mut firsts: Vec<Option<u8>>) {
            firsts.sort_unstable();
            let table = FirstBytes::of(&firsts);
            for byte in 1..=255_u8 {
                let expected: Vec<usize> = (0..firsts.len()).filter(|at| firsts[*at] == Some(byte)).collect();
                prop_assert_eq!(table.range(byte).collect::<Vec<_>>(), expected);
            }
        }
    }
}
