//! Circuit ids and remote ids (RFC 3046) as a policy writes them: whole, or by their beginning.

use crate::query::trimmed;
use crate::text::parse_hex;

/// What a site names as its relays' or ports' id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct RelayId {
    /// The id, or how it begins.
    pub bytes: Vec<u8>,
    /// Every id that begins so is meant.
    pub open: bool,
}

/// What may be written, for messages.
pub(super) const EXPECTED: &str = "a text, 0x and hex digits, or hex digits with dots as Cisco writes them; with * at \
     its end all ids that begin so";

impl RelayId {
    /// `ge-0/0/7`, `0x0004000a`, `0004.000a.0103`, or one of them with `*` at its end.
    pub fn parse(text: &str) -> Option<RelayId> {
        let (text, open) = match text.strip_suffix('*') {
            Some(text) => (text, true),
            None => (text, false),
        };
        let bytes = match text.strip_prefix("0x") {
            Some(digits) => parse_hex(digits).ok()?,
            None if is_dotted(text) => parse_hex(text).ok()?,
            None => text.as_bytes().to_vec(),
        };
        (!bytes.is_empty()).then_some(RelayId { bytes, open })
    }

    /// Whether the id of a packet is meant. Trailing NULs do not count.
    pub fn holds(&self, found: &[u8]) -> bool {
        match self.open {
            true => found.starts_with(&self.bytes),
            false => self.bytes == found || self.bytes == trimmed(found),
        }
    }

    /// Whether every id that the other means is meant here too.
    pub fn covers(&self, other: &RelayId) -> bool {
        match self.open {
            true => other.bytes.starts_with(&self.bytes),
            false => self == other,
        }
    }
}

/// Two or more groups of four hex digits; the last may have two.
fn is_dotted(text: &str) -> bool {
    let groups: Vec<&str> = text.split('.').collect();
    let last = groups.len() - 1;
    let fits = |(at, group): (usize, &&str)| {
        (group.len() == 4 || (at == last && group.len() == 2))
            && group.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    last > 0 && groups.iter().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_text_hex_or_ciscos_dotted_hex_whole_or_a_beginning() {
        let id = |bytes: &[u8], open| Some(RelayId { bytes: bytes.to_vec(), open });
        for (text, expected) in [
            ("ge-0/0/7", id(b"ge-0/0/7", false)),
            ("ge-0/0/*", id(b"ge-0/0/", true)),
            ("0x0004000a", id(&[0, 4, 0, 10], false)),
            ("0x00:04:00:0a*", id(&[0, 4, 0, 10], true)),
            ("0x0006.0011.2233", id(&[0, 6, 0, 0x11, 0x22, 0x33], false)),
            ("0x6.0011.22", id(&[0, 6, 0, 0x11, 0x22], false)),
            ("0004.000a.0103", id(&[0, 4, 0, 10, 1, 3], false)),
            ("0004.000a.01*", id(&[0, 4, 0, 10, 1], true)),
            // Texts.
            ("10.7.0.1", id(b"10.7.0.1", false)),
            ("4.000a", id(b"4.000a", false)),
            ("1234", id(b"1234", false)),
            ("0x", None),
            ("0xzz", None),
            ("0x000", None),
            ("*", None),
            ("", None),
        ] {
            assert_eq!(RelayId::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn a_beginning_holds_for_all_that_begin_so() {
        let id = |text: &str| RelayId::parse(text).unwrap();
        assert!(id("0x0004*").holds(&[0, 4, 0, 10, 1, 3]) && !id("0x0004*").holds(&[0, 5, 0, 4]));
        assert!(id("ab").holds(b"ab\0") && !id("ab").holds(b"abc"));
        assert!(id("ab*").covers(&id("abc")) && id("ab*").covers(&id("ab*")));
        assert!(!id("abc").covers(&id("ab*")) && !id("abc*").covers(&id("ab")));
    }
}
