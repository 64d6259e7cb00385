//! A NOTIFY outside any dialog (RFC 6665 knows none such, but phones have taken them for twenty years), and
//! what is read of its answer.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use offhook_emulate::digest::{Asked, Challenge, Credentials};

/// What is sent to one phone.
pub struct Notify {
    pub to: SocketAddr,
    pub from: SocketAddr,
    pub event: String,
    pub call_id: String,
    sequence: u32,
    authorization: Option<String>,
}

impl Notify {
    pub fn new(to: SocketAddr, from: SocketAddr, event: &str) -> Notify {
        Notify {
            to,
            from,
            event: event.to_owned(),
            call_id: unique(),
            sequence: 1,
            authorization: None,
        }
    }

    fn uri(&self) -> String {
        format!("sip:{}", self.to)
    }

    /// As it goes out. Every attempt is a new transaction; sending one again is not.
    pub fn text(&self) -> String {
        let Notify { to, from, event, call_id, sequence, .. } = self;
        let (uri, own) = (self.uri(), from.ip());
        format!(
            "NOTIFY {uri} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {from};branch=z9hG4bK{call_id}{sequence};rport\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:offhook@{own}>;tag={call_id}\r\n\
             To: <sip:{to}>\r\n\
             Call-ID: {call_id}\r\n\
             CSeq: {sequence} NOTIFY\r\n\
             Contact: <sip:offhook@{from}>\r\n\
             Event: {event}\r\n\
             Subscription-State: terminated\r\n\
             User-Agent: offhook\r\n\
             {}Content-Length: 0\r\n\r\n",
            self.authorization.as_deref().unwrap_or_default()
        )
    }

    /// The next attempt, with the answer to a challenge. False: the challenge cannot be answered.
    pub fn authorize(&mut self, answer: &Answer, login: &Credentials) -> bool {
        let Some(challenge) = answer.challenge.as_deref().and_then(Challenge::read) else {
            return false;
        };
        let (uri, nonce) = (self.uri(), unique());
        let value = challenge.answer(login, &Asked { method: "NOTIFY", uri: &uri, nonce: &nonce });
        let header = if answer.status == 407 { "Proxy-Authorization" } else { "Authorization" };
        self.authorization = Some(format!("{header}: {value}\r\n"));
        self.sequence += 1;
        true
    }

    /// Whether it has not answered a challenge yet.
    pub fn is_first(&self) -> bool {
        self.sequence == 1
    }
}

/// An answer, as far as it matters here.
pub struct Answer {
    pub status: u16,
    pub call_id: String,
    pub sequence: u32,
    pub challenge: Option<String>,
}

impl Answer {
    /// `None`: not an answer to a NOTIFY.
    pub fn read(bytes: &[u8]) -> Option<Answer> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let status = lines.next()?.strip_prefix("SIP/2.0 ")?.split(' ').next()?.parse().ok()?;
        let headers: Vec<(String, &str)> = lines
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim()))
            .collect();
        let header = |names: [&str; 2]| {
            headers.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| *value)
        };
        let mut sequence = header(["cseq", "cseq"])?.split_whitespace();
        let number = sequence.next()?.parse().ok()?;
        if sequence.next()? != "NOTIFY" {
            return None;
        }
        let challenge = header(["www-authenticate", "proxy-authenticate"]);
        Some(Answer {
            status,
            call_id: header(["call-id", "i"])?.to_owned(),
            sequence: number,
            challenge: challenge.map(str::to_owned),
        })
    }

    /// Whether it answers this attempt.
    pub fn is_to(&self, notify: &Notify) -> bool {
        self.call_id == notify.call_id && self.sequence == notify.sequence
    }
}

/// A text that no other call has.
fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{:x}{now:x}{number:x}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_what_is_none() {
        let read = |text: &str| Answer::read(text.as_bytes());
        let answer = read("SIP/2.0 200 OK\r\nCall-ID: a\r\nCSeq: 2 NOTIFY\r\n\r\n").unwrap();
        assert_eq!((answer.status, answer.sequence, answer.call_id.as_str()), (200, 2, "a"));
        for text in [
            "",
            "SIP/2.0 x\r\n\r\n",
            "SIP/2.0 200 OK\r\nCall-ID: a\r\nCSeq: 1 REGISTER\r\n\r\n",
            "OPTIONS sip:x SIP/2.0\r\nCall-ID: a\r\nCSeq: 1 OPTIONS\r\n\r\n",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_challenge_is_answered_without_the_password_in_clear() {
        let here = "127.0.0.1:5060".parse().unwrap();
        let mut notify = Notify::new(here, here, "check-sync");
        let first = notify.text();
        assert!(first.contains("\r\nEvent: check-sync\r\n"), "{first}");
        let text = "SIP/2.0 401 No\r\ni: a\r\nCSeq: 1 NOTIFY\r\n\
             WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5\r\n\r\n";
        let answer = Answer::read(text.as_bytes()).unwrap();
        let login = Credentials { user: "1001".to_owned(), password: "secret".to_owned() };
        assert!(notify.authorize(&answer, &login));
        let second = notify.text();
        assert!(second.contains("CSeq: 2 NOTIFY") && second.contains("Authorization: Digest "));
        assert!(!second.contains("secret"), "{second}");
        assert!(!format!("{login:?}").contains("secret"));
    }
}
