//! What is kept of one phone.

use serde::{Deserialize, Serialize};

use super::now;
use crate::script::judge::Drift;

/// What is known of a phone. `offhook phones --dnsmasq` reads the same names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Record {
    pub mac: String,
    pub address: String,
    /// `leased` or `released`.
    pub state: String,
    pub vendor: Option<String>,
    pub variant: Option<String>,
    pub model: Option<String>,
    pub firmware: Option<String>,
    /// By which sign it was recognised.
    pub by: Option<String>,
    pub site: Option<String>,
    /// The tag of the rule that answered.
    pub rule: Option<String>,
    /// Digest of the policy that answered.
    pub policy: Option<String>,
    pub host_name: Option<String>,
    pub interface: Option<String>,
    pub relay: Option<String>,
    /// Option 60 as dnsmasq passed it on.
    pub vendor_class: Option<String>,
    /// The signs of a phone of a maker that the catalogue does not have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unlisted: Vec<String>,
    /// Of such a device: its packet as hex digits, as far as dnsmasq passes it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet: Option<String>,
    /// Seconds since 1970; 0: never.
    pub expires: Option<u64>,
    pub first_seen: u64,
    pub last_seen: u64,
    /// How often it requested an address and dnsmasq passed its packet on.
    pub boots: u64,
    pub drift: Option<Drift>,
}

impl Record {
    /// Released, or its lease has run out.
    pub(super) fn gone(&self) -> bool {
        self.state != "leased" || self.expires.is_some_and(|end| end != 0 && end < now())
    }
}
