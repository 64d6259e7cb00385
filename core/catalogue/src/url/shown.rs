//! URLs for people: without the user's name and password.

use std::borrow::Cow;

use super::{host_and_port, split_at_any, split_authority, split_scheme, split_user_info};

/// A text for people: `***` in place of the user's name and password of every URL in it.
pub fn masked(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    if !text.contains("://") {
        let words = text.split(' ').map(|word| match bare_user_info(word.as_bytes()) {
            Some(length) => format!("***{}", word.get(length..).unwrap_or_default()),
            None => word.to_owned(),
        });
        return Cow::Owned(words.collect::<Vec<_>>().join(" "));
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        let (authority, after) = split_at_any(tail, &['/', '?', '#', ' ', '"']);
        shown.push_str(head);
        let (user_info, place) = split_user_info(authority);
        shown.push_str(if user_info.is_some() { "***@" } else { "" });
        shown.push_str(place);
        rest = after;
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// The same for a text that may be no whole URL: rather too many stars than a password.
pub fn concealed(text: &str) -> Cow<'_, str> {
    let Some(at) = text.rfind('@') else { return Cow::Borrowed(text) };
    let (before, behind) = text.split_at(at);
    match split_scheme(before) {
        Some((scheme, rest)) => {
            let (authority, _) = split_authority(rest);
            match authority.len() < rest.len() && host_and_port(authority).is_ok() {
                // A "@" of the path.
                true => masked(text),
                false => Cow::Owned(format!("{scheme}://***{behind}")),
            }
        }
        None if before.contains(':') => Cow::Owned(format!("***{behind}")),
        None => Cow::Borrowed(text),
    }
}

/// A value without the name and password of the URLs in it: stars in their place, as many as there were
/// bytes, so that lengths within an option stay true.
pub fn without_userinfo(value: &[u8]) -> Cow<'_, [u8]> {
    const MARK: &[u8] = b"://";
    let mut out = Cow::Borrowed(value);
    let mut from = 0;
    while let Some(at) = value.get(from..).and_then(|rest| find(rest, MARK)) {
        from += at + MARK.len();
        let rest = value.get(from..).unwrap_or_default();
        let outside = |byte: &u8| matches!(byte, b'/' | b'?' | b'#' | b'"' | 0..=0x20);
        let end = rest.iter().position(outside).unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or_default();
        if let Some(length) = authority.iter().rposition(|byte| *byte == b'@')
            && let Some(part) = out.to_mut().get_mut(from..from + length)
        {
            part.fill(b'*');
        }
        from += end;
    }
    let is_outside = |byte: &u8| !matches!(byte, 0x21..=0x7e) || matches!(byte, b'"' | b'<' | b'>');
    let mut start = 0;
    for word in value.split(is_outside) {
        if let Some(length) = bare_user_info(word)
            && let Some(part) = out.to_mut().get_mut(start..start + length)
        {
            part.fill(b'*');
        }
        start += word.len() + 1;
    }
    out
}

/// How much of a word without a scheme is a name and a password: `name:password@host/path`. An address of SIP or
/// mail is none.
fn bare_user_info(word: &[u8]) -> Option<usize> {
    if find(word, b"://").is_some() {
        return None;
    }
    let end = word.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(word.len());
    let length = word.get(..end)?.iter().rposition(|byte| *byte == b'@')?;
    let user_info = word.get(..length)?;
    let colon = user_info.iter().position(|byte| *byte == b':')?;
    let (name, password) = (user_info.get(..colon)?, user_info.get(colon + 1..)?);
    let is_address = ["sip", "sips", "mailto", "xmpp", "tel"]
        .iter()
        .any(|scheme| name.eq_ignore_ascii_case(scheme.as_bytes()) && !password.contains(&b':'));
    (!password.is_empty() && !is_address).then_some(length)
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::UrlParts;

    #[test]
    fn what_is_no_whole_url_shows_no_password_either() {
        for (text, shown) in [
            ("ht tp://u:secret@h/p", "ht tp://***@h/p"),
            ("http:/u:secret@h/p", "***@h/p"),
            ("http://u:sec/ret@h/p", "http://***@h/p"),
            ("u:secret@h", "***@h"),
            ("http://h:80/a:b@c", "http://h:80/a:b@c"),
            ("http://u:secret@h/a@b", "http://***@b"),
            ("user@example.com", "user@example.com"),
            ("no url", "no url"),
        ] {
            assert_eq!(concealed(text), shown);
        }
        let error = UrlParts::parse("u:secret@h://x/").unwrap_err().to_string();
        assert!(error.contains("not a scheme") && !error.contains("secret"), "{error}");
        let error = UrlParts::parse("http://u:sec/ret@h/").unwrap_err().to_string();
        assert!(error.contains("percent-encoded") && !error.contains("sec"), "{error}");
    }

    #[test]
    fn name_and_password_are_stars() {
        for (text, shown) in [
            ("https://u:secret@h/p", "https://***@h/p"),
            ("https://u:se@cret@h", "https://***@h"),
            ("ftp://u@h/ http://a:b@c", "ftp://***@h/ http://***@c"),
            ("http://h:8880/p", "http://h:8880/p"),
            ("http://h/a:b@c", "http://h/a:b@c"),
            ("u:secret@h/p v:secret@h", "***@h/p ***@h"),
            ("sip:1000@pbx", "sip:1000@pbx"),
            ("no url", "no url"),
        ] {
            assert_eq!(masked(text), shown);
        }
        let url = UrlParts::parse("https://u:secret@h:1/p").unwrap();
        assert_eq!(format!("{url} {url:?}"), "https://***@h:1/p UrlParts(https://***@h:1/p)");
    }

    #[test]
    fn stars_keep_the_length() {
        for (value, shown) in [
            ("https://u:secret@h/p", "https://********@h/p"),
            ("https://u:se@cret@h", "https://*********@h"),
            ("ftp://u@h/ http://a:b@c", "ftp://*@h/ http://***@c"),
            ("http://h:8880/p", "http://h:8880/p"),
            ("http://h/a:b@c", "http://h/a:b@c"),
            ("admin:s3cret@10.0.0.1/p", "************@10.0.0.1/p"),
            ("a=1,b=u:p,w@h c", "***********@h c"),
            ("sip:1000@pbx", "sip:1000@pbx"),
            ("sip:1000:secret@pbx", "***************@pbx"),
            ("1000@pbx:5060", "1000@pbx:5060"),
            ("\u{1}\u{7}u:p@h", "\u{1}\u{7}***@h"),
            ("no url", "no url"),
        ] {
            assert_eq!(without_userinfo(value.as_bytes()), shown.as_bytes());
        }
    }
}
