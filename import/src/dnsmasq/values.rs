//! A value's bytes as dnsmasq makes them of its spelling (`parse_dhcp_opt` in its option.c, 2.90).

use std::net::Ipv4Addr;

use offhook_dnsmasq_config::options::{ADDRESSES, TEXTS, Word, size_of};

use crate::kinds::{Form, Kind, encode};

/// The value of a whole option.
pub fn bytes(code: u8, words: &[Word]) -> Result<Vec<u8>, String> {
    if ADDRESSES.contains(&code) {
        return addresses(words)
            .ok_or_else(|| "expected IPv4 addresses (0.0.0.0 is this server itself)".to_owned());
    }
    if TEXTS.contains(&code) {
        return Ok(joined(words));
    }
    match code {
        // RFC 3361: 1 and addresses, or 0 and names.
        120 => match addresses(words) {
            Some(list) => Ok([&[1][..], &list].concat()),
            None => Ok([&[0][..], &names(words)?].concat()),
        },
        119 => names(words),
        121 | 249 => Err("routes".to_owned()),
        125 => Err("option 125 as a whole".to_owned()),
        _ => match (size_of(code), words) {
            (Some(size), [word]) => {
                let number: i64 = word.text.parse().map_err(|_| "expected a number".to_owned())?;
                Ok(number.to_be_bytes().get(8 - size..).unwrap_or_default().to_vec())
            }
            _ => guessed(words),
        },
    }
}

/// A value without a type: hex with colons, addresses, a number, else text.
pub fn guessed(words: &[Word]) -> Result<Vec<u8>, String> {
    let quoted = words.iter().any(|word| word.quoted);
    if quoted {
        return Ok(joined(words));
    }
    if let [word] = words {
        let text = word.text.as_str();
        if text.contains(':')
            && text.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'*'))
        {
            let bytes = text.split(':').map(|digits| u8::from_str_radix(digits, 16).ok());
            return bytes
                .collect::<Option<Vec<u8>>>()
                .ok_or_else(|| "a wildcard in a value".to_owned());
        }
        let (digits, size) = match text.as_bytes() {
            [digits @ .., b'b'] => (digits, Some(1)),
            [digits @ .., b's'] => (digits, Some(2)),
            [digits @ .., b'i'] => (digits, Some(4)),
            digits => (digits, None),
        };
        let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u32>().ok());
        if let Some(number) = number {
            let size = size.unwrap_or(match number {
                0..=0xff => 1,
                0x100..=0xffff => 2,
                _ => 4,
            });
            return Ok(number.to_be_bytes().get(4 - size..).unwrap_or_default().to_vec());
        }
    }
    Ok(addresses(words).unwrap_or_else(|| joined(words)))
}

fn joined(words: &[Word]) -> Vec<u8> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    texts.join(",").into_bytes()
}

fn addresses(words: &[Word]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for word in words.iter().filter(|_| !words.is_empty()) {
        let address: Ipv4Addr = word.text.parse().ok()?;
        if address.is_unspecified() {
            return None;
        }
        bytes.extend(address.octets());
    }
    (!bytes.is_empty()).then_some(bytes)
}

fn names(words: &[Word]) -> Result<Vec<u8>, String> {
    let words: Vec<crate::kinds::Word> = words
        .iter()
        .map(|word| crate::kinds::Word {
            bytes: word.text.clone().into_bytes(),
            quoted: word.quoted,
        })
        .collect();
    encode(&Form::one(Kind::Domains), &words)
}

#[cfg(test)]
mod tests {
    use offhook_dnsmasq_config::options::words;

    use super::*;

    #[test]
    fn spelling_makes_the_type() {
        let value = |code, text: &str| bytes(code, &words(text)).unwrap();
        assert_eq!(value(66, "10.0.0.1"), b"10.0.0.1");
        assert_eq!(value(150, "10.0.0.1"), [10, 0, 0, 1]);
        assert_eq!(value(160, "http://x/,y"), b"http://x/,y");
        assert_eq!(value(132, "120"), [120]);
        assert_eq!(value(132, "\"120\""), b"120");
        assert_eq!(value(132, "120i"), [0, 0, 0, 120]);
        assert_eq!(value(43, "01:02:0a"), [1, 2, 10]);
        assert_eq!(value(120, "sip.example.com"), b"\0\x03sip\x07example\x03com\0");
        assert_eq!(value(120, "10.0.0.1"), [1, 10, 0, 0, 1]);
        assert_eq!(value(2, "3600"), [0, 0, 14, 16]);
        assert!(bytes(42, &words("0.0.0.0")).is_err());
    }
}
