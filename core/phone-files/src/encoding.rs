//! Lists as spreadsheets save them: UTF-8 with or without its mark, UTF-16 with one.

use std::borrow::Cow;

use offhook_catalogue::error::Mistake;

/// The text of a list.
///
/// # Errors
///
/// The first row that is written in something else.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Mistake> {
    if let Some(found) = other_file(bytes) {
        return Err(told(1, &format!(", found {found}")));
    }
    if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        return utf16(rest, u16::from_le_bytes).map(Cow::Owned);
    }
    if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        return utf16(rest, u16::from_be_bytes).map(Cow::Owned);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => Ok(Cow::Borrowed(text)),
        Ok(text) => Err(wrong(text.split('\0').next().unwrap_or_default().as_bytes())),
        Err(error) => Err(wrong(bytes.get(..error.valid_up_to()).unwrap_or_default())),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Mistake> {
    let units = bytes.chunks(2).map(|pair| match pair {
        [one, other] => unit([*one, *other]),
        _ => 0xdc00,
    });
    let mut text = String::with_capacity(bytes.len() / 2);
    for c in char::decode_utf16(units) {
        match c {
            Ok(c) => text.push(c),
            Err(_) => return Err(wrong(text.as_bytes())),
        }
    }
    Ok(text)
}

/// `before` is what could be read.
fn wrong(before: &[u8]) -> Mistake {
    told(1 + before.iter().filter(|byte| **byte == b'\n').count(), "")
}

fn told(row: usize, found: &str) -> Mistake {
    let text = format!(
        "expected UTF-8, or UTF-16 with a byte order mark{found}: save the list as \"CSV UTF-8\""
    );
    Mistake::new(format!("row {row}"), text)
}

/// What else the beginning of a file shows it to be.
fn other_file(bytes: &[u8]) -> Option<&'static str> {
    let begins: [(&[u8], &str); 7] = [
        (b"\xff\xfe\0\0", "UTF-32"),
        (b"\0\0\xfe\xff", "UTF-32"),
        (b"PK\x03\x04", "a spreadsheet program's own file (.xlsx, .ods)"),
        (b"\xd0\xcf\x11\xe0", "a spreadsheet program's own file (.xls)"),
        (b"\x1f\x8b", "a compressed file"),
        (b"%PDF", "a PDF file"),
        (b"SQLite format 3", "a database"),
    ];
    let found = begins.iter().find(|(begin, _)| bytes.starts_with(begin)).map(|(_, name)| *name);
    let half_zero = |at: usize| {
        let pairs = bytes.chunks_exact(2).take(16);
        pairs.len() > 2 && pairs.clone().all(|pair| pair.get(at) == Some(&0) && pair != [0, 0])
    };
    found.or_else(|| (half_zero(0) || half_zero(1)).then_some("UTF-16 without one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spreadsheets_save() {
        let text = "mac,display-name\r\n001565010203,Zo\u{eb} \u{1f3a7}\r\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [b"\xff\xfe", &le[..]].concat(),
            [b"\xfe\xff", &be[..]].concat(),
        ] {
            assert_eq!(decode(&bytes).unwrap(), text);
        }
        let windows = b"mac,display-name\n001565010203,Anna\n001565010204,Zo\xeb\n";
        let mistake = decode(windows).unwrap_err().to_string();
        assert!(mistake.starts_with("row 3: expected UTF-8"), "{mistake}");
        assert!(decode(&le).is_err());
        assert!(decode(b"\xff\xfea").is_err());
    }
}
