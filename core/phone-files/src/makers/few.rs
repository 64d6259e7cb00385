//! What there is less of with a maker than a site usually has, why, and by which source.

use serde::Deserialize;

use super::{Maker, OneOrMany, starts};

/// Of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Of {
    /// Models that files can be written for.
    Models,
    /// Lines of a phone.
    Lines,
    /// Keys of a phone.
    Keys,
}

/// What there is less of.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Few {
    /// Of what.
    pub of: Of,
    /// How the models begin; empty: all of the maker.
    #[serde(default)]
    models: Vec<String>,
    /// How many there are.
    pub count: u16,
    /// Why there are not more.
    pub why: String,
    source: OneOrMany,
}

impl Few {
    /// Short names of the sources.
    pub fn sources(&self) -> Vec<&str> {
        self.source.all()
    }
}

impl Maker {
    /// Why a model has few of something; `None`: nothing says so.
    pub fn few_of(&self, of: Of, model: &str) -> Option<&Few> {
        let fits = |few: &&Few| {
            few.of == of
                && (few.models.is_empty() || few.models.iter().any(|head| starts(model, head)))
        };
        self.few.iter().find(fits)
    }
}
