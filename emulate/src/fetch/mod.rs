//! Gets a phone's files, as its maker's phone requests them: TFTP, FTP, HTTP and HTTPS.
//!
//! Knows how files travel, not what is in them. The server is not trusted: what it sends is bounded in
//! bytes and in time, and a server that it redirects to gets no password.

pub(crate) mod connect;
mod ftp;
mod http;
mod tftp;

use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

pub use crate::digest::Credentials;
pub use crate::tls::Unusable;
use crate::url::{split_authority, split_scheme};
use http::Http;

/// The outcome of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The file, its size, and how the server sent it (`200`).
    Found {
        /// Its content; empty where only the size was wanted.
        bytes: Vec<u8>,
        /// In bytes.
        size: u64,
        /// The server's own word.
        how: String,
    },
    /// The server has no such file, or does not give it to this phone (404, 403, TFTP's "not found").
    Missing(String),
    /// The server requests a name and a password, or does not accept those that it got (401).
    Denied(String),
    /// Neither a file nor a clean no: no connection, a broken transfer, a fault of the server.
    Failed(String),
    /// A scheme that this client does not speak, though the phone may.
    NotSpoken(String),
}

/// Where a name and a password come from; the last in this order wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The phone as it is sold.
    Factory,
    /// The phone's own files.
    Files,
    /// The operator gave the name and password.
    Operator,
}

/// What is done with a file's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// The content is returned.
    Kept,
    /// They are only counted: firmware.
    Counted,
}

/// How to fetch.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// HTTP's `User-Agent`; `None`: the header is not sent.
    pub user_agent: Option<String>,
    /// How long one file may take, redirects and passwords included.
    pub patience: Duration,
    /// Certificates (PEM) by which HTTPS servers are trusted; `None`: the public ones.
    pub authority: Option<String>,
    /// The phone's own address, if HTTP is to come from it; this host must have it.
    pub from: Option<Ipv4Addr>,
}

/// A phone's client.
pub struct Fetcher {
    http: Http,
    patience: Duration,
}

/// No phone's file is larger, firmware apart; a larger one is not read to its end.
pub(crate) const LARGEST: u64 = 8 << 20;

impl Fetcher {
    /// # Errors
    /// The certificates cannot be used.
    pub fn new(settings: &Settings) -> Result<Fetcher, Unusable> {
        Ok(Fetcher { http: Http::new(settings)?, patience: settings.patience })
    }

    /// A name and password for the server of a URL, and for no other.
    pub fn know(&mut self, url: &str, credentials: &Credentials, by: By) {
        self.http.know(url, credentials, by);
    }

    /// Whether the server of a URL takes a connection. TFTP has none: it does.
    pub fn reaches(&self, url: &str) -> bool {
        let (scheme, rest) = split_scheme(url).unwrap_or(("", url));
        let (host, _) = split_authority(rest);
        let port = match scheme {
            "https" => ":443",
            "http" => ":80",
            _ => return true,
        };
        let with_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        let target = if with_port { host.to_owned() } else { format!("{host}{port}") };
        let Ok(mut addresses) = target.to_socket_addrs() else { return false };
        addresses.any(|address| TcpStream::connect_timeout(&address, self.patience).is_ok())
    }

    /// Fetches a URL by its scheme.
    pub fn get(&self, url: &str, bytes: Bytes) -> Fetched {
        let end = Instant::now() + self.patience;
        match split_scheme(url) {
            Some(("http" | "https", _)) => self.http.get(url, bytes, end),
            Some(("tftp", rest)) => tftp::get(rest, bytes, end),
            Some(("ftp", _)) => {
                let (url, in_url) = http::split_credentials(url);
                let credentials = in_url.as_ref().or_else(|| self.http.known(&url));
                let location = split_scheme(&url).map_or(&*url, |(_, rest)| rest);
                ftp::get(location, credentials, bytes, end)
            }
            Some((scheme, _)) => Fetched::NotSpoken(format!(
                "this phone asks by {}; the emulator speaks TFTP, FTP, HTTP and HTTPS",
                scheme.to_uppercase()
            )),
            None => Fetched::Failed("expected a URL".to_owned()),
        }
    }
}

/// A file's bytes and its size, which is bounded.
fn read_bounded(mut reader: impl Read, wanted: Bytes) -> io::Result<(Vec<u8>, u64)> {
    let mut bytes = Vec::new();
    let mut size = 0u64;
    let mut buffer = [0; 16 << 10];
    loop {
        let length = reader.read(&mut buffer)?;
        size += length as u64;
        if length == 0 || (wanted == Bytes::Counted && size > LARGEST) {
            return Ok((bytes, size));
        }
        if size > LARGEST {
            return Err(io::Error::other(too_large()));
        }
        if wanted == Bytes::Kept {
            bytes.extend_from_slice(buffer.get(..length).unwrap_or_default());
        }
    }
}

fn too_large() -> String {
    format!("more than {} MiB: no phone's configuration is that large", LARGEST >> 20)
}

/// A name beside another file, or a URL of its own.
pub fn resolve(base: &str, name: &str) -> String {
    if split_scheme(name).is_some() {
        return name.to_owned();
    }
    let (scheme, rest) = split_scheme(base).unwrap_or(("", base));
    if let Some(other_host) = name.strip_prefix("//") {
        return format!("{scheme}://{other_host}");
    }
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    match name.strip_prefix('/') {
        Some(absolute) => format!("{scheme}://{host}/{absolute}"),
        None => {
            let folder =
                path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
            format!("{scheme}://{host}/{folder}{name}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_beside_the_file_that_has_them() {
        for (name, expected) in [
            ("b.cfg", "http://h:1/x/b.cfg"),
            ("y/b.cfg", "http://h:1/x/y/b.cfg"),
            ("/b.cfg", "http://h:1/b.cfg"),
            ("//o/b.cfg", "http://o/b.cfg"),
            ("https://o/b.cfg", "https://o/b.cfg"),
        ] {
            assert_eq!(resolve("http://h:1/x/a.cfg?y=/z", name), expected);
        }
        assert_eq!(resolve("tftp://h/a.cfg", "b.cfg"), "tftp://h/b.cfg");
    }

    #[test]
    fn a_body_has_an_end() {
        let endless = io::repeat(b'x');
        assert!(read_bounded(endless, Bytes::Kept).unwrap_err().to_string().contains("8 MiB"));
        let (bytes, size) = read_bounded(io::repeat(b'x'), Bytes::Counted).unwrap();
        assert!(bytes.is_empty() && size > LARGEST);
        assert_eq!(read_bounded(&b"abc"[..], Bytes::Kept).unwrap(), (b"abc".to_vec(), 3));
    }
}
