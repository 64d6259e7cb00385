//! How a maker's phones write their models.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How models are spelt.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Spelling {
    /// The phone writes them in upper case.
    #[serde(default)]
    upper: bool,
    /// Beginnings that are not part of the model.
    #[serde(default)]
    drop: Vec<String>,
    /// What precedes a model that begins so.
    #[serde(default)]
    begin: BTreeMap<String, String>,
    /// What follows a model that begins so.
    #[serde(default)]
    end: BTreeMap<String, String>,
}

/// Whether a model begins so, in whatever case.
pub(crate) fn starts(model: &str, head: &str) -> bool {
    model.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head))
}

impl Spelling {
    /// A model as the phone writes it in its file names.
    pub fn usual(&self, model: &str) -> String {
        let mut rest = model.trim();
        while let Some(head) = self.drop.iter().find(|head| starts(rest, head)) {
            rest = rest.get(head.len()..).unwrap_or_default().trim_start();
        }
        let mut usual: String = rest.chars().filter(|c| *c != ' ').collect();
        if self.upper {
            usual.make_ascii_uppercase();
        }
        if let Some((_, before)) = self.begin.iter().find(|(head, _)| starts(&usual, head))
            && !starts(&usual, before)
        {
            usual.insert_str(0, before);
        }
        if let Some((_, behind)) = self.end.iter().find(|(head, _)| starts(&usual, head))
            && !usual.ends_with(behind.as_str())
        {
            usual.push_str(behind);
        }
        usual
    }
}
