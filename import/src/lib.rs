//! The configuration of another DHCP server as a policy.
//!
//! ```text
//! dhcpd.conf, Kea's JSON, dnsmasq's lines, netsh's commands -> one model: rules with a condition (`model`)
//! the rules, asked by the phones of the catalogue (`evaluate`, `probes`) -> what each maker's phones got
//! what they got -> systems, options, sites, devices (`translate`) -> a policy, and what it does not take over
//! ```
//! A condition is never read by its name: the phones of the catalogue's own examples decide whom it means. The
//! compiled policy is asked by the same phones at the end, and each difference is reported. No server is
//! started here; the command line's `--prove` does that.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::missing_errors_doc)]

mod dhcpd;
mod dnsmasq;
mod evaluate;
mod kea;
mod kinds;
pub mod model;
mod names;
mod probes;
mod translate;
pub mod trial;
mod windows;

use std::path::Path;
use std::sync::Arc;

use offhook_core::catalogue::Tables;

pub use evaluate::{Said, Told};
pub use model::{Note, Old, Place, Refused};
pub use probes::Probe;
pub use translate::{Difference, Import};

/// Which server the file is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// ISC's dhcpd.conf.
    Dhcpd,
    /// Kea's JSON.
    Kea,
    /// dnsmasq's configuration.
    Dnsmasq,
    /// Windows: `netsh dhcp server dump`, or the XML of `Export-DhcpServer`.
    Netsh,
}

/// Reads a configuration.
///
/// # Errors
/// It cannot be read, or a place in it that cannot be understood at all. What can be understood and not be
/// taken over is among the notes.
pub fn read(format: Format, path: &Path) -> Result<Old, Refused> {
    let old = match format {
        Format::Dhcpd => dhcpd::read(path),
        Format::Kea => kea::read(path),
        Format::Dnsmasq => dnsmasq::read(path),
        Format::Netsh => windows::read(path),
    }?;
    old.within_limits()
}

/// Kea's configuration as plain JSON: without comments, with the files that it includes.
///
/// # Errors
/// It cannot be read, or a file in it includes itself.
pub fn kea_json(path: &Path) -> Result<String, Refused> {
    kea::json(path)
}

/// Makes a policy of it.
///
/// # Errors
/// The configuration is beyond a limit, or the policy that came out is not valid, which is a fault of offhook.
pub fn import(tables: Arc<Tables>, old: &Old) -> Result<Import, Refused> {
    translate::import(tables, old)
}
