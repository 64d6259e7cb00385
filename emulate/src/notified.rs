//! A phone that stays after its boot and is asked by SIP NOTIFY, outside any dialog, to fetch its files
//! again. It takes its maker's own events and no other (`notify.toml` in the vendor's folder).

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use md5::{Digest, Md5};
use offhook_catalogue::notify::Notify;

use crate::digest::{Credentials, parameters};
use crate::exchange::token;
use crate::phone::Phone;
use crate::report::Log;
use crate::steps;

/// How a phone waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// How long.
    pub patience: Duration,
    /// Where it listens, by UDP.
    pub port: u16,
    /// What it does with a NOTIFY.
    pub manner: Manner,
}

/// What it does with a NOTIFY that it knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    /// Does what it says.
    #[default]
    Accepts,
    /// Requests the name and password of its own account first.
    Challenges,
    /// Answers 403.
    Refuses,
    /// Says that it will, and does nothing.
    Forgets,
}

/// Whether it is to fetch again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is.
    Yes,
    /// It is not.
    No,
}

const REALM: &str = "offhook emulate";
/// No NOTIFY of this kind is larger.
const LARGEST: usize = 16 * 1024;

/// Listens until a NOTIFY is accepted, or time is over.
pub fn wait(
    phone: &Phone,
    socket: &UdpSocket,
    waiting: &Waiting,
    login: Option<&Credentials>,
    log: &mut Log<'_>,
) -> Accepted {
    let events = match Notify::of(&phone.vendor.id) {
        Ok(events) => events,
        Err(error) => {
            log.failed(steps::NOTIFY, error.to_string());
            return Accepted::No;
        }
    };
    let known = |event: &str| {
        let known = events.iter().flat_map(|known| [&known.fetch, &known.restart]);
        known.flatten().any(|known| alike(known, event))
    };
    let end = Instant::now() + waiting.patience;
    let nonce = token();
    loop {
        let (request, from) = match receive(socket, end) {
            Ok(Some(received)) => received,
            Ok(None) => {
                log.failed(steps::NOTIFY, format!("none within {:?}", waiting.patience));
                return Accepted::No;
            }
            Err(error) => {
                log.failed(steps::NOTIFY, error.to_string());
                return Accepted::No;
            }
        };
        let Some(request) = Request::read(&request) else { continue };
        let event = request.header("event").or(request.header("o")).unwrap_or_default();
        let answer = |status: &str, more: &str| {
            let _ = socket.send_to(request.answer(status, more).as_bytes(), from);
        };
        if request.method != "NOTIFY" {
            if request.method != "ACK" {
                answer("405 Method Not Allowed", "Allow: NOTIFY\r\n");
            }
            continue;
        }
        if !known(event) {
            answer("489 Bad Event", "");
            log.failed(
                steps::NOTIFY,
                format!("\"{event}\", which this maker's phones do not know"),
            );
            return Accepted::No;
        }
        match waiting.manner {
            Manner::Refuses => {
                answer("403 Forbidden", "");
                log.passed(steps::NOTIFY, format!("\"{event}\" from {}: refused", from.ip()));
                return Accepted::No;
            }
            Manner::Challenges if !login.is_some_and(|own| request.proves(own, &nonce)) => {
                let challenge = format!(
                    "WWW-Authenticate: Digest realm=\"{REALM}\", nonce=\"{nonce}\", qop=\"auth\", algorithm=MD5\r\n"
                );
                answer("401 Unauthorized", &challenge);
            }
            Manner::Forgets => {
                answer("200 OK", "");
                log.passed(steps::NOTIFY, format!("\"{event}\" from {}: forgotten", from.ip()));
                return Accepted::No;
            }
            Manner::Challenges | Manner::Accepts => {
                answer("200 OK", "");
                log.passed(steps::NOTIFY, format!("\"{event}\" from {}: fetches again", from.ip()));
                return Accepted::Yes;
            }
        }
    }
}

