//! How a value is put into a file so that it stays a value: nothing that a display name holds may end
//! a line, open an element or start a comment. What a format cannot hold is refused, never changed.

use std::fmt::{self, Write};

use offhook_core::fields::forbidden;

/// The kinds of places that values are written in, see [`offhook_catalogue::ESCAPES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Text and attributes in XML 1.0.
    Xml,
    /// A value that ends with its line: `key = value`, `key: value`, `KEY="value"`.
    Line,
}

/// Why a value cannot be written in a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// A character that would end the place, or that the format cannot hold.
    Character(char),
    /// A format by lines cannot keep blanks at the ends of a value.
    Blanks,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Character(c) if c.is_ascii_graphic() => {
                write!(f, "this maker's format cannot hold the character {c:?} in a value")
            }
            Refused::Character(c) => {
                write!(f, "this maker's format cannot hold the character U+{:04X}", u32::from(*c))
            }
            Refused::Blanks => f.write_str("this maker's format cannot keep blanks at the ends"),
        }
    }
}

impl Escape {
    /// The escape of this name in `vendor.toml`.
    pub fn named(name: &str) -> Option<Escape> {
        match name {
            "xml" => Some(Escape::Xml),
            "line" => Some(Escape::Line),
            _ => None,
        }
    }

    /// Writes a value; `refuse` are the characters that the file's format cannot hold besides.
    ///
    /// # Errors
    /// The first character that the format cannot hold.
    pub fn write(self, refuse: &str, value: &str, out: &mut impl Write) -> Result<(), Refused> {
        if self.is_plain(value) && !refuse.chars().any(|c| value.contains(c)) {
            let _ = out.write_str(value);
            return Ok(());
        }
        if let Some(c) = forbidden(value).or_else(|| value.chars().find(|c| refuse.contains(*c))) {
            return Err(Refused::Character(c));
        }
        let written = match self {
            Escape::Line if value.trim() != value => return Err(Refused::Blanks),
            Escape::Line => out.write_str(value),
            Escape::Xml => write_xml(value, out),
        };
        // Writing into memory does not fail.
        let _ = written;
        Ok(())
    }

    /// Most values: nothing in them that a format writes otherwise, or cannot hold.
    fn is_plain(self, value: &str) -> bool {
        let plain = |byte: u8| match byte {
            b'&' | b'<' | b'>' | b'"' | b'\'' => self == Escape::Line,
            byte => matches!(byte, b' '..=b'~'),
        };
        let blanks = value.starts_with(' ') || value.ends_with(' ');
        value.bytes().all(plain) && !(blanks && self == Escape::Line)
    }

    /// Writes a maker's own key where the format has its keys.
    ///
    /// # Errors
    /// The first character that cannot be part of a key there.
    pub fn write_key(self, key: &str, out: &mut impl Write) -> Result<(), Refused> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let bad = match self {
            // An element's or attribute's name.
            Escape::Xml => {
                let start = key.chars().next().filter(|c| !(c.is_ascii_alphabetic() || *c == '_'));
                start.or_else(|| key.chars().find(|c| !plain(*c)))
            }
            Escape::Line => {
                key.chars().find(|&c| !(plain(c) || matches!(c, ' ' | '/' | '@' | '%' | '+' | '*')))
            }
        };
        match bad {
            Some(c) => Err(Refused::Character(c)),
            None => {
                let _ = out.write_str(key);
                Ok(())
            }
        }
    }
}

fn write_xml(value: &str, out: &mut impl Write) -> fmt::Result {
    let mut rest = value;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (plain, tail) = rest.split_at(at);
        out.write_str(plain)?;
        let mut tail = tail.chars();
        out.write_str(match tail.next() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('"') => "&quot;",
            _ => "&#39;",
        })?;
        rest = tail.as_str();
    }
    out.write_str(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(escape: Escape, refuse: &str, value: &str) -> Result<String, Refused> {
        let mut out = String::new();
        escape.write(refuse, value, &mut out).map(|()| out)
    }

    #[test]
    fn values_stay_values() {
        let name = "O'Neil & <\"Söhne\"> 100%";
        assert_eq!(
            written(Escape::Xml, "", name).unwrap(),
            "O&#39;Neil &amp; &lt;&quot;Söhne&quot;&gt; 100%"
        );
        assert_eq!(written(Escape::Line, "", name).unwrap(), name);
        assert_eq!(written(Escape::Line, "\"", name), Err(Refused::Character('"')));
        assert_eq!(written(Escape::Line, "", " x"), Err(Refused::Blanks));
        for escape in [Escape::Xml, Escape::Line] {
            assert_eq!(written(escape, "", "a\nb"), Err(Refused::Character('\n')));
            assert_eq!(written(escape, "", "a\u{2028}b"), Err(Refused::Character('\u{2028}')));
        }
    }

    #[test]
    fn keys_end_nothing() {
        let key = |escape: Escape, key: &str| escape.write_key(key, &mut String::new()).is_ok();
        assert!(key(Escape::Xml, "reg.1.auth.userId"));
        assert!(key(Escape::Line, "sip line1 user name"));
        for wrong in ["a b", "1a", "a=\"x\"", "a>"] {
            assert!(!key(Escape::Xml, wrong), "{wrong}");
        }
        for wrong in ["a = b", "a: b", "#a", "[a]", "a\"b"] {
            assert!(!key(Escape::Line, wrong), "{wrong}");
        }
    }
}
