//! A phone's token: what proves to a web server that a client that requests a phone's files was sent their
//! URL by the DHCP server, and did not guess it from an address.
//!
//! ```text
//! token = mark, base64url( MD5( "<mac> <address or -> <epoch or -> <key>" ) )
//! ```
//! which stock nginx checks by itself (`secure_link_md5`), so that no state is kept anywhere: any
//! number of servers with the same key mint the same token, and minting again changes nothing, or a
//! phone would reboot at each renewal. The mark is two letters that say which key and epoch it was made
//! with, so that the web server knows by which to check it while two are valid. The key in it is derived from the one in the key's file, and is
//! 256 bits at the end of a short text of hex digits: the known weakness of MD5, that an attacker finds
//! two texts with one digest, does not lead to a token for a given address.

/// Whether an answer may carry a token.
mod right;
/// What a hardware address has shown before.
mod signs;

use std::fmt;
use std::net::Ipv4Addr;

use hmac::{Hmac, KeyInit, Mac as _};
use ipnet::Ipv4Net;
use md5::{Digest, Md5};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::mac::Mac;
use crate::text::TOKEN_LENGTH;

pub(crate) use right::right;
pub use signs::{Accepted, Judgement, Signs, judge};

/// A mark of two letters and 128 bits, in base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Token(pub [u8; TOKEN_LENGTH]);

/// A secret out of a file, from which a key for each purpose is derived. Its memory is cleared at the end.
#[derive(Clone)]
pub struct MasterKey(Hmac<Sha256>);

/// How a phone's token, `{{token}}` in URLs, is made, and who gets one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenRule {
    /// Where it is written.
    pub place: String,
    /// The file with the key.
    pub key_file: String,
    /// The file with the key before the last change; its tokens still open files.
    pub previous_key_file: Option<String>,
    /// Good for the leased address only.
    pub address: bool,
    /// A word whose change makes all tokens new; empty: none.
    pub epoch: String,
    /// The epoch before; empty: none.
    pub previous_epoch: String,
    /// The only relays through which a token goes out, and that may choose the subnet; empty: any relay,
    /// but none that chooses.
    pub relays: Vec<Ipv4Net>,
    /// What a client must show to get a token.
    pub only_if: OnlyIf,
    /// Seconds after which a hardware address that was not seen may show other signs.
    pub move_after: Option<u64>,
}

impl TokenRule {
    /// Whether a relay agent's word counts.
    pub fn trusts(&self, relay: Ipv4Addr) -> bool {
        self.relays.iter().any(|relays| relays.contains(&relay))
    }
}

/// Which signs a hardware address must show as before to get a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OnlyIf {
    /// The hardware address shows the same signs as before.
    pub same_phone: bool,
    /// It is at the same port of the same relay as before.
    pub same_port: bool,
}

impl OnlyIf {
    /// Whether anything is required.
    pub fn any(self) -> bool {
        self.same_phone || self.same_port
    }
}

/// Makes tokens. Immutable, shared between threads.
pub struct Minter {
    /// Hex digits, so that it can be written in a web server's configuration; empty where the key is not
    /// known, and tokens are only stars.
    key: Zeroizing<String>,
    mark: [u8; MARK],
    address: bool,
    /// `-` for none.
    epoch: String,
}

/// How many letters say which key and epoch a token was made with.
const MARK: usize = 2;

/// Why a key's file cannot be used. No message repeats anything of the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read; the text is the file system's.
    #[error("{0}")]
    File(String),
    /// Too few bytes.
    #[error("holds {0} bytes: expected at least 32; make one with: openssl rand -hex 32")]
    Short(usize),
    /// Too few different characters for a key of this length.
    #[error(
        "is not random: expected at least {least} different characters, found {found}; make one with: \
         openssl rand -hex 32"
    )]
    NotRandom {
        /// What a random key has almost always.
        least: usize,
        /// What this one has.
        found: usize,
    },
    /// HMAC does not take it.
    #[error("cannot be used as a key")]
    Unusable,
    /// Other users may read the file, or its group may write it.
    #[error(
        "has mode {:04o}: others may read it, or the group may write it; chmod 0640",
        .0 & 0o7777
    )]
    Mode(u32),
    /// A user who could change the key owns the file.
    #[error(
        "belongs to user {owner}: expected root (or user {user}, which this program runs as), since an owner \
         can change the key; chown root"
    )]
    Owner {
        /// The number of the file's owner.
        owner: u32,
        /// The number of this program's user.
        user: u32,
    },
}

