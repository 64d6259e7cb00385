//! The real programs that offhook meets, driven from outside. No knowledge of offhook's own rules
//! belongs here.

/// A real browser (headless Chromium), driven by its DevTools protocol.
pub mod browser;
/// What people write into their DHCP server without offhook.
pub mod by_hand;
/// Kea's control channel, spoken over its UNIX socket.
pub mod control;
/// A real dnsmasq on loopback, and the companion's rendering in it.
pub mod dnsmasq;
/// A folder per process, gone with its test, also after a panic.
pub mod folder;
/// A Kea that has the hook.
pub mod hook;
/// A real kea-dhcp4 on loopback, and the configuration it starts with.
pub mod kea;
/// On what figures were measured, and how they get into their page.
pub mod machine;
/// Many phones at once, for benches.
pub mod many;
/// DHCP packets, written and read by hand: no crate of the product takes part.
pub mod packet;
/// Two Keas that stand in for each other (hot-standby).
pub mod pair;
/// Clients behind a relay: the phone, the laptop and whatever else requests an address.
pub mod phone;
/// The phones' files as users get them: offhook generate, offhook web-server, a real nginx.
pub mod phone_files;
/// TCP ports that no other test is given meanwhile.
pub mod port;
/// A real PostgreSQL cluster, as Kea's lease database.
pub mod postgres;
/// Child processes that cannot outlive the test that made them.
pub mod process;
/// What this workspace builds.
pub mod product;
/// A real SIP registrar (Kamailio).
pub mod registrar;
/// UDP sockets of clients and relays.
pub mod socket;
/// tshark as the judge of what went over the wire.
pub mod tshark;
/// A real nginx that serves a folder over HTTP and HTTPS.
pub mod web;
