//! How a maker's phones are asked by SIP NOTIFY to fetch their files: `notify.toml` in the vendor's folder.
//! `offhook nudge` sends these events, and the emulator's phones accept them.

use serde::Deserialize;

use crate::texts;

/// The events of one maker.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Notify {
    /// The header Event by which a phone fetches its files, and restarts only if it finds that it must.
    pub fetch: Option<String>,
    /// The one by which it restarts, and so fetches them.
    pub restart: Option<String>,
    /// What an operator must know, such as a setting of the phone that decides.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Where this was read.
    pub sources: Vec<String>,
}

/// A vendor's file is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{vendor}/notify.toml: {why}")]
pub struct WrongNotify {
    vendor: String,
    why: String,
}

impl Notify {
    /// The events of a vendor. `None`: none are known.
    ///
    /// # Errors
    /// The vendor's file is not of the form.
    pub fn of(vendor: &str) -> Result<Option<Notify>, WrongNotify> {
        let found = texts::notifies().find(|(id, _)| *id == vendor);
        found.map(|(_, text)| Notify::read(vendor, text)).transpose()
    }

    fn read(vendor: &str, text: &str) -> Result<Notify, WrongNotify> {
        let wrong = |why: String| WrongNotify { vendor: vendor.to_owned(), why };
        let notify: Notify = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if notify.sources.is_empty() {
            return Err(wrong(
                "\"sources\" is empty: expected where the events were read".to_owned(),
            ));
        }
        let events: Vec<&String> = notify.fetch.iter().chain(&notify.restart).collect();
        if events.is_empty() {
            return Err(wrong("expected \"fetch\" or \"restart\", or both".to_owned()));
        }
        // The event becomes a header line of SIP.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ";=._-".contains(c);
        if let Some(event) =
            events.iter().find(|event| event.is_empty() || !event.chars().all(is_plain))
        {
            return Err(wrong(format!(
                "expected an event such as check-sync;reboot=false, found {event:?}"
            )));
        }
        Ok(notify)
    }

    /// The vendors with events, by id.
    pub fn vendors() -> impl Iterator<Item = &'static str> {
        texts::notifies().map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendors_file_is_of_the_form() {
        let mut count = 0;
        for vendor in Notify::vendors() {
            let notify = Notify::of(vendor).unwrap_or_else(|error| panic!("{error}"));
            assert!(notify.is_some(), "{vendor}");
            count += 1;
        }
        assert!(count >= 12, "{count}");
        assert_eq!(Notify::of("lync").unwrap(), None);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, expected) in [
            ("fetch = \"a\"\nsources = []", "\"sources\" is empty"),
            ("sources = [\"x\"]", "expected \"fetch\" or \"restart\""),
            ("fetch = \"a\\r\\nEvil: b\"\nsources = [\"x\"]", "expected an event such as"),
            ("event = \"a\"\nsources = [\"x\"]", "unknown field `event`"),
        ] {
            let error = Notify::read("v", text).unwrap_err().to_string();
            assert!(error.starts_with("v/notify.toml: ") && error.contains(expected), "{error}");
        }
    }
}
