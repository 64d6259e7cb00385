//! Option numbers that packets are recognised by.

/// The client's host name (RFC 2132, section 3.14).
pub const HOST_NAME: u8 = 12;
/// The address that the client requests (RFC 2132, section 9.1).
pub const REQUESTED_ADDRESS: u8 = 50;
/// Which header fields hold options too (RFC 2132, section 9.3).
pub const OVERLOAD: u8 = 52;
/// The type of the message (RFC 2132, section 9.6); see [`crate::MessageType`].
pub const MESSAGE_TYPE: u8 = 53;
/// The options that the client lists (RFC 2132, section 9.8).
pub const REQUEST_LIST: u8 = 55;
/// The longest message that the client takes, in bytes, two of them on the wire, big-endian (RFC 2132, section 9.10).
pub const MAX_SIZE: u8 = 57;
/// The vendor class (RFC 2132, section 9.13).
pub const VENDOR_CLASS: u8 = 60;
/// The user class (RFC 3004).
pub const USER_CLASS: u8 = 77;
/// What the relay agent adds (RFC 3046).
pub const RELAY_AGENT: u8 = 82;
/// The subnet that the client chooses itself (RFC 3011).
pub const SUBNET_SELECTION: u8 = 118;
/// The vendor class by enterprise number (RFC 3925, section 3).
pub const VENDOR_IDENTIFYING_CLASS: u8 = 124;
/// Vendor-specific values by enterprise number (RFC 3925, section 4).
pub const VENDOR_IDENTIFYING: u8 = 125;

/// Link selection, a sub-option of option 82 (RFC 3527).
pub const LINK_SELECTION: u8 = 5;
