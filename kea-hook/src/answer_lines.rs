//! What the log says of an answer. It is written when no lock is held any more: Kea's log may wait for a
//! disk.

use tracing::Level;

use crate::{log, message};

/// What an answer's line in the log says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Outcome {
    /// One line per phone at Kea's usual level is enough: the ACK says the same.
    Offered,
    Answered,
    #[default]
    LeftAlone,
}

impl Outcome {
    pub(crate) fn level(self) -> Level {
        if self == Outcome::Answered { Level::INFO } else { Level::DEBUG }
    }
}

/// What is to be logged once the lane is free again.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pub(crate) outcome: Outcome,
    pub(crate) line: String,
    /// Of what may be a phone of a maker that the catalogue does not have: the only line then.
    pub(crate) unlisted: Option<String>,
    pub(crate) impostor: Option<String>,
    pub(crate) cut: Option<String>,
    pub(crate) client: String,
    pub(crate) reasons: Vec<String>,
}

impl Lines {
    pub(crate) fn write(&self) {
        if let Some(line) = &self.unlisted {
            tracing::info!(target: message::PHONE_UNLISTED, "{line}");
            return;
        }
        if let Some(cut) = &self.cut {
            tracing::error!(target: message::ANSWER_CUT, "{cut}");
        }
        if let Some(impostor) = &self.impostor {
            tracing::warn!(target: message::IMPOSTOR, "{impostor}");
        }
        let line = &self.line;
        if !log::enabled(self.outcome.level()) {
            return;
        }
        match self.outcome {
            Outcome::Offered => tracing::debug!(target: message::PHONE_OFFERED, "{line}"),
            Outcome::Answered => tracing::info!(target: message::PHONE_ANSWERED, "{line}"),
            Outcome::LeftAlone => tracing::debug!(target: message::PHONE_LEFT_ALONE, "{line}"),
        }
        for reason in &self.reasons {
            tracing::debug!(target: message::PHONE_REASON, "{}: {reason}", self.client);
        }
    }
}
