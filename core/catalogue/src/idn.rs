//! Names of hosts with other letters than `a` to `z`. Phones and DNS know only their `xn--` form (IDNA, RFC 5890;
//! mapped as UTS 46 says), so a policy and a list of phones may have them as people write them.
//!
//! ```
//! use offhook_catalogue::idn;
//!
//! assert_eq!(idn::host("Bücher.example"), "xn--bcher-kva.example");
//! assert_eq!(idn::url("https://u:ü@bücher.example:8443/ä/{mac}"), "https://u:ü@xn--bcher-kva.example:8443/ä/{mac}");
//! ```

use std::borrow::Cow;

use crate::url::split_user_info;

/// A host as DNS knows it. Parts that cannot be such a name, and `{{names}}`, stay as they are.
pub fn host(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    // By parts: one of them may be a name that is filled in later, or that the phone fills in.
    let odd = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_');
    let part = |part: &str| match part.is_ascii() || part.contains(odd) {
        true => part.to_owned(),
        // Nothing may become a character that ends the host: some letters have ASCII ones as their usual form.
        false => idna::domain_to_ascii_cow(part.as_bytes(), idna::AsciiDenyList::URL)
            .map_or_else(|_| part.to_owned(), Cow::into_owned),
    };
    Cow::Owned(text.split('.').map(part).collect::<Vec<_>>().join("."))
}

/// A text with the hosts of all URLs in it as DNS knows them.
pub fn url(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        let end = tail.find(|c: char| "/?#\"'<>\\".contains(c) || c.is_whitespace());
        let (authority, after) = tail.split_at(end.unwrap_or(tail.len()));
        let (_, place) = split_user_info(authority);
        let (user_info, place) = authority.split_at(authority.len() - place.len());
        let (name, port) = match place.rfind(':') {
            Some(at) if !place.starts_with('[') => place.split_at(at),
            _ => (place, ""),
        };
        out.push_str(head);
        out.push_str(user_info);
        out.push_str(&host(name));
        out.push_str(port);
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_as_dns_has_them() {
        for (text, expected) in [
            ("pbx.example.com", "pbx.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            // Decomposed, as some file systems and editors write it.
            ("bu\u{308}cher.example", "xn--bcher-kva.example"),
            ("straße.example", "xn--strae-oqa.example"),
            ("例え.jp", "xn--r8jz45g.jp"),
            ("телефон.рф", "xn--e1aarjeur.xn--p1ai"),
            ("{{site}}.bücher.example", "{{site}}.xn--bcher-kva.example"),
            ("{{büro}}.example", "{{büro}}.example"),
            ("a\u{fffd}.example", "a\u{fffd}.example"),
            ("bü cher", "bü cher"),
            // Full-width letters are letters; a full-width slash must not become one.
            ("ａ.example", "a.example"),
            ("a／b.example", "a／b.example"),
            ("a：80", "a：80"),
            ("pbx＠x.example", "pbx＠x.example"),
        ] {
            assert_eq!(host(text), expected);
        }
    }

    #[test]
    fn only_the_host_of_a_url_changes() {
        for (text, expected) in [
            ("no url, ü", "no url, ü"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("https://bücher.example/ü?ö=ä#ß", "https://xn--bcher-kva.example/ü?ö=ä#ß"),
            ("http://ü:ö@bücher.example:80/", "http://ü:ö@xn--bcher-kva.example:80/"),
            ("http://[2001:db8::1]/ü", "http://[2001:db8::1]/ü"),
            (
                "a=http://ä.example/ b='tftp://ö.example' ü",
                "a=http://xn--4ca.example/ b='tftp://xn--nda.example' ü",
            ),
        ] {
            assert_eq!(url(text), expected);
        }
    }
}
