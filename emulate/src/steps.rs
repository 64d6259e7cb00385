//! The names of the steps of a boot, in their order.

pub const OFFER: &str = "DHCPDISCOVER";
pub const ACK: &str = "DHCPREQUEST";
pub const INFORM: &str = "DHCPINFORM";
pub const VLAN: &str = "voice VLAN";
pub const OPTIONS: &str = "DHCP options";
pub const URL: &str = "provisioning URL";
/// Followed by the file's URL.
pub const GET: &str = "GET";
pub const FILES: &str = "files";
pub const CONFIGURATION: &str = "configuration";
pub const REGISTER: &str = "SIP REGISTER";
pub const ANSWER: &str = "registrar's answer";
/// Only of a phone that waits.
pub const ADDRESS: &str = "own address";
pub const NOTIFY: &str = "SIP NOTIFY";
