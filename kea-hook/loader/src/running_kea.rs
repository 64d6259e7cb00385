//! Which Kea has opened the library.

use std::fs;
use std::path::Path;

use crate::release::{self, Release};
use crate::{compared, dynamic};

/// Where Kea compares what `version()` returns.
const CHECK_VERSION: &std::ffi::CStr = c"_ZNK3isc5hooks14LibraryManager12checkVersionEv";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunningKea {
    /// As its executable says it; what is to be loaded goes by this.
    pub(crate) release: Option<Release>,
    /// What `version()` must return, read out of Kea's code.
    pub(crate) number: Option<u32>,
}

impl RunningKea {
    pub(crate) fn find() -> RunningKea {
        let releases = fs::read(Path::new("/proc/self/exe"))
            .map(|bytes| release::all_in(&bytes))
            .unwrap_or_default();
        let numbers = dynamic::code_of(CHECK_VERSION).map(compared::numbers).unwrap_or_default();
        RunningKea::judge(&releases, &numbers)
    }

    /// From the releases that the executable names and the numbers that the code compares with.
    fn judge(releases: &[Release], numbers: &[u32]) -> RunningKea {
        let mut plausible: Vec<u32> = numbers
            .iter()
            .copied()
            .filter(|number| match releases {
                [] => (10_000..1_000_000).contains(number),
                releases => releases.iter().any(|release| release.may_want(*number)),
            })
            .collect();
        plausible.sort_unstable();
        plausible.dedup();
        let number = match plausible[..] {
            [number] => Some(number),
            _ => None,
        };
        let usual =
            |number: u32| releases.iter().copied().find(|release| release.usual_number() == number);
        let release = match releases {
            [release] => Some(*release),
            [] => number.map(Release::from_usual_number),
            _ => number.and_then(usual),
        };
        RunningKea { release, number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(releases: &[&str], numbers: &[u32]) -> (Option<String>, Option<u32>) {
        let releases: Vec<Release> = releases.iter().map(|text| text.parse().unwrap()).collect();
        let found = RunningKea::judge(&releases, numbers);
        (found.release.map(|release| release.to_string()), found.number)
    }

    #[test]
    fn release_and_number() {
        let some = |release: &str, number| (Some(release.to_owned()), number);
        assert_eq!(judge(&["2.2.0"], &[40, 20_200]), some("2.2.0", Some(20_200)));
        // The number of a release before.
        assert_eq!(judge(&["3.3.0"], &[30_200]), some("3.3.0", Some(30_200)));
        // Some other text of that form beside it.
        assert_eq!(judge(&["1.2.3", "3.0.4"], &[30_004]), some("3.0.4", Some(30_004)));
        // What cannot be found out is not guessed.
        assert_eq!(judge(&["1.2.3", "3.0.4"], &[]), (None, None));
        assert_eq!(judge(&["3.0.4"], &[30_003, 30_004]), some("3.0.4", None));
        assert_eq!(judge(&["3.0.4"], &[20_200]), some("3.0.4", None));
        assert_eq!(judge(&[], &[30_004, 7]), some("3.0.4", Some(30_004)));
        assert_eq!(judge(&[], &[]), (None, None));
    }
}
