//! What can be said of a phone or a line, each field once: its name in lists and policies, what it
//! may hold, whether it is a secret. Templates know it by the same name with `_` for `-`.

use std::borrow::Cow;
use std::net::Ipv4Addr;

use offhook_catalogue::idn;
use offhook_catalogue::reader::nearest;
use offhook_catalogue::url::looks_like_url;

use crate::value_error::ValueError;

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
}

/// Where a field may appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// In a line only.
    Line,
    /// In a phone, and as a default in the policy.
    Phone,
    /// In a line, in a phone (for all its lines), and as a default in the policy.
    Both,
}

/// A field of a phone or a line.
#[derive(Debug)]
pub struct Field {
    /// Its name in lists and policies.
    pub name: &'static str,
    /// What its value may be.
    pub kind: Kind,
    /// Where it may appear.
    pub place: Where,
    /// Never printed.
    pub secret: bool,
}

const fn field(name: &'static str, kind: Kind, place: Where) -> Field {
    Field { name, kind, place, secret: false }
}

const PORT: Kind = Kind::Number { from: 1, to: 65535 };

const fn secret(name: &'static str, place: Where) -> Field {
    Field { name, kind: Kind::Text, place, secret: true }
}

/// All fields. A field's position is its number in [`Values`].
pub const FIELDS: [Field; 28] = [
    field("user", Kind::SipUser, Where::Line),
    field("auth-user", Kind::Text, Where::Line),
    secret("password", Where::Line),
    field("display-name", Kind::Text, Where::Line),
    field("label", Kind::Text, Where::Line),
    field("server", Kind::Host, Where::Both),
    field("port", PORT, Where::Both),
    field("transport", Kind::Word(&TRANSPORTS), Where::Both),
    field("outbound-proxy", Kind::Host, Where::Both),
    field("outbound-port", PORT, Where::Both),
    field("register-seconds", Kind::Number { from: 30, to: 604_800 }, Where::Both),
    field("voicemail", Kind::SipUser, Where::Both),
    field("srtp", Kind::Word(&["off", "optional", "required"]), Where::Both),
    field("dtmf", Kind::Word(&["rfc4733", "info", "inband"]), Where::Both),
    field("codecs", Kind::Codecs, Where::Phone),
    field("digit-map", Kind::Text, Where::Phone),
    field("time-zone", Kind::Zone, Where::Phone),
    field("utc-offset", Kind::Offset, Where::Phone),
    field("language", Kind::Language, Where::Phone),
    field("tone-country", Kind::Country, Where::Phone),
    field("phonebook-url", Kind::Url, Where::Phone),
    field("firmware-url", Kind::Url, Where::Phone),
    field("resync-minutes", Kind::Number { from: 1, to: 525_600 }, Where::Phone),
    secret("admin-password", Where::Phone),
    secret("user-password", Where::Phone),
    field("syslog-server", Kind::Host, Where::Phone),
    field("keep-alive-seconds", Kind::Number { from: 5, to: 3600 }, Where::Phone),
    field("pickup-code", Kind::SipUser, Where::Phone),
];

/// How audio may be coded, by names that every maker's list can be written with.
pub(crate) const CODECS: [&str; 7] = ["opus", "g722", "pcma", "pcmu", "g729", "ilbc", "g726"];

/// How SIP is carried.
pub(crate) const TRANSPORTS: [&str; 3] = ["udp", "tcp", "tls"];

/// A field's position in [`FIELDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldIx(pub u8);

impl FieldIx {
    /// The field of this name.
    pub fn named(name: &str) -> Option<FieldIx> {
        let found = FIELDS.iter().position(|field| field.name == name)?;
        u8::try_from(found).ok().map(FieldIx)
    }

    /// What is known of it.
    pub fn field(self) -> &'static Field {
        &FIELDS[usize::from(self.0) % FIELDS.len()]
    }
}

/// The fields that have a value. Most phones have few, and there may be a million phones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Values(Vec<(FieldIx, Box<str>)>);

impl Values {
    /// The value of a field.
    pub fn get(&self, field: FieldIx) -> Option<&str> {
        self.0.iter().find(|(at, _)| *at == field).map(|(_, value)| &**value)
    }

