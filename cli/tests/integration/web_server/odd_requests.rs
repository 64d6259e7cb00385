//! Requests as no browser sends them, with tokens in every place: broken escapes, odd bytes, absolute-form targets,
//! old versions, several in one connection, headers without end, and what is not TLS at a port for TLS.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::chances::Chances;
use super::web::{OTHER, PHONE};

/// Where in a request a token (`{T}`), another one (`{U}`) or the phone's address (`{M}`) may appear.
const PATHS: [&str; 49] = [
    // Right ones, more often.
    "/p/yealink/{M}/{T}/{M}.cfg",
    "/p/yealink/{M}/{T}/{M}.cfg",
    "/p/yealink/{M}/{T}/{M}.cfg",
    "/{T}/phones/{M}.cfg",
    "/{T}/phones/{M}.cfg",
    "/{T}/phones/{M}.cfg",
    "/p/yealink/{M}/{T}/{M}.cfg",
    "/p/yealink/{M}/{T}/{M}.boot",
    "/p/yealink/{M}/{U}/{M}.cfg",
    "/p/yealink/{M}/{T}",
    "/p/yealink/{M}/{T}.cfg",
    "/p/yealink/{M}/{T}{M}.cfg",
    "/p/yealink/{M}/{T};x",
    "/p/yealink/{M}/x{T}",
    "/p/yealink/{M}/{T}%20",
    "/p/yealink/{M}/{T}/{T}.cfg",
    "/p/yealink/{M}/{T}/{T}",
    "/p/yealink/{M}/{T}/{U}/{M}.cfg",
    "/p/yealink/{M}/{T}//{M}.cfg",
    "/p/yealink/{M}/{T}/../{M}.cfg",
    "/p/yealink/{M}/{T}/.{T}",
    "/p/yealink/{M}/{T}/%",
    "/p/yealink/{M}/{T}/%zz/{M}.cfg",
    "/p/yealink/{M}/%2e{T}/{M}.cfg",
    "/p/yealink/{M}/{T}%00/{M}.cfg",
    "/p/yealink/{M}/{T}\u{e9}/{M}.cfg",
    "/p/yealink/{T}/{M}.cfg",
    "/p/panasonic/{M}/{T}.cfg",
    "/p/panasonic/{M}/Config{T}.cfg",
    "/p/panasonic/{M}/x{T}-y.cfg",
    "/p/panasonic/{M}/{T}_common.cfg",
    "/p/panasonic/{M}/Config000B0CAABBCC.cfg?{T}",
    "/p/{T}/{M}.cfg",
    "/{T}",
    "/{T}{U}",
    "/?{T}",
    "/phones/{M}.cfg?token={T}",
    "/phones/{M}.cfg#{T}",
    "/phones/{T}.cfg",
    "/phones/snom{T}.htm",
    "/phones/snom{T}-000413AABBCC.htm",
    "/phones/{T}/{M}.cfg",
    "/{T}/phones/{M}.cfg",
    "/{T}/phones/{T}.cfg",
    "/phones/%54{T}",
    "http://{H}/p/yealink/{M}/{T}/{M}.cfg",
    "http://{T}@{H}/{T}/phones/{M}.cfg",
    "http://{H}/p/yealink/{M}/{T}/",
    "*{T}",
];

const METHODS: [&str; 10] =
    ["GET", "GET", "GET", "GET", "HEAD", "PUT", "{T}", "get", "PROPFIND", "CONNECT"];

const HEADERS: [&str; 12] = [
    "",
    "Referer: http://localhost/p/yealink/{M}/{T}/\r\n",
    "User-Agent: Phone {T}\r\n",
    "User-Agent: x{T}x 00:15:65:0a:0b:0c\r\n",
    "{T}: {T}\r\n",
    "Authorization: Basic {T}\r\nCookie: t={T}\r\n",
    "X-Forwarded-For: {T}\r\nRange: bytes={T}\r\n",
    "Content-Length: {T}\r\n",
    "Transfer-Encoding: {T}\r\n",
    "Expect: {T}\r\nIf-Modified-Since: {T}\r\n",
    " {T}\r\n",
    "{LONG}",
];

const VERSIONS: [&str; 8] =
    [" HTTP/1.1", " HTTP/1.1", " HTTP/1.1", " HTTP/1.0", "", " HTTP/{T}", " {T}", " HTTP/2.0"];

/// What may be beside a token.
const ODD: [&[u8]; 10] =
    [b"\0", b"\xff", b"\x1b]0;", b"\r", b"\n", b"\t", b"%", b"%f", b"\xc3\xa4", b"\"'<>|^`{}\\"];

pub struct Odd<'t> {
    pub chances: Chances,
    pub tokens: &'t [String],
    pub hosts: &'t [&'t str],
}

