//! `offhook diff`: what another policy would send to the phones that have been seen.

use std::path::PathBuf;

use offhook_core::Host;
use offhook_core::diff::{Comparison, Group, Report, Told};
use serde_json::json;

use crate::input::{self, Catalogue, Failure, wrong};
use crate::kea::Access;
use crate::seen::Seen;

/// Says whose answer another policy would change, and how
///
/// Both policies answer every client that has been seen, and the answers are compared byte for byte.
/// Phones that change in the same way are one group, the largest first; what is each phone's own is
/// named ({{mac}}) where groups are described in words. Exit code: 0 no difference, 1 differences (or wrong
/// input), 2 usage.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook diff /etc/kea/offhook.json new.json --seen /run/kea/kea4-ctrl-socket
  offhook diff old.json new.json --seen questions.jsonl --json

A line of questions.jsonl, with the keys of offhook explain --batch:
  {\"mac\": \"00:15:65:01:02:03\", \"vendor-class\": \"yealink\", \"ip\": \"10.7.0.20\"}")]
pub struct Arguments {
    /// The policy in force
    old: PathBuf,
    /// The policy that may take its place
    new: PathBuf,
    /// The clients: a file (- for standard input) of questions, one JSON object a line, or of a list as
    /// phone-list or offhook phones --json print it; or Kea's control socket or URL
    #[arg(long, value_name = "FILE|SOCKET|URL")]
    seen: String,
    /// Print at most this many phones one by one (with --json)
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    catalogue: Catalogue,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let old = arguments.catalogue.engine(&arguments.old, Host::ANY)?;
    let new = arguments.catalogue.engine(&arguments.new, Host::ANY)?;
    let mut comparison = Comparison::new(&old, &new, arguments.limit);
    let mut seen = Seen::new(&old);
    let mut no_packet = false;
    seen.visit(&arguments.seen, &arguments.access, |question| {
        no_packet |= question.ask(|query| comparison.ask(query)).is_none();
    })?;
    if no_packet {
        return Err(wrong(format!("{}: a \"packet\" that has no BOOTP header", arguments.seen)));
    }
    let report = comparison.finish();
    if arguments.json {
        let mut value = serde_json::to_value(&report).map_err(wrong)?;
        value["recognised-by-more-than-the-list-says"] = json!(seen.bare);
        input::json(&value)?;
    } else {
        print(&report, seen.bare)?;
    }
    match report.changed {
        0 => Ok(()),
        _ => Err(Failure::Found),
    }
}

fn print(report: &Report, bare: usize) -> Result<(), Failure> {
    let Report { phones, changed, .. } = report;
    input::line(format!("{changed} of {phones} phones would be sent something else"))?;
    for group in &report.groups {
        print_group(group)?;
    }
    if report.ungrouped > 0 {
        input::line(format!("{} more in other ways", report.ungrouped))?;
    }
    if bare > 0 {
        input::line(format!(
            "{bare} phones of the list are left out: they were recognised by what they sent, and the \
             list does not say what that was"
        ))?;
    }
    Ok(())
}

fn print_group(group: &Group) -> Result<(), Failure> {
    let like = group.example.hw_address.as_deref().unwrap_or("a client without a hardware address");
    let such = if group.phones == 1 { "" } else { "such as " };
    input::line(format!("{} {} ({such}{like})", group.phones, group.name))?;
    for (words, change) in group.words.iter().zip(&group.example.changes) {
        input::line(format!("    {words}"))?;
        let bytes = |told: &Option<Told>| match told {
            Some(told) if !told.bytes.is_empty() => hex::encode(&told.bytes),
            Some(_) => "taken out".to_owned(),
            None => "nothing".to_owned(),
        };
        if matches!(change.what, offhook_core::diff::What::Option(_)) {
            input::line(format!("      was {}", bytes(&change.before)))?;
            input::line(format!("      is  {}", bytes(&change.after)))?;
        }
    }
    Ok(())
}
