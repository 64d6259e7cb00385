//! The policy as its author meant it: validated, but nothing computed yet.
//!
//! `read` turns the document into these types and reports every mistake; `plan` (one room up) turns
//! them into ready answers. Everything in here is what a person wrote; nothing is a default.

pub mod devices;
mod file_access;
mod layers;
mod limits;
pub mod models;
mod phone_settings;
mod read;
mod read_layer;
mod read_site;
mod read_system;
mod relay_id;

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::catalogue::VendorIx;
use crate::fields::Values;
use crate::keys::Key;
use crate::value::{Existing, OptionSpec, Send};
use devices::Devices;
use models::ModelLayer;

pub use crate::token::{OnlyIf, TokenRule};
pub use layers::Origin;
pub use read::policy;
pub use relay_id::RelayId;

/// Who gets an answer from the DHCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Everyone,
    Phones,
}

/// A voice VLAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VoiceVlan {
    pub id: u16,
    pub priority: Option<u8>,
}

/// An option with its place in the policy, for messages that only compiling can produce.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed<T> {
    pub place: String,
    pub value: T,
}

/// One entry of `systems`.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemUse {
    pub place: String,
    /// The system's id.
    pub system: String,
    /// Its parameters, defaults filled in.
    pub parameters: Vec<(String, String)>,
    /// The vendors of `for`; empty: all that the system serves.
    pub only: Vec<VendorIx>,
}

/// The header fields that a policy may set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HeaderSpec {
    pub next_server: Option<Placed<String>>,
    pub server_hostname: Option<Placed<String>>,
    pub boot_file_name: Option<Placed<String>>,
}

/// What one layer (device, site and vendor, site, vendor, top level) says. `None`: nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layer {
    pub systems: Option<Vec<SystemUse>>,
    pub answer: Option<Answer>,
    /// `Some(None)`: expressly none.
    pub voice_vlan: Option<Option<VoiceVlan>>,
    pub time_servers: Option<Placed<Vec<String>>>,
    pub sip_servers: Option<Placed<Vec<String>>>,
    pub send: Option<Send>,
    pub existing: Option<Existing>,
    pub vars: Vec<(String, String)>,
    pub options: Vec<Placed<OptionSpec>>,
    pub header: HeaderSpec,
    /// Leave this vendor's phones as the server would.
    pub ignore: Option<bool>,
    pub phone_settings: PhoneSettings,
}

/// What phones' files say by default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhoneSettings {
    pub values: Values,
    /// Keys of the maker's own.
    pub settings: Vec<(Box<str>, Box<str>)>,
    /// What the phones' programmable keys do.
    pub keys: Vec<Key>,
}

/// Who may fetch a phone's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileAccess {
    /// A folder whose name nobody guesses, `{{random-folder}}` in URLs.
    pub random_folder: Option<RandomFolder>,
    pub token: Option<TokenRule>,
    pub client_certificates: Option<ClientCertificates>,
    pub encryption: Option<Encryption>,
}

/// A folder's name that protects what is in it. It prints stars: [`RandomFolder::reveal`] is for what goes to
/// phones and into the web server's configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct RandomFolder(String);

impl RandomFolder {
    pub fn new(name: &str) -> RandomFolder {
        RandomFolder(name.to_owned())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Stars, as many as the name has letters.
    pub fn hidden(&self) -> RandomFolder {
        RandomFolder("*".repeat(self.0.len()))
    }
}

impl std::fmt::Debug for RandomFolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(crate::token::STARS)
    }
}

/// Files that only their phone can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    pub place: String,
    pub key_file: String,
    pub only: Vec<VendorIx>,
}

/// Phones show the certificate that their maker put into them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificates {
    /// The makers' authorities, PEM.
    pub authorities: String,
}

/// A layer and its per-vendor refinements.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope {
    pub layer: Layer,
    pub vendors: Vec<(VendorIx, Layer)>,
    /// What the vendors' entries say of single models.
    pub models: Vec<(VendorIx, Vec<ModelLayer>)>,
}

impl Scope {
    pub fn vendor(&self, vendor: VendorIx) -> Option<&Layer> {
        self.vendors.iter().find(|(at, _)| *at == vendor).map(|(_, layer)| layer)
    }

    /// What is said of single models of a maker.
    pub fn models(&self, vendor: VendorIx) -> &[ModelLayer] {
        let found = self.models.iter().find(|(at, _)| *at == vendor);
        found.map_or(&[], |(_, models)| models)
    }
}

/// Where a client must be to belong to a site: all given kinds must hold, any value of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SiteMatch {
    pub networks: Vec<Ipv4Net>,
    pub relays: Vec<Ipv4Addr>,
    pub interfaces: Vec<String>,
    pub client_classes: Vec<String>,
    pub circuit_ids: Vec<RelayId>,
    pub remote_ids: Vec<RelayId>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    pub name: String,
    pub matching: SiteMatch,
    pub scope: Scope,
}

impl Policy {
    /// The same policy without its single devices, of which there may be many.
    pub fn clone_without_devices(&self) -> Policy {
        Policy {
            top: self.top.clone(),
            sites: self.sites.clone(),
            devices: Devices::default(),
            file_access: self.file_access.clone(),
        }
    }
}

/// The whole policy.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    pub top: Scope,
    pub sites: Vec<Site>,
    pub devices: Devices,
    pub file_access: FileAccess,
}
