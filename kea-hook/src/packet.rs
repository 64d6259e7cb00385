//! A client's packet, with what the server says of it.

use offhook_core::token::Accepted;
use offhook_core::{Context, MessageType};

/// A client's packet, as the shim hands it over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet<'a> {
    pub(crate) wire: &'a [u8],
    pub(crate) context: Context<'a>,
    /// The type of the answer: an OFFER or an ACK.
    pub(crate) reply: MessageType,
    /// Seconds since 1970.
    pub(crate) now: u64,
    /// What is kept of the client's signs in the leases of its hardware address, and where it is now.
    pub(crate) before: Before<'a>,
}

/// What the shim found in the leases of a client's hardware address.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Before<'a> {
    /// Each lease's accepted signs, as JSON.
    pub(crate) kept: &'a [&'a [u8]],
    /// The subnet of this exchange's lease; 0: not known.
    pub(crate) subnet: u32,
}

impl Before<'_> {
    /// What was accepted last, by any lease.
    pub(crate) fn latest(&self) -> Option<Accepted> {
        let read = |text: &&[u8]| serde_json::from_slice::<Accepted>(text).ok();
        self.kept.iter().filter_map(read).max_by_key(|kept| kept.shown)
    }
}
