//! What can be said of a phone or a line, each field once: its name in lists and policies, what it
//! may hold, whether it is a secret. Templates know it by the same name with `_` for `-`.

use std::borrow::Cow;
use std::net::Ipv4Addr;

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A name or an address.
    Host,
    Number {
        from: u32,
        to: u32,
    },
    Transport,
    Url,
    /// Names out of [`CODECS`], with commas between them.
    Codecs,
    /// `+01:00`; templates get minutes.
    Offset,
}

/// Where a field may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Where {
    /// In a line only.
    Line,
    /// In a phone, and as a default in the policy.
    Phone,
    /// In a line, in a phone (for all its lines), and as a default in the policy.
    Both,
}

#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub place: Where,
    pub secret: bool,
}

const fn field(name: &'static str, kind: Kind, place: Where) -> Field {
    Field { name, kind, place, secret: false }
}

const PORT: Kind = Kind::Number { from: 1, to: 65535 };

/// All fields. A field's position is its number in [`Values`].
pub const FIELDS: [Field; 18] = [
    field("user", Kind::Text, Where::Line),
    field("auth-user", Kind::Text, Where::Line),
    Field { name: "password", kind: Kind::Text, place: Where::Line, secret: true },
    field("display-name", Kind::Text, Where::Line),
    field("label", Kind::Text, Where::Line),
    field("server", Kind::Host, Where::Both),
    field("port", PORT, Where::Both),
    field("transport", Kind::Transport, Where::Both),
    field("outbound-proxy", Kind::Host, Where::Both),
    field("outbound-port", PORT, Where::Both),
    field("register-seconds", Kind::Number { from: 30, to: 604_800 }, Where::Both),
    field("codecs", Kind::Codecs, Where::Phone),
    field("digit-map", Kind::Text, Where::Phone),
    field("utc-offset", Kind::Offset, Where::Phone),
    field("phonebook-url", Kind::Url, Where::Phone),
    field("firmware-url", Kind::Url, Where::Phone),
    field("resync-minutes", Kind::Number { from: 1, to: 525_600 }, Where::Phone),
    Field { name: "admin-password", kind: Kind::Text, place: Where::Phone, secret: true },
];

/// How audio may be coded, by names that every maker's list can be written with.
pub const CODECS: [&str; 7] = ["opus", "g722", "pcma", "pcmu", "g729", "ilbc", "g726"];

pub const TRANSPORTS: [&str; 3] = ["udp", "tcp", "tls"];

/// A field's position in [`FIELDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldIx(pub u8);

impl FieldIx {
    pub fn named(name: &str) -> Option<FieldIx> {
        let found = FIELDS.iter().position(|field| field.name == name)?;
        u8::try_from(found).ok().map(FieldIx)
    }

    pub fn field(self) -> &'static Field {
        &FIELDS[usize::from(self.0) % FIELDS.len()]
    }
}

/// The fields that somebody filled in. Most phones fill in few, and there may be a million phones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Values(Vec<(FieldIx, Box<str>)>);

impl Values {
    pub fn get(&self, field: FieldIx) -> Option<&str> {
        self.0.iter().find(|(at, _)| *at == field).map(|(_, value)| &**value)
    }

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

    pub fn iter(&self) -> impl Iterator<Item = (FieldIx, &str)> {
        self.0.iter().map(|(field, value)| (*field, &**value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}

impl Kind {
    /// Whether a value is of this kind; the error says what was expected.
    pub fn check(self, value: &str) -> Result<(), String> {
        let fits = match self {
            Kind::Text => !value.is_empty(),
            Kind::Host => is_host(value),
            Kind::Number { from, to } => {
                value.parse::<u32>().is_ok_and(|number| (from..=to).contains(&number))
            }
            Kind::Transport => TRANSPORTS.contains(&value),
            Kind::Url => value.contains("://") && !value.contains(char::is_whitespace),
            Kind::Codecs => value.split(',').all(|codec| CODECS.contains(&codec.trim())),
            Kind::Offset => offset_minutes(value).is_some(),
        };
        if fits { Ok(()) } else { Err(self.expected()) }
    }

    fn expected(self) -> String {
        match self {
            Kind::Text => "a text".to_owned(),
            Kind::Host => "a name or an address, without a port".to_owned(),
            Kind::Number { from, to } => format!("a whole number from {from} to {to}"),
            Kind::Transport => TRANSPORTS.join(", "),
            Kind::Url => "a URL with its scheme".to_owned(),
            Kind::Codecs => format!("some of {}, with commas between them", CODECS.join(", ")),
            Kind::Offset => "an offset from UTC such as +01:00".to_owned(),
        }
    }
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
/// character, or a code point that is no character. It would end a line, or a SIP header, early.
pub fn forbidden(text: &str) -> Option<char> {
    text.chars().find(|&c| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{fdd0}'..='\u{fdef}')
            || u32::from(c) & 0xfffe == 0xfffe
    })
}

/// Fields that may stand in a phone, or in a line.
pub fn field_names(in_line: bool) -> impl Iterator<Item = &'static str> {
    let other = if in_line { Where::Phone } else { Where::Line };
    FIELDS.iter().filter(move |field| field.place != other).map(|field| field.name)
}

/// Checks a value for a field and gives it its usual spelling; the mistake never repeats a secret.
pub fn check_value(at: FieldIx, value: &str) -> Result<Cow<'_, str>, String> {
    let field = at.field();
    characters(value)?;
    let usual = match field.kind {
        Kind::Transport => Cow::Owned(value.trim().to_ascii_lowercase()),
        Kind::Codecs => Cow::Owned(value.replace(' ', "").to_ascii_lowercase()),
        _ => Cow::Borrowed(value),
    };
    let shown = if field.secret { "something else".to_owned() } else { format!("{value:?}") };
    match field.kind.check(&usual) {
        Ok(()) => Ok(usual),
        Err(expected) => Err(format!("expected {expected}, found {shown}")),
    }
}

/// No value may hold a character that ends a line.
pub fn characters(value: &str) -> Result<(), String> {
    match forbidden(value) {
        None => Ok(()),
        Some(c) => Err(format!(
            "the character U+{:04X} cannot stand in a phone's file: take it out",
            u32::from(c)
        )),
    }
}

/// A maker's own key: nothing that could end it, in whatever format.
pub fn check_setting(key: &str, value: &str) -> Result<(), String> {
    if key.trim().is_empty() || key.trim() != key {
        return Err("a key of \"settings\" is empty, or has blanks around it".to_owned());
    }
    characters(key)?;
    characters(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_know_their_own() {
        assert!(Kind::Host.check("sip.example.com").is_ok());
        assert!(Kind::Host.check("[2001:db8::1]").is_ok());
        for wrong in ["", "192.0.2.300", "sip.example.com:5060", "a b", "http://x"] {
            assert!(Kind::Host.check(wrong).is_err(), "{wrong}");
        }
        assert!(Kind::Codecs.check("opus, g722").is_ok());
        assert!(Kind::Codecs.check("mp3").is_err());
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
