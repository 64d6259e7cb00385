//! `offhook emulate`: boots virtual phones against real servers and prints the outcome of each step.
//!
//! Only arguments and printing: the phone is the package offhook-emulate.

mod crowd;
mod fleet;

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use offhook_core::Mac;
use offhook_emulate::exchange::{Exchange, Patience, SERVER_PORT, Way};
use offhook_emulate::journey::{Files, Journey, Registration, Start};
use offhook_emulate::notified::{Manner, Waiting};
use offhook_emulate::phone::{Choice, Phone};
use offhook_emulate::report::{Report, Step};

use crate::input::{self, Catalogue, Failure, wrong};
use crate::login::login;

/// Boots a virtual phone against real servers and judges every step
///
/// The phone says what its maker's phones say by DHCP, and reads the answers as they do: which options in
/// which order, their forms, its own macros. Then it gets its files by TFTP, HTTP or HTTPS, in its maker's
/// order and with its User-Agent, follows those that they name, and looks for what a registration needs. By
/// choice it registers by SIP. One line per step: passed, FAILED and why, or not reached.
/// Exit code: 0 every step that was reached passed, 1 a step failed (or wrong input), 2 usage.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("way").required(true).args(["interface", "server", "url"])))]
#[command(after_help = "Examples:
  offhook emulate --vendor polycom --interface eth0
  offhook emulate --vendor snom --model D735 --server 10.0.0.2 --relay 10.7.0.1 --json
  offhook emulate --vendor polycom --mac 00:04:f2:ab:cd:ef --url https://provision.example.com/polycom/ \\
    --register --expect 403
  offhook emulate --vendor snom,yealink,polycom --count 20000 --rate 2000 --server 10.0.0.2 --relay 10.7.0.1
  offhook emulate --all-vendors --server 127.0.0.1:6767 --relay 127.1.2.3:6768
  offhook emulate --vendor yealink,snom --count 100 --wait 60 --register --own-address \
    --server 127.0.0.1:6767 --relay 127.1.2.3:6768

