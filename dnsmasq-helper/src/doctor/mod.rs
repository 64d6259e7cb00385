//! What in dnsmasq's effective configuration would spoil what we rendered into it.
//!
//! offhook-dnsmasq-config reads the configuration as dnsmasq does. `ours` finds the rendering in it. `conflicts`
//! answers the phones of `clients` as dnsmasq would (`answers`), with the user's lines and without.
//! `beside` and `hosts` judge other lines, `service` how dnsmasq runs, and `running` looks at the
//! process. Nothing here changes anything.

mod answers;
mod beside;
mod clients;
mod conflicts;
mod findings;
mod ours;
pub mod running;
mod service;

use std::path::PathBuf;

use findings::Found;
pub use findings::{Finding, Weight};
use offhook_dnsmasq_config::config::Config;
use offhook_dnsmasq_config::effective::Effective;
use ours::Ours;

/// What doctor knows beside the configuration.
#[derive(Debug, Default)]
pub struct Files {
    /// The script's state directory.
    pub state: Option<PathBuf>,
    /// dnsmasq's version, if it is known.
    pub version: Option<(u32, u32)>,
}

/// Everything that was found, the worst first.
pub fn examine(effective: &Effective, files: &Files) -> Vec<Finding> {
    let mut found = Found::default();
    beside::unread(effective, &mut found);
    let Some(ours) = Ours::of(effective) else {
        found.problem(
            "the configuration",
            "nothing in it was rendered by offhook-dnsmasq: phones get what they got without it",
            "run offhook-dnsmasq render --out FILE, with FILE in a folder that dnsmasq reads, and \
             name that folder with --conf-dir if it is given on dnsmasq's command line",
        );
        return found.sorted();
    };
    beside::twice(&ours, &mut found);
    let config = Config::of(effective);
    beside::foreign_tags(effective, &config, &ours, &mut found);
    beside::ranges(&config, &ours, &mut found);
    conflicts::conflicts(effective, &config, &ours, &mut found);
    beside::hosts(effective, &ours, &mut found);
    service::hangup(effective, files, &mut found);
    service::script(effective, &mut found);
    service::helper(effective, files, &mut found);
    service::log(effective, &ours, &mut found);
    service::ping(effective, &mut found);
    service::room(effective, &ours, &mut found);
    found.sorted()
}
