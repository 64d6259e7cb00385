//! The one line per phone answered: who it is, and what it got. For people; no secrets.

use std::fmt::Write;

use offhook_core::recognise::{Identity, read};
use offhook_core::text::printable;
use offhook_core::{Decision, Edits, Engine, Query};

use crate::answer::OFFER;
use crate::sign;

/// `00:15:65:aa:bb:cc`
pub(crate) fn client(query: &Query<'_>) -> String {
    query.mac.map_or_else(|| "a client without Ethernet address".to_owned(), |mac| mac.to_string())
}

/// `00:15:65:aa:bb:cc yealink SIP-T46S 66.86.0.15 (option-60), ACK 10.7.0.99, site branch-7, system
/// pascom: 66 "http://10.8.0.1/provisioning/"`
pub(crate) fn describe(
    engine: &Engine,
    query: &Query<'_>,
    decision: &Decision<'_>,
    identity: &Identity,
    edits: &Edits,
    reply: u8,
) -> String {
    let mut line = who(engine, query, identity);
    let reply = if reply == OFFER { "OFFER" } else { "ACK" };
    let _ = write!(line, ", {reply}");
    if let Some(address) = query.client_address() {
        let _ = write!(line, " {address}");
    }
    if let Some(site) = decision.site {
        let _ = write!(line, ", site {}", printable(site.name.as_bytes()));
    }
    if let Some(system) = decision.plan().and_then(|plan| plan.system.as_deref()) {
        let _ = write!(line, ", system {system}");
    }
    let mut separator = ": ";
    for part in got(engine, edits) {
        line.push_str(separator);
        line.push_str(&part);
        separator = "; ";
    }
    line
}

fn who(engine: &Engine, query: &Query<'_>, identity: &Identity) -> String {
    let vendor = engine.tables().at(identity.vendor);
    let mut line = format!("{} {}", client(query), vendor.id);
    let reading = read(engine.tables(), query, identity);
    for part in [&reading.model, &reading.firmware].into_iter().flatten() {
        let _ = write!(line, " {}", printable(part));
    }
    let _ = write!(line, " ({})", sign::deciding(engine, identity));
    line
}

fn got(engine: &Engine, edits: &Edits) -> Vec<String> {
    let option = |edit: offhook_core::Edit<'_>| match edit.value {
        None => format!("{} removed", edit.code),
        Some(value) => {
            format!("{} {}", edit.code, shown(&edits.masked(edits.bytes(engine, value))))
        }
    };
    let mut parts: Vec<String> = edits.iter().map(option).collect();
    let header = &edits.header;
    if let Some(address) = header.next_server {
        parts.push(format!("next-server {address}"));
    }
    for (name, value) in
        [("server-hostname", &header.server_hostname), ("boot-file-name", &header.boot_file_name)]
    {
        if let Some(value) = value {
            parts.push(format!("{name} {}", shown(&edits.masked(value))));
        }
    }
    parts
}

/// A value in a line: text in quotes without passwords, anything else in hex.
fn shown(value: &[u8]) -> String {
    const LONGEST: usize = 120;
    let text = value.strip_suffix(&[0]).unwrap_or(value);
    if !text.is_empty() && text.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
        let text = without_password(&String::from_utf8_lossy(text));
        let cut: String = text.chars().take(LONGEST).collect();
        let more = if cut.len() < text.len() { "..." } else { "" };
        return format!("\"{cut}\"{more}");
    }
    let cut = value.get(..LONGEST / 2).unwrap_or(value);
    let more = if cut.len() < value.len() { "..." } else { "" };
    format!("{}{more}", hex::encode(cut))
}

/// `http://user:secret@host/` without the secret.
fn without_password(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail.find(['/', '?', '#', ' ', '"']).unwrap_or(tail.len());
        let (authority, after) = tail.split_at(end);
        match authority.rsplit_once('@').map(|(user, host)| (user.split_once(':'), host)) {
            Some((Some((user, _)), host)) => {
                let _ = write!(out, "{user}:***@{host}");
            }
            _ => out.push_str(authority),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_safe_to_read() {
        assert_eq!(shown(b"http://h/p/"), "\"http://h/p/\"");
        assert_eq!(shown(b"text\0"), "\"text\"");
        assert_eq!(shown(b"a\nOFFHOOK_FAULT forged"), hex::encode(b"a\nOFFHOOK_FAULT forged"));
        assert_eq!(shown(b""), "");
        assert!(shown(&[b'x'; 300]).ends_with("xxx\"..."));
        assert!(shown(&[0xff; 300]).ends_with("ff..."));
    }

    #[test]
    fn passwords_do_not_reach_the_log() {
        for (text, shown) in [
            ("https://u:secret@h/p", "https://u:***@h/p"),
            ("https://u:se@cret@h", "https://u:***@h"),
            ("ftp://u@h/ http://a:b@c", "ftp://u@h/ http://a:***@c"),
            ("http://h:8880/p", "http://h:8880/p"),
            ("http://h/a:b@c", "http://h/a:b@c"),
            ("no url", "no url"),
        ] {
            assert_eq!(without_password(text), shown);
        }
    }
}
