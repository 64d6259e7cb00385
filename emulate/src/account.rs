//! What a registration needs, out of a phone's settings.

use std::fmt;

use crate::character::{Registration, Switch};
use crate::digest::Credentials;
use crate::phone::Phone;
use crate::report::Log;
use crate::settings::Settings;
use crate::steps;

/// How SIP travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// By UDP.
    Udp,
    /// By TCP.
    Tcp,
    /// By TLS over TCP.
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

/// One line of a phone. Its password is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The line's number on the phone, from 1.
    pub line: u16,
    /// Whose user it is: the registrar by name.
    pub domain: String,
    /// Where the requests go: the registrar, or the outbound proxy before it.
    pub server: String,
    /// The port of `server`.
    pub port: u16,
    /// How SIP is carried to it.
    pub transport: Transport,
    /// The user part of the account's address.
    pub user: String,
    /// The name and password for the registrar.
    pub login: Credentials,
    /// The file that the password is in.
    pub password_in: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({}@{}:{} {:?})", self.user, self.server, self.port, self.transport)
    }
}

/// What is wrong with an account.
enum Wrong {
    Missing(Vec<String>),
    Off(String),
    Transport(String),
    Port(String),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Missing(what) => f.write_str(&what.join("; ")),
            Wrong::Off(parameter) => {
                write!(f, "the phone does not register: {parameter} does not switch the account on")
            }
            Wrong::Transport(parameter) => write!(
                f,
                "{parameter} has a value that is not a transport of this phone (UDP, TCP or TLS)"
            ),
            Wrong::Port(parameter) => write!(f, "{parameter} is not a port (1 to 65535)"),
        }
    }
}

/// No phone or base of the catalogue has more lines.
const MOST_LINES: u16 = 100;

/// Looks for the parameters of each line, says what is there and what is missing. `unread`: files whose form
/// is not known, in which the rest may be. Without the first line there are no others.
pub fn judge(
    phone: &Phone,
    settings: &Settings,
    unread: &[String],
    log: &mut Log<'_>,
) -> Vec<Account> {
    let Some(names) = phone.character.registration_for(&phone.model) else {
        let count = settings.len();
        log.passed(
            steps::CONFIGURATION,
            format!(
                "{count} parameters; which of them a registration needs is not known of this maker"
            ),
        );
        return Vec::new();
    };
    match find(names, settings) {
        Ok((account, from)) => {
            log.passed(steps::CONFIGURATION, said(&account, &from));
            let mut accounts = vec![account];
            further(names, settings, &mut accounts, log);
            return accounts;
        }
        Err(Wrong::Missing(what)) if !unread.is_empty() => {
            let (what, unread) = (what.join("; "), unread.join(", "));
            let why = format!("{what}; it may be in {unread}, whose form is not known here");
            log.not_reached(steps::CONFIGURATION, why);
        }
        Err(wrong) => log.failed(steps::CONFIGURATION, wrong.to_string()),
    }
    Vec::new()
}

fn said(account: &Account, from: &str) -> String {
    let Account { user, domain, server, port, transport, .. } = account;
    let by = match server == domain {
        true => String::new(),
        false => format!(" of {domain} by the outbound proxy"),
    };
    format!("user {user}{by} at {server}:{port} by {transport}, {from}")
}

/// The lines behind the first that have a user and are switched on.
fn further(
    names: &Registration,
    settings: &Settings,
    accounts: &mut Vec<Account>,
    log: &mut Log<'_>,
) {
    for line in 2..=MOST_LINES {
        if settings.get(&names.users_of_line(line)).is_none() {
            continue;
        }
        let names = names.for_line(line);
        if names.switch.as_ref().is_some_and(|switch| !is_on(switch, settings)) {
            continue;
        }
        let step = steps::of_line(steps::CONFIGURATION, line);
        match find(&names, settings) {
            Ok((account, from)) => {
                log.passed(step, said(&account, &from));
                accounts.push(Account { line, ..account });
            }
            Err(wrong) => log.failed(step, wrong.to_string()),
        }
    }
}

