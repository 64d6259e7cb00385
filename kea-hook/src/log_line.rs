//! The one line per phone answered: who it is, and what it got. For people; no secrets.

use std::fmt::Write;

use offhook_core::catalogue::unlisted::{WeakSigns, in_words};
use offhook_core::recognise::{Identity, read};
use offhook_core::text::printable;
use offhook_core::url::masked;
use offhook_core::url::without_userinfo;
use offhook_core::{Decision, Edits, Engine, MessageType, Query};

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
    reply: MessageType,
) -> String {
    // Written into one text, which seldom grows: there is a line for every phone that boots.
    let mut line = String::with_capacity(USUAL_LENGTH);
    who(engine, query, identity, &mut line);
    line.push_str(if reply == MessageType::Offer { ", OFFER" } else { ", ACK" });
    if let Some(address) = query.client_address() {
        let _ = write!(line, " {address}");
    }
    if let Some(site) = decision.site {
        line.push_str(", site ");
        readable(site.name.as_bytes(), &mut line);
    }
    if let Some(system) = decision.plan().and_then(|plan| plan.system()) {
        line.push_str(", system ");
        line.push_str(system);
    }
    got(engine, edits, &mut line);
    line
}

/// `00:11:22:aa:bb:cc perhaps a phone of a maker that the catalogue does not have (option 60 has "Phone" in
/// it), ACK 10.7.0.99: nothing sent`
pub(crate) fn unlisted(
    engine: &Engine,
    query: &Query<'_>,
    decision: &Decision<'_>,
    signs: WeakSigns,
    edits: &Edits,
) -> String {
    let signs = in_words(&engine.tables().unlisted, signs).join("; ");
    let mut line = format!(
        "{} perhaps a phone of a maker that the catalogue does not have ({signs}), ACK",
        client(query)
    );
    if let Some(address) = query.client_address() {
        let _ = write!(line, " {address}");
    }
    if let Some(site) = decision.site {
        line.push_str(", site ");
        readable(site.name.as_bytes(), &mut line);
    }
    if edits.is_empty() {
        line.push_str(": nothing sent");
    }
    got(engine, edits, &mut line);
    line
}

/// Most lines are shorter.
const USUAL_LENGTH: usize = 384;

fn who(engine: &Engine, query: &Query<'_>, identity: &Identity, line: &mut String) {
    let vendor = engine.tables().at(identity.vendor);
    line.push_str(&client(query));
    line.push(' ');
    line.push_str(&vendor.id);
    let reading = read(engine.tables(), query, identity);
    for part in [&reading.model, &reading.firmware].into_iter().flatten() {
        line.push(' ');
        readable(part, line);
    }
    line.push_str(" (");
    line.push_str(sign::deciding(engine, identity));
    line.push(')');
}

fn got(engine: &Engine, edits: &Edits, line: &mut String) {
    let mut separator = ": ";
    let mut next = |line: &mut String| {
        line.push_str(separator);
        separator = "; ";
    };
    for edit in edits.iter() {
        next(line);
        let _ = write!(line, "{} ", edit.code);
        match edit.value {
            None => line.push_str("removed"),
            Some(value) => shown(edits.bytes(engine, value), line),
        }
    }
    let header = &edits.header;
    if let Some(address) = header.next_server {
        next(line);
        let _ = write!(line, "next-server {address}");
    }
    for (name, value) in
        [("server-hostname ", &header.server_hostname), ("boot-file-name ", &header.boot_file_name)]
    {
        if let Some(value) = value {
            next(line);
            line.push_str(name);
            shown(value, line);
        }
    }
}

fn readable(value: &[u8], line: &mut String) {
    match plain(value) {
        Some(text) if !text.contains('\\') => line.push_str(text),
        _ => line.push_str(&printable(value)),
    }
}

/// The text, if it has nothing but printable ASCII in it.
fn plain(value: &[u8]) -> Option<&str> {
    let printable = value.iter().all(|byte| matches!(byte, 0x20..=0x7e));
    std::str::from_utf8(value).ok().filter(|_| printable)
}

/// A value in a line: text in quotes without passwords, anything else in hex.
fn shown(value: &[u8], line: &mut String) {
    const LONGEST: usize = 120;
    let text = plain(value.strip_suffix(&[0]).unwrap_or(value)).filter(|text| !text.is_empty());
    if let Some(text) = text {
        line.push('"');
        let begin = line.len();
        line.push_str(&masked(text));
        let cut = line.len() > begin + LONGEST;
        // ASCII, so that every place is one between two letters.
        line.truncate(begin + LONGEST);
        line.push_str(if cut { "\"..." } else { "\"" });
        return;
    }
    // A URL may be in a sub-option.
    let value = &*without_userinfo(value);
    line.push_str(&hex::encode(value.get(..LONGEST / 2).unwrap_or(value)));
    if value.len() > LONGEST / 2 {
        line.push_str("...");
    }
}

#[cfg(test)]
mod tests {
    fn shown(value: &[u8]) -> String {
        let mut line = String::new();
        super::shown(value, &mut line);
        line
    }

    #[test]
    fn values_are_safe_to_read() {
        assert_eq!(shown(b"http://h/p/"), "\"http://h/p/\"");
        assert_eq!(shown(b"text\0"), "\"text\"");
        assert_eq!(shown(b"a\nOFFHOOK_FAULT forged"), hex::encode(b"a\nOFFHOOK_FAULT forged"));
        assert_eq!(shown(b""), "");
        assert_eq!(shown(&[b'x'; 120]), format!("\"{}\"", "x".repeat(120)));
        assert_eq!(shown(&[0xff; 60]), "ff".repeat(60));
        assert!(shown(&[b'x'; 300]).ends_with("xxx\"..."));
        assert!(shown(&[0xff; 300]).ends_with("ff..."));
    }

    #[test]
    fn passwords_do_not_reach_the_log() {
        assert_eq!(shown(b"https://u:secret@h/p"), "\"https://***@h/p\"");
        let within = |url: &str| [&[1, 18], url.as_bytes()].concat();
        assert_eq!(shown(&within("https://u:pw@h/p/")), hex::encode(within("https://****@h/p/")));
    }
}
