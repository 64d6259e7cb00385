//! The answer to a server's challenge, in SIP and in HTTP (RFC 2617; SHA-256 by RFC 7616 and RFC 8760).

use std::fmt;

use md5::Md5;
use sha2::{Digest, Sha256};

/// A name and its password. The password is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name.
    pub user: String,
    /// The password. Never printed.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({:?}, ***)", self.user)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha256,
}

/// What a server wants.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// What the password is for, in the server's words.
    pub realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// It offers `qop=auth`.
    auth: bool,
    /// The password was right, and only the nonce too old.
    pub stale: bool,
}

/// Which request is answered for.
pub struct Asked<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's target.
    pub uri: &'a str,
    /// The client's own nonce.
    pub nonce: &'a str,
}

impl Challenge {
    /// Reads a `WWW-Authenticate` or `Proxy-Authenticate` header. `None` if it is not a digest
    /// challenge by MD5 or SHA-256.
    #[must_use]
    pub fn read(header: &str) -> Option<Challenge> {
        let (scheme, rest) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        let parameters = parameters(rest);
        let get = |name: &str| {
            parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        let algorithm = match get("algorithm").map(|name| name.to_ascii_uppercase()).as_deref() {
            None | Some("MD5") => Algorithm::Md5,
            Some("SHA-256") => Algorithm::Sha256,
            Some(_) => return None,
        };
        let qop = get("qop");
        let auth =
            qop.as_deref().is_some_and(|list| list.split(',').any(|one| one.trim() == "auth"));
        Some(Challenge {
            realm: get("realm")?,
            nonce: get("nonce")?,
            opaque: get("opaque"),
            algorithm,
            auth,
            stale: get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// The value of the header `Authorization`.
    #[must_use]
    pub fn answer(&self, credentials: &Credentials, asked: &Asked<'_>) -> String {
        let Challenge { realm, nonce, .. } = self;
        let Asked { method, uri, nonce: own } = asked;
        let user = &credentials.user;
        let secret = self.hash(&format!("{user}:{realm}:{}", credentials.password));
        let what = self.hash(&format!("{method}:{uri}"));
        let count = "00000001";
        let response = match self.auth {
            true => self.hash(&format!("{secret}:{nonce}:{count}:{own}:auth:{what}")),
            false => self.hash(&format!("{secret}:{nonce}:{what}")),
        };
        let algorithm = match self.algorithm {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        };
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\", \
             algorithm={algorithm}",
            quoted(user),
            quoted(realm),
            quoted(nonce),
            quoted(uri)
        );
        if self.auth {
            value.push_str(&format!(", qop=auth, nc={count}, cnonce=\"{own}\""));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(&format!(", opaque={}", quoted(opaque)));
        }
        value
    }

    fn hash(&self, text: &str) -> String {
        match self.algorithm {
            Algorithm::Md5 => digits(&Md5::digest(text.as_bytes())),
            Algorithm::Sha256 => digits(&Sha256::digest(text.as_bytes())),
        }
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `name=value, name="va\"l,ue"`
pub(crate) fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while let Some((name, tail)) = rest.split_once('=') {
        let tail = tail.trim_start();
        let mut value = String::new();
        let mut end = tail.len();
        let mut within = false;
        let mut escaped = false;
        for (at, sign) in tail.char_indices() {
            match sign {
                _ if escaped => {
                    value.push(sign);
                    escaped = false;
                }
                '\\' if within => escaped = true,
                '"' => within = !within,
                ',' if !within => {
                    end = at;
                    break;
                }
                _ => value.push(sign),
            }
        }
        found.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        rest = tail.get(end..).unwrap_or_default().trim_start_matches([',', ' ']);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mufasa(password: &str) -> Credentials {
        Credentials { user: "Mufasa".to_owned(), password: password.to_owned() }
    }

    /// The examples of RFC 2617 3.5 and RFC 7616 3.9.1.
    #[test]
    fn the_rfcs_own_examples() {
        let asked = Challenge::read(
            "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
             nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
        );
        let get = |nonce| Asked { method: "GET", uri: "/dir/index.html", nonce };
        let value = asked.unwrap().answer(&mufasa("Circle Of Life"), &get("0a4f113b"));
        assert!(value.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{value}");
        assert!(value.contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""), "{value}");
        let asked = Challenge::read(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"",
        );
        let own = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let value = asked.unwrap().answer(&mufasa("Circle of Life"), &get(own));
        let expected =
            "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"";
        assert!(value.contains(expected), "{value}");
    }

    #[test]
    fn challenges_in_every_dress() {
        let asked = Challenge::read("digest nonce=\"a\\\"b,c\" , realm=\"r\", stale=TRUE").unwrap();
        assert_eq!((asked.realm.as_str(), asked.stale), ("r", true));
        let own = Asked { method: "REGISTER", uri: "sip:b", nonce: "x" };
        let value = asked.answer(&mufasa("p"), &own);
        assert!(value.contains("nonce=\"a\\\"b,c\"") && !value.contains("qop"), "{value}");
        assert!(Challenge::read("Basic realm=\"r\"").is_none());
        assert!(!format!("{:?}", mufasa("secret")).contains("secret"));
    }
}
