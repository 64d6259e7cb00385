//! The one reader of URLs (RFC 3986).
//!
//! Scheme and authority are held to the RFC. Path, query and fragment may hold what phones put in their
//! place (`{mac}`, `$MAC`, `<MACADR>`), so that only blanks and control characters are refused there.
//!
//! ```
//! use offhook_catalogue::url::UrlParts;
//!
//! let url = UrlParts::parse("https://user:secret@[2001:db8::1]:8443/phones/{mac}.cfg?v=1")?;
//! assert_eq!((url.scheme, url.host, url.port), ("https", "2001:db8::1", Some(8443)));
//! assert_eq!((url.path, url.query), ("/phones/{mac}.cfg", Some("v=1")));
//! assert_eq!(url.to_string(), "https://***@[2001:db8::1]:8443/phones/{mac}.cfg?v=1");
//! # Ok::<(), offhook_catalogue::url::UrlError>(())
//! ```

mod shown;

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

pub use shown::{concealed, masked, without_userinfo};

/// The parts of an absolute URL with an authority, borrowed from its text.
///
/// `Debug` and `Display` print `***` in place of the user's name and password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlParts<'u> {
    /// As it is written; compare it with [`UrlParts::has_scheme`].
    pub scheme: &'u str,
    /// `user:password`, before the last `@` of the authority.
    pub user_info: Option<&'u str>,
    /// A name or an address; an IPv6 address without its brackets.
    pub host: &'u str,
    /// `None` if the URL has no port, or an empty one.
    pub port: Option<u16>,
    /// Empty, or from the first `/` on.
    pub path: &'u str,
    /// Behind the first `?`.
    pub query: Option<&'u str>,
    /// Behind the first `#`.
    pub fragment: Option<&'u str>,
}

/// Why a text is not a URL. No message repeats a user's name or password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// No `scheme://` at the beginning.
    #[error("expected scheme://host/path, found no scheme with \"://\"")]
    NoScheme,
    /// Not a letter and then letters, digits, `+`, `-`, `.` (section 3.1).
    #[error("{0:?} is not a scheme: expected letters, digits, '+', '-' or '.'")]
    Scheme(String),
    /// Nothing between `://` and the path.
    #[error("expected a host behind \"://\", found none")]
    NoHost,
    /// Section 3.2.2.
    #[error(
        "{0:?} is not a host: expected a name (other letters than a to z in its xn-- form), an IPv4 address of \
         four numbers, or an IPv6 address in brackets"
    )]
    Host(String),
    /// Section 3.2.3.
    #[error("{0:?} is not a port: expected a number from 1 to 65535")]
    Port(String),
    /// Section 3.2.1.
    #[error(
        "a name and password before \"@\" hold no \"/\", \"?\" or \"#\": write them percent-encoded"
    )]
    UserInfo,
    /// A blank, a control character, or `\`, which some clients read as `/`: it must be percent-encoded
    /// (section 2.1).
    #[error("the character U+{:04X} cannot be part of a URL", u32::from(*.0))]
    Character(char),
}

