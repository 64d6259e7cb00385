//! HTTP and HTTPS: passwords by Basic and Digest, redirects, and bounds on what comes back.

use std::io;
use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::http::Response;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::{Agent, Body};

use super::{By, Bytes, Credentials, Fetched, Settings, connect, read_bounded};
use crate::digest::{Asked, Challenge, parameters};
use crate::exchange::token;
use crate::tls;
use crate::url::{split_authority, split_scheme, split_user_info};

/// No phone follows more.
const REDIRECTS: usize = 5;

pub(super) struct Http {
    agent: Agent,
    user_agent: Option<String>,
    /// Names and passwords by origin.
    known: Vec<(String, Credentials, By)>,
}

impl Http {
    pub(super) fn new(settings: &Settings) -> Result<Http, tls::Unusable> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Each redirect is looked at here.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // No proxy of the host that this runs on.
            .proxy(None)
            // What the phone sends, and nothing of the library's own. It requests no compression, so
            // that the bytes of the body are those of the file.
            .user_agent("")
            .accept("*/*")
            .accept_encoding("")
            .build();
        let connector =
            connect::connector(tls::config(settings.authority.as_deref())?, settings.from);
        Ok(Http {
            agent: Agent::with_parts(config, connector, DefaultResolver::default()),
            user_agent: settings.user_agent.clone(),
            known: Vec::new(),
        })
    }

    pub(super) fn know(&mut self, url: &str, credentials: &Credentials, by: By) {
        let (plain, _) = split_credentials(url);
        let origin = origin(&plain);
        match self.known.iter_mut().find(|(known, ..)| *known == origin) {
            Some((_, known, rank)) if *rank <= by => (*known, *rank) = (credentials.clone(), by),
            Some(_) => {}
            None => self.known.push((origin, credentials.clone(), by)),
        }
    }

    /// The name and password for the origin of a URL that has none of its own.
    pub(super) fn known(&self, url: &str) -> Option<&Credentials> {
        let origin = origin(url);
        let known = self.known.iter().find(|(known, ..)| *known == origin);
        known.map(|(_, credentials, _)| credentials)
    }

    pub(super) fn get(&self, url: &str, bytes: Bytes, end: Instant) -> Fetched {
        let (mut url, mut in_url) = split_credentials(url);
        for _ in 0..=REDIRECTS {
            let response = match self.answered(&url, in_url.take(), end) {
                Ok(response) => response,
                Err(fetched) => return fetched,
            };
            let status = response.status().as_u16();
            match status {
                200 => return body(response, bytes),
                301 | 302 | 303 | 307 | 308 => {}
                403 | 404 | 410 => return Fetched::Missing(status.to_string()),
                _ => return Fetched::Failed(format!("HTTP status {status}")),
            }
            let next = response.headers().get("location").and_then(|value| value.to_str().ok());
            let Some(next) = next else {
                return Fetched::Failed(format!("HTTP status {status} without a Location"));
            };
            // A redirect gets no name and password, be they in its URL.
            let (next, _) = split_credentials(&super::resolve(&url, next));
            if !next.starts_with("http://") && !next.starts_with("https://") {
                return Fetched::Failed(format!(
                    "{status}, to a URL that is not http:// or https://"
                ));
            }
            if url.starts_with("https:") && next.starts_with("http:") {
                return Fetched::Failed(format!(
                    "{status}, from https:// to {next}: not followed, what the file says would travel \
                     in the clear"
                ));
            }
            url = next;
        }
        Fetched::Failed(format!("more than {REDIRECTS} redirects"))
    }

    /// The answer to one URL, with a password if the server requests one.
    fn answered(
        &self,
        url: &str,
        in_url: Option<Credentials>,
        end: Instant,
    ) -> Result<Response<Body>, Fetched> {
        let credentials = in_url.or_else(|| self.known(url).cloned());
        let mut response = self.call(url, None, end)?;
        // The second time for a nonce that has grown old (RFC 2617 3.2.1).
        for attempt in 0..2 {
            if response.status() != 401 {
                return Ok(response);
            }
            let wanted = Wanted::of(&response);
            let Some(credentials) = &credentials else {
                return Err(Fetched::Denied(format!(
                    "401: the server requests a name and a password ({wanted}); give --user"
                )));
            };
            if attempt > 0 && !wanted.digest.as_ref().is_some_and(|asked| asked.stale) {
                break;
            }
            let Some(answer) = wanted.answer(credentials, url) else {
                return Err(Fetched::Denied(format!(
                    "401: the server requests a name and a password in a way that phones do not know \
                     ({wanted})"
                )));
            };
            response = self.call(url, Some(&answer), end)?;
        }
        if response.status() != 401 {
            return Ok(response);
        }
        let user = credentials.map_or(String::new(), |credentials| credentials.user);
        Err(Fetched::Denied(format!("401: the server does not accept the password of {user:?}")))
    }

    fn call(
        &self,
        url: &str,
        authorization: Option<&str>,
        end: Instant,
    ) -> Result<Response<Body>, Fetched> {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Fetched::Failed(TOO_SLOW.to_owned()));
        }
        let mut request = self.agent.get(url);
        if let Some(user_agent) = &self.user_agent {
            request = request.header("User-Agent", user_agent);
        }
        if let Some(authorization) = authorization {
            request = request.header("Authorization", authorization);
        }
        let request = request.config().timeout_global(Some(left)).build();
        request.call().map_err(|error| Fetched::Failed(words(&error)))
    }
}

