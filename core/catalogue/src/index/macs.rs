//! Which ranges hold a hardware address: one look into a table by its first three bytes.

use crate::facts::Vendor;
use crate::record::{List, record};

record! {
    /// Address ranges sorted by their first address, the wider before the narrower. No range goes
    /// beyond its first three bytes, so those three lead to it at once: the law of the catalogue.
    pub struct MacTable {
        /// The ranges, sorted.
        pub spans: List<Span>,
        /// Open addressing over the first three bytes; a power of two long, or empty.
        pub slots: List<Slot>,
    }
}

record! {
    /// An entry of the hash table.
    #[derive(Copy)]
    pub struct Slot {
        /// 1 + the first three bytes; 0: free.
        pub key: u32,
        /// Where the spans of these bytes end in `spans`.
        pub end: u16,
    }
}

record! {
    /// A range of addresses and its vendor.
    #[derive(Copy)]
    pub struct Span {
        /// The first address, as a number of 48 bits.
        pub first: u64,
        /// The last address, as a number of 48 bits.
        pub last: u64,
        /// Other devices use these addresses too: never decides alone.
        pub shared: bool,
        /// 1 + the position of the narrowest span that holds this one (or equals it); 0: none.
        pub parent: u16,
        /// Position among the vendors.
        pub vendor: u16,
        /// Position among the vendor's `macs`.
        pub rule: u16,
    }
}

impl MacTable {
    pub(super) fn build(vendors: &[Vendor]) -> MacTable {
        let mut spans = Vec::new();
        for (vendor, index) in vendors.iter().zip(0u16..) {
            for (rule, number) in vendor.macs.iter().zip(0u16..) {
                spans.push(Span {
                    first: rule.first,
                    last: rule.last,
                    shared: rule.shared.is_some(),
                    parent: 0,
                    vendor: index,
                    rule: number,
                });
            }
        }
        spans.sort_by_key(|span| (span.first, u64::MAX - span.last, !span.shared, span.vendor));
        for index in 1..spans.len() {
            let mut candidate = index;
            while candidate > 0 && spans[candidate - 1].last < spans[index].last {
                candidate = usize::from(spans[candidate - 1].parent);
            }
            spans[index].parent = u16::try_from(candidate).unwrap_or(0);
        }
        let slots = MacTable::slots(&spans);
        MacTable { spans: spans.into(), slots: slots.into() }
    }

    fn slots(spans: &[Span]) -> Vec<Slot> {
        if spans.is_empty() {
            return Vec::new();
        }
        let mut slots = vec![Slot { key: 0, end: 0 }; (spans.len() * 3).next_power_of_two()];
        for (span, end) in spans.iter().zip(1u16..) {
            let key = Self::key(span.first);
            let mut at = Self::spread(key) & (slots.len() - 1);
            while slots[at].key != 0 && slots[at].key != key {
                at = (at + 1) & (slots.len() - 1);
            }
            slots[at] = Slot { key, end };
        }
        slots
    }

    fn key(address: u64) -> u32 {
        (address >> 24) as u32 + 1
    }

    fn spread(key: u32) -> usize {
        (key.wrapping_mul(0x9e37_79b9) >> 12) as usize
    }

    /// The spans that hold an address, the narrowest first.
    pub fn holding(&self, address: u64) -> impl Iterator<Item = &Span> {
        let mut next = self.last_before(address);
        std::iter::from_fn(move || {
            loop {
                let span = self.spans.get(next.checked_sub(1)?)?;
                next = usize::from(span.parent);
                if address <= span.last {
                    return Some(span);
                }
            }
        })
    }

    /// 1 + the position of the last span of the same three bytes that begins at or before it.
    fn last_before(&self, address: u64) -> usize {
        let key = Self::key(address);
        let Some(mask) = self.slots.len().checked_sub(1) else { return 0 };
        let mut at = Self::spread(key) & mask;
        loop {
            match self.slots.get(at) {
                Some(slot) if slot.key == key => {
                    let mut end = usize::from(slot.end);
                    while end > 0 && self.spans.get(end - 1).is_some_and(|s| s.first > address) {
                        end -= 1;
                    }
                    return end;
                }
                Some(slot) if slot.key != 0 => at = (at + 1) & mask,
                _ => return 0,
            }
        }
    }
}
