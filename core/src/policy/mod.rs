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
use crate::keys::Keys;
use crate::value::{Existing, OptionSpec, Send, each_text};
use devices::Devices;
use models::ModelLayer;

pub use crate::token::{OnlyIf, TokenRule};
pub use layers::Origin;
pub(crate) use read::policy;
pub use relay_id::RelayId;

/// Who gets an answer from the DHCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Every client.
    Everyone,
    /// Recognised phones alone.
    Phones,
}

/// What becomes of a client that may be a phone of a maker that the catalogue does not have.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum UnlistedPhones {
    /// Nothing.
    Ignore,
    /// It gets a client class, a line in the log, and a place in the list of phones.
    #[default]
    Name,
    /// The same, and what it requests if two signs agree.
    Send,
}

/// A voice VLAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VoiceVlan {
    /// 1 to 4094 (IEEE 802.1Q).
    pub id: u16,
    /// 0 to 7 (IEEE 802.1p).
    pub priority: Option<u8>,
}

/// An option with its place in the policy, for messages that only compiling can produce.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Placed<T> {
    /// Where it is written.
    pub place: String,
    /// What is written there.
    pub value: T,
}

/// One entry of `systems`.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct SystemUse {
    /// Where it is written.
    pub place: String,
    /// The system's id.
    pub system: String,
    /// Its parameters, defaults filled in.
    pub parameters: Vec<(String, String)>,
    /// The vendors of `for`; empty: all that the system serves.
    pub only: Vec<VendorIx>,
}

/// The header fields that a policy may set.
#[derive(Debug, Clone, Default, PartialEq, Hash)]
pub struct HeaderSpec {
    /// `siaddr`: an IPv4 address, or a text that gives one.
    pub next_server: Option<Placed<String>>,
    /// `sname`.
    pub server_hostname: Option<Placed<String>>,
    /// `file`.
    pub boot_file_name: Option<Placed<String>>,
}

/// What one layer (device, site and vendor, site, vendor, top level) says. `None`: nothing.
#[derive(Debug, Clone, Default, PartialEq, Hash)]
pub struct Layer {
    /// Which systems serve the phones; `Some` of an empty list: none.
    pub systems: Option<Vec<SystemUse>>,
    /// Which clients are answered.
    pub answer: Option<Answer>,
    /// What becomes of phones of other makers.
    pub unlisted_phones: Option<UnlistedPhones>,
    /// `Some(None)`: expressly none.
    pub voice_vlan: Option<Option<VoiceVlan>>,
    /// Option 42.
    pub time_servers: Option<Placed<Vec<String>>>,
    /// Option 120.
    pub sip_servers: Option<Placed<Vec<String>>>,
    /// Whether options are sent to phones that do not request them.
    pub send: Option<Send>,
    /// What happens to options that the server put in.
    pub existing: Option<Existing>,
    /// Names for texts, and their values.
    pub vars: Vec<(String, String)>,
    /// Options of the policy's own.
    pub options: Vec<Placed<OptionSpec>>,
    /// Header fields.
    pub header: HeaderSpec,
    /// Leave this vendor's phones as the server would.
    pub ignore: Option<bool>,
    /// For the files of the phones.
    pub phone_settings: PhoneSettings,
}

impl Layer {
    /// Whether a text of what it sends has a `{{name}}`, so that two phones may be sent different things.
    pub fn has_names(&self) -> bool {
        let named = |text: &String| text.contains("{{");
        let mut found = false;
        for option in &self.options {
            each_text(&option.value.value, &mut |text| found |= text.contains("{{"));
        }
        let HeaderSpec { next_server, server_hostname, boot_file_name } = &self.header;
        let header = [next_server, server_hostname, boot_file_name];
        let servers = [&self.time_servers, &self.sip_servers];
        let parameters = self.systems.iter().flatten().flat_map(|entry| &entry.parameters);
        found
            || header.into_iter().flatten().any(|field| named(&field.value))
            || servers.into_iter().flatten().flat_map(|list| &list.value).any(named)
            || parameters.chain(&self.vars).any(|(_, value)| named(value))
    }
}

/// What phones' files say by default.
#[derive(Debug, Clone, Default, PartialEq, Hash)]
pub struct PhoneSettings {
    /// Fields with their values.
    pub values: Values,
    /// Keys of the maker's own.
    pub settings: Vec<(Box<str>, Box<str>)>,
    /// What the phones' programmable keys do.
    pub keys: Keys,
}

/// Who may fetch a phone's files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileAccess {
    /// A folder whose name cannot be guessed, `{{random-folder}}` in URLs.
    pub random_folder: Option<RandomFolder>,
    /// Tokens in URLs.
    pub token: Option<TokenRule>,
    /// Certificates that phones show.
    pub client_certificates: Option<ClientCertificates>,
    /// Files that only their phone can read.
    pub encryption: Option<Encryption>,
}

/// A folder's name that protects what is in it. It prints stars: [`RandomFolder::reveal`] is for what goes to
/// phones and into the web server's configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct RandomFolder(String);

impl RandomFolder {
    /// Takes the folder's name.
    pub fn new(name: &str) -> RandomFolder {
        RandomFolder(name.to_owned())
    }

    /// The name itself, to be put into a URL. A secret.
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
    /// Where it is written.
    pub place: String,
    /// The file with the key.
    pub key_file: String,
    /// The vendors whose files are encrypted; empty: all with a known cipher.
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
    /// The keys of the level itself.
    pub layer: Layer,
    /// What it says of single vendors.
    pub vendors: Vec<(VendorIx, Layer)>,
    /// What the vendors' entries say of single models.
    pub models: Vec<(VendorIx, Vec<ModelLayer>)>,
}

impl Scope {
    /// What it says of a vendor.
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
    /// Networks of the client's address.
    pub networks: Vec<Ipv4Net>,
    /// Addresses of relay agents (`giaddr`).
    pub relays: Vec<Ipv4Addr>,
    /// Interfaces of the server.
    pub interfaces: Vec<String>,
    /// Client classes of the server.
    pub client_classes: Vec<String>,
    /// Circuit ids (RFC 3046, section 3.1).
    pub circuit_ids: Vec<RelayId>,
    /// Remote ids (RFC 3046, section 3.2).
    pub remote_ids: Vec<RelayId>,
}

/// A part of a policy for one place.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Its name, unlike every other's.
    pub name: String,
    /// The clients that belong to it.
    pub matching: SiteMatch,
    /// What holds there.
    pub scope: Scope,
}

impl Policy {
    /// The same policy without its single devices, of which there may be many.
    pub(crate) fn clone_without_devices(&self) -> Policy {
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
    /// The top level.
    pub top: Scope,
    /// The sites in their order; the first that fits counts.
    pub sites: Vec<Site>,
    /// Single devices.
    pub devices: Devices,
    /// How the phones' files are protected.
    pub file_access: FileAccess,
}
