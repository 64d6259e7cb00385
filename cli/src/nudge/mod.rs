//! `offhook nudge`: asks phones to fetch their configuration now, by each maker's own SIP NOTIFY.

/// The messages.
mod message;
/// Which phones, by which event.
mod plan;
/// Sends in waves, and waits for answers and fetches.
mod send;
/// By way of a telephone system.
mod via;
/// The web server's log.
mod watch;

use std::net::SocketAddr;
use std::path::PathBuf;

use offhook_core::text::printable;
use serde::Serialize;

use crate::input::{self, Failure, wrong};
use crate::kea::Access;
use crate::login::login;
use crate::sources::Servers;
use plan::Target;

/// Asks phones to fetch their configuration now, by each maker's own SIP NOTIFY
///
/// The phones are those that Kea or dnsmasq has given leases; each gets the event that its maker's phones know
/// (docs/nudge.md lists them) at its leased address, in waves. With --web-log it watches for the fetch that
/// follows. Without --go it only says what it would do, and sends nothing.
/// Outcomes: fetched; accepted (the phone said yes; no fetch was seen); refused; challenged (it wants a name and
/// a password, or others); no answer; no event (none is known for this maker).
/// Exit code: 0 every phone that was notified did it (fetched; accepted where no log is watched), 1 one did not, or
/// wrong input, 2 usage. Phones without an event are only counted.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook nudge --kea /run/kea/kea4-ctrl-socket --vendor yealink
  offhook nudge --kea /run/kea/kea4-ctrl-socket --site branch-7 --per-minute 30 \\
    --web-log /var/log/nginx/offhook.log --go
  offhook nudge --dnsmasq /var/lib/offhook/dnsmasq --mac 00:15:65:aa:bb:cc --user 1001 --password-file pw --go
  offhook nudge --kea /run/kea/kea4-ctrl-socket --via asterisk --go

Many phones take a NOTIFY only from their registrar: run this there, or use --via on it. docs/nudge.md")]
pub struct Arguments {
    #[command(flatten)]
    servers: Servers,
    /// Only phones at this site of the policy
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
    /// Only these makers' phones
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    vendor: Vec<String>,
    /// Only phones with these hardware addresses
    #[arg(long, value_name = "MAC,...", value_delimiter = ',')]
    mac: Vec<String>,
    /// Use the event by which phones restart, also where one without a restart is known
    #[arg(long)]
    restart: bool,
    /// Phones each minute
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    per_minute: u32,
    /// The phones' SIP port
    #[arg(long, value_name = "PORT", default_value_t = 5060)]
    port: u16,
    /// Send from this address of this host
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    from: Option<String>,
    /// The name for phones that request one; the password comes from --password-file, OFFHOOK_PASSWORD, or a prompt on a terminal
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The file with that name's password in its first line; - is standard input
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Let this telephone system, which runs here, send them
    #[arg(long, value_name = "SYSTEM", value_parser = ["asterisk", "kamailio"], conflicts_with_all = ["user", "from"])]
    via: Option<String>,
    /// Kamailio's control socket
    #[arg(long, value_name = "SOCKET", requires = "via")]
    control: Option<String>,
    /// The web server's log to watch for the fetches
    #[arg(long, value_name = "FILE")]
    web_log: Option<PathBuf>,
    /// A file of further patterns for that log
    #[arg(long, value_name = "FILE", requires = "web_log")]
    pattern: Vec<PathBuf>,
    /// Seconds to wait for a phone's answer
    #[arg(long, value_name = "SECONDS", default_value_t = 8.0)]
    timeout: f64,
    /// Seconds to wait for a phone's fetch
    #[arg(long, value_name = "SECONDS", default_value_t = 120.0)]
    within: f64,
    /// Really send; without it nothing is sent
    #[arg(long)]
    go: bool,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    /// Name for Kea's basic authentication
    #[arg(long, value_name = "NAME", requires = "kea_password_file")]
    kea_user: Option<String>,
    /// A file that holds its password
    #[arg(long, value_name = "FILE", requires = "kea_user")]
    kea_password_file: Option<PathBuf>,
    /// The certificate authority of an https:// Kea, in PEM
    #[arg(long, value_name = "FILE")]
    kea_ca: Option<PathBuf>,
}

