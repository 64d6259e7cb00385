//! Texts with `{{name}}` in them. Everything else, single braces included, belongs to the phone and
//! passes through as it is.
//!
//! What a name stands for is decided elsewhere: names that a policy fixes are filled in when the
//! policy is compiled, names that only the packet knows ([`Live`]) when it is answered.

use std::fmt::Write;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'t> {
    /// What is not a name.
    Literal(&'t str),
    /// The name between the double braces, without blanks around it.
    Name(&'t str),
}

/// Cuts a text into its pieces.
///
/// # Errors
/// Double braces without an end, or without a name.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, TextError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    // Most texts are short: a search that prepares itself costs more than it saves.
    let pair = |text: &str, sign: &[u8; 2]| text.as_bytes().windows(2).position(|two| two == sign);
    while let Some(open) = pair(rest, b"{{") {
        if open > 0 {
            pieces.push(Piece::Literal(&rest[..open]));
        }
        let inner = &rest[open + 2..];
        let Some(close) = pair(inner, b"}}") else {
            return Err(TextError::Open(text.to_owned()));
        };
        let name = inner[..close].trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.');
        if name.is_empty() || !name.chars().all(plain) {
            return Err(TextError::Name { name: name.to_owned(), text: text.to_owned() });
        }
        pieces.push(Piece::Name(name));
        rest = &inner[close + 2..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    Ok(pieces)
}

/// How long `{{token}}` is: two letters for key and epoch, and 128 bits in base64url.
pub const TOKEN_LENGTH: usize = 24;

/// What only the packet knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Live {
    /// The client's hardware address: upper case or not, separator or none (0).
    Mac {
        /// With `A` to `F`.
        upper: bool,
        /// Between the bytes, as ASCII; 0: none.
        separator: u8,
    },
    /// The address that the client is given (or has, in a DHCPINFORM).
    Ip,
    /// The model and firmware that the packet names; empty where it names none.
    Model,
    /// The phone's firmware, as its packet says.
    Firmware,
    /// The token that lets the phone fetch its files, checked by a web server.
    Token,
}

impl Live {
    /// All names that stand for something in the packet.
    pub const NAMES: [(&'static str, Live); 12] = [
        ("mac", Live::Mac { upper: false, separator: 0 }),
        ("MAC", Live::Mac { upper: true, separator: 0 }),
        ("mac:colon", Live::Mac { upper: false, separator: b':' }),
        ("MAC:colon", Live::Mac { upper: true, separator: b':' }),
        ("mac:dash", Live::Mac { upper: false, separator: b'-' }),
        ("MAC:dash", Live::Mac { upper: true, separator: b'-' }),
        ("mac:underscore", Live::Mac { upper: false, separator: b'_' }),
        ("MAC:underscore", Live::Mac { upper: true, separator: b'_' }),
        ("ip", Live::Ip),
        ("model", Live::Model),
        ("firmware", Live::Firmware),
        ("token", Live::Token),
    ];

    /// The name of a text, if only a packet knows its value.
    pub fn named(name: &str) -> Option<Live> {
        Live::NAMES.iter().find(|(known, _)| *known == name).map(|(_, live)| *live)
    }

    /// The most bytes that this can become. A model is cut from an option of at most 255 bytes, but
    /// none known is longer than this.
    pub fn longest(self) -> usize {
        match self {
            Live::Mac { separator: 0, .. } => 12,
            Live::Mac { .. } => 17,
            Live::Ip => 15,
            Live::Token => TOKEN_LENGTH,
            Live::Model | Live::Firmware => 32,
        }
    }
}

/// Writes a hardware address as [`Live::Mac`] says.
pub fn write_mac(mac: [u8; 6], upper: bool, separator: u8, out: &mut Vec<u8>) {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    for (index, byte) in mac.into_iter().enumerate() {
        if index > 0 && separator != 0 {
            out.push(separator);
        }
        out.push(digits[usize::from(byte >> 4)]);
        out.push(digits[usize::from(byte & 15)]);
    }
}

/// Bytes for a person's eye: printable ASCII as it is, all else as `\xNN` (and `\\`).
pub fn printable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            0x20..=0x7e => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out
}

/// What is wrong with a text that a person wrote. The caller adds the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A byte has two hex digits.
    #[error("an odd number of hex digits")]
    OddDigits,
    /// A character that is neither a hex digit nor allowed between them.
    #[error("{0:?} is not a hex digit")]
    Digit(char),
    /// A group of Cisco's dotted form with another number of digits.
    #[error("groups with dots between have four digits each, and one is {0:?}")]
    Group(String),
    /// Double braces without an end.
    #[error("\"{{{{\" without \"}}}}\" in {0:?}")]
    Open(String),
    /// Double braces around something else than a name.
    #[error("{{{{{name}}}}} in {text:?} is not a name")]
    Name {
        /// What is between the braces.
        name: String,
        /// The whole text.
        text: String,
    },
    /// A `read` pattern that cannot be used.
    #[error("{0}")]
    Pattern(String),
    /// Not a number from 0 to 255.
    #[error("{0:?} is not an option")]
    OptionNumber(String),
}

