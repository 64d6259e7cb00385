//! The hook's parameters, as they are written in Kea's `hooks-libraries`.

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use crate::words::{Members, Wrong, read};

const KNOWN: [&str; 8] = [
    "policy-file",
    "policy",
    "vendors-directory",
    "class-prefix",
    "annotate-leases",
    "on-mistake",
    "log",
    "statistics",
];

/// Where the policy comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    File(PathBuf),
    /// The text itself: `policy` in Kea's configuration.
    Inline(String),
    /// By the command `phone-policy-set`; gone with the next configuration.
    Command(String),
    /// The copy of the policy that was last in force, and its text.
    LastGood(PathBuf, String),
    /// There is none: phones get what Kea alone sends them.
    Nowhere,
}

/// What a start does with a policy that is missing or wrong: `on-mistake`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnMistake {
    LastGood,
    Nothing,
    Refuse,
}

impl OnMistake {
    fn named(name: &str) -> Option<OnMistake> {
        match name {
            "last-good" => Some(OnMistake::LastGood),
            "nothing" => Some(OnMistake::Nothing),
            "refuse" => Some(OnMistake::Refuse),
            _ => None,
        }
    }
}

/// When the INFO line of a phone is written: `log`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    /// When it is first seen, and when it or its answer differs from last time.
    Changes,
    /// At each ACK.
    Every,
}

