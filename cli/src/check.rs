//! `offhook check`: every mistake and every doubt in a policy.

use std::collections::BTreeSet;
use std::path::PathBuf;

use offhook_core::check::{Doubt, Makers};
use offhook_core::policy::FileAccess;
use offhook_core::{Engine, Host, check};
use offhook_edge::key;

use crate::input::{self, Catalogue, Failure};
use crate::kea::Access;
use crate::seen::Seen;

/// Says everything that is wrong with a policy, and everything doubtful
///
/// Mistakes go to standard error and end with exit code 1; the servers refuse such a policy whole.
/// Doubts go to standard output: the policy works, but something in it may not do what you think.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  offhook check /etc/kea/offhook.json\n  offhook check offhook.json --vendors yealink,snom\n  \
offhook check offhook.json --seen /run/kea/kea4-ctrl-socket"
)]
pub struct Arguments {
    /// The policy (JSON, comments allowed); - for standard input
    policy: PathBuf,
    /// Refuse what a Kea older than 2.4 cannot carry (options over 255 bytes)
    #[arg(long)]
    kea_2_2: bool,
    /// Exit with 1 if there is a doubt about the policy itself or about a maker that it names
    #[arg(long)]
    strict: bool,
    /// Only doubts about these makers' phones, by id (see offhook vendors)
    #[arg(long, value_name = "ID,...", value_delimiter = ',')]
    vendors: Vec<String>,
    /// Only doubts about the makers of the phones that are there: Kea's control socket or URL, or a file of
    /// questions or of a list, as offhook diff --seen takes it
    #[arg(long, value_name = "FILE|SOCKET|URL", conflicts_with = "vendors")]
    seen: Option<String>,
    /// Print the doubts as JSON: [{"place": ..., "text": ..., "vendors": [...], ...}]
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: Access,
    #[command(flatten)]
    catalogue: Catalogue,
}

impl Arguments {
    /// The makers that are there; none if nothing is said of them.
    fn makers(&self, engine: &Engine) -> Result<Option<BTreeSet<String>>, Failure> {
        if let Some(source) = &self.seen {
            let mut seen = Seen::new(engine);
            let mut makers = BTreeSet::new();
            seen.visit(source, &self.access, |question| {
                let found = question.ask(|query| engine.find(query).identity());
                let vendor = found.flatten().map(|identity| engine.tables().at(identity.vendor));
                makers.extend(vendor.map(|vendor| vendor.id.to_string()));
            })?;
            makers.append(&mut seen.makers);
            return Ok(Some(makers));
        }
        for id in &self.vendors {
            if engine.tables().vendor(id).is_none() {
                let text =
                    format!("--vendors {id}: not in the catalogue; offhook vendors lists it");
                return Err(input::wrong(text));
            }
        }
        Ok((!self.vendors.is_empty()).then(|| self.vendors.iter().cloned().collect()))
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let host = if arguments.kea_2_2 { KEA_2_2 } else { Host::ANY };
    let engine = arguments.catalogue.engine(&arguments.policy, host)?;
    let only = arguments.makers(&engine)?;
    let makers = only.as_ref().map_or(Makers::All, Makers::Only);
    let mut doubts = check::doubts(&engine, makers);
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
    let near = doubts.iter().filter(|doubt| doubt.named).count();
    match arguments.strict && near > 0 {
        true => Err(input::wrong(format!("{near} doubts, and --strict"))),
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
        Some(Doubt::new(format!("{place}.{key}"), text))
    };
    token.chain(encryption).filter_map(doubt).collect()
}

const KEA_2_2: Host = Host { name: "Kea 2.2", longest_option: Some(255) };
