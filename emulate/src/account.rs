//! What a registration needs, out of a phone's settings.

use std::fmt;

use crate::phone::Phone;
use crate::report::Log;
use crate::settings::Settings;
use crate::steps;

/// How SIP travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
        })
    }
}

/// A phone's first line. Its password is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose user it is: the registrar by name.
    pub domain: String,
    /// Where the requests go: the registrar, or the outbound proxy before it.
    pub server: String,
    pub port: u16,
    pub transport: Transport,
    pub user: String,
    pub auth_user: String,
    pub password: String,
    /// The file that the password stands in.
    pub password_in: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({}@{}:{} {:?})", self.user, self.server, self.port, self.transport)
    }
}

/// Looks for the parameters, says what is there and what is missing.
pub fn judge(phone: &Phone, settings: &Settings, log: &mut Log<'_>) -> Option<Account> {
    let Some(names) = &phone.character.registration else {
        let count = settings.len();
        log.passed(
            steps::CONFIGURATION,
            format!(
                "{count} parameters; which of them a registration needs is not known of this maker"
            ),
        );
        return None;
    };
    let mut missing = Vec::new();
    let mut need = |what: &str, names: &[String]| {
        let found = settings.get(names).map(|(value, file)| (value.to_owned(), file.to_owned()));
        if found.is_none() {
            missing.push(format!("no {what}: {} in none of the files", names.join(" or ")));
        }
        found
    };
    let server = need("registrar", &names.server);
    let user = need("user", &names.user);
    let password = need("password", &names.password);
    let (Some(server), Some(user), Some(password)) = (server, user, password) else {
        log.failed(steps::CONFIGURATION, missing.join("; "));
        return None;
    };
    let optional = |names: &[String]| settings.get(names).map(|(value, _)| value.to_owned());
    let (domain, in_server) = host_and_port(&server.0);
    let outbound = optional(&names.outbound);
    let (host, in_value) = match &outbound {
        Some(outbound) => host_and_port(outbound),
        None => (domain.clone(), in_server),
    };
    let port = optional(&names.port).and_then(|port| port.parse::<u16>().ok()).filter(|p| *p > 0);
    let port = if outbound.is_some() { in_value } else { port.or(in_value) };
    let in_uri = |value: &str| value.split_once("transport=").map(|(_, word)| word.to_owned());
    let word = optional(&names.transport)
        .or_else(|| outbound.as_deref().and_then(in_uri))
        .or_else(|| in_uri(&server.0));
    let transport = word.map_or(Some(Transport::Udp), |word| {
        transport(names.transports.get(&word).unwrap_or(&word))
    });
    let Some(transport) = transport else {
        log.failed(steps::CONFIGURATION, "the transport is none that is known (udp, tcp, tls)");
        return None;
    };
    let usual = if transport == Transport::Tls { 5061 } else { 5060 };
    let account = Account {
        domain,
        server: host,
        port: port.unwrap_or(usual),
        transport,
        auth_user: optional(&names.auth_user).unwrap_or_else(|| user.0.clone()),
        user: user.0,
        password: password.0,
        password_in: password.1,
    };
    let from = match server.1 == user.1 && user.1 == account.password_in {
        true => format!("all from {}", user.1),
        false => {
            format!(
                "registrar from {}, user from {}, password from {}",
                server.1, user.1, account.password_in
            )
        }
    };
    let Account { user, server, port, transport, .. } = &account;
    log.passed(
        steps::CONFIGURATION,
        format!("user {user} at {server}:{port} by {transport}, {from}"),
    );
    Some(account)
}

/// `sip:host:port;transport=udp` in any of its lengths.
fn host_and_port(text: &str) -> (String, Option<u16>) {
    let text = text.trim();
    let text = text.strip_prefix("sips:").or_else(|| text.strip_prefix("sip:")).unwrap_or(text);
    // Of several servers the first.
    let text = text.split([';', ',', ' ']).next().unwrap_or(text);
    match text.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
        Some((host, Ok(port))) => (host.to_owned(), Some(port)),
        _ => (text.to_owned(), None),
    }
}

/// Transports by the words that makers use.
fn transport(word: &str) -> Option<Transport> {
    let word = word.to_ascii_lowercase();
    let word = word.split(';').next().unwrap_or_default().trim().to_owned();
    match () {
        () if word.contains("tls") => Some(Transport::Tls),
        () if word.contains("tcp") && !word.contains("udp") => Some(Transport::Tcp),
        // Polycom's "DNSnaptr" and "TCPpreferred" begin with a question to DNS, which is not asked.
        () if word.is_empty() || word == "0" || word.contains("udp") || word.contains("dns") => {
            Some(Transport::Udp)
        }
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_and_transports_as_makers_write_them() {
        for (text, host, port) in [
            ("pbx.example.com", "pbx.example.com", None),
            ("192.0.2.1:5070", "192.0.2.1", Some(5070)),
            ("sip:a;transport=udp", "a", None),
            ("a:5060;transport=udp,b", "a", Some(5060)),
        ] {
            assert_eq!(host_and_port(text), (host.to_owned(), port));
        }
        for (word, expected) in [
            ("UDP", Some(Transport::Udp)),
            ("UDPOnly", Some(Transport::Udp)),
            ("TCPOnly", Some(Transport::Tcp)),
            ("TLS", Some(Transport::Tls)),
            ("udp;lr", Some(Transport::Udp)),
            ("7", None),
        ] {
            assert_eq!(transport(word), expected, "{word}");
        }
    }
}
