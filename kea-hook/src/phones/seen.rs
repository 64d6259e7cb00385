//! All clients seen, in the order of their addresses.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use offhook_core::Mac;

use super::guarded::{Impostors, Moves};
use super::{MOST, MOST_BYTES, MOST_BYTES_UNKNOWN, MOST_UNKNOWN, Phone, Phones};

/// Addresses that are put in order at once.
const BLOCK: usize = 4096;

/// All clients seen. Those that are not recognised are apart, so that they never push a phone out.
pub(crate) struct Seen {
    pub(crate) phones: Phones,
    pub(crate) unknown: Phones,
    pub(crate) impostors: Impostors,
    pub(crate) moves: Moves,
    block: Mutex<Block>,
}

/// Addresses in order, kept between the pages of a list: a short page has no time to look through all shards.
#[derive(Default)]
struct Block {
    after: Option<Mac>,
    macs: Vec<Mac>,
    /// [`Seen::news`] when they were looked for.
    news: usize,
}

impl Seen {
    pub(crate) fn new() -> Seen {
        Seen {
            phones: Phones::new(MOST, MOST_BYTES),
            unknown: Phones::new(MOST_UNKNOWN, MOST_BYTES_UNKNOWN),
            impostors: Impostors::default(),
            moves: Moves::default(),
            block: Mutex::default(),
        }
    }

    pub(crate) fn get(&self, mac: Mac) -> Option<Phone> {
        self.phones.get(mac).or_else(|| self.unknown.get(mac))
    }

    pub(crate) fn len(&self) -> usize {
        self.phones.len() + self.unknown.len()
    }

    /// The first addresses after `from`, in their order, each once: a device that was recognised later is in
    /// both. None if there are no more. One that has been forgotten since may be among them.
    pub(crate) fn addresses(&self, from: Option<Mac>) -> Vec<Mac> {
        // What a poisoned lock guards was whole before and is replaced whole.
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        // Read before the shards are: a phone that comes meanwhile makes the block an old one.
        let news = self.news();
        if news == block.news && block.after <= from {
            let passed = block.macs.partition_point(|mac| from.is_some_and(|from| *mac <= from));
            if let Some(rest) = block.macs.get(passed..).filter(|rest| !rest.is_empty()) {
                return rest.to_vec();
            }
        }
        let macs = self.look_for_addresses(from);
        *block = Block { after: from, macs: macs.clone(), news };
        macs
    }

    /// How many phones have come since the start.
    fn news(&self) -> usize {
        self.phones
            .added
            .load(Ordering::Acquire)
            .wrapping_add(self.unknown.added.load(Ordering::Acquire))
    }

    fn look_for_addresses(&self, from: Option<Mac>) -> Vec<Mac> {
        let mut all = self.phones.addresses(from);
        all.extend(self.unknown.addresses(from));
        // To put all in order would take longer than most commands have.
        if all.len() > BLOCK {
            all.select_nth_unstable(BLOCK);
            all.truncate(BLOCK);
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// All addresses after `from`, in their order, and whether there are more after each.
    pub(crate) fn each(&self, from: Option<Mac>) -> impl Iterator<Item = (Mac, bool)> {
        let mut block = self.addresses(from).into_iter().peekable();
        std::iter::from_fn(move || {
            let mac = block.next()?;
            if block.peek().is_none() {
                block = self.addresses(Some(mac)).into_iter().peekable();
            }
            Some((mac, block.peek().is_some()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phones::tests::{engine, mac, see};

    #[test]
    fn addresses_come_in_order_from_where_one_was_and_each_once() {
        let (engine, seen) = (engine(), Seen::new());
        for number in (0..9990).rev() {
            see(&engine, &seen.phones, number * 977, 1, b"");
        }
        for number in (9000..10_000).rev() {
            see(&engine, &seen.unknown, number * 977, 1, b"");
        }
        let each = |from| seen.each(from).collect::<Vec<_>>();
        let expected = |numbers: std::ops::Range<u64>| {
            numbers.map(|number| (mac(number * 977), number != 9999)).collect::<Vec<_>>()
        };
        assert_eq!(each(None), expected(0..10_000));
        assert_eq!(each(Some(mac(8999 * 977))), expected(9000..10_000));
        assert_eq!(each(Some(mac(9998 * 977))), expected(9999..10_000));
        assert_eq!(each(Some(mac(9999 * 977))), []);
    }

    #[test]
    fn a_kept_block_of_addresses_ends_where_a_phone_comes() {
        let (engine, seen) = (engine(), Seen::new());
        for number in 1..=9 {
            see(&engine, &seen.phones, number * 10, 1, b"");
        }
        let from = |number| {
            let macs = seen.addresses(Some(mac(number)));
            macs.into_iter().map(Mac::number).collect::<Vec<_>>()
        };
        assert_eq!(seen.addresses(None).len(), 9);
        assert_eq!(from(70), [80, 90]);
        see(&engine, &seen.phones, 75, 1, b"");
        see(&engine, &seen.unknown, 85, 1, b"");
        assert_eq!(from(70), [75, 80, 85, 90]);
        assert_eq!(from(85), [90], "out of the kept ones");
        assert_eq!(from(5).len(), 11, "from before the kept ones");
        assert_eq!(from(90), [0; 0]);
    }
}
