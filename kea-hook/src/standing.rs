//! By which policy phones are answered, and what is wrong with the one that the configuration names.

use std::sync::atomic::{AtomicU64, Ordering};

/// `"state"` in `phone-status-get`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// The policy that was requested.
    Active,
    /// The one that was in force before it.
    LastGood,
    /// None: phones get what Kea alone sends them.
    Passive,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            State::Active => "active",
            State::LastGood => "last-good",
            State::Passive => "passive",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) state: State,
    /// Of the policy or the parameters that were requested; none while that policy is in force.
    pub(crate) mistakes: Vec<String>,
}

impl Standing {
    pub(crate) fn active() -> Standing {
        Standing { state: State::Active, mistakes: Vec::new() }
    }

    /// What the log says as long as it is so.
    pub(crate) fn sentence(&self) -> String {
        let count = self.mistakes.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        let now = match self.state {
            State::Active | State::LastGood => "phones are answered by the last good policy",
            State::Passive => "phones get only what Kea alone sends them",
        };
        format!(
            "the policy or the parameters have {count} {noun} (OFFHOOK_POLICY_MISTAKE, \
             OFFHOOK_LOAD_REFUSED, phone-status-get), and {now}. Correct them, then reload Kea's \
             configuration"
        )
    }
}

/// Seconds between two lines that say the same.
const AN_HOUR: u64 = 3600;

/// When the log is to repeat it; read by every packet thread at every answer.
#[derive(Debug)]
pub(crate) struct Reminder(AtomicU64);

impl Reminder {
    /// Not at all.
    pub(crate) fn never() -> Reminder {
        Reminder(AtomicU64::new(u64::MAX))
    }

    /// An hour after `now`, in seconds since 1970.
    pub(crate) fn after(&self, now: u64) {
        self.0.store(now.saturating_add(AN_HOUR), Ordering::Relaxed);
    }

    pub(crate) fn stop(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }

    /// Whether it is time; true for one caller only, and then not for an hour.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        let due = self.0.load(Ordering::Relaxed);
        due <= now && {
            let next = now.saturating_add(AN_HOUR);
            self.0.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_told_every_hour_until_it_is_over() {
        let reminder = Reminder::never();
        assert!(!reminder.is_due(u64::MAX - 1));
        reminder.after(1000);
        assert!(!reminder.is_due(1000) && !reminder.is_due(4599));
        assert!(reminder.is_due(4600) && !reminder.is_due(4600));
        assert!(!reminder.is_due(8199) && reminder.is_due(9000) && !reminder.is_due(12_599));
        reminder.stop();
        assert!(!reminder.is_due(20_000));
    }

    #[test]
    fn the_sentence_counts_and_says_what_phones_get() {
        let standing = Standing { state: State::Passive, mistakes: vec!["a".to_owned()] };
        assert!(standing.sentence().contains("1 mistake ("), "{}", standing.sentence());
        assert!(standing.sentence().contains("only what Kea alone sends"));
        let standing = Standing { state: State::LastGood, mistakes: vec![String::new(); 2] };
        assert!(standing.sentence().contains("2 mistakes ("), "{}", standing.sentence());
    }
}
