//! Options that compete with the rendered ones if another line sends them: a comment in the rendering,
//! for people and for `doctor`, which knows no policy.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use offhook_core::Engine;
use offhook_core::conflicts::competitors;

use super::rules::identities;

/// An option, or a sub-option of it, and the makers whose phones read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Competing {
    pub code: u8,
    pub sub: Option<u8>,
    /// Their ids.
    pub vendors: BTreeSet<String>,
}

const HEAD: &str = "Read before ours, or together with it: ";

/// `Read before ours, or together with it: 43.66 by auerswald, snom`
impl fmt::Display for Competing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{HEAD}{}", self.code)?;
        if let Some(sub) = self.sub {
            write!(f, ".{sub}")?;
        }
        let vendors: Vec<&str> = self.vendors.iter().map(String::as_str).collect();
        write!(f, " by {}", vendors.join(", "))
    }
}

impl Competing {
    /// Reads a comment without its `#`.
    pub fn read(comment: &str) -> Option<Competing> {
        let (option, vendors) = comment.trim().strip_prefix(HEAD)?.split_once(" by ")?;
        let (code, sub) = match option.split_once('.') {
            Some((code, sub)) => (code, Some(sub.parse().ok()?)),
            None => (option, None),
        };
        let vendors = vendors.split(", ").map(str::to_owned).collect();
        Some(Competing { code: code.parse().ok()?, sub, vendors })
    }
}

/// What competes with anything that this policy sends to any phone.
pub fn of(engine: &Engine) -> Vec<Competing> {
    let tables = engine.tables();
    let mut found: BTreeMap<(u8, Option<u8>), BTreeSet<String>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for site in std::iter::once(None).chain((0..engine.policy().sites.len()).map(Some)) {
        for (vendor, variant) in identities(tables) {
            let plan = engine.plan(site, vendor, variant);
            // Most sites send a vendor's phones the same options.
            let told: Vec<u8> = plan.codes().collect();
            if plan.competing.is_empty() || !seen.insert((vendor, told.clone())) {
                continue;
            }
            let vendor = tables.at(vendor);
            for competitor in competitors(vendor, &told) {
                let place = (competitor.code(), competitor.sub());
                found.entry(place).or_default().insert(vendor.id.to_string());
            }
        }
    }
    found.into_iter().map(|((code, sub), vendors)| Competing { code, sub, vendors }).collect()
}

#[cfg(test)]
mod tests {
    use offhook_core::{Host, builtin};

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let policy = r#"{ "systems": [{ "system": "url", "url": "http://192.0.2.1/" }] }"#;
        let engine = Engine::new(builtin::shared(), policy, Host::ANY).unwrap();
        let all = of(&engine);
        for competing in &all {
            assert_eq!(Competing::read(&competing.to_string()).as_ref(), Some(competing));
        }
        let by = |code, sub, vendor: &str| {
            let found = all.iter().find(|found| (found.code, found.sub) == (code, sub)).unwrap();
            found.vendors.contains(vendor)
        };
        assert!(by(67, None, "snom") && by(43, Some(66), "snom") && !by(67, None, "yealink"));
        let nothing = Engine::new(builtin::shared(), "{}", Host::ANY).unwrap();
        assert_eq!(of(&nothing), []);
        assert_eq!(Competing::read(" Written by offhook-dnsmasq"), None);
    }
}
