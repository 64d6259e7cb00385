//! A SIP registration with the credentials from a phone's file (RFC 3261 10, digest by RFC 2617 and
//! RFC 8760), and what the registrar says to it.

mod digest;
mod message;

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::{Duration, Instant};

use crate::account::{Account, Transport};
use crate::exchange::transaction;
use crate::report::{Log, Outcome};
use digest::Challenge;
use message::{Request, Response};

pub mod step {
    pub const REGISTER: &str = "SIP REGISTER";
    pub const ANSWER: &str = "registrar's answer";
}

/// RFC 3261's T1: the first wait before a UDP request is sent again.
const T1: Duration = Duration::from_millis(500);
/// No REGISTER's answer is larger.
const LARGEST: usize = 65_535;

/// Why there is no answer.
enum Silence {
    Timeout(Duration),
    Broken(String),
    Socket(io::Error),
}

impl From<io::Error> for Silence {
    fn from(error: io::Error) -> Silence {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Silence::Timeout(Duration::ZERO),
            _ => Silence::Socket(error),
        }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Silence::Timeout(Duration::ZERO) => f.write_str("no answer"),
            Silence::Timeout(patience) => write!(f, "no answer within {patience:?}"),
            Silence::Broken(how) => write!(f, "an answer that is no SIP: {how}"),
            Silence::Socket(error) => write!(f, "{error}"),
        }
    }
}

/// Registers. `expected`: the status by which the last step passes (200, or 403 for a password that is
/// wrong on purpose). A registration that stands is given back.
pub fn register(
    account: &Account,
    user_agent: Option<&str>,
    patience: Duration,
    expected: u16,
    log: &mut Log<'_>,
) -> Outcome {
    match try_register(account, user_agent, patience, log) {
        Ok(Some(answer)) => judge(&answer, expected, log),
        Ok(None) => Outcome::NotReached,
        Err(why) => {
            let Account { server, port, transport, .. } = account;
            log.failed(step::REGISTER, format!("{server}:{port} by {transport}: {why}"));
            log.not_reached(step::ANSWER, "no answer");
            Outcome::Failed
        }
    }
}

fn judge(answer: &Response, expected: u16, log: &mut Log<'_>) -> Outcome {
    let Response { status, reason, .. } = answer;
    let meaning = match status {
        200 => "registered",
        401 | 407 => "the registrar does not accept these credentials",
        403 => "the password or the user is wrong, and the registrar says so",
        404 => "the registrar does not know this user",
        _ => "not registered",
    };
    let text = format!("{status} {reason}: {meaning}");
    if *status == expected {
        let as_expected = if expected == 200 { "" } else { ", as expected" };
        log.passed(step::ANSWER, format!("{text}{as_expected}"));
        return Outcome::Passed;
    }
    let instead = if expected == 200 { String::new() } else { format!("; expected {expected}") };
    log.failed(step::ANSWER, format!("{text}{instead}"));
    Outcome::Failed
}

fn try_register(
    account: &Account,
    user_agent: Option<&str>,
    patience: Duration,
    log: &mut Log<'_>,
) -> Result<Option<Response>, Silence> {
    if account.transport == Transport::Tls {
        log.not_reached(step::REGISTER, "SIP over TLS is not spoken here (UDP and TCP are)");
        log.not_reached(step::ANSWER, "nothing was sent");
        return Ok(None);
    }
    let mut line = Line::open(account, patience)?;
    let mut request = Request::new(account, line.local, user_agent);
    let first = line.ask(&request.text())?;
    let (user, password_in) = (&account.auth_user, &account.password_in);
    let (Account { server, port, transport, .. }, status) = (account, first.status);
    let to = format!("{server}:{port} by {transport}");
    let challenge = match status {
        401 | 407 => Challenge::of(&first).map_err(Silence::Broken)?,
        _ => {
            log.passed(step::REGISTER, format!("to {to}, answered without asking for a password"));
            return Ok(Some(first));
        }
    };
    request.next();
    request.authorize(&challenge, account);
    let mut answer = line.ask(&request.text())?;
    // A nonce that has grown old is no refusal (RFC 2617 3.2.1).
    if let (401 | 407, Ok(fresh)) = (answer.status, Challenge::of(&answer))
        && fresh.stale
    {
        request.next();
        request.authorize(&fresh, account);
        answer = line.ask(&request.text())?;
    }
    let realm = &challenge.realm;
    log.passed(
        step::REGISTER,
        format!(
            "to {to} as {user}, with the password from {password_in}, for the realm \"{realm}\""
        ),
    );
    if answer.status == 200 {
        give_back(&mut line, &mut request, &challenge, account);
    }
    Ok(Some(answer))
}

/// Leaves nothing behind: a binding of no seconds. Whether that works is no matter of the phone's.
fn give_back(line: &mut Line, request: &mut Request, challenge: &Challenge, account: &Account) {
    request.next();
    request.expires = 0;
    request.authorize(challenge, account);
    let _ = line.ask(&request.text());
}

/// A way to the registrar.
struct Line {
    way: Way,
    local: SocketAddr,
    patience: Duration,
}

enum Way {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Line {
    fn open(account: &Account, patience: Duration) -> Result<Line, Silence> {
        let target = (account.server.as_str(), account.port);
        let found = target.to_socket_addrs()?.find(SocketAddr::is_ipv4);
        let no_address = || io::Error::new(io::ErrorKind::NotFound, "the name has no IPv4 address");
        let server = found.ok_or_else(no_address)?;
        let (way, local) = match account.transport {
            Transport::Tcp | Transport::Tls => {
                let stream = TcpStream::connect_timeout(&server, patience)?;
                let local = stream.local_addr()?;
                (Way::Tcp(stream), local)
            }
            Transport::Udp => {
                let any = IpAddr::from([0, 0, 0, 0]);
                let socket = UdpSocket::bind((any, 0))?;
                socket.connect(server)?;
                let local = socket.local_addr()?;
                (Way::Udp(socket), local)
            }
        };
        Ok(Line { way, local, patience })
    }

    /// The final answer to a request.
    fn ask(&mut self, request: &str) -> Result<Response, Silence> {
        let end = Instant::now() + self.patience;
        match &mut self.way {
            Way::Udp(socket) => over_udp(socket, request, end),
            Way::Tcp(stream) => over_tcp(stream, request, end),
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

fn over_tcp(stream: &mut TcpStream, request: &str, end: Instant) -> Result<Response, Silence> {
    stream.write_all(request.as_bytes())?;
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Silence::Timeout(Duration::ZERO));
        }
        stream.set_read_timeout(Some(left))?;
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

/// The answer if it is one to this request, and not "100 Trying".
fn final_answer(bytes: &[u8], request: &str) -> Result<Option<Response>, Silence> {
    let answer = Response::read(bytes).map_err(Silence::Broken)?;
    Ok(Some(answer).filter(|answer| answer.status >= 200 && answer.is_to(request)))
}

/// A token for tags, branches and call ids.
fn token() -> String {
    format!("{:08x}{:08x}", transaction(), transaction())
}

#[cfg(test)]
mod tests;