    /// The value of a field, by its name.
    pub fn named(&self, name: &str) -> Option<&str> {
        self.get(FieldIx::named(name)?)
    }

    /// False if it was filled in before.
    pub fn set(&mut self, field: FieldIx, value: &str) -> bool {
        if self.get(field).is_some() {
            return false;
        }
        self.0.push((field, value.into()));
        true
    }

    /// All that have a value, in the order of [`FIELDS`].
    pub fn iter(&self) -> impl Iterator<Item = (FieldIx, &str)> {
        self.0.iter().map(|(field, value)| (*field, &**value))
    }

    /// Whether no field has a value.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives back memory that is not used.
    pub fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
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
        }
    }

    fn expected(self) -> String {
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
        }
    }

    /// `; did you mean "tls"?` for a value that is nearly one of the kind's words.
    fn suggestion(self, value: &str) -> String {
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
    fn usual(self, value: &str) -> Cow<'_, str> {
        match self {
            Kind::Word(_) => Cow::Owned(value.trim().to_ascii_lowercase()),
            Kind::Codecs => Cow::Owned(value.replace(' ', "").to_ascii_lowercase()),
            Kind::Country => Cow::Owned(value.trim().to_ascii_uppercase()),
            Kind::Language => Cow::Owned(usual_language(value.trim())),
            Kind::Host => idn::host(value),
            Kind::Url => idn::url(value),
            _ => Cow::Borrowed(value),
        }
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

/// The first character that no phone's file may hold, in whatever format: a line's end, a control
/// character, or a code point that is not a character. It would end a line, or a SIP header, early.
pub fn forbidden(text: &str) -> Option<char> {
    // Most texts are plain ASCII.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    text.chars().find(|&c| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fdd0}'..='\u{fdef}')
            || u32::from(c) & 0xfffe == 0xfffe
    })
}

/// Fields that may appear in a phone, or in a line.
pub fn field_names(in_line: bool) -> impl Iterator<Item = &'static str> {
    let other = if in_line { Where::Phone } else { Where::Line };
    FIELDS.iter().filter(move |field| field.place != other).map(|field| field.name)
}

/// Checks a value for a field and gives it its usual spelling.
///
/// # Errors
/// What was expected. The value is not repeated: it may be a secret.
pub fn check_value(at: FieldIx, value: &str) -> Result<Cow<'_, str>, ValueError> {
    characters(value)?;
    let kind = at.field().kind;
    let usual = kind.usual(value);
    match kind.fits(&usual) {
        true => Ok(usual),
        false => {
            Err(ValueError::Expected(format!("{}{}", kind.expected(), kind.suggestion(&usual))))
        }
    }
}

/// No value may hold a character that ends a line.
///
/// # Errors
/// The first such character.
pub(crate) fn characters(value: &str) -> Result<(), ValueError> {
    match forbidden(value) {
        None => Ok(()),
        Some(c @ ('\n' | '\r')) => Err(ValueError::LineBreak(c)),
        Some(c) => Err(ValueError::Character(c)),
    }
}

/// A maker's own key: nothing that could end it, in whatever format.
///
/// # Errors
/// The key has no name, or key or value hold a character that no file can hold.
pub fn check_setting(key: &str, value: &str) -> Result<(), ValueError> {
    if key.trim().is_empty() || key.trim() != key {
        return Err(ValueError::SettingName);
    }
    characters(key)?;
    characters(value)
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
        assert_eq!(offset_minutes("-09:30"), Some(-570));
        for wrong in ["", "1:00", "+1:00", "+01:60", "+15:00", "+01"] {
            assert_eq!(offset_minutes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_would_end_a_line_is_no_character_of_a_name() {
        assert_eq!(forbidden("Zoë <&\"'%🎧 Ωμέγα"), None);
        for wrong in ["a\nb", "a\r", "\0", "\u{85}", "\u{2028}", "\u{fdd0}", "\u{1ffff}", "\u{7f}"]
        {
            assert!(forbidden(wrong).is_some(), "{wrong:?}");
        }
    }
}