fn find(names: &Registration, settings: &Settings) -> Result<(Account, String), Wrong> {
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
        return Err(Wrong::Missing(missing));
    };
    if let Some(switch) = names.switch.as_ref().filter(|switch| !is_on(switch, settings)) {
        return Err(Wrong::Off(switch.parameter.join(" or ")));
    }
    let (domain, in_server) = host_and_port(&server.0);
    let own = transport(names, &names.transport, settings)?.or_else(|| in_uri(&server.0));
    let mut account = Account {
        line: 1,
        server: domain.clone(),
        port: port(&names.port, settings)?.or(in_server).unwrap_or(0),
        transport: own.unwrap_or(Transport::Udp),
        domain,
        user: user_part(&user.0),
        login: Credentials {
            user: settings
                .get(&names.auth_user)
                .map_or_else(|| user_part(&user.0), |(value, _)| value.to_owned()),
            password: password.0,
        },
        password_in: password.1,
    };
    let switched = names.outbound_switch.as_ref().is_none_or(|switch| is_on(switch, settings));
    if let Some((outbound, _)) = settings.get(&names.outbound).filter(|_| switched) {
        let (host, in_value) = host_and_port(outbound);
        account.server = host;
        account.port = port(&names.outbound_port, settings)?.or(in_value).unwrap_or(0);
        let own = transport(names, &names.outbound_transport, settings)?;
        let default = names.outbound_transport_default.as_deref().and_then(word);
        let of_proxy = own.or_else(|| in_uri(outbound)).or(default);
        account.transport = of_proxy.unwrap_or(account.transport);
    }
    if account.port == 0 {
        let usual = if account.transport == Transport::Tls { 5061 } else { 5060 };
        account.port = names.port_default.unwrap_or(usual);
    }
    let from = match server.1 == user.1 && user.1 == account.password_in {
        true => format!("all from {}", user.1),
        false => {
            let (server, user, password) = (server.1, user.1, &account.password_in);
            format!("registrar from {server}, user from {user}, password from {password}")
        }
    };
    Ok((account, from))
}

fn is_on(switch: &Switch, settings: &Settings) -> bool {
    match settings.get(&switch.parameter) {
        Some((value, _)) => switch.on.iter().any(|on| on.eq_ignore_ascii_case(value)),
        None => switch.default,
    }
}

fn port(names: &[String], settings: &Settings) -> Result<Option<u16>, Wrong> {
    let Some((value, _)) = settings.get(names) else { return Ok(None) };
    let parsed = match value.strip_prefix("0x") {
        Some(digits) => u16::from_str_radix(digits, 16),
        None => value.parse::<u16>(),
    };
    match parsed {
        // 0 leaves it to the phone.
        Ok(0) => Ok(None),
        Ok(port) => Ok(Some(port)),
        Err(_) => Err(Wrong::Port(names.join(" or "))),
    }
}

fn transport(
    names: &Registration,
    parameters: &[String],
    settings: &Settings,
) -> Result<Option<Transport>, Wrong> {
    let Some((value, _)) = settings.get(parameters) else { return Ok(None) };
    let known = names.transports.get(value).map_or(value, String::as_str);
    word(known).map(Some).ok_or_else(|| Wrong::Transport(parameters.join(" or ")))
}

fn in_uri(value: &str) -> Option<Transport> {
    value.split_once("transport=").and_then(|(_, rest)| word(rest))
}

/// `1001` of `sip:1001@example.com`, and of `1001` itself.
fn user_part(value: &str) -> String {
    let uri = value.strip_prefix("sips:").or_else(|| value.strip_prefix("sip:"));
    let user = uri.map_or(value, |uri| uri.split('@').next().unwrap_or(uri));
    // RFC 3261, section 19.1.1: a password may follow the user's name.
    let user = user.split_once(':').filter(|_| value.contains('@')).map_or(user, |(user, _)| user);
    user.to_owned()
}

/// `sip:host:port;transport=udp` in any of its lengths.
fn host_and_port(text: &str) -> (String, Option<u16>) {
    let text = text.trim();
    let text = text.strip_prefix("sips:").or_else(|| text.strip_prefix("sip:")).unwrap_or(text);
    // Of several servers the first.
    let text = text.split([';', ',', ' ']).next().unwrap_or(text);
    let text = text.split_once('@').map_or(text, |(_, host)| host);
    match text.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
        Some((host, Ok(port))) => (host.to_owned(), Some(port)),
        _ => (text.to_owned(), None),
    }
}

/// Transports by the words that makers use.
fn word(word: &str) -> Option<Transport> {
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
            assert_eq!(super::word(word), expected, "{word}");
        }
    }
}
