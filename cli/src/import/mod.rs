//! `offhook import`: the configuration of another DHCP server as a policy.

mod print;
mod prove;

use std::path::{Path, PathBuf};
use std::sync::Arc;

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
  offhook import dhcpd.conf --from dhcpd --out offhook.json --prove
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
    /// Start the old configuration on its own server and the policy on a real one, and compare what one phone of
    /// every maker and model gets, byte for byte. Needs root (or user namespaces), and the servers installed
    #[arg(long)]
    prove: bool,
    /// For --prove: the library that Kea loads; by default where Debian's packages put it
    #[arg(long, value_name = "FILE", requires = "prove")]
    hook: Option<PathBuf>,
    /// For --prove with dnsmasq: the companion; by default beside this program, else by PATH
    #[arg(long, value_name = "FILE", requires = "prove")]
    companion: Option<PathBuf>,
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
    if arguments.prove && arguments.from == From::Netsh {
        return Err(wrong(
            "--prove: Windows' server does not run here, so nothing can be proved; without --prove the report judges \
             from the rules",
        ));
    }
    if arguments.prove && !prove::is_inside() {
        return prove::enter();
    }
    let old: Old = offhook_import::read(arguments.from.format(), &arguments.file).map_err(wrong)?;
    let tables = arguments.catalogue.tables()?;
    let import = offhook_import::import(Arc::clone(&tables), &old).map_err(wrong)?;
    let proof = match arguments.prove {
        false => None,
        true => {
            let wish = prove::Wish {
                file: &arguments.file,
                from: arguments.from,
                hook: arguments.hook.as_deref(),
                companion: arguments.companion.as_deref(),
            };
            Some(prove::run(&wish, &tables, &old, &import.policy)?)
        }
    };
    let text = serde_json::to_string_pretty(&import.policy).map_err(wrong)?;
    if let Some(out) = &arguments.out {
        write(out, &text)?;
    }
    if arguments.json {
        return input::json(&print::as_json(&import, proof.as_ref()));
    }
    let report = print::report(&import).into_iter().chain(proof.iter().flat_map(prove::words));
    match &arguments.out {
        Some(out) => {
            for line in report {
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
            for line in report {
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
