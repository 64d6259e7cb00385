//! offhook's integration tests: one binary, real peers, no root.

use offhook_test_kit as peers;

/// The path to a new maker in CONTRIBUTING.md.
/// What the lease's user context says of a phone.
mod annotate;
/// Malformed arguments of every command.
mod arguments;
/// The bench itself: exchanges with a Kea that has no hook. What fails here is not a fault of
/// offhook's.
mod bench;
/// Whatever is wrong with offhook, Kea starts and serves.
mod cannot_break;
/// Every example of the catalogue, through a real Kea.
mod catalogue;
/// A catalogue that is installed as a package of its own.
mod catalogue_package;
/// Client classes, guards, and who is answered at all.
mod classes;
/// Every command of the control channel.
mod commands;
/// Kea's own options that phones may follow instead of offhook's.
mod competing;
/// What dnsmasq is made to say: the same as Kea, row by row.
mod dnsmasq;
/// Virtual phones of every maker.
mod emulate;
/// Hostile packets and faults in offhook: no client loses a lease.
mod fail_open;
/// The phones' own files, by a token that Kea mints and nginx checks.
mod files;
/// Hot-standby: the same bytes and the same knowledge from both servers.
mod ha;
/// How the library is compiled and linked.
mod hardening;
/// Commands over HTTP(S).
mod http;
/// `offhook import --prove` over every folder of `tests/imports`.
mod imports;
/// The README's pipe out of a database into the generator.
mod list_from_psql;
/// How the library loads, and how it says no.
mod loading;
/// What is in Kea's log.
mod log;
/// valgrind.
mod memory;
/// Names and passwords in URLs.
mod passwords;
/// The command line's list of phones, out of a real Kea.
mod phones;
/// PostgreSQL as Kea's lease database.
mod postgres;
/// The acceptance table of the four reference sites.
mod reference;
/// The page on Kea's releases names tests that are there.
mod releases_page;
/// Policies that come and go, and those that are refused.
mod reload;
/// The page on attackers names tests that are there.
mod security_page;
/// How a policy recognises a site, by evidence that only a real packet has.
mod sites;
/// Hostile clients and many askers: no client waits long.
mod stall;
/// What is counted, and where it shows.
mod statistics;
/// Who gets a token, and who does not.
mod tokens;
/// Phones of makers that the catalogue does not have.
mod unlisted;
/// Values, headers and merging as they come out on the wire.
mod wire;