impl<'u> UrlParts<'u> {
    /// Reads an absolute URL.
    ///
    /// # Errors
    /// The first part that is not as RFC 3986 wants it.
    pub fn parse(text: &'u str) -> Result<UrlParts<'u>, UrlError> {
        let refused = |c: &char| c.is_whitespace() || c.is_control() || *c == '\\';
        if let Some(c) = text.chars().find(refused) {
            return Err(UrlError::Character(c));
        }
        let (scheme, rest) = split_scheme(text).ok_or(UrlError::NoScheme)?;
        if !is_scheme(scheme) {
            return Err(UrlError::Scheme(concealed(scheme).into_owned()));
        }
        let (authority, rest) = split_authority(rest);
        let (rest, fragment) = split_behind(rest, '#');
        let (path, query) = split_behind(rest, '?');
        let (user_info, place) = split_user_info(authority);
        let (host, port) = match host_and_port(place) {
            // What was meant as a password may have ended the authority.
            Err(_) if user_info.is_none() && rest.contains('@') => return Err(UrlError::UserInfo),
            found => found?,
        };
        Ok(UrlParts { scheme, user_info, host, port, path, query, fragment })
    }

    /// Compares without regard to case (section 3.1); `scheme` is in lower case.
    pub fn has_scheme(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The port, or the scheme's own: `http`, `https`, `ftp`, `tftp`.
    pub fn port_or_default(&self) -> Option<u16> {
        const DEFAULTS: [(&str, u16); 4] =
            [("http", 80), ("https", 443), ("ftp", 21), ("tftp", 69)];
        let default = DEFAULTS.iter().find(|(scheme, _)| self.has_scheme(scheme));
        self.port.or(default.map(|(_, port)| *port))
    }

    /// Host and port as a URL has them, an IPv6 address in brackets; without the user's name.
    pub fn host_and_port(&self) -> String {
        let host = match self.host.contains(':') {
            true => Cow::Owned(format!("[{}]", self.host)),
            false => Cow::Borrowed(self.host),
        };
        match self.port {
            Some(port) => format!("{host}:{port}"),
            None => host.into_owned(),
        }
    }

    /// What a client asks the host for: path, query and fragment as they are written.
    pub fn path_and_query(&self) -> String {
        let mut text = self.path.to_owned();
        for (mark, part) in [('?', self.query), ('#', self.fragment)] {
            if let Some(part) = part {
                text.push(mark);
                text.push_str(part);
            }
        }
        text
    }
}

impl fmt::Display for UrlParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = if self.user_info.is_some() { "***@" } else { "" };
        write!(f, "{}://{user}{}{}", self.scheme, self.host_and_port(), self.path_and_query())
    }
}

impl fmt::Debug for UrlParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UrlParts({self})")
    }
}

/// Scheme and rest of a URL whose rest may not be one yet: it may hold names that are filled in later.
pub fn split_scheme(text: &str) -> Option<(&str, &str)> {
    text.split_once("://")
}

/// What follows `://`, cut into the authority and the rest, which is empty or begins with `/`, `?` or `#`
/// (section 3.2).
pub fn split_authority(rest: &str) -> (&str, &str) {
    split_at_any(rest, &['/', '?', '#'])
}

/// An authority's name and password, if it has them, and its host and port (section 3.2.1).
pub fn split_user_info(authority: &str) -> (Option<&str>, &str) {
    match authority.rsplit_once('@') {
        Some((user_info, place)) => (Some(user_info), place),
        None => (None, authority),
    }
}

/// Whether a text has a scheme and no blank: what can be said of a URL before its names are filled in.
pub fn looks_like_url(text: &str) -> bool {
    split_scheme(text).is_some() && !text.contains(char::is_whitespace)
}

fn is_scheme(text: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(rest)
}

fn host_and_port(place: &str) -> Result<(&str, Option<u16>), UrlError> {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, behind)) => {
            if address.parse::<Ipv6Addr>().is_err()
                || !(behind.is_empty() || behind.starts_with(':'))
            {
                return Err(UrlError::Host(place.to_owned()));
            }
            (address, behind.strip_prefix(':').unwrap_or_default())
        }
        None => {
            let (host, port) = place.split_once(':').unwrap_or((place, ""));
            if host.is_empty() {
                return Err(UrlError::NoHost);
            }
            if !is_name(host) || port.contains(':') {
                return Err(UrlError::Host(place.to_owned()));
            }
            (host, port)
        }
    };
    if port.is_empty() {
        return Ok((host, None));
    }
    let number =
        port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok()).flatten();
    match number {
        Some(number) if number != 0 => Ok((host, Some(number))),
        _ => Err(UrlError::Port(port.to_owned())),
    }
}

