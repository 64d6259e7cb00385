//! "What would this client be sent?" as a JSON object: one line of `offhook explain --batch`, and the
//! arguments of `phone-explain`. The same names are the command line's flags.

use std::net::Ipv4Addr;

use offhook_catalogue::MessageType;

use crate::error::Mistakes;
use crate::mac::Mac;
use crate::parts::{Parts, request_list};
use crate::query::{Query, code};
use crate::reader::{Cursor, Table};
use crate::text::parse_hex;
use crate::tlv::Tlv;
use crate::tree::Kind;

/// The keys, for callers that accept further keys.
pub(crate) const KEYS: [&str; 22] = [
    "mac",
    "hw-address",
    "vendor-class",
    "vendor-class-hex",
    "user-class",
    "user-class-hex",
    "host-name",
    "host-name-hex",
    "vendor-identifying-class-hex",
    "vendor-identifying-hex",
    "request-list",
    "max-size",
    "ip",
    "relay",
    "interface",
    "client-class",
    "client-classes",
    "circuit-id",
    "circuit-id-hex",
    "remote-id",
    "remote-id-hex",
    "message",
];

/// A client's packet, by parts or whole.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    /// Its parts.
    Parts(Parts),
    /// A whole packet from the wire, and what it does not say itself.
    Packet {
        /// The packet's bytes (RFC 2131, section 2).
        wire: Vec<u8>,
        /// The interface, the classes and the leased address.
        context: Parts,
    },
}

/// The names of the messages.
pub(crate) const MESSAGES: [(&str, MessageType); 3] = [
    ("discover", MessageType::Discover),
    ("request", MessageType::Request),
    ("inform", MessageType::Inform),
];

/// The parts as a question: [`read`] makes the same parts of it. For lists of clients that
/// a script asks about again.
pub fn write(parts: &Parts) -> serde_json::Value {
    let mut question = serde_json::Map::new();
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            question.insert(key.to_owned(), value.into());
        }
    };
    add("mac", parts.mac.map(|mac| mac.to_string()));
    add("ip", parts.leased.or(parts.ciaddr).map(|address| address.to_string()));
    add("relay", parts.giaddr.map(|address| address.to_string()));
    add("interface", Some(parts.interface.clone()).filter(|name| !name.is_empty()));
    let message = MESSAGES.iter().find(|(_, message)| *message == parts.message);
    add("message", message.map(|(name, _)| (*name).to_owned()));
    for (option, value) in &parts.options {
        match *option {
            code::REQUEST_LIST => {
                let numbers: Vec<String> = value.iter().map(u8::to_string).collect();
                add("request-list", Some(numbers.join(",")));
            }
            code::RELAY_AGENT => {
                for (sub, id) in Tlv::plain(value).values() {
                    match sub {
                        1 => add("circuit-id-hex", Some(hex::encode(id))),
                        2 => add("remote-id-hex", Some(hex::encode(id))),
                        _ => {}
                    }
                }
            }
            option => {
                let Some((key, _)) = VALUES.iter().find(|(_, code)| *code == option) else {
                    continue;
                };
                let text = std::str::from_utf8(value)
                    .ok()
                    .filter(|text| !key.starts_with("vendor-identifying") && !text.contains('\0'));
                match text {
                    Some(text) => add(key, Some(text.to_owned())),
                    None => add(&format!("{key}-hex"), Some(hex::encode(value))),
                }
            }
        }
    }
    if !parts.classes.is_empty() {
        question.insert("client-classes".to_owned(), parts.classes.clone().into());
    }
    question.into()
}

/// The options that a question gives as text or in hex.
const VALUES: [(&str, u8); 5] = [
    ("host-name", code::HOST_NAME),
    ("vendor-class", code::VENDOR_CLASS),
    ("user-class", code::USER_CLASS),
    ("vendor-identifying-class", code::VENDOR_IDENTIFYING_CLASS),
    ("vendor-identifying", code::VENDOR_IDENTIFYING),
];

