//! The names of the steps of a boot, in their order.

/// An offer.
pub const OFFER: &str = "DHCPDISCOVER";
/// The address.
pub const ACK: &str = "DHCPREQUEST";
/// Options by DHCPINFORM.
pub const INFORM: &str = "DHCPINFORM";
/// The voice VLAN.
pub const VLAN: &str = "voice VLAN";
/// What the options say.
pub const OPTIONS: &str = "DHCP options";
/// Where the files are.
pub const URL: &str = "provisioning URL";
/// Followed by the file's URL.
pub const GET: &str = "GET";
/// All files.
pub const FILES: &str = "files";
/// The parameters that a registration needs.
pub const CONFIGURATION: &str = "configuration";
/// The question to the registrar.
pub const REGISTER: &str = "SIP REGISTER";
/// What the registrar says.
pub const ANSWER: &str = "registrar's answer";
/// Only of a phone that waits.
pub const ADDRESS: &str = "own address";
/// Likewise: the request to fetch again.
pub const NOTIFY: &str = "SIP NOTIFY";

/// The name of a line's step: the first line's has no number.
pub fn of_line(step: &str, line: u16) -> String {
    if line == 1 { step.to_owned() } else { format!("{step}, line {line}") }
}
