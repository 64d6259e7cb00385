//! What can be said of a phone or a line, each field once: its name in lists and policies, what it
//! may hold, whether it is a secret. Templates know it by the same name with `_` for `-`.

/// What a field may hold.
mod kind;

use std::borrow::Cow;

use crate::packed::Packed;
use crate::value_error::ValueError;

pub use kind::{Kind, offset_minutes, truth};

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
pub const FIELDS: [Field; 37] = [
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
    field("backup-server", Kind::Host, Where::Both),
    field("backup-port", PORT, Where::Both),
    field("register-seconds", Kind::Number { from: 30, to: 604_800 }, Where::Both),
    field("voicemail", Kind::SipUser, Where::Both),
    field("subscribe-mwi", Kind::Truth, Where::Both),
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
    field("provisioning-user", Kind::Text, Where::Phone),
    secret("provisioning-password", Where::Phone),
    field("admin-login", Kind::Text, Where::Phone),
    secret("admin-password", Where::Phone),
    field("user-login", Kind::Text, Where::Phone),
    secret("user-password", Where::Phone),
    field("syslog-server", Kind::Host, Where::Phone),
    field("keep-alive-seconds", Kind::Number { from: 5, to: 3600 }, Where::Phone),
    field("pickup-code", Kind::SipUser, Where::Phone),
    field("call-waiting", Kind::Truth, Where::Phone),
    field("pc-port-vlan", Kind::Number { from: 1, to: 4094 }, Where::Phone),
];

/// How audio may be coded, by names that every maker's list can be written with.
pub(crate) const CODECS: [&str; 7] = ["opus", "g722", "pcma", "pcmu", "g729", "ilbc", "g726"];

/// How SIP is carried.
pub(crate) const TRANSPORTS: [&str; 3] = ["udp", "tcp", "tls"];

/// A field's position in [`FIELDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldIx(pub u8);

impl FieldIx {
    /// Those whose bits are set.
    pub fn of_bits(bits: u64) -> impl Iterator<Item = FieldIx> {
        (0u8..64).map(FieldIx).filter(move |at| bits & at.bit() != 0)
    }

    /// Its bit in [`Values::said`].
    pub fn bit(self) -> u64 {
        1 << (self.0 % 64)
    }

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

/// The fields that have a value. Most phones have few, and there may be a million phones: a field's position and its value,
/// one field behind the other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Values {
    /// Which fields have one, a bit each: most are looked up in vain.
    said: u64,
    packed: Packed,
}

impl Values {
    /// The value of a field.
    pub fn get(&self, field: FieldIx) -> Option<&str> {
        if self.said & field.bit() == 0 {
            return None;
        }
        self.iter().find(|(at, _)| *at == field).map(|(_, value)| value)
    }

    /// Which fields have a value, a bit each.
    pub fn said(&self) -> u64 {
        self.said
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
        self.said |= field.bit();
        self.packed.push_number(field.0.into());
        self.packed.push_text(value);
        true
    }

    /// All that have a value, in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (FieldIx, &str)> {
        let mut left = self.packed.read();
        std::iter::from_fn(move || Some((FieldIx(left.small()?), left.text()?)))
    }

    /// Whether no field has a value.
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }

    /// Gives back memory that is not used.
    pub fn shrink(&mut self) {
        self.packed.shrink();
    }
}

const _: () = assert!(FIELDS.len() <= 64, "each field has a bit of its own");

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
    fn what_would_end_a_line_is_no_character_of_a_name() {
        assert_eq!(forbidden("Zoë <&\"'%🎧 Ωμέγα"), None);
        for wrong in ["a\nb", "a\r", "\0", "\u{85}", "\u{2028}", "\u{fdd0}", "\u{1ffff}", "\u{7f}"]
        {
            assert!(forbidden(wrong).is_some(), "{wrong:?}");
        }
    }
}
