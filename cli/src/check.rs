//! `offhook check`: every mistake and every doubt in a policy.

use std::path::PathBuf;

use offhook_core::check::Doubt;
use offhook_core::policy::FileAccess;
use offhook_core::{Host, check};
use offhook_edge::key;

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
    let mut doubts = check::doubts(&engine);
    doubts.extend(doubtful_keys(&engine.policy().file_access));
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

/// Keys that a server would refuse; the core reads no files.
fn doubtful_keys(access: &FileAccess) -> Vec<Doubt> {
    let token = access.token.iter().flat_map(|rule| {
        let previous = rule.previous_key_file.as_ref();
        let previous = previous.map(|path| (&rule.place, "previous-key-file", path));
        previous.into_iter().chain([(&rule.place, "key-file", &rule.key_file)])
    });
    let encryption = access.encryption.iter();
    let encryption = encryption.map(|rule| (&rule.place, "key-file", &rule.key_file));
    let doubt = |(place, key, path): (&String, &str, &String)| {
        let text = format!("{path} {}; a server refuses it", key::flaw(path)?);
        Some(Doubt { place: format!("{place}.{key}"), text })
    };
    token.chain(encryption).filter_map(doubt).collect()
}

const KEA_2_2: Host = Host { name: "Kea 2.2", longest_option: Some(255) };