impl Odd<'_> {
    fn filled(&mut self, text: &str) -> Vec<u8> {
        let (mine, other) = (self.chances.below(2), self.chances.below(2));
        let mac = self.chances.one(&[PHONE, OTHER]);
        let host = self.chances.one(self.hosts);
        let text = text.replace("{LONG}", &format!("X-Long: {}\r\n", "{T}".repeat(1_500)));
        let text = text.replace("{H}", host).replace("{T}", &self.tokens[mine]);
        let text = text.replace("{U}", &self.tokens[other]).replace("{M}", mac);
        let mut bytes = text.into_bytes();
        if self.chances.one_in(5) {
            let token = self.tokens[mine].as_bytes();
            let places = bytes.windows(token.len()).enumerate();
            let places: Vec<usize> =
                places.filter(|(_, part)| *part == token).map(|(at, _)| at).collect();
            if !places.is_empty() {
                let at = self.chances.one(&places);
                let at = if self.chances.one_in(2) { at } else { at + token.len() };
                let odd = self.chances.one(&ODD);
                bytes.splice(at..at, odd.iter().copied());
            }
        }
        bytes
    }

    fn request(&mut self, last: bool) -> Vec<u8> {
        let mut path = self.chances.one(&PATHS).to_owned();
        if self.chances.one_in(300) {
            path.push_str(&"{T}".repeat(400));
        }
        let close = if last { "Connection: close\r\n" } else { "" };
        let text = format!(
            "{} {path}{}\r\nHost: {{H}}\r\n{close}{}\r\n",
            self.chances.one(&METHODS),
            self.chances.one(&VERSIONS),
            self.chances.one(&HEADERS)
        );
        self.filled(&text)
    }

    /// Connections with so many requests together, some of them with several.
    pub fn connections(&mut self, requests: usize) -> Vec<Vec<u8>> {
        let (mut connections, mut made) = (Vec::new(), 0);
        while made < requests {
            let count = if self.chances.one_in(4) { 2 + self.chances.below(4) } else { 1 };
            let one = (1..=count).flat_map(|number| self.request(number == count)).collect();
            connections.push(one);
            made += count;
        }
        connections
    }

    /// Beginnings of TLS with a token as the server's name, most of them broken, and no TLS at all.
    pub fn not_quite_tls(&mut self, count: usize) -> Vec<Vec<u8>> {
        let one = |odd: &mut Self| {
            let name = odd.chances.one(&["{T}", "{T}.example.com", "x{T}", "localhost\0{T}"]);
            let mut hello = client_hello(&odd.filled(name));
            match odd.chances.below(4) {
                0 => {}
                1 => hello.truncate(odd.chances.below(hello.len())),
                2 => {
                    let at = odd.chances.below(hello.len());
                    hello[at] ^= 0x55;
                }
                _ => hello = odd.filled("{T}\r\n\r\n\u{16}\u{3}\u{1}{T}"),
            }
            hello
        };
        (0..count).map(|_| one(self)).collect()
    }
}

/// A TLS client's first message (RFC 8446, section 4.1.2) with a server's name (RFC 6066, section 3).
fn client_hello(name: &[u8]) -> Vec<u8> {
    let long = |length: usize| u16::try_from(length).unwrap().to_be_bytes();
    let sized = |bytes: &[u8]| [&long(bytes.len())[..], bytes].concat();
    let names = sized(&[&[0][..], &sized(name)].concat());
    let extension = |kind: u16, bytes: &[u8]| [&kind.to_be_bytes()[..], &sized(bytes)].concat();
    let extensions = [
        extension(0, &names),
        extension(10, &[0, 2, 0, 23]),
        extension(13, &[0, 4, 4, 3, 8, 4]),
        extension(43, &[4, 3, 4, 3, 3]),
    ]
    .concat();
    let body =
        [&[3, 3][..], &[7; 32], &[0], &sized(&[0x13, 1, 0xc0, 0x2b]), &[1, 0], &sized(&extensions)]
            .concat();
    let handshake = [&[1, 0][..], &sized(&body)].concat();
    [&[22, 3, 1][..], &sized(&handshake)].concat()
}

/// Sends all of them, and counts the answers with a file.
pub fn send(port: u16, connections: &[Vec<u8>]) -> usize {
    let served = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for part in connections.chunks(connections.len().div_ceil(4)) {
            scope.spawn(|| {
                let got: usize = part.iter().map(|bytes| send_one(port, bytes)).sum();
                served.fetch_add(got, Ordering::Relaxed);
            });
        }
    });
    served.into_inner()
}

fn send_one(port: u16, bytes: &[u8]) -> usize {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    // A server may hang up before it has everything.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let ok = b"HTTP/1.1 200";
    answer.windows(ok.len()).filter(|part| part == ok).count()
}
