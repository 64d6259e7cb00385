//! How a value that is written as text becomes an option's bytes.

use std::net::Ipv4Addr;

/// One field of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Text as it is.
    Text,
    /// Bytes: hex with colons, or a text in quotes.
    Bytes,
    /// An IPv4 address.
    Address,
    /// A number of so many bytes.
    Number(usize),
    /// True or false, a byte.
    Flag,
    /// Labels (RFC 1035, section 3.1).
    Domain,
    /// A list of names in one value.
    Domains,
    /// Nothing.
    Empty,
}

/// The fields of an option's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// In their order.
    pub fields: Vec<Kind>,
    /// All of them again and again.
    pub many: bool,
    /// The options of this space are inside.
    pub around: Option<String>,
}

impl Form {
    pub fn one(kind: Kind) -> Form {
        Form { fields: vec![kind], many: false, around: None }
    }

    pub fn many(kind: Kind) -> Form {
        Form { fields: vec![kind], many: true, around: None }
    }
}

/// A word of a value: what is written, and whether in quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub bytes: Vec<u8>,
    pub quoted: bool,
}

impl Word {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// The bytes of a whole value, or what is wrong with it.
pub fn encode(form: &Form, words: &[Word]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = words;
    if form.fields == [Kind::Empty] {
        return Ok(bytes);
    }
    loop {
        for kind in &form.fields {
            if let (Kind::Domains, words) = (kind, rest) {
                for word in words {
                    domain(&word.text(), &mut bytes)?;
                }
                rest = &[];
                continue;
            }
            let Some((word, behind)) = rest.split_first() else {
                return Err(format!(
                    "expected {} values, found {}",
                    form.fields.len(),
                    words.len()
                ));
            };
            rest = behind;
            one(kind, word, &mut bytes)?;
        }
        if rest.is_empty() {
            return Ok(bytes);
        }
        if !form.many {
            return Err(format!("expected {} values, found {}", form.fields.len(), words.len()));
        }
    }
}

fn one(kind: &Kind, word: &Word, out: &mut Vec<u8>) -> Result<(), String> {
    match kind {
        Kind::Text => out.extend(&word.bytes),
        Kind::Bytes if word.quoted => out.extend(&word.bytes),
        Kind::Bytes => {
            out.extend(hex(&word.text()).ok_or("expected bytes in hex, or a text in quotes")?)
        }
        Kind::Address => {
            let address: Ipv4Addr = word.text().parse().map_err(|_| {
                "expected an IPv4 address; a server looks a name up when it starts: write the address"
            })?;
            out.extend(address.octets());
        }
        Kind::Number(size) => {
            let bytes = number(&word.text()).ok_or("expected a number")?.to_be_bytes();
            out.extend(bytes.get(8 - size..).unwrap_or_default());
        }
        Kind::Flag => match word.text().to_ascii_lowercase().as_str() {
            "true" | "on" | "1" => out.push(1),
            "false" | "off" | "0" => out.push(0),
            _ => return Err("expected true or false".to_owned()),
        },
        Kind::Domain | Kind::Domains => domain(&word.text(), out)?,
        Kind::Empty => {}
    }
    Ok(())
}

fn number(text: &str) -> Option<i64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// `1:2:ab`, `0102ab`, `01 02 AB` or `0x0102ab`.
pub fn hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let bare = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    if bare.contains([':', '-', ' ']) {
        let parts = bare.split([':', '-', ' ']).filter(|part| !part.is_empty());
        return parts.map(|part| u8::from_str_radix(part, 16).ok()).collect();
    }
    match bare.len() {
        1 => u8::from_str_radix(bare, 16).ok().map(|byte| vec![byte]),
        _ => hex::decode(bare).ok(),
    }
}

fn domain(name: &str, out: &mut Vec<u8>) -> Result<(), String> {
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length));
        out.push(length.ok_or_else(|| format!("{name:?} is not a domain name"))?);
        out.extend(label.as_bytes());
    }
    out.push(0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(form: &Form, words: &[&str]) -> Result<Vec<u8>, String> {
        let word = |text: &&str| Word { bytes: text.as_bytes().to_vec(), quoted: false };
        encode(form, &words.iter().map(word).collect::<Vec<_>>())
    }

    #[test]
    fn values_become_bytes() {
        assert_eq!(bytes(&Form::many(Kind::Address), &["10.0.0.1", "10.0.0.2"]).unwrap().len(), 8);
        assert_eq!(bytes(&Form::one(Kind::Number(2)), &["-1"]).unwrap(), [255, 255]);
        assert_eq!(bytes(&Form::one(Kind::Flag), &["false"]).unwrap(), [0]);
        assert_eq!(bytes(&Form::one(Kind::Bytes), &["1:2:ab"]).unwrap(), [1, 2, 0xab]);
        assert_eq!(bytes(&Form::one(Kind::Domain), &["a.bc"]).unwrap(), b"\x01a\x02bc\0");
        assert!(
            bytes(&Form::one(Kind::Address), &["ntp.example.com"]).unwrap_err().contains("name")
        );
        assert!(bytes(&Form::one(Kind::Address), &["10.0.0.1", "10.0.0.2"]).is_err());
    }
}
