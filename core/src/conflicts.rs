//! Options that a phone reads no later than those in which the policy sends it the same thing.
//!
//! If the server puts one of them into an answer by itself, the phone may follow that one, or make one
//! thing of both (Snom's phones put option 67 behind option 66). Nothing here changes an answer: this
//! room only knows what to look for, by the catalogue's `[[reads]]`.

use std::fmt;

use crate::catalogue::{Gives, Read, Vendor};
use crate::tlv::Tlv;

/// An option that competes with one of offhook's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Competitor<'t> {
    /// How the phone reads it.
    pub read: &'t Read,
    /// How it reads what it is sent.
    pub ours: &'t Read,
}

impl Competitor<'_> {
    /// The option's number.
    pub fn code(&self) -> u8 {
        self.read.code.option().map_or(0, |(code, _)| code)
    }

    /// The sub-option, where it is one.
    pub fn sub(&self) -> Option<u8> {
        self.read.code.option()?.1
    }

    /// Whether it is in an option of this value: for a sub-option only if that is there.
    pub fn is_in(&self, value: &[u8]) -> bool {
        match self.read.code.option() {
            Some((_, Some(sub))) => has_sub_option(value, sub),
            _ => true,
        }
    }
}

/// `option 43, sub-option 66 (url), before option 66: text, NUL-terminated`
impl fmt::Display for Competitor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Competitor { read, ours } = self;
        f.write_str(&read.code.in_words())?;
        write!(f, " ({}), ", read.gives)?;
        f.write_str(if read.gives != Gives::File && read.order < ours.order {
            "before"
        } else {
            "together with"
        })?;
        write!(f, " {}", ours.code.in_words())?;
        for text in [&read.form, &read.note].into_iter().flatten() {
            write!(f, "; {text}")?;
        }
        f.write_str(if read.recalled { "; only recalled, not verified" } else { "" })
    }
}

/// Whatever competes with options of these codes, by its code.
pub fn competitors<'t>(vendor: &'t Vendor, told: &[u8]) -> Vec<Competitor<'t>> {
    let is_told = |read: &&Read| read.code.option().is_some_and(|(code, _)| told.contains(&code));
    let (ours, others): (Vec<&Read>, Vec<&Read>) = vendor.reads.iter().partition(is_told);
    let mut found: Vec<Competitor<'t>> = Vec::new();
    for read in others {
        let Some(purpose) = purpose(read) else { continue };
        let same = ours.iter().filter(|ours| self::purpose(ours) == Some(purpose));
        // The phone reads its options in the order of the catalogue.
        let Some(ours) = same.min_by_key(|ours| ours.order) else { continue };
        let in_time = read.order.is_some() && read.order <= ours.order;
        // A file's name goes with whatever URL the phone has found.
        if (in_time || read.gives == Gives::File) && read.code.option().is_some() {
            found.push(Competitor { read, ours });
        }
    }
    found.sort_by_key(|competitor| competitor.read.code.option());
    found
}

/// As far as the value is made of sub-options: 0 is a filler, 255 the end (RFC 2132, section 8.4).
fn has_sub_option(value: &[u8], sub: u8) -> bool {
    Tlv::with_fillers(value).values().any(|(code, _)| code == sub)
}

/// What an option is read for: a file's name is a part of the URL.
fn purpose(read: &Read) -> Option<Gives> {
    match read.gives {
        Gives::File => Some(Gives::Url),
        Gives::VlanPriority => Some(Gives::VoiceVlan),
        Gives::Other => None,
        purpose => Some(purpose),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin::built_in;

    fn found(vendor: &str, told: &[u8]) -> Vec<String> {
        let tables = built_in();
        let vendor = tables.at(tables.vendor(vendor).unwrap());
        competitors(vendor, told).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_read_before_ours_or_with_it() {
        let snom = found("snom", &[66]);
        assert!(
            snom[0].starts_with("option 43, sub-option 66 (url), before option 66; "),
            "{snom:?}"
        );
        let last = snom.last().unwrap();
        let expected =
            "option 67 (file), together with option 66; path, put behind the value of 66";
        assert_eq!(last, expected);
        assert_eq!(found("yealink", &[66]).len(), 1, "160, and not 43, which it reads later");
    }

    #[test]
    fn what_is_told_does_not_compete_and_neither_does_what_is_for_something_else() {
        let codes = |vendor: &str, told: &[u8]| -> Vec<u8> {
            let tables = built_in();
            let vendor = tables.at(tables.vendor(vendor).unwrap());
            competitors(vendor, told).iter().map(Competitor::code).collect()
        };
        assert_eq!(codes("aastra", &[66]), [43, 159, 160]);
        assert_eq!(codes("aastra", &[43, 66]), Vec::<u8>::new());
        assert_eq!(codes("aastra", &[42, 132]), Vec::<u8>::new());
        assert_eq!(codes("aastra", &[]), Vec::<u8>::new());
        // No order is known.
        assert_eq!(codes("3com", &[66]), Vec::<u8>::new());
    }

    #[test]
    fn a_sub_option_counts_where_it_is() {
        let tables = built_in();
        let snom = tables.at(tables.vendor("snom").unwrap());
        let tunnel = competitors(snom, &[66])[0];
        assert!(tunnel.is_in(b"\x01\x02xx\x42\x03abc"));
        assert!(tunnel.is_in(b"\x00\x00\x01\x02xx\x00\x42\x03abc\xff"));
        assert!(!tunnel.is_in(b"\x01\x02xx\xff\x42\x03abc"));
        // A wireless controller's address, as access points want it.
        assert!(!tunnel.is_in(b"\x01\x04\x0a\x00\x00\x05"));
        assert!(!tunnel.is_in(b"\x42"));
        assert!(!tunnel.is_in(b""));
    }
}
