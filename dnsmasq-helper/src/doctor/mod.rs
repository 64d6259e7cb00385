//! What in dnsmasq's effective configuration would spoil what we rendered into it.
//!
//! `effective` reads the configuration as dnsmasq does, `options` understands the lines that matter
//! here, `ours` finds the rendering in them, `findings` judges the lines beside it and `service` how
//! dnsmasq runs, `running` looks at the process. Nothing here changes anything.

pub mod effective;
mod findings;
mod options;
mod ours;
pub mod running;
mod service;

use serde::Serialize;

pub use findings::{Files, examine};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Phones get something else than the policy says, or nobody gets anything.
    Problem,
    /// Works, but look at it.
    Doubt,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    pub weight: Weight,
    /// `file:line`, or what else it is about.
    pub place: String,
    /// What is wrong, and what it does.
    pub text: String,
    /// What to do.
    pub advice: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = match self.weight {
            Weight::Problem => "problem",
            Weight::Doubt => "doubt",
        };
        write!(f, "{word}: {}: {}\n    {}", self.place, self.text, self.advice)
    }
}
