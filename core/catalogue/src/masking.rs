//! What may be shown of foreign text: escaped, and without passwords and tokens.

use crate::url::{split_authority, split_user_info};

/// A text from a server, a file or a packet, fit for a terminal and for a log: secrets in URLs are
/// stars, and what could move a cursor or reverse a line is escaped.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    for sign in masked(text).chars() {
        match sign {
            ' '..='~' => out.push(sign),
            _ if sign.is_alphanumeric() => out.push(sign),
            _ => out.extend(sign.escape_unicode()),
        }
    }
    out
}

/// Every URL in a text without its password, its tokens and the secrets of its query.
pub fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        let ends = |sign: char| {
            sign.is_whitespace() || sign.is_control() || matches!(sign, '"' | '\'' | '<' | '>')
        };
        let end = after.find(ends);
        let (url, tail) = after.split_at(end.unwrap_or(after.len()));
        out.push_str(before);
        out.push_str(&masked_url(url));
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// The same for an option's bytes. The length stays, so that its sub-options can still be read.
pub fn masked_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut from = 0;
    while let Some(at) = find(bytes, from, b"://") {
        let start = at + 3;
        let length =
            bytes.iter().skip(start).take_while(|byte| matches!(byte, 0x21..=0x7e)).count();
        let url: String =
            bytes.iter().skip(start).take(length).map(|byte| char::from(*byte)).collect();
        for (begin, end) in secrets(&url) {
            for byte in out.iter_mut().skip(start + begin).take(end - begin) {
                *byte = b'*';
            }
        }
        from = start + length;
    }
    out
}

fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(wanted.len()).position(|window| window == wanted).map(|at| from + at)
}

fn masked_url(url: &str) -> String {
    let mut out = String::new();
    let mut from = 0;
    for (begin, end) in secrets(url) {
        out.push_str(url.get(from..begin).unwrap_or_default());
        out.push_str("***");
        from = end;
    }
    out.push_str(url.get(from..).unwrap_or_default());
    out
}

/// Where the secrets are in what follows a URL's `://`, in order.
fn secrets(url: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (authority, _) = split_authority(url);
    let user_info = match split_user_info(authority) {
        // A "/" in a password ends the authority too early: then a text is where a port would be.
        (None, place) if has_no_port(place) => split_user_info(url).0,
        (user_info, _) => user_info,
    };
    if let Some(user_info) = user_info {
        found.push((0, user_info.len()));
    }
    let mut from =
        user_info.map_or(authority.len(), |user_info| authority.len().max(user_info.len() + 1));
    let query = url.find('?').unwrap_or(url.len());
    while from < url.len() {
        let rest = url.get(from..).unwrap_or_default();
        let end = rest.find(['/', '?', '&', '#', ',', ';']).map_or(url.len(), |at| from + at);
        let part = url.get(from..end).unwrap_or_default();
        let (name, value) = match part.split_once('=').filter(|_| from > query) {
            Some((name, value)) => (name, value),
            None => ("", part),
        };
        let start = end - value.len();
        if names_a_secret(name) && !value.is_empty() {
            found.push((start, end));
        } else {
            found.extend(tokens(value).map(|(begin, end)| (start + begin, start + end)));
        }
        from = end + 1;
    }
    found
}

/// Whether something is behind a host's colon that is not a number.
fn has_no_port(place: &str) -> bool {
    let port = place.rsplit_once(':').map_or("", |(_, port)| port);
    port.bytes().any(|byte| !byte.is_ascii_digit()) && !port.ends_with(']')
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let words = ["token", "key", "pass", "pwd", "pw", "secret", "auth", "sig"];
    name == "pin" || words.iter().any(|word| name.contains(word))
}

/// The shortest run of letters and digits that is taken for a token.
const SHORTEST: usize = 16;

