//! The way to the registrar: UDP, TCP or TLS, and waiting for the final answer to a request.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use super::Wanted;
use super::message::{self, Response};
use crate::account::{Account, Transport};
use crate::fetch::connect::connect_from;
use crate::tls;

/// RFC 3261's T1: the first wait before a UDP request is sent again.
const T1: Duration = Duration::from_millis(500);
/// No REGISTER's answer is larger.
const LARGEST: usize = 65_535;

/// Why there is no answer.
pub(super) enum Silence {
    Timeout(Duration),
    Broken(String),
    /// No TLS with this server, or not with its certificate.
    Unsafe(String),
    Socket(io::Error),
}

impl From<io::Error> for Silence {
    fn from(error: io::Error) -> Silence {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Silence::Timeout(Duration::ZERO),
            _ => match tls::words(&error) {
                Some(words) => Silence::Unsafe(words),
                None => Silence::Socket(error),
            },
        }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Silence::Timeout(Duration::ZERO) => f.write_str("no answer"),
            Silence::Timeout(patience) => write!(f, "no answer within {patience:?}"),
            Silence::Broken(how) => write!(f, "an answer that is not SIP: {how}"),
            Silence::Unsafe(why) => f.write_str(why),
            Silence::Socket(error) => write!(f, "{error}"),
        }
    }
}

/// A way to the registrar.
pub(super) struct Line {
    way: Way,
    pub(super) local: SocketAddr,
    patience: Duration,
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

enum Way {
    Udp(UdpSocket),
    Tcp(TcpStream),
    Tls(Box<Tls>),
}

/// Hands are shaken with the first request.
fn encrypted(stream: TcpStream, host: &str, authority: Option<&str>) -> Result<Tls, Silence> {
    let config = tls::config(authority).map_err(|why| Silence::Unsafe(why.to_string()))?;
    let name = ServerName::try_from(host.to_owned());
    let name =
        name.map_err(|_| Silence::Unsafe("the host cannot be in a certificate".to_owned()))?;
    let connection = ClientConnection::new(config, name);
    let connection = connection.map_err(|error| Silence::Unsafe(tls::in_words(&error)))?;
    Ok(StreamOwned::new(connection, stream))
}

impl Line {
    pub(super) fn open(account: &Account, wanted: &Wanted<'_>) -> Result<Line, Silence> {
        let patience = wanted.patience;
        let target = (account.server.as_str(), account.port);
        let found = target.to_socket_addrs()?.find(SocketAddr::is_ipv4);
        let no_address = || io::Error::new(io::ErrorKind::NotFound, "the name has no IPv4 address");
        let server = found.ok_or_else(no_address)?;
        let (way, local) = match account.transport {
            Transport::Tcp | Transport::Tls => {
                let stream = match wanted.from {
                    Some(from) => connect_from(from, server, patience)?,
                    None => TcpStream::connect_timeout(&server, patience)?,
                };
                let local = stream.local_addr()?;
                let way = match account.transport {
                    Transport::Tls => {
                        Way::Tls(Box::new(encrypted(stream, &account.server, wanted.authority)?))
                    }
                    _ => Way::Tcp(stream),
                };
                (way, local)
            }
            Transport::Udp => {
                let from = wanted.from.unwrap_or(Ipv4Addr::UNSPECIFIED);
                let socket = UdpSocket::bind((from, 0))?;
                socket.connect(server)?;
                let local = socket.local_addr()?;
                (Way::Udp(socket), local)
            }
        };
        Ok(Line { way, local, patience })
    }

    /// The final answer to a request.
    pub(super) fn ask(&mut self, request: &str) -> Result<Response, Silence> {
        let end = Instant::now() + self.patience;
        match &mut self.way {
            Way::Udp(socket) => over_udp(socket, request, end),
            Way::Tcp(stream) => {
                let socket = stream.try_clone()?;
                over_stream(stream, &socket, request, end)
            }
            Way::Tls(stream) => {
                let socket = stream.sock.try_clone()?;
                over_stream(&mut **stream, &socket, request, end)
            }
        }
        .map_err(|silence| match silence {
            Silence::Timeout(_) => Silence::Timeout(self.patience),
            other => other,
        })
    }
}

fn over_udp(socket: &UdpSocket, request: &str, end: Instant) -> Result<Response, Silence> {
    let mut buffer = vec![0; LARGEST];
    let mut wait = T1;
    socket.send(request.as_bytes())?;
    let mut again = Instant::now() + wait;
    loop {
        let now = Instant::now();
        if now >= end {
            return Err(Silence::Timeout(Duration::ZERO));
        }
        if now >= again {
            socket.send(request.as_bytes())?;
            wait *= 2;
            again = now + wait;
        }
        let until = again.min(end).saturating_duration_since(now).max(Duration::from_millis(1));
        socket.set_read_timeout(Some(until))?;
        let length = match socket.recv(&mut buffer) {
            Ok(length) => length,
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut
                | io::ErrorKind::Interrupted => continue,
                _ => return Err(error.into()),
            },
        };
        if let Some(answer) = final_answer(buffer.get(..length).unwrap_or_default(), request)? {
            return Ok(answer);
        }
    }
}

/// `socket` is the one below the stream: timeouts are its own.
fn over_stream(
    stream: &mut (impl Read + Write),
    socket: &TcpStream,
    request: &str,
    end: Instant,
) -> Result<Response, Silence> {
    socket.set_read_timeout(Some(remaining(end)?))?;
    stream.write_all(request.as_bytes())?;
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        socket.set_read_timeout(Some(remaining(end)?))?;
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            let gone = io::Error::new(io::ErrorKind::UnexpectedEof, "the registrar hung up");
            return Err(gone.into());
        }
        received.extend_from_slice(buffer.get(..length).unwrap_or_default());
        if received.len() > LARGEST {
            return Err(Silence::Broken(format!("more than {LARGEST} bytes")));
        }
        while let Some(size) = message::size(&received) {
            let whole: Vec<u8> = received.drain(..size).collect();
            if let Some(answer) = final_answer(&whole, request)? {
                return Ok(answer);
            }
        }
    }
}

fn remaining(end: Instant) -> Result<Duration, Silence> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(Silence::Timeout(Duration::ZERO)) } else { Ok(left) }
}

/// The answer if it is one to this request, and not "100 Trying".
fn final_answer(bytes: &[u8], request: &str) -> Result<Option<Response>, Silence> {
    let answer = Response::read(bytes).map_err(Silence::Broken)?;
    Ok(Some(answer).filter(|answer| answer.status >= 200 && answer.is_to(request)))
}
