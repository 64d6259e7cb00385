//! SIP messages as far as a registration needs them: one request is written, its answers are read.

use std::net::SocketAddr;

use crate::account::{Account, Transport};
use crate::digest::{Asked, Challenge};
use crate::exchange::token;

/// A REGISTER.
pub(super) struct Request {
    user: String,
    domain: String,
    transport: &'static str,
    local: SocketAddr,
    /// Where the phone can be reached.
    pub(super) contact: SocketAddr,
    user_agent: String,
    call_id: String,
    tag: String,
    branch: String,
    sequence: u32,
    pub(super) expires: u32,
    authorization: Option<String>,
    /// By a proxy's challenge (407) instead of the registrar's (401).
    pub(super) by_proxy: bool,
}

impl Request {
    pub(super) fn new(account: &Account, local: SocketAddr, user_agent: Option<&str>) -> Request {
        Request {
            user: account.user.clone(),
            domain: account.domain.clone(),
            transport: match account.transport {
                Transport::Udp => "UDP",
                Transport::Tcp => "TCP",
                Transport::Tls => "TLS",
            },
            local,
            contact: local,
            user_agent: user_agent.unwrap_or("offhook emulate").to_owned(),
            call_id: token(),
            tag: token(),
            branch: token(),
            sequence: 1,
            expires: 60,
            authorization: None,
            by_proxy: false,
        }
    }

    /// The next request of the same call.
    pub(super) fn next(&mut self) {
        self.sequence += 1;
        self.branch = token();
    }

    pub(super) fn uri(&self) -> String {
        format!("sip:{}", self.domain)
    }

    pub(super) fn authorize(&mut self, challenge: &Challenge, account: &Account) {
        let (uri, nonce) = (self.uri(), token());
        let asked = Asked { method: "REGISTER", uri: &uri, nonce: &nonce };
        let value = challenge.answer(&account.login, &asked);
        let header = if self.by_proxy { "Proxy-Authorization" } else { "Authorization" };
        self.authorization = Some(format!("{header}: {value}\r\n"));
    }

    pub(super) fn text(&self) -> String {
        let Request { user, domain, transport, local, call_id, tag, branch, sequence, .. } = self;
        let (uri, user_agent, expires) = (self.uri(), &self.user_agent, self.expires);
        let authorization = self.authorization.as_deref().unwrap_or_default();
        let contact = self.contact;
        let contact = format!("sip:{user}@{contact};transport={}", transport.to_lowercase());
        format!(
            "REGISTER {uri} SIP/2.0\r\n\
             Via: SIP/2.0/{transport} {local};branch=z9hG4bK{branch};rport\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:{user}@{domain}>;tag={tag}\r\n\
             To: <sip:{user}@{domain}>\r\n\
             Call-ID: {call_id}\r\n\
             CSeq: {sequence} REGISTER\r\n\
             Contact: <{contact}>\r\n\
             Expires: {expires}\r\n\
             User-Agent: {user_agent}\r\n\
             {authorization}\
             Content-Length: 0\r\n\r\n"
        )
    }
}

/// An answer.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) reason: String,
    headers: Vec<(String, String)>,
}

impl Response {
    pub(super) fn read(bytes: &[u8]) -> Result<Response, String> {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let rest = first.strip_prefix("SIP/2.0 ").ok_or_else(|| format!("{first:.60?}"))?;
        let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = status.parse().map_err(|_| format!("the status {status:.20?}"))?;
        let headers = lines.take_while(|line| !line.is_empty()).filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        });
        Ok(Response { status, reason: reason.to_owned(), headers: headers.collect() })
    }

    pub(super) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it answers this request: the same call and number.
    pub(super) fn is_to(&self, request: &str) -> bool {
        let asked = |name: &str| {
            let mut lines = request.split("\r\n");
            lines.find_map(|line| line.strip_prefix(name)).map(str::trim)
        };
        let call = self.headers("call-id").chain(self.headers("i")).next();
        call == asked("Call-ID:") && self.headers("cseq").next() == asked("CSeq:")
    }
}

/// The challenge of a 401 or 407: of several the first that is known.
pub(super) fn challenge(answer: &Response) -> Option<Challenge> {
    let by_proxy = answer.status == 407;
    let header = if by_proxy { "proxy-authenticate" } else { "www-authenticate" };
    answer.headers(header).find_map(Challenge::read)
}

/// How long the first message in a stream is; none while it is not whole.
pub(super) fn size(stream: &[u8]) -> Option<usize> {
    let end = stream.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(stream.get(..end)?).to_ascii_lowercase();
    let length = head.split("\r\n").find_map(|line| {
        let value = line.strip_prefix("content-length:").or_else(|| line.strip_prefix("l:"))?;
        value.trim().parse::<usize>().ok()
    });
    let whole = end.checked_add(length.unwrap_or(0))?;
    (stream.len() >= whole).then_some(whole)
}