/// Reads a key's file, which is named by its path.
pub type KeyReader<'r> = dyn Fn(&str) -> Result<MasterKey, KeyError> + 'r;

impl MasterKey {
    /// Takes the content of a key's file: at least 32 bytes that look random, blanks around them do
    /// not count.
    ///
    /// # Errors
    /// The key is too short, or does not look random.
    pub fn from_text(content: &[u8]) -> Result<MasterKey, KeyError> {
        let key = content.trim_ascii();
        if key.len() < 32 {
            return Err(KeyError::Short(key.len()));
        }
        let mut seen = [false; 256];
        key.iter().for_each(|byte| seen[usize::from(*byte)] = true);
        let different = seen.iter().filter(|seen| **seen).count();
        // There are only 16 hex digits, and 64 of them at random often lack some of them; fewer than 12
        // are found in one of 6 million keys.
        let least = match (key.iter().all(u8::is_ascii_hexdigit), key.len()) {
            (false, _) => 16,
            (true, ..64) => 11,
            (true, _) => 12,
        };
        if different < least {
            return Err(KeyError::NotRandom { least, found: different });
        }
        let keyed = Hmac::<Sha256>::new_from_slice(key);
        keyed.map(MasterKey).map_err(|_| KeyError::Unusable)
    }

    /// A key for one purpose. From it, the other purposes' keys cannot be derived.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut mac = self.0.clone();
        mac.update(purpose.as_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

/// Whether a key's file is for its owner and group alone; `mode` is `st_mode` of stat(2).
///
/// # Errors
/// Other users may read, write or run it, or its group may write it.
pub fn check_mode(mode: u32) -> Result<(), KeyError> {
    match mode & 0o027 {
        0 => Ok(()),
        _ => Err(KeyError::Mode(mode)),
    }
}

impl Minter {
    /// Mints with a policy's own epoch.
    pub fn new(master: &MasterKey, rule: &TokenRule) -> Minter {
        Minter::of(master, &rule.epoch, rule.address)
    }

    /// For a web server, which must know earlier epochs too. An empty epoch is none.
    pub fn of(master: &MasterKey, epoch: &str, address: bool) -> Minter {
        let key = Zeroizing::new(hex::encode(*master.derive("offhook token 1")));
        let epoch = if epoch.is_empty() { "-" } else { epoch };
        let digest = Sha256::new()
            .chain_update(format!("offhook mark {epoch} "))
            .chain_update(key.as_bytes())
            .finalize();
        let mut mark = [0; MARK];
        for (letter, byte) in mark.iter_mut().zip(digest.iter()) {
            *letter = DIGITS[usize::from(byte & 63)];
        }
        Minter { key, mark, address, epoch: epoch.to_owned() }
    }

    /// For a host that only explains: its tokens are stars.
    pub(crate) fn without_key(rule: &TokenRule) -> Minter {
        Minter {
            key: Zeroizing::default(),
            mark: [b'*'; MARK],
            address: rule.address,
            epoch: rule.epoch.clone(),
        }
    }

    /// The key as a web server needs it. A secret.
    pub fn web_server_key(&self) -> &str {
        &self.key
    }

    /// How a token of this key and epoch begins.
    pub fn mark(&self) -> &str {
        std::str::from_utf8(&self.mark).unwrap_or_default()
    }

    /// The epoch; `-`: none.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Whether tokens are for one address each.
    pub fn is_for_addresses(&self) -> bool {
        self.address
    }

    /// None if the token is for an address and there is none.
    pub fn mint(&self, mac: Mac, address: Option<Ipv4Addr>) -> Option<Token> {
        use std::io::Write;
        if self.address && address.is_none() {
            return None;
        }
        if self.key.is_empty() {
            return Some(Token([b'*'; TOKEN_LENGTH]));
        }
        // On the stack: this runs for each packet.
        let mut text = Text { bytes: [0; 192], length: 0 };
        write!(text, "{:012x}", mac.number()).ok()?;
        match (self.address, address) {
            (true, Some(address)) => write!(text, " {address}").ok()?,
            _ => text.write_all(b" -").ok()?,
        }
        write!(text, " {} {}", self.epoch, *self.key).ok()?;
        let digest = Md5::digest(text.bytes.get(..text.length)?);
        let mut token = [0; TOKEN_LENGTH];
        let (mark, rest) = token.split_first_chunk_mut::<MARK>()?;
        *mark = self.mark;
        rest.copy_from_slice(&base64url(digest.into()));
        Some(Token(token))
    }
}

/// What a secret prints.
pub const STARS: &str = "***";

impl fmt::Debug for Minter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

struct Text {
    bytes: [u8; 192],
    length: usize,
}

impl std::io::Write for Text {
    fn write(&mut self, more: &[u8]) -> std::io::Result<usize> {
        let end = self.length + more.len();
        let Some(room) = self.bytes.get_mut(self.length..end) else { return Ok(0) };
        room.copy_from_slice(more);
        self.length = end;
        Ok(more.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 4648 5, without padding.
fn base64url(digest: [u8; 16]) -> [u8; TOKEN_LENGTH - MARK] {
    let number = u128::from_be_bytes(digest);
    let mut out = [0; TOKEN_LENGTH - MARK];
    for (index, digit) in out.iter_mut().enumerate() {
        // 21 digits of 6 bits, and one of the last 2 with four zeros behind them.
        let six = match index {
            0..=20 => number >> (122 - 6 * index),
            _ => number << 4,
        };
        *digit = DIGITS[(six & 63) as usize];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minter(address: bool, epoch: &str) -> Minter {
        let key = MasterKey::from_text(b"0123456789abcdef0123456789abcdef\n").unwrap();
        let rule = TokenRule { address, epoch: epoch.to_owned(), ..TokenRule::default() };
        Minter::new(&key, &rule)
    }

    const PHONE: Mac = Mac([0, 0x15, 0x65, 1, 2, 3]);
    const HERE: Option<Ipv4Addr> = Some(Ipv4Addr::new(192, 0, 2, 7));

    #[test]
    fn base64_as_the_rfc_has_it() {
        // RFC 1321 A.5: MD5("").
        let digest = hex::decode("d41d8cd98f00b204e9800998ecf8427e").unwrap();
        let text = base64url(digest.try_into().unwrap());
        assert_eq!(&text, b"1B2M2Y8AsgTpgAmY7PhCfg");
    }

    #[test]
    fn a_token_is_of_its_phone_address_and_epoch() {
        let plain = minter(false, "");
        let token = plain.mint(PHONE, None).unwrap();
        assert_eq!(plain.mint(PHONE, HERE), Some(token), "the address does not count");
        assert_ne!(plain.mint(Mac([0, 0x15, 0x65, 1, 2, 4]), None), Some(token));
        assert_ne!(minter(false, "2").mint(PHONE, None), Some(token));
        let here = minter(true, "");
        assert_eq!(here.mint(PHONE, None), None);
        assert_eq!(here.mint(PHONE, HERE), here.mint(PHONE, HERE));
        let there = Some(Ipv4Addr::new(192, 0, 2, 8));
        assert_ne!(here.mint(PHONE, HERE), here.mint(PHONE, there));
        let long = minter(true, &"e".repeat(32));
        assert!(long.mint(PHONE, Some(Ipv4Addr::new(255, 255, 255, 255))).is_some());
    }

    #[test]
    fn without_a_key_a_token_is_stars() {
        let rule = TokenRule { address: true, ..TokenRule::default() };
        let blind = Minter::without_key(&rule);
        assert_eq!(blind.mint(PHONE, HERE).unwrap().0, [b'*'; TOKEN_LENGTH]);
        assert!(blind.mint(PHONE, None).is_none());
    }

    #[test]
    fn secrets_print_stars() {
        let key = MasterKey::from_text(b"0123456789abcdefghijklmnopqrstuv").unwrap();
        let minter = minter(true, "");
        let token = minter.mint(PHONE, HERE).unwrap();
        assert_eq!(format!("{key:?} {minter:?} {token:?} {token}"), "*** *** *** ***");
    }

    #[test]
    fn key_files_have_rules() {
        assert!(MasterKey::from_text(b"short").is_err());
        for poor in [&[b'a'; 64][..], &b"abcdefgh".repeat(4), &b"0123456789".repeat(8)] {
            let text = MasterKey::from_text(poor).unwrap_err().to_string();
            assert!(text.contains("is not random"), "{text}");
        }
        assert!(check_mode(0o100_640).is_ok() && check_mode(0o100_400).is_ok());
        assert!(check_mode(0o644).is_err() && check_mode(0o660).is_err());
        let key = MasterKey::from_text(b"0123456789abcdef0123456789abcdef").unwrap();
        assert_ne!(key.derive("a"), key.derive("b"));
        assert!(!format!("{key:?} {:?}", minter(true, "")).contains("0123"));
    }
}