/// `reg-name` (section 3.2.2) without percent-encoded bytes, which clients read differently. What ends in a
/// number is an address, and must be a whole one: clients make different ones of `10.1` and `010.0.0.1`.
fn is_name(host: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c);
    let without_dot = host.strip_suffix('.').unwrap_or(host);
    let last = without_dot.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let is_number = match hex {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    };
    host.chars().all(plain) && (!is_number || host.parse::<Ipv4Addr>().is_ok())
}

fn split_at_any<'t>(text: &'t str, ends: &[char]) -> (&'t str, &'t str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

fn split_behind(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_found() {
        let url = UrlParts::parse("ftp://u:p@ss@host.example.com:2121/a/b?c=d?e#f#g").unwrap();
        assert_eq!(url.scheme, "ftp");
        assert_eq!(url.user_info, Some("u:p@ss"));
        assert_eq!(url.host, "host.example.com");
        assert_eq!(url.port, Some(2121));
        assert_eq!((url.path, url.query, url.fragment), ("/a/b", Some("c=d?e"), Some("f#g")));
        let url = UrlParts::parse("HTTPS://h?x@y").unwrap();
        assert_eq!((url.host, url.path, url.query), ("h", "", Some("x@y")));
        assert_eq!((url.user_info, url.port_or_default()), (None, Some(443)));
        assert_eq!(UrlParts::parse("http://h:/").unwrap().port, None);
        assert_eq!(UrlParts::parse("sip://h/").unwrap().port_or_default(), None);
    }

    #[test]
    fn what_phones_fill_in_is_left_alone() {
        for path in ["/{mac}.cfg", "/$MAC/<MACADR>", "/$(system.mac)", "/a:b@c"] {
            let text = format!("http://192.0.2.1:8080{path}");
            let url = UrlParts::parse(&text).unwrap();
            assert_eq!((url.path, url.user_info), (path, None));
            assert_eq!(url.to_string(), text);
        }
    }

    #[test]
    fn addresses_of_the_sixth_version_wear_brackets() {
        for (text, host, port) in [
            ("http://[2001:db8::1]/", "2001:db8::1", None),
            ("http://[2001:db8::1]:8080/", "2001:db8::1", Some(8080)),
            ("http://u@[::1]", "::1", None),
        ] {
            let url = UrlParts::parse(text).unwrap();
            assert_eq!((url.host, url.port), (host, port), "{text}");
        }
        for text in
            ["http://2001:db8::1/", "http://[2001:db8::x]/", "http://[::1]x/", "http://[::1/"]
        {
            assert!(matches!(UrlParts::parse(text), Err(UrlError::Host(_))), "{text}");
        }
    }

    #[test]
    fn a_mistake_says_which_part_is_wrong() {
        for (text, error) in [
            ("pbx.example.com/x", "found no scheme"),
            ("/x://y", "is not a scheme"),
            ("http:///x", "found none"),
            ("http://:80/", "found none"),
            ("http://u:p@/", "found none"),
            ("http://h:0/", "\"0\" is not a port"),
            ("http://h:65536/", "\"65536\" is not a port"),
            ("http://h:+80/", "\"+80\" is not a port"),
            ("http://h\u{e4}/", "is not a host"),
            ("http://a%2/", "is not a host"),
            ("http://a%41/", "is not a host"),
            ("http://10.0.0/", "is not a host"),
            ("http://010.0.0.1/", "is not a host"),
            ("http://10.0.0.256/", "is not a host"),
            ("http://h/a\\b", "U+005C"),
            ("http://h/a b", "U+0020"),
            ("http://h/\n", "U+000A"),
        ] {
            let found = UrlParts::parse(text).unwrap_err().to_string();
            assert!(found.contains(error), "{text}: {found}");
        }
        assert!(
            !UrlParts::parse("http://me:secret@h:x/").unwrap_err().to_string().contains("secret")
        );
    }
}