/// Reads a question; `more` are further keys that the caller reads itself.
pub fn read(at: &Cursor<'_>, more: &[&str], mistakes: &mut Mistakes) -> Option<Question> {
    let known: Vec<&str> = KEYS.into_iter().chain(["packet"]).chain(more.iter().copied()).collect();
    let table = at.table(&known, mistakes)?;
    let before = mistakes.0.len();
    let parts = read_parts(at, &table, mistakes);
    if let Some(packet) = table.get("packet") {
        let digits = packet.text("hex digits of a packet from its first BOOTP byte", mistakes)?;
        let told = [
            "mac",
            "hw-address",
            "vendor-class",
            "user-class",
            "host-name",
            "request-list",
            "circuit-id",
            "remote-id",
            "relay",
            "message",
        ];
        if let Some(twice) = told.into_iter().find(|key| table.has(key)) {
            packet.mistake(format!("\"packet\" says \"{twice}\" itself; keep one"), mistakes);
        }
        match parse_hex(digits) {
            Ok(wire) if wire.len() < 240 => {
                packet.mistake(
                    format!("expected a whole packet (240 bytes or more), found {}", wire.len()),
                    mistakes,
                );
            }
            Ok(wire) => {
                return (mistakes.0.len() == before)
                    .then_some(Question::Packet { wire, context: parts });
            }
            Err(error) => packet.mistake(format!("expected hex digits, found {error}"), mistakes),
        }
        return None;
    }
    if mistakes.0.len() == before && parts.mac.is_none() && parts.options.is_empty() {
        at.mistake(
            "expected \"mac\" (or \"hw-address\"), \"vendor-class\" or \"packet\"",
            mistakes,
        );
    }
    (mistakes.0.len() == before).then_some(Question::Parts(parts))
}