By broadcast it needs root, and receives only answers that are broadcast too, which it requests. As a relay it
needs an address of this host that the server takes for one of its subnets, and the server must reach it.")]
pub struct Arguments {
    /// Whose phone to be, by its id (see offhook vendors); several with commas between
    #[arg(
        long,
        value_name = "ID,...",
        required_unless_present = "all_vendors",
        value_delimiter = ','
    )]
    vendor: Vec<String>,
    /// One phone of every maker in the catalogue, one after the other
    #[arg(long, conflicts_with_all = ["vendor", "model", "mac"])]
    all_vendors: bool,
    /// Which phone of that maker: any model, or a part of the name of one of the catalogue's examples
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Its hardware address
    #[arg(long)]
    mac: Option<String>,
    /// Broadcast on this interface
    #[arg(long, value_name = "NAME")]
    interface: Option<String>,
    /// Ask this server, as a relay (port 67 unless given)
    #[arg(long, value_name = "ADDRESS[:PORT]", requires = "relay")]
    server: Option<String>,
    /// The relay's own address (giaddr; port 67 unless given)
    #[arg(long, value_name = "ADDRESS[:PORT]", requires = "server")]
    relay: Option<String>,
    /// The relay's address in the voice VLAN, for the second round of a phone that is sent a VLAN
    #[arg(long, value_name = "ADDRESS[:PORT]", requires = "server")]
    voice_relay: Option<String>,
    /// The interface in the voice VLAN, which you have set up (ip link add ... type vlan), for the second round
    #[arg(long, value_name = "NAME", requires = "interface")]
    vlan_interface: Option<String>,
    /// No DHCP: begin at this provisioning URL
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// End after DHCP: no files, no registration
    #[arg(long, conflicts_with_all = ["register", "url", "ca", "user"])]
    dhcp_only: bool,
    /// The certificate authority of https:// servers and of the registrar, in PEM (without it: the public ones)
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The name for a web server that requests one; its password comes from --password-file, OFFHOOK_PASSWORD, or a prompt on a terminal
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The file with that name's password in its first line; - is standard input
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Register by SIP with the credentials from the files
    #[arg(long)]
    register: bool,
    /// The status by which the registration passes: 403 for a password that is wrong on purpose
    #[arg(long, value_name = "STATUS", default_value_t = 200, requires = "register")]
    expect: u16,
    /// Another registrar than the files name
    #[arg(long, value_name = "HOST[:PORT]", requires = "register")]
    registrar: Option<String>,
    /// Seconds to wait for an answer before asking again
    #[arg(long, value_name = "SECONDS", default_value_t = 4.0)]
    timeout: f64,
    /// How often to ask
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    tries: u32,
    /// A fleet's power-up: so many phones of these makers in turn, DHCP only, and a summary
    #[arg(long, value_name = "N", conflicts_with_all = ["url", "voice_relay", "vlan_interface", "mac", "user"],
        value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    count: Option<u32>,
    /// Phones that are switched on each second (without it: as fast as they are answered)
    #[arg(long, value_name = "PHONES", requires = "count")]
    rate: Option<f64>,
    /// The most phones of a fleet that wait for an answer at a time
    #[arg(long, value_name = "N", requires = "count", default_value_t = 100)]
    at_once: usize,
    /// Speak from the leased address, which this host must have (on Linux all of 127.0.0.0/8 is a host's own)
    #[arg(long, conflicts_with_all = ["url", "interface"])]
    own_address: bool,
    /// After the boot stay for so many seconds, listen for a SIP NOTIFY, and fetch and register again
    #[arg(long, value_name = "SECONDS", conflicts_with = "dhcp_only", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    wait: Option<u32>,
    /// The port where a waiting phone listens
    #[arg(long, value_name = "PORT", requires = "wait", default_value_t = 5060)]
    notify_port: u16,
    /// What a waiting phone does with its maker's NOTIFY: challenge requests the name and password of its account
    #[arg(long, value_name = "HOW", requires = "wait", default_value = "accept",
        value_parser = ["accept", "challenge", "refuse", "forget"])]
    when_notified: String,
    /// Print as JSON: one report per phone, one a line; of a fleet the summary
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    catalogue: Catalogue,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let tables = arguments.catalogue.tables()?;
    let mac = match &arguments.mac {
        None => None,
        Some(text) => Some(Mac::parse(text).ok_or_else(|| {
            wrong(format!("--mac: expected an address such as 00:04:f2:01:02:03, found {text:?}"))
        })?),
    };
    let choice = Choice { model: arguments.model.clone(), mac };
    let ids: Vec<&str> = match arguments.all_vendors {
        true => tables.vendors.iter().map(|vendor| &*vendor.id).collect(),
        false => arguments.vendor.iter().map(String::as_str).collect(),
    };
    let phones = ids.into_iter().map(|id| Phone::new(&tables, id, &choice));
    let phones: Vec<Phone> = phones.collect::<Result<_, _>>().map_err(wrong)?;
    match (arguments.count, arguments.wait) {
        (Some(_), None) if arguments.register => {
            return Err(wrong(
                "--count: a fleet registers only if its phones stay: give --wait too",
            ));
        }
        (Some(count), None) => return fleet::run(arguments, phones, count),
        (count, Some(_)) if count.is_some() || phones.len() > 1 => {
            return crowd::run(arguments, &phones, count);
        }
        _ => {}
    }
    let journey = arguments.journey()?;
    let mut failed = 0usize;
    for phone in &phones {
        let report = send(phone, &journey, arguments.json)?;
        failed += usize::from(!report.passed());
    }
    if phones.len() > 1 && !arguments.json {
        input::line(format!("{} phones, {failed} with a step that failed", phones.len()))?;
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::Found),
    }
}

fn send(phone: &Phone, journey: &Journey, json: bool) -> Result<Report, Failure> {
    if !json {
        let model = if phone.model.is_empty() { "" } else { " " };
        input::line(format!("{}{model}{} {}", phone.vendor.id, phone.model, phone.mac))?;
    }
    let mut printed = Ok(());
    let report = journey.go(phone, &mut |step: &Step| {
        if !json && printed.is_ok() {
            printed = input::line(format!("  {step}"));
        }
    });
    printed?;
    if json {
        input::line(serde_json::to_string(&report).map_err(wrong)?)?;
    }
    Ok(report)
}

