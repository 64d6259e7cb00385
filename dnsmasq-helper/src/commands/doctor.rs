//! `offhook-dnsmasq doctor`: what would spoil the rendered configuration.

use std::io::Write;
use std::path::PathBuf;

use offhook_dnsmasq_config::effective::Effective;

use crate::doctor::{Files, Weight, examine, running};
use crate::input::{Failure, wrong};

/// Reads dnsmasq's effective configuration and says what would spoil the result
///
/// Nothing is changed. Exit code: 0 no problem (doubts may be), 1 problems, or the input is wrong.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook-dnsmasq doctor --conf /etc/dnsmasq.conf --conf-dir /etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new
  offhook-dnsmasq doctor --conf /var/etc/dnsmasq.conf.cfg01411c --state /var/lib/offhook --json")]
pub struct Arguments {
    /// The configuration that dnsmasq is started with
    #[arg(long, value_name = "FILE", default_value = "/etc/dnsmasq.conf")]
    conf: PathBuf,
    /// A folder given on dnsmasq's command line (-7), with its endings; Debian's is /etc/dnsmasq.d
    #[arg(long, value_name = "DIR[,ENDING...]")]
    conf_dir: Vec<String>,
    /// The state directory of the dhcp-script
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// The dnsmasq whose version counts
    #[arg(long, value_name = "FILE", default_value = "dnsmasq")]
    dnsmasq: PathBuf,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let effective = Effective::read(&arguments.conf, &arguments.conf_dir);
    if effective.settings.is_empty() {
        let unread: Vec<&str> = effective.unread.iter().map(|(_, text)| text.as_str()).collect();
        return Err(wrong(format!("nothing to examine: {}", unread.join("; "))));
    }
    let version = running::version(&arguments.dnsmasq);
    let files = Files { state: arguments.state.clone(), version };
    let findings = examine(&effective, &files);
    let problems = findings.iter().filter(|finding| finding.weight == Weight::Problem).count();
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let json = serde_json::to_string_pretty(&findings).map_err(wrong)?;
        writeln!(out, "{json}")?;
    } else {
        for finding in &findings {
            writeln!(out, "{finding}")?;
        }
        let doubts = findings.len() - problems;
        let lines = effective.settings.len();
        writeln!(out, "{lines} settings read: {problems} problems, {doubts} doubts")?;
    }
    match problems {
        0 => Ok(()),
        _ => Err(Failure::Found),
    }
}