/// Runs that no operator would type: long, and changing between digits, small and capital letters.
fn tokens(part: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let is_of_run = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let mut runs = Vec::new();
    let mut begin = None;
    for (at, byte) in part.bytes().chain([b'/']).enumerate() {
        match (is_of_run(byte), begin) {
            (true, None) => begin = Some(at),
            (false, Some(from)) => {
                runs.push((from, at));
                begin = None;
            }
            _ => {}
        }
    }
    runs.into_iter().filter(|(from, to)| part.get(*from..*to).is_some_and(is_token))
}

fn is_token(run: &str) -> bool {
    // A hardware address at either end is not a secret.
    let address =
        |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let run = match run.len().checked_sub(12).and_then(|at| run.split_at_checked(at)) {
        Some((head, tail)) if address(tail) => head,
        _ => run,
    };
    let run = match run.split_at_checked(12) {
        Some((head, tail)) if address(head) => tail,
        _ => run,
    };
    let kind = |byte: u8| match byte {
        b'0'..=b'9' => 1,
        b'a'..=b'z' => 2,
        b'A'..=b'Z' => 3,
        _ => 0,
    };
    let kinds: Vec<u8> = run.bytes().map(kind).filter(|kind| *kind > 0).collect();
    let changes = kinds.windows(2).filter(|pair| matches!(pair, [a, b] if a != b)).count();
    run.len() >= SHORTEST && changes >= 4 && !is_written_in_words(run)
}

/// `CertProvisioningService`: letters alone, and every capital begins a word of three letters or more.
/// Of a million random folders (24 signs of base64url) about two look like that, by calculation.
fn is_written_in_words(run: &str) -> bool {
    let mut words = run.split_inclusive(|sign: char| !sign.is_ascii_lowercase());
    let first = words.next().unwrap_or_default();
    run.bytes().all(|byte| byte.is_ascii_alphabetic())
        && first.len() == 1
        && words
            .all(|word| word.trim_end_matches(|sign: char| sign.is_ascii_uppercase()).len() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_urls_are_stars() {
        for (text, expected) in [
            ("GET http://phone:pw1@h:80/p/a.cfg", "GET http://***@h:80/p/a.cfg"),
            ("ftp://u:a@b@h/x by option 66", "ftp://***@h/x by option 66"),
            ("https://h/p/AbqJ8z0xTfK2m9LwYc4Vd7Rs/0004f2.cfg", "https://h/p/***/0004f2.cfg"),
            ("https://h/p/AbqJ8z0xTfK2m9LwYc4Vd7Rs0004f2abcdef.cfg", "https://h/p/***.cfg"),
            ("http://h/cfg?mac=0004f2abcdef&token=abc", "http://h/cfg?mac=0004f2abcdef&token=***"),
            ("http://h/cfg?pw=abc&user_pass=d;pin=1", "http://h/cfg?pw=***&user_pass=***;pin=***"),
            ("http://phone:pw/x@h/a.cfg", "http://***@h/a.cfg"),
            ("http://phone:p?w@h:80/a.cfg", "http://***@h:80/a.cfg"),
            ("https://h/550e8400-e29b-41d4-a716-446655440000/", "https://h/***/"),
        ] {
            assert_eq!(plain(text), expected);
        }
        for text in [
            "http://h:8880/p/acme/{mac}",
            "http://h/provision/R2Xu8aVV20Jka/",
            "https://h:443/CertProv/CertProvisioningService.svc",
            "https://provision.example.com/phones/y000000000028.cfg",
            "tftp://h/SEP001565AABBCC.cnf.xml",
            "http://h/sipconfig-3c28a60a0b0c.txt",
            "http://h/F0V00X600000.cfg",
            "http://[2001:db8::1]/snomD735-00041301020A.htm",
            "http://h:80/a:b@c.cfg",
            "http://[2001:db8::1]/a@b",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn bytes_keep_their_length() {
        let option = b"\x02\x19http://u:secret@h/AbCdEf/\xff";
        assert_eq!(masked_bytes(option), b"\x02\x19http://********@h/AbCdEf/\xff");
    }

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\r\n\u{202e}"), "a\\u{1b}[2Jb\\u{d}\\u{a}\\u{202e}");
        assert_eq!(plain("Müller"), "Müller");
    }
}
