//! `offhook check`: every mistake and every doubt in a policy.

use std::path::PathBuf;

use offhook_core::{Host, check};

use crate::input::{self, Catalogue, Failure};

/// Says everything that is wrong with a policy, and everything doubtful
///
/// Mistakes go to standard error and end with exit code 1; the servers refuse such a policy whole.
/// Doubts go to standard output: the policy works, but something in it may not do what you think.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  offhook check /etc/kea/offhook.json")]
pub struct Arguments {
    /// The policy (JSON, comments allowed); - for standard input
    policy: PathBuf,
    /// Refuse what a Kea older than 2.4 cannot carry (options over 255 bytes)
    #[arg(long)]
    kea_2_2: bool,
    /// Exit with 1 if there is a doubt
    #[arg(long)]
    strict: bool,
    /// Print the doubts as JSON: [{"place": ..., "text": ...}]
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    catalogue: Catalogue,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let host = if arguments.kea_2_2 { KEA_2_2 } else { Host::ANY };
    let engine = arguments.catalogue.engine(&arguments.policy, host)?;
    let doubts = check::doubts(&engine);
    if arguments.json {
        input::json(&doubts)?;
    } else {
        for doubt in &doubts {
            input::line(format!("doubt: {doubt}"))?;
        }
        let policy = engine.policy();
        input::line(format!(
            "{}: no mistakes, {} doubts; {} sites, {} devices; digest {}",
            arguments.policy.display(),
            doubts.len(),
            policy.sites.len(),
            policy.devices.len(),
            engine.digest()
        ))?;
    }
    match arguments.strict && !doubts.is_empty() {
        true => Err(input::wrong(format!("{} doubts, and --strict", doubts.len()))),
        false => Ok(()),
    }
}

const KEA_2_2: Host = Host { name: "Kea 2.2", longest_option: Some(255) };
