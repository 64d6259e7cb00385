//! What a field may hold, and how it is usually spelt.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use offhook_catalogue::idn;
use offhook_catalogue::reader::nearest;
use offhook_catalogue::url::looks_like_url;

use super::CODECS;

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text but an empty one.
    Text,
    /// A name or an address.
    Host,
    /// A whole number.
    Number {
        /// The least.
        from: u32,
        /// The greatest.
        to: u32,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text with a scheme and without blanks.
    Url,
    /// Names out of [`CODECS`], with commas between them.
    Codecs,
    /// `+01:00`; templates get minutes.
    Offset,
    /// The name of a zone of the tz database, `Europe/Berlin`. Only its form is checked here: the
    /// database belongs to the programs that write files.
    Zone,
    /// A language (BCP 47), `de` or `en-GB`.
    Language,
    /// A country (ISO 3166), `DE`.
    Country,
    /// The user part of a SIP URI (RFC 3261), as it is written in one.
    SipUser,
    /// `true` or `false`.
    Truth,
}

impl Kind {
    /// Whether a value, in its usual spelling, is of this kind.
    pub fn fits(self, value: &str) -> bool {
        match self {
            Kind::Text => !value.is_empty(),
            Kind::Host => is_host(value),
            Kind::Number { from, to } => {
                value.parse::<u32>().is_ok_and(|number| (from..=to).contains(&number))
            }
            Kind::Word(words) => words.contains(&value),
            Kind::Url => looks_like_url(value),
            Kind::Codecs => value.split(',').all(|codec| CODECS.contains(&codec.trim())),
            Kind::Offset => offset_minutes(value).is_some(),
            Kind::Zone => is_zone(value),
            Kind::Language => is_language(value),
            Kind::Country => value.len() == 2 && value.chars().all(|c| c.is_ascii_uppercase()),
            Kind::SipUser => !value.is_empty() && value.chars().all(in_sip_user),
            Kind::Truth => matches!(value, "true" | "false"),
        }
    }

    pub(super) fn expected(self) -> String {
        match self {
            Kind::Text => "a text".to_owned(),
            Kind::Host => "a name or an address, without a port".to_owned(),
            Kind::Number { from, to } => format!("a whole number from {from} to {to}"),
            Kind::Word(words) => words.join(", "),
            Kind::Url => "a URL with its scheme".to_owned(),
            Kind::Codecs => format!("some of {}, with commas between them", CODECS.join(", ")),
            Kind::Offset => "an offset from UTC such as +01:00".to_owned(),
            Kind::Zone => "a time zone such as Europe/Berlin".to_owned(),
            Kind::Language => "a language such as de or en-GB".to_owned(),
            Kind::Country => "a country of two letters such as DE".to_owned(),
            Kind::SipUser => {
                "letters, digits and -_.!~*'()&=+$,;?/%# as in a SIP address, without \
                              a blank and without \"@\" and what follows it"
                    .to_owned()
            }
            Kind::Truth => "true or false".to_owned(),
        }
    }

    /// `; did you mean "tls"?` for a value that is nearly one of the kind's words.
    pub(super) fn suggestion(self, value: &str) -> String {
        let near = match self {
            Kind::Word(words) => nearest(value, words),
            Kind::Codecs => {
                let wrong = value.split(',').find(|codec| !CODECS.contains(codec));
                wrong.and_then(|codec| nearest(codec, &CODECS))
            }
            _ => None,
        };
        near.map(|word| format!("; did you mean {word:?}?")).unwrap_or_default()
    }

    /// A value in its usual spelling.
    pub(super) fn usual(self, value: &str) -> Cow<'_, str> {
        match self {
            Kind::Word(_) => Cow::Owned(value.trim().to_ascii_lowercase()),
            Kind::Codecs => Cow::Owned(value.replace(' ', "").to_ascii_lowercase()),
            Kind::Country => Cow::Owned(value.trim().to_ascii_uppercase()),
            Kind::Language => Cow::Owned(usual_language(value.trim())),
            Kind::Truth => match truth(value) {
                Some(true) => Cow::Borrowed("true"),
                Some(false) => Cow::Borrowed("false"),
                None => Cow::Borrowed(value),
            },
            Kind::Host => idn::host(value),
            Kind::Url => idn::url(value),
            _ => Cow::Borrowed(value),
        }
    }
}

/// A truth as databases and spreadsheets write it.
pub fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "" | "false" | "f" | "no" | "n" | "0" | "off" | "falsch" | "nein" | "faux" | "non" => {
            Some(false)
        }
        "true" | "t" | "yes" | "y" | "1" | "on" | "x" | "wahr" | "ja" | "vrai" | "oui" => {
            Some(true)
        }
        _ => None,
    }
}

/// What RFC 3261 allows in the user part of a URI, and `#`, which servers take in feature codes.
fn in_sip_user(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.!~*'()&=+$,;?/%#".contains(c)
}

fn is_zone(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    value.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
        && value.len() <= 64
        && value.chars().all(plain)
}

fn is_language(value: &str) -> bool {
    let mut parts = value.split('-');
    let primary = parts.next().unwrap_or_default();
    let letters = |part: &str| part.chars().all(|c| c.is_ascii_alphabetic());
    let part = |part: &str| {
        (2..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    (2..=3).contains(&primary.len()) && letters(primary) && parts.all(part)
}

/// `de_at` and `DE-AT` are `de-AT`.
fn usual_language(value: &str) -> String {
    let parts = value.split(['-', '_']).enumerate();
    let parts = parts.map(|(at, part)| match (at, part.len()) {
        (1.., 2) => part.to_ascii_uppercase(),
        _ => part.to_ascii_lowercase(),
    });
    parts.collect::<Vec<_>>().join("-")
}

fn is_host(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let bracketed = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None if value.chars().all(|c| c.is_ascii_digit() || c == '.') => {
            value.parse::<Ipv4Addr>().is_ok()
        }
        None => !value.is_empty() && value.len() <= 253 && value.chars().all(plain),
    }
}

/// `+05:30` in minutes.
pub fn offset_minutes(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two = |text: &str| (text.len() == 2).then(|| text.parse::<i32>().ok()).flatten();
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_know_their_own() {
        assert!(Kind::Host.fits("sip.example.com"));
        assert!(Kind::Host.fits("[2001:db8::1]"));
        for wrong in ["", "192.0.2.300", "sip.example.com:5060", "a b", "http://x"] {
            assert!(!Kind::Host.fits(wrong), "{wrong}");
        }
        assert!(Kind::Codecs.fits("opus, g722"));
        assert!(!Kind::Codecs.fits("mp3"));
        for (said, means) in [("Yes", "true"), ("0", "false"), ("WAHR", "true"), ("maybe", "maybe")]
        {
            assert_eq!(Kind::Truth.usual(said), means, "{said}");
        }
        assert!(Kind::Truth.fits("false") && !Kind::Truth.fits("maybe"));
        assert_eq!(offset_minutes("-09:30"), Some(-570));
        for wrong in ["", "1:00", "+1:00", "+01:60", "+15:00", "+01"] {
            assert_eq!(offset_minutes(wrong), None, "{wrong}");
        }
    }
}
