//! What was found, and how bad it is.

use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// Phones get something else than the policy says, or no client gets an answer.
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

/// Findings on their way out.
#[derive(Default)]
pub struct Found {
    findings: Vec<Finding>,
}

impl Found {
    pub fn problem(&mut self, place: impl ToString, text: impl ToString, advice: impl ToString) {
        self.add(Weight::Problem, place, text, advice);
    }

    pub fn doubt(&mut self, place: impl ToString, text: impl ToString, advice: impl ToString) {
        self.add(Weight::Doubt, place, text, advice);
    }

    pub fn add(
        &mut self,
        weight: Weight,
        place: impl ToString,
        text: impl ToString,
        advice: impl ToString,
    ) {
        let (place, text, advice) = (place.to_string(), text.to_string(), advice.to_string());
        self.findings.push(Finding { weight, place, text, advice });
    }

    /// The worst first.
    pub fn sorted(mut self) -> Vec<Finding> {
        self.findings.sort();
        self.findings
    }
}
