//! Option numbers that packets are recognised by.

pub const HOST_NAME: u8 = 12;
pub const REQUESTED_ADDRESS: u8 = 50;
pub const OVERLOAD: u8 = 52;
pub const MESSAGE_TYPE: u8 = 53;
pub const REQUEST_LIST: u8 = 55;
pub const MAX_SIZE: u8 = 57;
pub const VENDOR_CLASS: u8 = 60;
pub const USER_CLASS: u8 = 77;
pub const RELAY_AGENT: u8 = 82;
pub const SUBNET_SELECTION: u8 = 118;
pub const VENDOR_IDENTIFYING_CLASS: u8 = 124;
pub const VENDOR_IDENTIFYING: u8 = 125;

/// Link selection, a sub-option of option 82 (RFC 3527).
pub const LINK_SELECTION: u8 = 5;
