//! Whether this Kea only checks its configuration (`kea-dhcp4 -T`).
//!
//! Kea gives a library no sign of it, but a check must fail where a start must not.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// The options of `kea-dhcp4` that take a value, in all of its releases.
const WITH_VALUE: &[u8] = b"cpPtT";

/// Reads the words that Kea was started with, by the rules of getopt(3).
pub(crate) fn is_check(words: impl Iterator<Item = OsString>) -> bool {
    let mut words = words.skip(1);
    while let Some(word) = words.next() {
        let letters = match word.as_bytes() {
            b"--" => return false,
            [b'-', letters @ ..] => letters,
            _ => continue,
        };
        for (index, letter) in letters.iter().enumerate() {
            match letter {
                b'T' => return true,
                letter if WITH_VALUE.contains(letter) => {
                    if index + 1 == letters.len() {
                        words.next();
                    }
                    break;
                }
                _ => {}
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_option_itself_counts() {
        let found = |line: &str| is_check(line.split(' ').map(OsString::from));
        for yes in ["kea-dhcp4 -T /x", "k -dT/x", "k -d -p 1 -T /x", "k -T/x"] {
            assert!(found(yes), "{yes:?}");
        }
        for no in ["", "-T", "k -c -T", "k -c-T", "k -t /x-T", "k -- -T", "k T"] {
            assert!(!found(no), "{no:?}");
        }
    }
}