/// What became of a phone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// It would be sent something; `--go` is missing.
    Planned,
    Fetched {
        /// From the NOTIFY to the file's line in the log.
        seconds: f64,
    },
    Accepted,
    Refused {
        status: u16,
    },
    Challenged {
        status: u16,
    },
    NoAnswer,
    NoEvent,
}

impl Outcome {
    fn words(self) -> String {
        match self {
            Outcome::Planned => "would be sent".to_owned(),
            Outcome::Fetched { seconds } => format!("fetched after {seconds:.1} s"),
            Outcome::Accepted => "accepted".to_owned(),
            Outcome::Refused { status } => format!("refused ({status})"),
            Outcome::Challenged { status } => format!("challenged ({status})"),
            Outcome::NoAnswer => "no answer".to_owned(),
            Outcome::NoEvent => "no event known".to_owned(),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Outcome::Planned => "planned",
            Outcome::Fetched { .. } => "fetched",
            Outcome::Accepted => "accepted",
            Outcome::Refused { .. } => "refused",
            Outcome::Challenged { .. } => "challenged",
            Outcome::NoAnswer => "no answer",
            Outcome::NoEvent => "no event",
        }
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let access = Access::new(
        arguments.kea_user.clone(),
        arguments.kea_password_file.clone(),
        arguments.kea_ca.clone(),
    );
    let login = match arguments.go {
        true => login(arguments.user.as_deref(), arguments.password_file.as_deref())?,
        false => None,
    };
    let mut found = arguments.servers.read(&access)?;
    let mut targets = plan::targets(arguments, &mut found)?;
    found.warnings.iter().for_each(|warning| input::error_line(format!("warning: {warning}")));
    if arguments.go {
        match arguments.via.as_deref() {
            Some(system) => via::send(arguments, system, &found.fleet, &mut targets)?,
            None => send::send(arguments, login.as_ref(), &found.fleet, &mut targets)?,
        }
    }
    show(arguments, &targets)?;
    let well = |target: &Target| match target.outcome {
        Outcome::Planned | Outcome::Fetched { .. } | Outcome::NoEvent => true,
        Outcome::Accepted => arguments.web_log.is_none(),
        Outcome::Refused { .. } | Outcome::Challenged { .. } | Outcome::NoAnswer => false,
    };
    match targets.iter().all(well) {
        true => Ok(()),
        false => Err(Failure::Found),
    }
}

fn show(arguments: &Arguments, targets: &[Target]) -> Result<(), Failure> {
    if arguments.json {
        return input::json(&targets);
    }
    for target in targets {
        let Target { mac, address, vendor, model, event, note, outcome, .. } = target;
        let model = model.as_deref().unwrap_or("-");
        let event = event.as_deref().unwrap_or("-");
        let note = if note.is_empty() { String::new() } else { format!("  ({note})") };
        input::line(printable(
            format!(
                "{address:15} {mac} {vendor:14} {model:14} {event:24} {}{note}",
                outcome.words()
            )
            .as_bytes(),
        ))?;
    }
    let kinds =
        ["planned", "fetched", "accepted", "refused", "challenged", "no answer", "no event"];
    let counts = kinds.into_iter().filter_map(|kind| {
        let count = targets.iter().filter(|target| target.outcome.kind() == kind).count();
        (count > 0).then(|| format!("{count} {kind}"))
    });
    let counts: Vec<String> = counts.collect();
    let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) };
    input::line(format!("{} phones{counts}", targets.len()))?;
    if !arguments.go {
        input::line("Nothing was sent. With --go they are.")?;
    }
    Ok(())
}

impl Arguments {
    /// Where it is sent from.
    fn source(&self) -> Result<SocketAddr, Failure> {
        let Some(text) = &self.from else { return Ok(SocketAddr::from(([0, 0, 0, 0], 0))) };
        let found = text.parse().or_else(|_| text.parse().map(|ip| SocketAddr::new(ip, 0)));
        found.map_err(|_| {
            wrong(format!("--from: expected ADDRESS or ADDRESS:PORT of this host, found {text:?}"))
        })
    }
}