impl Log {
    fn named(name: &str) -> Option<Log> {
        match name {
            "changes" => Some(Log::Changes),
            "every" => Some(Log::Every),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Inline(_) => f.write_str("Kea's configuration"),
            Origin::Command(_) => f.write_str("phone-policy-set"),
            Origin::LastGood(path, _) => {
                write!(f, "the copy of the last good policy, {}", path.display())
            }
            Origin::Nowhere => f.write_str("nowhere"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameters {
    pub(crate) origin: Origin,
    pub(crate) vendors_directory: Option<PathBuf>,
    pub(crate) class_prefix: String,
    pub(crate) annotate_leases: bool,
    pub(crate) on_mistake: OnMistake,
    pub(crate) log: Log,
    pub(crate) statistics: bool,
}

/// Class names with a meaning of their own in Kea; a client that is put into one of them may lose its lease
/// or be taken for another.
const RESERVED: [&str; 7] = ["ALL", "KNOWN", "UNKNOWN", "BOOTP", "DROP", "REJECT", "SKIP_DDNS"];

/// Names that begin so are Kea's, too.
const RESERVED_HEADS: [&str; 5] = ["VENDOR_CLASS", "HA", "AFTER", "EXTERNAL", "SPAWN"];

/// Whether `PREFIX` or `PREFIX_<vendor>` would be a class of Kea's own.
fn is_reserved(prefix: &str) -> bool {
    let begins = |head: &&str| {
        prefix.strip_prefix(*head).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    RESERVED.contains(&prefix) || RESERVED_HEADS.iter().any(begins)
}

impl Parameters {
    /// Reads them out of Kea's JSON; the error names the parameter and what was expected.
    pub(crate) fn read(json: &str) -> Result<Parameters, Wrong> {
        let value = read(json).map_err(|error| format!("the parameters are not JSON: {error}"))?;
        let members = Members::new(&value, "parameter", &KNOWN)?;
        match (members.text("policy-file")?, members.get("policy")) {
            (Some(_), None) | (None, Some(Value::Object(_))) => {}
            (None, Some(other)) => return Err(members.expected("policy", "a map", other)),
            (Some(_), Some(_)) => {
                return Err("parameters 'policy-file' and 'policy': give one of them".to_owned());
            }
            (None, None) => {
                return Err("no policy: give parameter 'policy-file' (a path) or 'policy' (a map)"
                    .to_owned());
            }
        }
        members.text("vendors-directory")?;
        if let Some(prefix) = members.text("class-prefix")?
            && is_reserved(prefix)
        {
            return Err(format!(
                "parameter 'class-prefix' must not be \"{prefix}\": Kea has client classes of that \
                 name with a meaning of their own"
            ));
        }
        members.bool("annotate-leases")?;
        members.bool("statistics")?;
        members.word("on-mistake", &["last-good", "nothing", "refuse"])?;
        members.word("log", &["changes", "every"])?;
        Ok(Parameters::salvage_from(&value))
    }

    /// What can be used of parameters with a mistake in them; what cannot has its default.
    pub(crate) fn salvage(json: &str) -> Parameters {
        Parameters::salvage_from(&read(json).unwrap_or(Value::Null))
    }

    fn salvage_from(value: &Value) -> Parameters {
        let text = |name: &str| value.get(name)?.as_str().filter(|text| !text.is_empty());
        let bool = |name: &str| value.get(name).and_then(Value::as_bool).unwrap_or(true);
        let origin = match (text("policy-file"), value.get("policy")) {
            (Some(file), _) => Origin::File(PathBuf::from(file)),
            (None, Some(policy @ Value::Object(_))) => Origin::Inline(policy.to_string()),
            _ => Origin::Nowhere,
        };
        let prefix = text("class-prefix").filter(|prefix| !is_reserved(prefix));
        Parameters {
            origin,
            vendors_directory: text("vendors-directory").map(PathBuf::from),
            class_prefix: prefix.unwrap_or("PHONE").to_owned(),
            annotate_leases: bool("annotate-leases"),
            on_mistake: text("on-mistake")
                .and_then(OnMistake::named)
                .unwrap_or(OnMistake::LastGood),
            log: text("log").and_then(Log::named).unwrap_or(Log::Changes),
            statistics: bool("statistics"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(json: &str) -> String {
        Parameters::read(json).unwrap_err()
    }

    #[test]
    fn defaults_and_all_of_them() {
        let least = Parameters::read(r#"{"policy-file": "/etc/kea/offhook.json"}"#).unwrap();
        assert_eq!(least.origin, Origin::File(PathBuf::from("/etc/kea/offhook.json")));
        assert_eq!(least.class_prefix, "PHONE");
        assert!(least.annotate_leases && least.statistics);
        assert_eq!((least.on_mistake, least.log), (OnMistake::LastGood, Log::Changes));
        let all = r#"{"policy": {"answer": "phones"}, "vendors-directory": "/v",
            "class-prefix": "TEL", "annotate-leases": false, "on-mistake": "refuse",
            "log": "every", "statistics": false}"#;
        let all = Parameters::read(all).unwrap();
        assert_eq!(all.origin, Origin::Inline(r#"{"answer":"phones"}"#.to_owned()));
        assert_eq!(all.class_prefix, "TEL");
        assert!(!all.annotate_leases && !all.statistics);
        assert_eq!((all.on_mistake, all.log), (OnMistake::Refuse, Log::Every));
    }

    #[test]
    fn every_mistake_is_told_clearly() {
        assert_eq!(
            wrong(""),
            "no policy: give parameter 'policy-file' (a path) or 'policy' (a map)"
        );
        assert_eq!(
            wrong(r#"{"policy-file": "a", "policy": {}}"#),
            "parameters 'policy-file' and 'policy': give one of them"
        );
        assert_eq!(
            wrong(r#"{"policy-file": "a", "polcy": 1}"#),
            "unknown parameter 'polcy': the parameters are 'policy-file', 'policy', \
             'vendors-directory', 'class-prefix', 'annotate-leases', 'on-mistake', 'log', 'statistics'"
        );
        assert_eq!(wrong(r#"{"policy": []}"#), "parameter 'policy' must be a map, found []");
        assert_eq!(
            wrong(r#"{"policy-file": "a", "class-prefix": ""}"#),
            "parameter 'class-prefix' must be a text, found \"\""
        );
        assert_eq!(
            wrong(r#"{"policy-file": "a", "on-mistake": "serve"}"#),
            "parameter 'on-mistake' must be \"last-good\", \"nothing\" or \"refuse\", found \"serve\""
        );
        assert_eq!(
            wrong(r#"{"policy-file": "a", "log": true}"#),
            "parameter 'log' must be \"changes\" or \"every\", found true"
        );
    }

    #[test]
    fn names_of_kea_s_own_classes_are_refused() {
        for prefix in [
            "DROP",
            "KNOWN",
            "UNKNOWN",
            "ALL",
            "BOOTP",
            "SKIP_DDNS",
            "REJECT",
            "HA",
            "HA_a",
            "VENDOR_CLASS",
            "VENDOR_CLASS_x",
            "AFTER",
            "AFTER_",
            "EXTERNAL",
            "SPAWN_a",
        ] {
            let text = wrong(&format!(r#"{{"policy-file": "a", "class-prefix": "{prefix}"}}"#));
            assert!(text.contains(&format!("must not be \"{prefix}\"")), "{text}");
        }
        for prefix in ["PHONE", "DROPS", "HALL", "phone", "AFTERNOON"] {
            let json = format!(r#"{{"policy-file": "a", "class-prefix": "{prefix}"}}"#);
            assert_eq!(Parameters::read(&json).unwrap().class_prefix, prefix);
        }
    }

    #[test]
    fn what_can_be_used_is() {
        let json = r#"{"policy-file": "/a", "vendors-directory": 7, "class-prefix": "DROP",
            "on-mistake": "nothing", "log": "x", "unknown": 1}"#;
        let salvaged = Parameters::salvage(json);
        assert_eq!(salvaged.origin, Origin::File(PathBuf::from("/a")));
        assert_eq!(salvaged.vendors_directory, None);
        assert_eq!(salvaged.class_prefix, "PHONE");
        assert_eq!((salvaged.on_mistake, salvaged.log), (OnMistake::Nothing, Log::Changes));
        assert_eq!(Parameters::salvage("{").origin, Origin::Nowhere);
    }
}
