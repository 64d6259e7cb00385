//! The outcome of a boot: one line per step.

use std::fmt;
use std::time::{Duration, Instant};

use offhook_catalogue::masking::{masked_bytes, plain};
use serde::Serialize;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not as it must be; the text says why.
    Failed,
    /// An earlier step failed, or there is nothing for it to do; the text says which.
    NotReached,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Step {
    /// One of [`crate::steps`], and what it is about.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What came of it, or why not. Never a secret.
    pub text: String,
    /// Milliseconds.
    pub took: u64,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::NotReached => "not reached",
        };
        write!(f, "{outcome:11}  {}: {}", self.name, self.text)
    }
}

/// One phone's boot.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The maker's id.
    pub vendor: String,
    /// The model; empty: none.
    pub model: String,
    /// The catalogue's example that was played.
    pub example: String,
    /// The phone's hardware address.
    pub hw_address: String,
    /// The options of the answer that it went by, as they came over the wire.
    pub told: Vec<Told>,
    /// All steps, in their order.
    pub steps: Vec<Step>,
}

/// One option of an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// The option's number.
    pub code: u8,
    /// Its content, as hex digits.
    pub hex: String,
    /// Where the bytes are a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Told {
    /// Passwords and tokens in URLs are stars, in the text and in the hex digits.
    pub fn new(code: u8, bytes: &[u8]) -> Told {
        let bytes = &*masked_bytes(bytes);
        let text = is_text(bytes).then(|| String::from_utf8_lossy(bytes).into_owned());
        Told { code, hex: hex(bytes), text }
    }
}

impl Report {
    /// Whether every step that was reached passed.
    pub fn passed(&self) -> bool {
        self.steps.iter().all(|step| step.outcome != Outcome::Failed)
    }

    /// The first step of this name.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }
}

/// Writes the steps down as they happen.
pub struct Log<'l> {
    steps: Vec<Step>,
    since: Instant,
    each: &'l mut dyn FnMut(&Step),
}

impl<'l> Log<'l> {
    /// `each` is called with every step at once.
    pub fn new(each: &'l mut dyn FnMut(&Step)) -> Log<'l> {
        Log { steps: Vec::new(), since: Instant::now(), each }
    }

    /// Adds a step that passed.
    pub fn passed(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.add(name.into(), Outcome::Passed, text.into());
    }

    /// Adds a step that failed.
    pub fn failed(&mut self, name: impl Into<String>, why: impl Into<String>) {
        self.add(name.into(), Outcome::Failed, why.into());
    }

    /// Adds a step that was not tried.
    pub fn not_reached(&mut self, name: impl Into<String>, why: impl Into<String>) {
        self.add(name.into(), Outcome::NotReached, why.into());
    }

    fn add(&mut self, name: String, outcome: Outcome, text: String) {
        let took = match outcome {
            Outcome::NotReached => Duration::ZERO,
            _ => self.since.elapsed(),
        };
        self.since = Instant::now();
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        // Both may have foreign text in them.
        let (name, text) = (plain(&name), plain(&text));
        let step = Step { name, outcome, text, took };
        (self.each)(&step);
        self.steps.push(step);
    }

    /// The steps so far.
    pub fn finish(self) -> Vec<Step> {
        self.steps
    }
}

/// Bytes for a person's eye: text where they are text, else hex.
pub fn shown(bytes: &[u8]) -> String {
    match is_text(bytes) {
        true => format!("\"{}\"", String::from_utf8_lossy(bytes)),
        false => format!("0x{}", hex(bytes)),
    }
}

fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_phone_was_told_has_no_password() {
        let told = Told::new(66, b"http://phone:pw1@h/p/");
        assert_eq!(told.text.as_deref(), Some("http://*********@h/p/"));
        assert!(!told.hex.contains(&hex(b"pw1")), "{}", told.hex);
        let mut each = |_: &Step| {};
        let mut log = Log::new(&mut each);
        log.failed("GET http://u:pw1@h/a", "no\u{1b}[0m http://u:pw1@h/a");
        let steps = log.finish();
        assert_eq!(steps.first().map(|step| step.name.as_str()), Some("GET http://***@h/a"));
        assert!(!format!("{steps:?}").contains("pw1"));
        assert!(steps.iter().all(|step| step.text.is_ascii() && !step.text.contains('\u{1b}')));
    }
}
