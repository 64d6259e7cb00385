//! A client's packet, with what the server says of it.

use offhook_core::Context;

/// Option 53 of an OFFER (RFC 2132, section 9.6).
pub(crate) const OFFER: u8 = 2;

/// A client's packet, as the shim hands it over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet<'a> {
    pub(crate) wire: &'a [u8],
    pub(crate) context: Context<'a>,
    /// Option 53 of the answer: 2 OFFER, 5 ACK.
    pub(crate) reply: u8,
    /// Seconds since 1970.
    pub(crate) now: u64,
}