/// `check-sync;reboot=false`, whatever blanks and case it has.
fn alike(known: &str, event: &str) -> bool {
    let plain = |text: &str| text.replace(' ', "").to_ascii_lowercase();
    plain(known) == plain(event)
}

fn receive(socket: &UdpSocket, end: Instant) -> io::Result<Option<(Vec<u8>, SocketAddr)>> {
    let mut buffer = vec![0; LARGEST];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        socket.set_read_timeout(Some(left))?;
        match socket.recv_from(&mut buffer) {
            Ok((length, from)) => {
                buffer.truncate(length);
                return Ok(Some((buffer, from)));
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut
                | io::ErrorKind::Interrupted
                | io::ErrorKind::ConnectionRefused => {}
                _ => return Err(error),
            },
        }
    }
}

/// A request, as far as it matters here.
struct Request {
    method: String,
    headers: Vec<(String, String)>,
}

impl Request {
    fn read(bytes: &[u8]) -> Option<Request> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let mut first = lines.next()?.split(' ');
        let (method, _, version) = (first.next()?, first.next()?, first.next()?);
        if version != "SIP/2.0" {
            return None;
        }
        let headers = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        });
        Some(Request { method: method.to_owned(), headers: headers.collect() })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The answer (RFC 3261, section 8.2.6).
    fn answer(&self, status: &str, more: &str) -> String {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for (names, full) in
            [(["via", "v"], "Via"), (["from", "f"], "From"), (["call-id", "i"], "Call-ID")]
        {
            for (_, value) in
                self.headers.iter().filter(|(known, _)| names.contains(&known.as_str()))
            {
                text.push_str(&format!("{full}: {value}\r\n"));
            }
        }
        let to = self.header("to").or(self.header("t")).unwrap_or_default();
        let tag = if to.contains(";tag=") { String::new() } else { format!(";tag={}", token()) };
        text.push_str(&format!("To: {to}{tag}\r\n"));
        text.push_str(&format!("CSeq: {}\r\n", self.header("cseq").unwrap_or_default()));
        text + more + "Content-Length: 0\r\n\r\n"
    }

    /// Whether it carries the right answer to the challenge (RFC 2617, section 3.2.2).
    fn proves(&self, own: &Credentials, nonce: &str) -> bool {
        let Some(value) = self.header("authorization") else { return false };
        let Some(rest) = value.strip_prefix("Digest ") else { return false };
        let given = parameters(rest);
        let get = |name: &str| {
            given.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
        };
        if get("username") != own.user || get("nonce") != nonce || get("realm") != REALM {
            return false;
        }
        let hash = |text: String| {
            let digest = Md5::digest(text.as_bytes());
            digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let secret = hash(format!("{}:{REALM}:{}", own.user, own.password));
        let what = hash(format!("NOTIFY:{}", get("uri")));
        let expected = match get("qop") {
            "auth" => hash(format!("{secret}:{nonce}:{}:{}:auth:{what}", get("nc"), get("cnonce"))),
            _ => hash(format!("{secret}:{nonce}:{what}")),
        };
        get("response").eq_ignore_ascii_case(&expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_compared_whole() {
        assert!(alike("check-sync;reboot=false", "check-sync; reboot=FALSE"));
        assert!(!alike("check-sync;reboot=false", "check-sync"));
        assert!(!alike("check-sync", "check-sync;reboot=true"));
    }

    #[test]
    fn what_is_no_request_is_none() {
        for bytes in [&b""[..], b"SIP/2.0 200 OK\r\n\r\n", b"NOTIFY sip:x\r\n\r\n", b"\xff\xff\xff"]
        {
            assert!(Request::read(bytes).is_none());
        }
        let request =
            Request::read(b"NOTIFY sip:x SIP/2.0\r\nv: a\r\nVia: b\r\nt: <x>\r\n\r\n").unwrap();
        let answer = request.answer("200 OK", "");
        assert!(answer.starts_with("SIP/2.0 200 OK\r\nVia: a\r\nVia: b\r\n"), "{answer}");
        assert!(answer.contains("To: <x>;tag="), "{answer}");
    }
}
