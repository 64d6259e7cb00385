//! The answer to a registrar's challenge (RFC 2617, and SHA-256 by RFC 8760).

use md5::Md5;
use sha2::{Digest, Sha256};

use super::message::Response;
use super::token;
use crate::account::Account;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Md5,
    Sha256,
}

/// What a registrar wants.
#[derive(Debug, Clone)]
pub(super) struct Challenge {
    pub(super) realm: String,
    nonce: String,
    opaque: Option<String>,
    algorithm: Algorithm,
    /// It offers `qop=auth`.
    auth: bool,
    pub(super) stale: bool,
    pub(super) by_proxy: bool,
}

impl Challenge {
    /// The challenge of a 401 or 407. Of several the first that is known.
    pub(super) fn of(answer: &Response) -> Result<Challenge, String> {
        let by_proxy = answer.status == 407;
        let header = if by_proxy { "proxy-authenticate" } else { "www-authenticate" };
        let mut found = answer.headers(header).filter_map(|value| read(value, by_proxy));
        found.next().ok_or_else(|| {
            format!("{} without a digest challenge by MD5 or SHA-256", answer.status)
        })
    }

    /// The value of the header `Authorization`.
    pub(super) fn answer(&self, account: &Account, method: &str, uri: &str) -> String {
        self.answer_with(account, method, uri, &token())
    }

    pub(super) fn answer_with(
        &self,
        account: &Account,
        method: &str,
        uri: &str,
        own: &str,
    ) -> String {
        let Challenge { realm, nonce, .. } = self;
        let user = &account.auth_user;
        let secret = self.hash(&format!("{user}:{realm}:{}", account.password));
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

fn read(value: &str, by_proxy: bool) -> Option<Challenge> {
    let (scheme, rest) = value.split_once(' ')?;
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
    let auth = qop.as_deref().is_some_and(|list| list.split(',').any(|one| one.trim() == "auth"));
    Some(Challenge {
        realm: get("realm")?,
        nonce: get("nonce")?,
        opaque: get("opaque"),
        algorithm,
        auth,
        stale: get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        by_proxy,
    })
}

/// `name=value, name="va\"l,ue"`
fn parameters(text: &str) -> Vec<(String, String)> {
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
