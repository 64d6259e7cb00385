//! The options' numbers: their names and the forms of their values (RFC 2132 where no other is named
//! beside it). What is missing here is private use, or nothing that a phone's packet holds.

/// The form of an option's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Addresses,
    Seconds,
    /// A number of so many bytes.
    Number(usize),
    /// A number of four bytes in two's complement.
    Signed,
    Domains,
    Message,
    /// Option numbers.
    Codes,
    SipServers,
    Routes,
    Relay,
    /// Enterprise number and data; true: the data are sub-options.
    Enterprise(bool),
    ClassId,
    UserClass,
    VendorSpecific,
    Hardware,
    Unknown,
}

use Shape::*;
use offhook_catalogue::MessageType;

const OPTIONS: &[(u8, &str, Shape)] = &[
    (1, "subnet-mask", Addresses),
    (2, "time-offset", Signed),
    (3, "routers", Addresses),
    (4, "time-servers", Addresses),
    (6, "domain-name-servers", Addresses),
    (7, "log-servers", Addresses),
    (12, "host-name", Text),
    (15, "domain-name", Text),
    (26, "interface-mtu", Number(2)),
    (28, "broadcast-address", Addresses),
    (33, "static-routes", Addresses),
    (42, "ntp-servers", Addresses),
    (43, "vendor-encapsulated-options", VendorSpecific),
    (44, "netbios-name-servers", Addresses),
    (50, "requested-address", Addresses),
    (51, "lease-time", Seconds),
    (52, "option-overload", Number(1)),
    (53, "message-type", Message),
    (54, "server-identifier", Addresses),
    (55, "parameter-request-list", Codes),
    (56, "message", Text),
    (57, "max-message-size", Number(2)),
    (58, "renewal-time", Seconds),
    (59, "rebinding-time", Seconds),
    (60, "vendor-class-identifier", ClassId),
    (61, "client-identifier", Hardware),
    (66, "tftp-server-name", Text),
    (67, "boot-file-name", Text),
    (69, "smtp-servers", Addresses),
    (72, "www-servers", Addresses),
    (77, "user-class (RFC 3004)", UserClass),
    (81, "client-fqdn (RFC 4702)", Unknown),
    (82, "relay-agent-information (RFC 3046)", Relay),
    (93, "client-architecture (RFC 4578)", Number(2)),
    (100, "posix-timezone (RFC 4833)", Text),
    (101, "tzdb-timezone (RFC 4833)", Text),
    (114, "captive-portal (RFC 8910); some phones: a URL", Text),
    (116, "auto-configure (RFC 2563)", Number(1)),
    (119, "domain-search (RFC 3397)", Domains),
    (120, "sip-servers (RFC 3361)", SipServers),
    (121, "classless-static-routes (RFC 3442)", Routes),
    (124, "vendor-identifying-class (RFC 3925)", Enterprise(false)),
    (125, "vendor-identifying-options (RFC 3925)", Enterprise(true)),
    (138, "capwap-access-controllers (RFC 5417)", Addresses),
    (249, "classless-static-routes (Microsoft)", Routes),
    (150, "tftp-server-address (RFC 5859)", Addresses),
];

fn known(code: u8) -> Option<&'static (u8, &'static str, Shape)> {
    OPTIONS.iter().find(|(known, ..)| *known == code)
}

pub(super) fn shape(code: u8) -> Shape {
    known(code).map_or(Unknown, |(_, _, shape)| *shape)
}

/// An option's name.
pub fn name(code: u8) -> &'static str {
    match known(code) {
        Some((_, name, _)) => name,
        // RFC 3942: what was site-specific; phones' makers had taken numbers there before.
        None if code >= 224 => "site-specific",
        None if code >= 128 => "private use",
        None => "no option that phones use",
    }
}

/// A message type's name (option 53).
pub(crate) fn message(number: u8) -> &'static str {
    let name = MessageType::from_number(number).and_then(MessageType::name);
    name.unwrap_or("no message type that clients use")
}

/// The form of an option's value in words; `None` if it is not known.
pub(super) fn expected(code: u8) -> Option<&'static str> {
    Some(match shape(code) {
        Shape::Unknown => return None,
        Shape::Text => "a text",
        Shape::Addresses => "IPv4 addresses of 4 bytes each",
        Shape::Seconds => "4 bytes",
        Shape::Number(1) => "a number of 1 byte",
        Shape::Number(2) => "a number of 2 bytes",
        Shape::Number(_) => "a number of 4 bytes",
        Shape::Signed => "a number of 4 bytes, negative ones in two's complement (RFC 2132)",
        Shape::Domains => "domain names (RFC 1035, RFC 3397)",
        Shape::Message => "a message type of 1 byte",
        Shape::Codes => "option numbers",
        Shape::SipServers => "0 and domain names, or 1 and addresses (RFC 3361)",
        Shape::Routes => "routes: width, network, router (RFC 3442)",
        Shape::Enterprise(_) => "enterprise number, length, data (RFC 3925)",
        Shape::Relay => "sub-options: code, length, value (RFC 3046)",
        Shape::ClassId => "a text, or enterprise number, length, data (RFC 3925)",
        Shape::UserClass => "texts behind their lengths (RFC 3004), or one text",
        Shape::VendorSpecific => "sub-options (code, length, value) or text",
        Shape::Hardware => "a hardware type and an address, or 255, IAID and DUID (RFC 4361)",
    })
}
