//! dhcpd.conf in words (dhcpd.conf(5), dhcp-eval(5)).

use std::rc::Rc;

use crate::model::{Place, Refused};

/// A word of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A name, a number, an address, bytes in hex.
    Word(String),
    /// A text in quotes.
    Quoted(Vec<u8>),
    /// One of `; { } ( ) , = != ~= ~~` and other signs.
    Sign(&'static str),
}

/// A word and its line.
#[derive(Debug, Clone)]
pub struct Found {
    pub token: Token,
    pub line: usize,
}

const SIGNS: [&str; 19] = [
    "!=", "~=", "~~", ";", "{", "}", "(", ")", ",", "=", "!", "?", "+", "*", "/", "%", "&", "|",
    "^",
];

/// The words of a file.
pub fn tokens(file: &Rc<str>, text: &str) -> Result<Vec<Found>, Refused> {
    let bytes = text.as_bytes();
    let (mut found, mut at, mut line) = (Vec::new(), 0, 1);
    while let Some(byte) = bytes.get(at).copied() {
        let rest = text.get(at..).unwrap_or_default();
        match byte {
            b'\n' => {
                line += 1;
                at += 1;
            }
            b'#' => at += rest.find('\n').unwrap_or(rest.len()),
            b'"' => {
                let begins = line;
                let Some((value, length, lines)) = quoted(rest.as_bytes()) else {
                    let place = Place { file: Rc::clone(file), line: begins };
                    return Err(Refused(format!(
                        "{place}: a text begins here and never ends: expected \""
                    )));
                };
                at += length;
                line += lines;
                found.push(Found { token: Token::Quoted(value), line: begins });
            }
            byte if byte.is_ascii_whitespace() => at += 1,
            byte if is_word(byte) => {
                // A "/" belongs to a network such as 10.0.0.0/8, "a-b" is one name.
                let length = rest.bytes().take_while(|byte| is_word(*byte)).count().max(1);
                let word = rest.get(..length).unwrap_or_default().to_owned();
                at += length;
                found.push(Found { token: Token::Word(word), line });
            }
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => {
                    at += sign.len();
                    found.push(Found { token: Token::Sign(sign), line });
                }
                None => {
                    let character = rest.chars().next().unwrap_or('?');
                    let place = Place { file: Rc::clone(file), line };
                    return Err(Refused(format!(
                        "{place}: {character:?} is not expected here: is this a dhcpd.conf?"
                    )));
                }
            },
        }
    }
    Ok(found)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'_' | b'.' | b':' | b'<' | b'>' | b'@' | b'[' | b']' | b'$')
        || byte >= 0x80
}

/// A text in quotes: its bytes, its length with the quotes, and the line ends in it.
fn quoted(text: &[u8]) -> Option<(Vec<u8>, usize, usize)> {
    let (mut value, mut at, mut lines) = (Vec::new(), 1, 0);
    loop {
        match *text.get(at)? {
            b'"' => return Some((value, at + 1, lines)),
            b'\\' => {
                at += 1;
                let escaped = *text.get(at)?;
                match escaped {
                    b't' => value.push(b'\t'),
                    b'n' => value.push(b'\n'),
                    b'r' => value.push(b'\r'),
                    b'b' => value.push(8),
                    b'x' => {
                        let digits = text.get(at + 1..at + 3)?;
                        let digits = std::str::from_utf8(digits).ok()?;
                        value.push(u8::from_str_radix(digits, 16).ok()?);
                        at += 2;
                    }
                    b'0'..=b'7' => {
                        let digits = text.get(at..at + 3)?;
                        let count = digits.iter().take_while(|d| matches!(d, b'0'..=b'7')).count();
                        let digits = std::str::from_utf8(digits.get(..count)?).ok()?;
                        value.push(u8::from_str_radix(digits, 8).ok()?);
                        at += count - 1;
                    }
                    other => value.push(other),
                }
            }
            byte => {
                lines += usize::from(byte == b'\n');
                value.push(byte);
            }
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_texts_and_signs() {
        let file: Rc<str> = "x".into();
        let found =
            tokens(&file, "option a-b.c = \"x\\x41\\101\\\"\"; # no\n1:00:08:5D != !x").unwrap();
        let tokens: Vec<Token> = found.iter().map(|found| found.token.clone()).collect();
        let word = |text: &str| Token::Word(text.to_owned());
        assert_eq!(
            tokens,
            [
                word("option"),
                word("a-b.c"),
                Token::Sign("="),
                Token::Quoted(b"xAA\"".to_vec()),
                Token::Sign(";"),
                word("1:00:08:5D"),
                Token::Sign("!="),
                Token::Sign("!"),
                word("x"),
            ]
        );
        assert_eq!(found.last().unwrap().line, 2);
        assert!(super::tokens(&file, "\n\"x").unwrap_err().0.starts_with("x:2: a text"));
    }
}
