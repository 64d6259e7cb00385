//! `offhook import`: the configuration of another DHCP server as a policy.

mod print;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use offhook_edge::command::Failure;
use offhook_import::{Format, Old};

use crate::input::{self, Catalogue, wrong};

/// Makes a policy out of another DHCP server's configuration
///
/// The policy goes to --out, or to standard output. The report says which lines were not taken over, why, and
/// what to do, and which of the catalogue's phones get something else than before. No name is believed: the
/// phones of the catalogue's examples are put through the old configuration's conditions.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook import /etc/dhcp/dhcpd.conf --from dhcpd --out offhook.json
  offhook import /etc/kea/kea-dhcp4.conf --from kea --json
  netsh dhcp server dump > dump.txt     (on Windows; then)  offhook import dump.txt --from netsh --out offhook.json")]
pub struct Arguments {
    /// The old configuration
    file: PathBuf,
    /// Which server it is of. netsh: the lines of `netsh dhcp server dump`, or the XML of Export-DhcpServer
    #[arg(long, value_name = "SERVER")]
    from: From,
    /// Write the policy to this file, readable for you alone, and the report to standard output
    #[arg(long, value_name = "POLICY")]
    out: Option<PathBuf>,
    /// Print everything as one JSON object: policy, not-taken-over, differences
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    catalogue: Catalogue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    Dhcpd,
    Kea,
    Dnsmasq,
    Netsh,
}

impl From {
    fn format(self) -> Format {
        match self {
            From::Dhcpd => Format::Dhcpd,
            From::Kea => Format::Kea,
            From::Dnsmasq => Format::Dnsmasq,
            From::Netsh => Format::Netsh,
        }
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let old: Old = offhook_import::read(arguments.from.format(), &arguments.file).map_err(wrong)?;
    let tables = arguments.catalogue.tables()?;
    let import = offhook_import::import(tables, &old).map_err(wrong)?;
    let text = serde_json::to_string_pretty(&import.policy).map_err(wrong)?;
    if let Some(out) = &arguments.out {
        write(out, &text)?;
    }
    if arguments.json {
        return input::json(&print::as_json(&import));
    }
    match &arguments.out {
        Some(out) => {
            for line in print::report(&import) {
                input::line(line)?;
            }
            input::line(format!(
                "the policy is in {}; next: offhook check {}",
                out.display(),
                out.display()
            ))
        }
        None => {
            input::line(print::without_passwords(&text))?;
            for line in print::report(&import) {
                input::error_line(line);
            }
            Ok(())
        }
    }
}

/// A URL in it may hold a password.
fn write(out: &Path, text: &str) -> Result<(), Failure> {
    use std::io::Write;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty());
    let failed = |error: std::io::Error| wrong(format!("{}: {error}", out.display()));
    let mut file =
        tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).map_err(failed)?;
    file.persist(out).map_err(|error| failed(error.error))?;
    Ok(())
}