/// What a 401 requests.
struct Wanted {
    digest: Option<Challenge>,
    basic: Option<String>,
    schemes: Vec<String>,
}

impl Wanted {
    fn of(response: &Response<Body>) -> Wanted {
        let headers = response.headers().get_all("www-authenticate").iter();
        let headers: Vec<&str> = headers.filter_map(|value| value.to_str().ok()).collect();
        let scheme = |header: &&str| header.split(' ').next().unwrap_or_default().to_owned();
        let basic = headers.iter().find_map(|header| {
            let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
            let realm = parameters(rest).into_iter().find(|(name, _)| name == "realm");
            scheme
                .eq_ignore_ascii_case("basic")
                .then(|| realm.map_or(String::new(), |(_, realm)| realm))
        });
        Wanted {
            digest: headers.iter().find_map(|header| Challenge::read(header)),
            basic,
            schemes: headers.iter().map(scheme).collect(),
        }
    }

    /// The stronger one first.
    fn answer(&self, credentials: &Credentials, url: &str) -> Option<String> {
        if let Some(digest) = &self.digest {
            let behind = split_scheme(url).map_or("", |(_, rest)| split_authority(rest).1);
            let target = match behind.split_once('#').map_or(behind, |(target, _)| target) {
                "" => "/",
                target => target,
            };
            let asked = Asked { method: "GET", uri: target, nonce: &token() };
            return Some(digest.answer(credentials, &asked));
        }
        self.basic.as_ref()?;
        let Credentials { user, password } = credentials;
        Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.digest, &self.basic) {
            (Some(digest), _) => write!(f, "Digest, realm {:?}", digest.realm),
            (None, Some(realm)) => write!(f, "Basic, realm {realm:?}"),
            (None, None) if self.schemes.is_empty() => f.write_str("no WWW-Authenticate"),
            (None, None) => f.write_str(&self.schemes.join(", ")),
        }
    }
}

fn body(response: Response<Body>, bytes: Bytes) -> Fetched {
    let reader = response.into_body().into_with_config().limit(u64::MAX).reader();
    match read_bounded(reader, bytes) {
        Ok((bytes, size)) => Fetched::Found { bytes, size, how: "200".to_owned() },
        Err(error) => Fetched::Failed(io_words(&error)),
    }
}

const TOO_SLOW: &str = "no whole answer within --timeout times --tries";

/// Why there is no answer, in words for people.
fn words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => io_words(error),
        ureq::Error::Rustls(error) => tls::in_words(error),
        ureq::Error::Timeout(_) => TOO_SLOW.to_owned(),
        ureq::Error::HostNotFound => "the host has no address (DNS)".to_owned(),
        other => other.to_string(),
    }
}

fn io_words(error: &io::Error) -> String {
    if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>()) {
        return words(inner);
    }
    tls::words(error).unwrap_or_else(|| match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => TOO_SLOW.to_owned(),
        io::ErrorKind::UnexpectedEof => "the server ends the connection in the middle".to_owned(),
        _ => error.to_string(),
    })
}

/// A URL without its name and password, and those.
pub(super) fn split_credentials(url: &str) -> (String, Option<Credentials>) {
    let Some((scheme, rest)) = split_scheme(url) else { return (url.to_owned(), None) };
    let (authority, path) = split_authority(rest);
    let (Some(info), host) = split_user_info(authority) else { return (url.to_owned(), None) };
    let (user, password) = info.split_once(':').unwrap_or((info, ""));
    let credentials = Credentials { user: decoded(user), password: decoded(password) };
    (format!("{scheme}://{host}{path}"), Some(credentials))
}

/// `%40` and its like.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let hex = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `scheme://host:port` of a URL without name and password.
fn origin(url: &str) -> String {
    let (scheme, rest) = split_scheme(url).unwrap_or(("", url));
    let host = split_authority(rest).0.to_ascii_lowercase();
    let port = if scheme == "https" { ":443" } else { ":80" };
    format!("{scheme}://{}", host.strip_suffix(port).unwrap_or(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_and_its_password() {
        let (plain, found) = split_credentials("http://a%40b:c%3ad@h:1/x@y?z");
        assert_eq!(plain, "http://h:1/x@y?z");
        let found = found.unwrap();
        assert_eq!((found.user.as_str(), found.password.as_str()), ("a@b", "c:d"));
        assert_eq!(split_credentials("http://h/x@y").1, None);
        assert_eq!(origin("https://H:443/x"), origin("https://h?y"));
        assert_ne!(origin("http://h/"), origin("http://h:8080/"));
    }
}
