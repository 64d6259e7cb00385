//! A fleet at a glance: what the DHCP server, the web server and the registrar each know of the same
//! phones, put together by hardware address.
//!
//! ```text
//! Kea's answers, dnsmasq's book  ->  phones by hardware address
//! lines of logs, by patterns     ->  fetches and registrations, given to the phones by address, user or agent
//! all of it                      ->  a report: JSON, or one page of HTML
//! ```
//! This package reads no socket and opens no file: the command line hands it answers and lines. What a
//! client or a server says may hold anything; passwords and tokens are masked where text comes in.
#![forbid(unsafe_code)]

/// Everything together: attributes the lines of the logs to the phones.
pub mod fleet;
/// Lines of logs: patterns that are data, and times.
pub mod log;
/// The fleet as OpenMetrics.
pub mod metrics;
/// One phone, and what is known of it.
pub mod phone;
/// The report: what is shown, and the page that shows it.
pub mod report;
/// Answers of Kea, and the files of dnsmasq's book.
pub mod sources;

pub use fleet::Fleet;
