//! A release of Kea, as its executable and the names of builds write it: `3.0.4`.

use std::fmt;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Release {
    major: u32,
    minor: u32,
    patch: u32,
}

impl Release {
    /// The number that a release usually compares hook libraries with. Not every release does: 3.3.0
    /// still has the number of 3.2.0.
    pub(crate) fn usual_number(self) -> u32 {
        self.major * 10_000 + self.minor * 100 + self.patch
    }

    pub(crate) fn from_usual_number(number: u32) -> Release {
        Release { major: number / 10_000, minor: number / 100 % 100, patch: number % 100 }
    }

    /// Whether this release may compare hook libraries with this number.
    pub(crate) fn may_want(self, number: u32) -> bool {
        number / 10_000 == self.major
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The text is not of the form `3.0.4`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotARelease;

impl FromStr for Release {
    type Err = NotARelease;

    fn from_str(text: &str) -> Result<Release, NotARelease> {
        let mut parts = text.split('.').map(|part| match part.len() {
            1 | 2 if part.bytes().all(|byte| byte.is_ascii_digit()) => {
                part.parse().map_err(|_| NotARelease)
            }
            _ => Err(NotARelease),
        });
        let mut next = || parts.next().ok_or(NotARelease)?;
        let release = Release { major: next()?, minor: next()?, patch: next()? };
        if parts.next().is_some() { Err(NotARelease) } else { Ok(release) }
    }
}

/// The texts between two NUL bytes that have the form of a release, each once.
pub(crate) fn all_in(bytes: &[u8]) -> Vec<Release> {
    let mut found = Vec::new();
    for text in bytes.split(|byte| *byte == 0).filter(|text| (5..=8).contains(&text.len())) {
        let release = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        if let Some(release) = release.filter(|release| !found.contains(release)) {
            found.push(release);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_form() {
        let release: Release = "3.0.4".parse().unwrap();
        assert_eq!((release.to_string().as_str(), release.usual_number()), ("3.0.4", 30_004));
        assert_eq!(Release::from_usual_number(20_603).to_string(), "2.6.3");
        assert!(release.may_want(30_004) && release.may_want(30_200) && !release.may_want(20_603));
        for text in ["", "3", "3.0", "3.0.", "3.0.4.1", "3.0.x", "+3.0.4", "3.0.123", "3.0.4 "] {
            assert_eq!(text.parse::<Release>(), Err(NotARelease), "{text:?}");
        }
    }

    #[test]
    fn nul_delimited_ones_are_found_once() {
        let bytes = b"\x7fELF\0kea-dhcp4 2.2.0\0\x002.2.0\0junk1.2.3\x002.2.0\x0012.0.15\0";
        let names: Vec<String> = all_in(bytes).iter().map(Release::to_string).collect();
        assert_eq!(names, ["2.2.0", "12.0.15"]);
    }
}