impl Arguments {
    fn journey(&self) -> Result<Journey, Failure> {
        let start = match &self.url {
            Some(url) => Start::Url(url.clone()),
            None => Start::Dhcp {
                exchange: self.exchange(self.relay.as_deref())?,
                voice: match (&self.voice_relay, &self.vlan_interface) {
                    (Some(relay), _) => Some(self.exchange(Some(relay))?),
                    (None, Some(interface)) => Some(self.in_vlan(interface)?),
                    (None, None) => None,
                },
            },
        };
        let patience = self.each()? * self.tries;
        let authority = self.ca.as_deref().map(input::text_of).transpose()?;
        let registrar = match &self.registrar {
            None => None,
            Some(text) => Some(match text.rsplit_once(':') {
                None => (text.clone(), 5060),
                Some((host, port)) => {
                    let port = port.parse().map_err(|_| {
                        wrong(format!("--registrar: expected HOST:PORT, found {text:?}"))
                    })?;
                    (host.to_owned(), port)
                }
            }),
        };
        let registration = Registration { patience, expected: self.expect, registrar };
        Ok(Journey {
            start,
            files: (!self.dhcp_only).then_some(Files {
                patience,
                authority,
                credentials: login(self.user.as_deref(), self.password_file.as_deref())?,
            }),
            registration: self.register.then_some(registration),
            from_own_address: self.own_address,
            waiting: self.wait.map(|seconds| Waiting {
                patience: Duration::from_secs(seconds.into()),
                port: self.notify_port,
                manner: match self.when_notified.as_str() {
                    "challenge" => Manner::Challenges,
                    "refuse" => Manner::Refuses,
                    "forget" => Manner::Forgets,
                    _ => Manner::Accepts,
                },
            }),
        })
    }

    fn each(&self) -> Result<Duration, Failure> {
        Duration::try_from_secs_f64(self.timeout)
            .ok()
            .filter(|each| !each.is_zero())
            .ok_or_else(|| wrong(format!("--timeout: expected seconds, found {}", self.timeout)))
    }

    fn exchange(&self, relay: Option<&str>) -> Result<Exchange, Failure> {
        let way = match (&self.interface, relay, &self.server) {
            (Some(interface), ..) => Way::Broadcast { interface: interface.clone() },
            (None, Some(relay), Some(server)) => Way::Relay {
                relay: address("--relay", relay)?,
                server: address("--server", server)?,
            },
            _ => return Err(wrong("expected --interface, or --server and --relay")),
        };
        self.by(way)
    }

    /// The way in the voice VLAN, by an interface that the operator has set up.
    fn in_vlan(&self, interface: &str) -> Result<Exchange, Failure> {
        let untagged = self.interface.as_deref().unwrap_or("eth0");
        let set_up = |what: &str| {
            wrong(format!(
                "--vlan-interface: {what}: expected an interface in the voice VLAN; set one up: ip link add link \
                 {untagged} name {untagged}.120 type vlan id 120 && ip link set {untagged}.120 up"
            ))
        };
        if interface == untagged {
            return Err(set_up(&format!(
                "{interface:?} is --interface itself, outside of that VLAN"
            )));
        }
        let exchange = self.by(Way::Broadcast { interface: interface.to_owned() });
        exchange.map_err(|error| match error {
            Failure::Wrong(text) if text.contains("no such interface") => {
                set_up(&format!("this host has no interface {interface:?}"))
            }
            other => other,
        })
    }

    fn by(&self, way: Way) -> Result<Exchange, Failure> {
        let each = self.each()?;
        Exchange::new(way, Patience { each, tries: self.tries }).map_err(wrong)
    }
}

/// An address, or a name, with or without a port.
fn address(flag: &str, text: &str) -> Result<SocketAddrV4, Failure> {
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Ok(SocketAddrV4::new(address, SERVER_PORT));
    }
    let with_port =
        if text.contains(':') { text.to_owned() } else { format!("{text}:{SERVER_PORT}") };
    let found = with_port.to_socket_addrs().map_err(|error| {
        wrong(format!("{flag}: expected ADDRESS or ADDRESS:PORT, found {text:?} ({error})"))
    })?;
    let four = found.filter_map(|address| match address {
        SocketAddr::V4(address) => Some(address),
        SocketAddr::V6(_) => None,
    });
    four.take(1).next().ok_or_else(|| wrong(format!("{flag}: {text:?} has no IPv4 address")))
}