/// As a mistake's text.
impl From<TextError> for String {
    fn from(error: TextError) -> String {
        error.to_string()
    }
}

/// Hex digits with any of blank, colon, dash between bytes; an optional `0x` in front; also in groups of
/// four with dots between, as Cisco writes them (the first group may lack leading zeros); quotes around it do not
/// count.
///
/// # Errors
/// The first character, group or count of digits that is wrong.
pub fn parse_hex(text: &str) -> Result<Vec<u8>, TextError> {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if text.contains('.') {
        return parse_dotted(text);
    }
    let digits: Vec<u8> = text.bytes().filter(|b| !matches!(b, b' ' | b':' | b'-')).collect();
    hex::decode(digits).map_err(|error| match error {
        hex::FromHexError::InvalidHexCharacter { c, .. } => TextError::Digit(c),
        _ => TextError::OddDigits,
    })
}

/// `0006.0011.2233`: all groups but the first and the last have four digits; the last has two or four.
fn parse_dotted(text: &str) -> Result<Vec<u8>, TextError> {
    let groups: Vec<&str> = text.split('.').map(str::trim).collect();
    let last = groups.len() - 1;
    let mut digits = String::new();
    for (at, group) in groups.iter().enumerate() {
        if let Some(wrong) = group.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(TextError::Digit(wrong));
        }
        let fits = match group.len() {
            1..=4 if at == 0 => true,
            4 => true,
            2 => at == last,
            _ => false,
        };
        if !fits {
            return Err(TextError::Group((*group).to_owned()));
        }
        let width = if at == 0 { 4 } else { group.len() };
        digits.push_str(&format!("{group:0>width$}"));
    }
    hex::decode(digits).map_err(|_| TextError::OddDigits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_double_braces_are_ours() {
        let text = "http://x/{mac}/$MAC/<MACADR>/$(system.mac)/{{ mac:colon }}.cfg";
        assert_eq!(
            pieces(text).unwrap(),
            vec![
                Piece::Literal("http://x/{mac}/$MAC/<MACADR>/$(system.mac)/"),
                Piece::Name("mac:colon"),
                Piece::Literal(".cfg"),
            ]
        );
        assert!(pieces("{{mac").is_err());
        assert!(pieces("{{}}").is_err());
        assert!(pieces("{{a b}}").is_err());
    }

    #[test]
    fn addresses_in_every_form() {
        let mut out = Vec::new();
        write_mac([0, 0x15, 0x65, 0xaa, 0xbb, 0xcc], true, b'-', &mut out);
        assert_eq!(out, b"00-15-65-AA-BB-CC");
        assert_eq!(printable(b"a\\\x00\xff"), "a\\\\\\x00\\xff");
        assert_eq!(parse_hex("0x01:0c 4d"), Ok(vec![1, 12, 0x4d]));
        assert!(parse_hex("1").is_err());
        assert_eq!(parse_hex("\"0006.0011.2233\""), Ok(vec![0, 6, 0, 0x11, 0x22, 0x33]));
        // IOS leaves away what leads the first group.
        assert_eq!(parse_hex("10a.5369.ff"), Ok(vec![1, 10, 0x53, 0x69, 0xff]));
        for wrong in ["0006.001", "0006..0011", "00061.0011", "0006.g011"] {
            assert!(parse_hex(wrong).is_err(), "{wrong}");
        }
    }
}
