//! `offhook metrics`: the fleet as OpenMetrics, on standard output, in a file, or as the answer to one HTTP request.

use std::io::{self, BufRead, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::input::{Failure, wrong};
use crate::kea::Access;
use crate::sources::Servers;

/// Prints the phones and servers as OpenMetrics, for Prometheus
///
/// Phones by site, maker and model; devices of no known maker; the state, policy and counters of the hook in Kea;
/// competing options; drift in dnsmasq's answers; when a phone of each site was last heard. Prometheus gets
/// it through node_exporter's textfile collector (--out, from a timer), or from a systemd socket (--http). Units,
/// alert rules and a Grafana dashboard: examples/metrics/.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook metrics --kea /run/kea/kea4-ctrl-socket
  offhook metrics --dnsmasq /var/lib/offhook/dnsmasq --out /var/lib/prometheus/node-exporter/offhook.prom")]
pub struct Arguments {
    #[command(flatten)]
    servers: Servers,
    /// Write to this file, which appears whole or not at all
    #[arg(long, value_name = "FILE", conflicts_with = "http")]
    out: Option<PathBuf>,
    /// Answer one HTTP request: read it from standard input, write the answer to standard output (inetd, systemd's
    /// Accept=yes)
    #[arg(long)]
    http: bool,
    #[command(flatten)]
    access: Access,
}

const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.http {
        return answer(arguments);
    }
    let text = text(arguments)?;
    match &arguments.out {
        Some(path) => write(&text, path),
        None => Ok(io::stdout().lock().write_all(text.as_bytes())?),
    }
}

fn text(arguments: &Arguments) -> Result<String, Failure> {
    let found = arguments.servers.read(&arguments.access)?;
    found
        .warnings
        .iter()
        .for_each(|warning| crate::input::error_line(format!("warning: {warning}")));
    offhook_fleet::metrics::text(&found.fleet).map_err(wrong)
}

/// Readable for node_exporter, which is another user.
fn write(text: &str, path: &Path) -> Result<(), Failure> {
    let failed =
        |error: io::Error| wrong(format!("{}: cannot be written: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let mode = std::fs::Permissions::from_mode(0o644);
    file.as_file().set_permissions(mode).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// No head of a request is longer.
const LONGEST: u64 = 16 * 1024;

fn answer(arguments: &Arguments) -> Result<(), Failure> {
    let mut request = io::stdin().lock().take(LONGEST);
    let mut first = String::new();
    request.read_line(&mut first)?;
    // The rest of the head is read, so that the client is not cut off while it writes.
    let mut line = String::new();
    while request.read_line(&mut line).is_ok_and(|length| length > 0) && line.trim() != "" {
        line.clear();
    }
    let mut words = first.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    let (status, kind, body) = match (method, path) {
        ("GET" | "HEAD", "/metrics") => match text(arguments) {
            Ok(text) => ("200 OK", TYPE, text),
            Err(error) => {
                // The reason is for the journal, not for the program that scrapes.
                if let Failure::Wrong(why) = &error {
                    crate::input::error_line(why);
                }
                (
                    "503 Service Unavailable",
                    "text/plain",
                    "The servers cannot be read.\n".to_owned(),
                )
            }
        },
        ("GET" | "HEAD", _) => ("404 Not Found", "text/plain", "See /metrics.\n".to_owned()),
        _ => ("405 Method Not Allowed", "text/plain", "GET only.\n".to_owned()),
    };
    let mut out = io::stdout().lock();
    write!(
        out,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if method != "HEAD" {
        out.write_all(body.as_bytes())?;
    }
    Ok(out.flush()?)
}
