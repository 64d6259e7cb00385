//! `offhook report`: every phone from its DHCP answer to its files and its registration, on one page.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use offhook_core::Host;
use offhook_edge::file::{self, Kind};
use offhook_fleet::log::pattern::{Of, Patterns};
use offhook_fleet::report::{Report, page};
use offhook_phone_files::{Makers, Reading};

use crate::input::{self, Catalogue, Failure, wrong};
use crate::kea::Access;
use crate::sources::{Found, Servers};

/// Writes one page that shows every phone: what it was sent, which files it fetched, whether it registered
///
/// The page is one file of HTML that needs no server and loads nothing; --json gives the same data. Phones
/// are known from Kea (phones seen, and the leases' own notes) or from dnsmasq's book. Lines of the logs go
/// to their phones by hardware address (in the line, a file's name or the User-Agent), else by leased address,
/// else by user (with --phones). Passwords and tokens are masked.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook report --kea /run/kea/kea4-ctrl-socket --web-log /var/log/nginx/offhook.log \\
    --sip-log /var/log/kamailio.log --out report.html
  offhook report --dnsmasq /var/lib/offhook/dnsmasq --web-log /var/log/caddy/offhook.log --json
  offhook report --kea /run/kea/kea4-ctrl-socket --sip-log pbx.log --pattern pbx.toml \\
    --policy policy.json --phones phones.csv --out report.html

Logs that are read as they are: nginx and Caddy as offhook web-server configures them, a combined log; Kamailio
with the line of examples/kamailio-register-log.cfg, Asterisk. Others by --pattern: docs/report.md says how.
Of rotated logs name the older ones first.")]
pub struct Arguments {
    #[command(flatten)]
    servers: Servers,
    /// A web server's log; - is standard input
    #[arg(long, value_name = "FILE")]
    web_log: Vec<PathBuf>,
    /// A registrar's log; - is standard input
    #[arg(long, value_name = "FILE")]
    sip_log: Vec<PathBuf>,
    /// A file of further patterns for logs
    #[arg(long, value_name = "FILE")]
    pattern: Vec<PathBuf>,
    /// The list of phones that offhook generate reads: who should be there, and whose user is whose
    #[arg(long, value_name = "FILE", requires = "policy")]
    phones: Option<PathBuf>,
    /// The policy under which the list is read
    #[arg(long, value_name = "FILE", requires = "phones")]
    policy: Option<PathBuf>,
    /// Where the page is written; - is standard output
    #[arg(long, value_name = "FILE", required_unless_present = "json", conflicts_with = "json")]
    out: Option<PathBuf>,
    /// Print the data as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    catalogue: Catalogue,
    #[command(flatten)]
    access: Access,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let own = arguments.pattern.iter().map(|path| input::text_of(path));
    let own: Vec<String> = own.collect::<Result<_, _>>()?;
    let patterns = |of| {
        Patterns::new(of, &own).map_err(|error| {
            let files: Vec<String> =
                arguments.pattern.iter().map(|path| path.display().to_string()).collect();
            wrong(format!("{}: {error}", files.join(", ")))
        })
    };
    let (web, sip) = (patterns(Of::Web)?, patterns(Of::Sip)?);
    let mut found = arguments.servers.read(&arguments.access)?;
    if let (Some(list), Some(policy)) = (&arguments.phones, &arguments.policy) {
        take_list(list, policy, &arguments.catalogue, &mut found)?;
    }
    for path in &arguments.web_log {
        read_log(&mut found, path, Of::Web, &web)?;
    }
    for path in &arguments.sip_log {
        read_log(&mut found, path, Of::Sip, &sip)?;
    }
    let report = Report::of(&found.fleet, found.warnings);
    let Some(out) = arguments.out.as_deref() else { return json(&report) };
    write_page(&report, out)?;
    if out.as_os_str() == "-" {
        return Ok(());
    }
    let numbers = &report.numbers;
    let logs = |of: &str, count: u64| match report.logs.iter().any(|log| log.of == of) {
        true => count.to_string(),
        false => "(no log)".to_owned(),
    };
    report.warnings.iter().for_each(|warning| input::error_line(format!("warning: {warning}")));
    input::line(format!(
        "{}: {} phones, {} were sent a URL, {} have files, {} registered, {} refused; {} of unknown maker, {} \
         listed and not seen",
        out.display(),
        numbers.phones,
        numbers.told,
        logs("web", numbers.fetched),
        logs("sip", numbers.registered),
        logs("sip", numbers.refused),
        numbers.unknown,
        numbers.not_seen,
    ))
}

/// Not as [`input::json`] prints, for it may be long.
fn json(report: &Report) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    serde_json::to_writer(&mut out, report).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// The page appears whole or not at all: it may be made by a timer while a browser reads it.
fn write_page(report: &Report, path: &Path) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        let mut out = BufWriter::new(io::stdout().lock());
        page::write(report, &mut out)?;
        return Ok(out.flush()?);
    }
    let failed =
        |error: io::Error| wrong(format!("{}: cannot be written: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    // Readable for its owner alone: it names every phone of the site.
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    let mut out = BufWriter::new(file.as_file_mut());
    page::write(report, &mut out).and_then(|()| out.flush()).map_err(failed)?;
    drop(out);
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn read_log(found: &mut Found, path: &Path, of: Of, patterns: &Patterns) -> Result<(), Failure> {
    let shown = path.display().to_string();
    let failed = |error: &dyn std::fmt::Display| wrong(format!("{shown}: {error}"));
    let tally = if path.as_os_str() == "-" {
        found.fleet.read_log("standard input", of, &mut io::stdin().lock(), patterns)
    } else {
        let (file, _) = file::open(path, Kind::FileOrPipe).map_err(|error| failed(&error))?;
        let mut log: BufReader<File> = BufReader::with_capacity(1 << 16, file);
        found.fleet.read_log(&shown, of, &mut log, patterns)
    };
    let tally = tally.map_err(|error| failed(&error))?;
    if tally.lines > 0 && tally.matched == 0 {
        found.warnings.push(format!(
            "{shown}: none of its {} lines fits a pattern; docs/report.md says which logs are read, and how to \
             add a pattern",
            tally.lines
        ));
    }
    Ok(())
}

/// The list of phones: who should be there, and whose user is whose.
fn take_list(
    list: &Path,
    policy: &Path,
    catalogue: &Catalogue,
    found: &mut Found,
) -> Result<(), Failure> {
    let engine = catalogue.engine(policy, Host::ANY)?;
    let makers = Makers::new(&catalogue.overlay()?).map_err(wrong)?;
    let read = Reading::new(&engine, &makers).read(&input::bytes_of(list)?);
    if let Some(mistake) = read.mistakes.first() {
        let more = read.mistakes.len() - 1;
        found.warnings.push(format!("{}: {mistake} (and {more} more mistakes)", list.display()));
    }
    for phone in &read.phones {
        let users = phone.lines.iter().flat_map(|line| {
            [line.values.named("user"), line.values.named("auth-user")].into_iter().flatten()
        });
        let users: Vec<String> = users.map(str::to_owned).collect();
        let vendor = &engine.tables().at(phone.vendor).id;
        found.fleet.listed(phone.mac, vendor, &phone.model, &users);
    }
    Ok(())
}
