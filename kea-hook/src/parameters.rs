//! The hook's parameters, as they stand in Kea's `hooks-libraries`.

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

use crate::words::{Members, Wrong, read};

const KNOWN: [&str; 5] =
    ["policy-file", "policy", "vendors-directory", "class-prefix", "annotate-leases"];

/// Where the policy comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    File(PathBuf),
    /// The text itself: `policy` in Kea's configuration.
    Inline(String),
    /// By the command `phone-policy-set`; gone with the next configuration.
    Command(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Inline(_) => f.write_str("Kea's configuration"),
            Origin::Command(_) => f.write_str("phone-policy-set"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parameters {
    pub(crate) origin: Origin,
    pub(crate) vendors_directory: Option<PathBuf>,
    pub(crate) class_prefix: String,
    pub(crate) annotate_leases: bool,
}

impl Parameters {
    /// Reads them out of Kea's JSON; the error names the parameter and what was expected.
    pub(crate) fn read(json: &str) -> Result<Parameters, Wrong> {
        let value = read(json).map_err(|error| format!("the parameters are not JSON: {error}"))?;
        let members = Members::new(&value, "parameter", &KNOWN)?;
        let origin = match (members.text("policy-file")?, members.get("policy")) {
            (Some(file), None) => Origin::File(PathBuf::from(file)),
            (None, Some(policy @ Value::Object(_))) => Origin::Inline(policy.to_string()),
            (None, Some(other)) => return Err(members.expected("policy", "a map", other)),
            (Some(_), Some(_)) => {
                return Err("parameters 'policy-file' and 'policy': give one of them".to_owned());
            }
            (None, None) => {
                return Err("no policy: give parameter 'policy-file' (a path) or 'policy' (a map)"
                    .to_owned());
            }
        };
        Ok(Parameters {
            origin,
            vendors_directory: members.text("vendors-directory")?.map(PathBuf::from),
            class_prefix: members.text("class-prefix")?.unwrap_or("PHONE").to_owned(),
            annotate_leases: members.bool("annotate-leases")?.unwrap_or(true),
        })
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
        assert!(least.annotate_leases);
        let all = r#"{"policy": {"answer": "phones"}, "vendors-directory": "/v",
            "class-prefix": "TEL", "annotate-leases": false}"#;
        let all = Parameters::read(all).unwrap();
        assert_eq!(all.origin, Origin::Inline(r#"{"answer":"phones"}"#.to_owned()));
        assert_eq!(all.class_prefix, "TEL");
        assert!(!all.annotate_leases);
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
             'vendors-directory', 'class-prefix', 'annotate-leases'"
        );
        assert_eq!(wrong(r#"{"policy": []}"#), "parameter 'policy' must be a map, found []");
        assert_eq!(
            wrong(r#"{"policy-file": "a", "class-prefix": ""}"#),
            "parameter 'class-prefix' must be a text, found \"\""
        );
    }
}
