//! Whether this Kea only checks its configuration (`kea-dhcp4 -T`).
//!
//! Kea gives a library no sign of it, but a check must fail where a start must not.

/// The options of `kea-dhcp4` that take a value, in all of its releases.
const WITH_VALUE: &[u8] = b"cpPtT";

/// Reads `/proc/self/cmdline` by the rules of getopt(3).
pub(crate) fn is_check(command_line: &[u8]) -> bool {
    let mut words = command_line.split(|byte| *byte == 0).skip(1);
    while let Some(word) = words.next() {
        let letters = match word {
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
        for yes in ["kea-dhcp4\0-T\0/x\0", "k\0-dT/x\0", "k\0-d\0-p\x001\0-T\0/x", "k\0-T/x\0"] {
            assert!(is_check(yes.as_bytes()), "{yes:?}");
        }
        for no in ["", "-T", "k\0-c\0-T\0", "k\0-c-T\0", "k\0-t\0/x-T\0", "k\0--\0-T\0", "k\0T\0"] {
            assert!(!is_check(no.as_bytes()), "{no:?}");
        }
    }
}
