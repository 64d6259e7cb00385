//! From a file's bytes to its text: UTF-8, UTF-16 with a BOM, and ISO-8859-1, which older systems write.

use super::Unread;

/// The text.
///
/// # Errors
/// The bytes are not a text: encrypted, compressed, or a maker's own binary form.
pub(super) fn text(bytes: &[u8]) -> Result<String, Unread> {
    let unknown = |what: &str| Err(Unread::Unknown(what.to_owned()));
    match bytes {
        [] => return Err(Unread::Broken("the file is empty".to_owned())),
        [0xef, 0xbb, 0xbf, rest @ ..] => return utf8(rest),
        [0xff, 0xfe, rest @ ..] => return utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return utf16(rest, u16::from_be_bytes),
        [0x1f, 0x8b, ..] => return unknown("compressed by gzip"),
        [b'S', b'a', b'l', b't', b'e', b'd', b'_', b'_', ..] => {
            return unknown("encrypted (openssl enc)");
        }
        _ => {}
    }
    if bytes.iter().any(|byte| matches!(byte, 0..=8 | 11 | 14..=31)) {
        return unknown("binary or encrypted");
    }
    match declared(bytes).as_deref() {
        Some("iso-8859-1" | "iso-8859-15" | "latin1" | "windows-1252") => Ok(latin(bytes)),
        Some("utf-8" | "utf8" | "us-ascii" | "ascii") => utf8(bytes),
        Some(_) if bytes.is_ascii() => utf8(bytes),
        Some(other) => unknown(&format!("XML in {other}")),
        // Lines have no declaration; the phone takes the bytes as they are.
        None => Ok(String::from_utf8(bytes.to_vec()).unwrap_or_else(|_| latin(bytes))),
    }
}

fn utf8(bytes: &[u8]) -> Result<String, Unread> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| {
        Unread::Broken(format!("byte {} is not of its encoding, UTF-8", error.valid_up_to()))
    })
}

fn utf16(bytes: &[u8], order: fn([u8; 2]) -> u16) -> Result<String, Unread> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let signs = char::decode_utf16(pairs.iter().map(|pair| order(*pair)));
    let text: Result<String, _> = signs.collect();
    match (text, rest) {
        (Ok(text), []) => Ok(text),
        _ => Err(Unread::Broken("not UTF-16, which its first two bytes say".to_owned())),
    }
}

fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The encoding that an XML file declares, in small letters; of XML without a word UTF-8.
fn declared(bytes: &[u8]) -> Option<String> {
    let head: String = bytes.iter().take(256).map(|byte| char::from(*byte)).collect();
    let head = head.trim_start();
    if !head.starts_with("<?xml") {
        let xml = head.starts_with('<') && !head.starts_with("<<");
        return xml.then(|| "utf-8".to_owned());
    }
    let declaration = head.split("?>").next().unwrap_or_default();
    let Some((_, rest)) = declaration.split_once("encoding") else {
        return Some("utf-8".to_owned());
    };
    let rest = rest.trim_start_matches([' ', '=', '\t']);
    let quote = rest.chars().next()?;
    rest.split(quote).nth(1).map(str::to_ascii_lowercase)
}