impl Question {
    /// Asks `answer` with the question as a query.
    pub fn ask<T>(&self, answer: impl FnOnce(&Query<'_>) -> T) -> Option<T> {
        match self {
            Question::Parts(parts) => Some(answer(&Query::from_parts(parts, &parts.class_names()))),
            Question::Packet { wire, context } => {
                let classes = context.class_names();
                let query = Query::from_wire(wire, Query::from_parts(context, &classes).context)?;
                Some(answer(&query))
            }
        }
    }
}

fn read_parts(at: &Cursor<'_>, table: &Table<'_>, mistakes: &mut Mistakes) -> Parts {
    let mut parts = Parts::default();
    for key in ["mac", "hw-address"] {
        if let Some(at) = table.get(key)
            && let Some(text) = at.text("a hardware address", mistakes)
        {
            parts.mac = Mac::parse(text);
            if parts.mac.is_none() {
                at.expected("a hardware address such as 00:15:65:aa:bb:cc", mistakes);
            }
        }
    }
    if table.has("mac") && table.has("hw-address") {
        at.mistake("\"mac\" and \"hw-address\" are the same; keep one", mistakes);
    }
    for (key, code) in VALUES {
        let value = bytes(table, key, mistakes);
        parts.option(code, value);
    }
    if let Some(at) = table.get("request-list") {
        parts.option(code::REQUEST_LIST, read_request_list(&at, mistakes));
    }
    if let Some(size) = table.get("max-size").and_then(|at| at.integer(576, 65535, mistakes)) {
        parts.option(code::MAX_SIZE, (size as u16).to_be_bytes());
    }
    let (circuit, remote) =
        (bytes(table, "circuit-id", mistakes), bytes(table, "remote-id", mistakes));
    parts.relay_ids(&circuit, &remote);
    parts.leased = address(table, "ip", mistakes);
    parts.giaddr = address(table, "relay", mistakes);
    parts.interface = table
        .text("interface", "an interface's name", mistakes)
        .map(str::to_owned)
        .unwrap_or_default();
    parts.classes = classes(table, mistakes);
    let message = table.get("message").and_then(|at| at.one_of(&MESSAGES, mistakes));
    parts.message = message.unwrap_or_default();
    if parts.message == MessageType::Inform {
        // In a DHCPINFORM the address is the client's own: no lease is made.
        parts.ciaddr = parts.leased.take();
    }
    parts
}

fn bytes(table: &Table<'_>, key: &str, mistakes: &mut Mistakes) -> Vec<u8> {
    let hex_key = format!("{key}-hex");
    let text = match key.starts_with("vendor-identifying") {
        true => None,
        false => table.text(key, "a text", mistakes),
    };
    match (text, table.get(&hex_key)) {
        (Some(_), Some(at)) => {
            at.mistake(format!("\"{key}\" and \"{hex_key}\" are the same; keep one"), mistakes);
            Vec::new()
        }
        (Some(text), None) => text.as_bytes().to_vec(),
        (None, Some(at)) => match at.text("hex digits", mistakes).map(parse_hex) {
            Some(Ok(bytes)) => bytes,
            Some(Err(error)) => {
                at.mistake(format!("expected hex digits, found {error}"), mistakes);
                Vec::new()
            }
            None => Vec::new(),
        },
        (None, None) => Vec::new(),
    }
}

fn read_request_list(at: &Cursor<'_>, mistakes: &mut Mistakes) -> Vec<u8> {
    if let Kind::Text(text) = &at.tree.kind {
        match request_list(text) {
            Ok(list) => return list,
            Err(error) => at.mistake(format!("expected options such as 1,3,66: {error}"), mistakes),
        }
        return Vec::new();
    }
    let items: Vec<_> = at.list("option numbers", mistakes).collect();
    items.iter().filter_map(|item| u8::try_from(item.integer(0, 255, mistakes)?).ok()).collect()
}

fn address(table: &Table<'_>, key: &str, mistakes: &mut Mistakes) -> Option<Ipv4Addr> {
    let at = table.get(key)?;
    let address = at.text("an IPv4 address", mistakes)?.parse().ok();
    if address.is_none() {
        at.expected("an IPv4 address", mistakes);
    }
    address
}

fn classes(table: &Table<'_>, mistakes: &mut Mistakes) -> Vec<String> {
    let mut classes: Vec<String> = Vec::new();
    for key in ["client-class", "client-classes"] {
        let Some(at) = table.get(key) else { continue };
        match &at.tree.kind {
            Kind::Text(text) => classes.push(text.clone()),
            _ => {
                let names = table.texts(key, "client classes", mistakes);
                classes.extend(names.into_iter().map(str::to_owned));
            }
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(json: &str) -> Result<Question, Mistakes> {
        let tree = crate::json::from_json(json)?;
        let mut mistakes = Mistakes::default();
        let question = read(&Cursor::root(&tree), &[], &mut mistakes);
        mistakes.or(question)
    }

    #[test]
    fn every_wrong_argument_is_named() {
        for (json, expected) in [
            (r#"{"mac": 7}"#, "mac: expected a hardware address, found the number 7"),
            (r#"{"mac": "x"}"#, "mac: expected a hardware address such as"),
            (r#"{"vendor-class-hex": "0"}"#, "vendor-class-hex: expected hex digits, found an odd"),
            (r#"{"request-list": "1,x"}"#, "request-list: expected options such as 1,3,66"),
            (
                r#"{"request-list": [256]}"#,
                "request-list[0]: expected a whole number from 0 to 255",
            ),
            (r#"{"ip": "10.0.0.256"}"#, "ip: expected an IPv4 address"),
            (r#"{"message": "offer"}"#, "message: expected \"discover\" or \"request\""),
            (r#"{"packet": "00"}"#, "packet: expected a whole packet (240 bytes or more), found 1"),
            (r#"{"vendor-clas": "x"}"#, "did you mean \"vendor-class\"?"),
            ("{}", "expected \"mac\""),
        ] {
            let text = ask(json).unwrap_err().to_string();
            assert!(text.contains(expected), "{json}: {text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut parts = Parts {
            message: MessageType::Request,
            mac: Mac::parse("00:04:13:00:00:01"),
            leased: Some(Ipv4Addr::new(10, 0, 0, 9)),
            giaddr: Some(Ipv4Addr::new(10, 0, 0, 1)),
            interface: "eth1".to_owned(),
            classes: vec!["VPN".to_owned()],
            ..Parts::default()
        };
        parts.option(code::HOST_NAME, *b"phone");
        parts.option(code::VENDOR_CLASS, *b"Cisco\0");
        parts.option(code::VENDOR_IDENTIFYING, *b"\0\0\x0d\xe9\x02\x01A");
        parts.option(code::REQUEST_LIST, [1, 3, 66]);
        parts.relay_ids(b"ge-0/0/7", b"\x01\xff");
        let Ok(Question::Parts(read)) = ask(&write(&parts).to_string()) else { panic!() };
        assert_eq!(read, parts);
        let inform = Parts { message: MessageType::Inform, ciaddr: parts.leased.take(), ..parts };
        let Ok(Question::Parts(read)) = ask(&write(&inform).to_string()) else { panic!() };
        assert_eq!(read, inform);
    }

    #[test]
    fn inform_has_its_own_address() {
        let question =
            ask(r#"{"mac": "00:04:13:00:00:01", "ip": "10.0.0.9", "message": "inform"}"#);
        let Ok(Question::Parts(parts)) = question else { panic!("{question:?}") };
        assert_eq!((parts.leased, parts.ciaddr), (None, Some(Ipv4Addr::new(10, 0, 0, 9))));
    }
}
