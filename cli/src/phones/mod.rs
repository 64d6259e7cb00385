//! `offhook phones`: the phones that a Kea or a dnsmasq has given leases.

mod dnsmasq;
mod leases;
mod unlisted;

use std::io::{self, Write};
use std::path::PathBuf;

use ipnet::Ipv4Net;
use offhook_core::text::printable;
use serde::Serialize;

use crate::input::{self, Failure};
use crate::kea::{Access, Kea};

/// Lists the phones that have leases
///
/// From a Kea the list comes out of the leases' own user contexts (the hook notes there who a phone
/// is), so it is complete after a restart, and the same on an HA partner. Kea must have
/// libdhcp_lease_cmds loaded. From a dnsmasq it comes out of the state directory that
/// offhook-dnsmasq keeps as its dhcp-script. Several servers make one list.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook phones --kea /run/kea/kea4-ctrl-socket
  offhook phones --kea /run/kea/kea4-ctrl-socket --dnsmasq /var/lib/offhook/dnsmasq
  offhook phones --kea http://127.0.0.1:8000/ --user admin --password-file pw --vendor yealink --json
  offhook phones --kea /run/kea/kea4-ctrl-socket --unlisted --packets ./unknown-phones")]
pub struct Arguments {
    /// Kea's control socket, or the URL of its control channel
    #[arg(long, value_name = "SOCKET|URL", required_unless_present = "dnsmasq")]
    kea: Vec<String>,
    /// The state directory of offhook-dnsmasq
    #[arg(long, value_name = "DIR")]
    dnsmasq: Vec<PathBuf>,
    /// Only this maker's phones
    #[arg(long, value_name = "ID")]
    vendor: Option<String>,
    /// Only phones at this site of the policy
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    /// Only phones in this subnet: Kea's subnet id, or a network such as 10.7.0.0/16
    #[arg(long, value_name = "ID|NETWORK")]
    subnet: Option<Subnet>,
    /// Devices that look like phones of a maker that the catalogue does not have: what Kea's hook has seen since
    /// its start, and what the dnsmasq companion has recorded
    #[arg(long, conflicts_with = "vendor")]
    unlisted: bool,
    /// Write the last packet of each into a file of its own in this folder, for offhook vendors new
    #[arg(long, value_name = "DIR", requires = "unlisted")]
    packets: Option<PathBuf>,
    /// Print a JSON list
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
}

/// A phone with a lease.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Phone {
    pub address: std::net::Ipv4Addr,
    pub mac: String,
    pub vendor: String,
    pub model: Option<String>,
    pub firmware: Option<String>,
    pub site: Option<String>,
    /// By which sign it was recognised.
    pub by: Option<String>,
    /// Digest of the policy that answered.
    pub policy: Option<String>,
    pub host_name: Option<String>,
    pub subnet_id: Option<i64>,
    /// Where this was read.
    pub server: String,
    /// Why dnsmasq's answer was not the one that offhook would have given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<String>,
}

#[derive(Debug, Clone)]
enum Subnet {
    Id(i64),
    Network(Ipv4Net),
}

impl std::str::FromStr for Subnet {
    type Err = String;
    fn from_str(text: &str) -> Result<Subnet, String> {
        if let Ok(id) = text.parse() {
            return Ok(Subnet::Id(id));
        }
        text.parse().map(Subnet::Network).map_err(|_| {
            format!("expected Kea's subnet id or a network such as 10.7.0.0/16, found {text:?}")
        })
    }
}

impl Arguments {
    fn wants_device(&self, device: &unlisted::Device) -> bool {
        let in_subnet = match &self.subnet {
            None => true,
            Some(Subnet::Id(_)) => false,
            Some(Subnet::Network(network)) => {
                device.address.is_some_and(|address| network.contains(&address))
            }
        };
        in_subnet && self.site.as_ref().is_none_or(|site| Some(site) == device.site.as_ref())
    }

    fn wants(&self, phone: &Phone) -> bool {
        let in_subnet = match &self.subnet {
            None => true,
            Some(Subnet::Id(id)) => phone.subnet_id == Some(*id),
            Some(Subnet::Network(network)) => network.contains(&phone.address),
        };
        in_subnet
            && self.vendor.as_ref().is_none_or(|vendor| *vendor == phone.vendor)
            && self.site.as_ref().is_none_or(|site| Some(site) == phone.site.as_ref())
    }
}

/// The devices that look like phones.
fn devices(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(Subnet::Id(id)) = arguments.subnet {
        return Err(input::wrong(format!(
            "--subnet {id}: with --unlisted expected a network such as 10.7.0.0/16, since Kea's hook keeps no \
             subnet of such a device"
        )));
    }
    let mut devices = Vec::new();
    let mut visit = |device: unlisted::Device| {
        if arguments.wants_device(&device) {
            devices.push(device);
        }
    };
    for target in &arguments.kea {
        let kea = Kea::new(target, &arguments.access)?;
        unlisted::from_kea(&kea, arguments.packets.is_some(), &mut visit)?;
    }
    for directory in &arguments.dnsmasq {
        unlisted::from_dnsmasq(directory, &mut visit)?;
    }
    unlisted::print(devices, arguments.packets.as_deref(), arguments.json)
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.unlisted {
        return devices(arguments);
    }
    let mut phones = Vec::new();
    for target in &arguments.kea {
        let kea = Kea::new(target, &arguments.access)?;
        leases::read(&kea, |phone| {
            if arguments.wants(&phone) {
                phones.push(phone);
            }
        })?;
    }
    for directory in &arguments.dnsmasq {
        dnsmasq::read(directory, |phone| {
            if arguments.wants(&phone) {
                phones.push(phone);
            }
        })?;
    }
    phones.sort();
    if arguments.json {
        return input::json(&phones);
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    for phone in &phones {
        // What a server and a phone say may hold anything, and goes to a terminal.
        let shown = |text: &Option<String>| match text {
            Some(text) => printable(text.as_bytes()),
            None => "-".to_owned(),
        };
        writeln!(
            out,
            "{:15} {} {:18} {:16} {:14} {}{}",
            phone.address,
            printable(phone.mac.as_bytes()),
            printable(phone.vendor.as_bytes()),
            shown(&phone.model),
            shown(&phone.firmware),
            shown(&phone.site),
            phone
                .drift
                .as_ref()
                .map(|_| format!("  drift: {}", shown(&phone.drift)))
                .unwrap_or_default(),
        )?;
    }
    writeln!(out, "{} phones", phones.len())?;
    Ok(out.flush()?)
}
