//! Ethernet addresses, and ranges of them, in every spelling that people use.

use std::fmt;

/// A six-byte Ethernet address (`htype` 1, `hlen` 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Accepts `00:15:65:aa:bb:cc`, `00-15-65-AA-BB-CC`, `0015.65aa.bbcc` and `001565aabbcc`.
    pub fn parse(text: &str) -> Option<Mac> {
        let digits = plain_digits(text)?;
        if digits.len() != 12 {
            return None;
        }
        let number = u64::from_str_radix(&digits, 16).ok()?;
        Some(Mac::from_number(number))
    }

    /// The address as a number, most significant byte first (48 bits).
    pub fn number(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }

    /// The inverse of [`Mac::number`]; the upper 16 bits do not count.
    pub fn from_number(number: u64) -> Mac {
        let [_, _, a, b, c, d, e, f] = number.to_be_bytes();
        Mac([a, b, c, d, e, f])
    }
}

/// `00:15:65:aa:bb:cc`
impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // By hand: there is one in every line of a log, and the formatter's own hexadecimal costs twenty times as much.
        let mut text = [b':'; 17];
        for (place, byte) in text.chunks_mut(3).zip(self.0) {
            if let [high, low, ..] = place {
                (*high, *low) = (digit(byte >> 4), digit(byte & 15));
            }
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

fn digit(half: u8) -> u8 {
    if half < 10 { b'0' + half } else { b'a' - 10 + half }
}

/// The first and last address (as numbers) of a prefix of 24, 28 or 36 bits, or of a single address:
/// `00:15:65`, `00:11:22:3`, `00:11:22:33:4`.
pub fn prefix_range(text: &str) -> Option<(u64, u64)> {
    let digits = plain_digits(text)?;
    let bits = match digits.len() {
        6 | 7 | 9 | 12 => digits.len() as u32 * 4,
        _ => return None,
    };
    let free = 48 - bits;
    let first = u64::from_str_radix(&digits, 16).ok()? << free;
    Some((first, first | ((1u64 << free) - 1)))
}

/// `FIRST-LAST`, both full addresses with colons, first not after last.
pub fn range(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (Mac::parse(first)?.number(), Mac::parse(last)?.number());
    (first <= last).then_some((first, last))
}

fn plain_digits(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(12);
    for character in text.chars() {
        match character {
            ':' | '-' | '.' => {}
            c if c.is_ascii_hexdigit() => digits.push(c),
            _ => return None,
        }
    }
    Some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_spelling_is_the_same_address() {
        let expected = Mac([0x00, 0x15, 0x65, 0xaa, 0xbb, 0xcc]);
        for text in ["00:15:65:aa:bb:cc", "00-15-65-AA-BB-CC", "0015.65aa.bbcc", "001565AABBCC"] {
            assert_eq!(Mac::parse(text), Some(expected), "{text}");
        }
        for text in ["", "00:15:65", "00:15:65:aa:bb:cg", "00:15:65:aa:bb:cc:dd", "0015 65aabbcc"] {
            assert_eq!(Mac::parse(text), None, "{text}");
        }
    }

    #[test]
    fn prefixes_span_what_they_name() {
        assert_eq!(prefix_range("00:15:65"), Some((0x0015_6500_0000, 0x0015_65ff_ffff)));
        assert_eq!(prefix_range("00:11:22:3"), Some((0x0011_2230_0000, 0x0011_223f_ffff)));
        assert_eq!(prefix_range("00:11:22:33:4"), Some((0x0011_2233_4000, 0x0011_2233_4fff)));
        assert_eq!(prefix_range("00:11"), None);
        assert_eq!(range("00:00:00:00:00:02-00:00:00:00:00:01"), None);
    }
}
