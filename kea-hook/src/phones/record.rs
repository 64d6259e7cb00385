//! What is kept of one phone, and what a packet brings to it.

use std::hash::{BuildHasher, Hasher};

use offhook_core::{Edits, Engine, Mac, MessageType, Query};

use super::{Keyed, evidence};

/// One phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phone {
    pub(crate) mac: Mac,
    /// Seconds since 1970.
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) answers: u64,
    /// The kind of the last answer (option 53).
    pub(crate) reply: MessageType,
    /// Stands for what the log last said of this phone; 0: nothing.
    pub(super) said: u64,
    pub(super) record: Record,
}

impl Phone {
    /// What it sent; see [`evidence::read`].
    pub(crate) fn evidence(&self) -> &[u8] {
        self.record.parts().0
    }

    /// What it was sent; see [`evidence::read_told`].
    pub(crate) fn told(&self) -> &[u8] {
        self.record.parts().1
    }

    /// Its packet, from the BOOTP header on, without the padding at its end; empty: none is kept.
    pub(crate) fn packet(&self) -> &[u8] {
        self.record.parts().2
    }
}

/// The longest packet that is kept: what an Ethernet frame carries.
pub(super) const LONGEST_PACKET: usize = 1500;

/// What a phone sent and what it was sent, one after the other: one allocation, and one number that
/// stands for both. Behind them, of a device that is not recognised, the packet that showed this first. Nearly always both are what they were, and then only the number is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) mark: u64,
    /// Where the second part begins.
    told_at: usize,
    /// Where the packet begins.
    packet_at: usize,
    bytes: Box<[u8]>,
}

impl Record {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    fn parts(&self) -> (&[u8], &[u8], &[u8]) {
        let split = self.bytes.split_at_checked(self.packet_at);
        let (kept, packet) = split.unwrap_or((&self.bytes, &[]));
        let (evidence, told) = kept.split_at_checked(self.told_at).unwrap_or((kept, &[]));
        (evidence, told, packet)
    }
}

/// A phone gets an answer.
#[derive(Clone, Copy)]
pub(crate) struct Sighting<'a> {
    pub(crate) mac: Mac,
    pub(crate) now: u64,
    pub(crate) reply: MessageType,
    /// What the policy is known by: another policy is news of every phone.
    pub(crate) policy: u64,
    pub(crate) query: &'a Query<'a>,
    pub(crate) engine: &'a Engine,
    pub(crate) edits: &'a Edits,
    /// The packet, if it is to be kept; empty: it is not.
    pub(crate) packet: &'a [u8],
}

impl Sighting<'_> {
    /// Stands for what [`Sighting::record`] would keep: different things have different marks, but for
    /// one case in 2^64, and an attacker cannot search for it, because the hash is keyed at random.
    pub(super) fn mark(&self, keyed: &Keyed) -> u64 {
        let mut hasher = keyed.build_hasher();
        evidence::put(self.query, &mut hasher);
        evidence::put_told(self.engine, self.edits, &mut hasher);
        hasher.finish()
    }

    pub(super) fn record(&self, mark: u64, scratch: &mut Vec<u8>) -> Record {
        scratch.clear();
        evidence::put(self.query, scratch);
        let told_at = scratch.len();
        evidence::put_told(self.engine, self.edits, scratch);
        let packet_at = scratch.len();
        let length = self.packet.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        if length <= LONGEST_PACKET {
            scratch.extend_from_slice(self.packet.get(..length).unwrap_or_default());
        }
        Record { mark, told_at, packet_at, bytes: scratch.as_slice().into() }
    }
}

/// What a sighting has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Saw {
    /// Another phone had to be forgotten for it.
    pub(crate) forgot: bool,
    /// The phone is new, or it, its answer or the policy differs from what the log last said.
    pub(crate) news: bool,
}
