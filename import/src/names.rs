//! The names that dhcpd and Kea have for DHCP's options, and the form of their values.
//!
//! Sources: dhcp-options(5) of ISC DHCP 4.4.3; "Standard DHCPv4 Options" in Kea's administrator reference manual.

use crate::kinds::{Form, Kind};

use Kind::{Address, Bytes, Domain, Domains, Flag, Number, Text};

/// A name, the code, the field, and whether it comes several times.
type Row = (&'static str, u8, Kind, bool);

const ROWS: [Row; 96] = [
    ("subnet-mask", 1, Address, false),
    ("time-offset", 2, Number(4), false),
    ("routers", 3, Address, true),
    ("time-servers", 4, Address, true),
    ("ien116-name-servers", 5, Address, true),
    ("name-servers", 5, Address, true),
    ("domain-name-servers", 6, Address, true),
    ("log-servers", 7, Address, true),
    ("cookie-servers", 8, Address, true),
    ("lpr-servers", 9, Address, true),
    ("impress-servers", 10, Address, true),
    ("resource-location-servers", 11, Address, true),
    ("host-name", 12, Text, false),
    ("boot-size", 13, Number(2), false),
    ("merit-dump", 14, Text, false),
    ("domain-name", 15, Text, false),
    ("swap-server", 16, Address, false),
    ("root-path", 17, Text, false),
    ("extensions-path", 18, Text, false),
    ("ip-forwarding", 19, Flag, false),
    ("non-local-source-routing", 20, Flag, false),
    ("policy-filter", 21, Address, true),
    ("max-dgram-reassembly", 22, Number(2), false),
    ("default-ip-ttl", 23, Number(1), false),
    ("path-mtu-aging-timeout", 24, Number(4), false),
    ("path-mtu-plateau-table", 25, Number(2), true),
    ("interface-mtu", 26, Number(2), false),
    ("all-subnets-local", 27, Flag, false),
    ("broadcast-address", 28, Address, false),
    ("perform-mask-discovery", 29, Flag, false),
    ("mask-supplier", 30, Flag, false),
    ("router-discovery", 31, Flag, false),
    ("router-solicitation-address", 32, Address, false),
    ("static-routes", 33, Address, true),
    ("trailer-encapsulation", 34, Flag, false),
    ("arp-cache-timeout", 35, Number(4), false),
    ("ieee802-3-encapsulation", 36, Flag, false),
    ("default-tcp-ttl", 37, Number(1), false),
    ("tcp-keepalive-interval", 38, Number(4), false),
    ("tcp-keepalive-garbage", 39, Flag, false),
    ("nis-domain", 40, Text, false),
    ("nis-servers", 41, Address, true),
    ("ntp-servers", 42, Address, true),
    ("vendor-encapsulated-options", 43, Bytes, false),
    ("netbios-name-servers", 44, Address, true),
    ("netbios-dd-server", 45, Address, true),
    ("netbios-node-type", 46, Number(1), false),
    ("netbios-scope", 47, Text, false),
    ("font-servers", 48, Address, true),
    ("x-display-manager", 49, Address, true),
    ("dhcp-requested-address", 50, Address, false),
    ("dhcp-lease-time", 51, Number(4), false),
    ("dhcp-option-overload", 52, Number(1), false),
    ("dhcp-message-type", 53, Number(1), false),
    ("dhcp-server-identifier", 54, Address, false),
    ("dhcp-parameter-request-list", 55, Number(1), true),
    ("dhcp-message", 56, Text, false),
    ("dhcp-max-message-size", 57, Number(2), false),
    ("dhcp-renewal-time", 58, Number(4), false),
    ("dhcp-rebinding-time", 59, Number(4), false),
    ("vendor-class-identifier", 60, Bytes, false),
    ("dhcp-client-identifier", 61, Bytes, false),
    ("nwip-domain-name", 62, Text, false),
    ("nisplus-domain-name", 64, Text, false),
    ("nisplus-servers", 65, Address, true),
    ("tftp-server-name", 66, Text, false),
    ("bootfile-name", 67, Text, false),
    ("boot-file-name", 67, Text, false),
    ("mobile-ip-home-agent", 68, Address, true),
    ("smtp-server", 69, Address, true),
    ("pop-server", 70, Address, true),
    ("nntp-server", 71, Address, true),
    ("www-server", 72, Address, true),
    ("finger-server", 73, Address, true),
    ("irc-server", 74, Address, true),
    ("streettalk-server", 75, Address, true),
    ("streettalk-directory-assistance-server", 76, Address, true),
    ("user-class", 77, Bytes, false),
    ("client-system", 93, Number(2), true),
    ("pxe-system-type", 93, Number(2), true),
    ("pcode", 100, Text, false),
    ("tcode", 101, Text, false),
    ("v6-only-preferred", 108, Number(4), false),
    ("netinfo-server-address", 112, Address, true),
    ("netinfo-server-tag", 113, Text, false),
    ("default-url", 114, Text, false),
    ("v4-captive-portal", 114, Text, false),
    ("auto-config", 116, Number(1), false),
    ("name-service-search", 117, Number(2), true),
    ("domain-search", 119, Domains, false),
    ("vivco-suboptions", 124, Bytes, false),
    ("vivso-suboptions", 125, Bytes, false),
    ("v4-lost", 137, Domain, false),
    ("capwap-ac-v4", 138, Address, true),
    ("sip-ua-cs-domains", 141, Domains, false),
    ("tftp-server-address", 150, Address, true),
];

/// The code of a name, and the form of its value.
pub fn named(name: &str) -> Option<(u8, Form)> {
    let row = ROWS.iter().find(|(known, ..)| *known == name)?;
    Some((row.1, form(row)))
}

/// The form of a code's value, where it is known.
pub fn form_of(code: u8) -> Option<Form> {
    ROWS.iter().find(|(_, known, ..)| *known == code).map(form)
}

fn form((_, _, kind, many): &Row) -> Form {
    match many {
        true => Form::many(kind.clone()),
        false => Form::one(kind.clone()),
    }
}
