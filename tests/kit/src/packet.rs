//! DHCP packets, written and read by hand: no crate of the product takes part.
//!
//! The writer writes whatever a test requests, also what no standard allows. The reader is strict:
//! an answer that a phone's firmware could stumble over is a failure here.

use dhcproto::v4::Message;
use dhcproto::{Decodable, Decoder, Encodable};
use std::net::Ipv4Addr;

pub const DISCOVER: u8 = 1;
pub const OFFER: u8 = 2;
pub const REQUEST: u8 = 3;
pub const ACK: u8 = 5;
pub const NAK: u8 = 6;
pub const INFORM: u8 = 8;

const COOKIE: [u8; 4] = [99, 130, 83, 99];
const PAD: u8 = 0;
const END: u8 = 255;

/// What a client (or its relay) puts on the wire.
#[derive(Debug, Clone)]
pub struct Question {
    pub xid: u32,
    pub flags: u16,
    pub ciaddr: Ipv4Addr,
    pub giaddr: Ipv4Addr,
    pub mac: [u8; 6],
    /// Written in this order; a value over 255 bytes is split as RFC 3396 says.
    pub options: Vec<(u8, Vec<u8>)>,
    /// Bytes after the options, in place of the END option: for packets that are cut off.
    pub tail: Option<Vec<u8>>,
}

impl Question {
    pub fn write(&self) -> Vec<u8> {
        let mut wire = vec![1, 1, 6, 1];
        wire.extend(self.xid.to_be_bytes());
        wire.extend([0, 0]);
        wire.extend(self.flags.to_be_bytes());
        wire.extend(self.ciaddr.octets());
        wire.extend([0; 8]);
        wire.extend(self.giaddr.octets());
        wire.extend(self.mac);
        wire.resize(236, 0);
        wire.extend(COOKIE);
        for (code, value) in &self.options {
            write_option(&mut wire, *code, value);
        }
        match &self.tail {
            Some(tail) => wire.extend(tail),
            None => wire.push(END),
        }
        wire
    }
}

pub fn write_option(wire: &mut Vec<u8>, code: u8, value: &[u8]) {
    if value.is_empty() {
        wire.extend([code, 0]);
    }
    for piece in value.chunks(255) {
        wire.push(code);
        wire.push(u8::try_from(piece.len()).expect("a piece of at most 255 bytes"));
        wire.extend(piece);
    }
}

/// What the server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub raw: Vec<u8>,
    /// Every option in the order of its first piece; pieces of one code put together (RFC 3396).
    pub options: Vec<(u8, Vec<u8>)>,
    /// The length of each piece as it was on the wire.
    pub pieces: Vec<(u8, usize)>,
}

impl Answer {
    /// Panics, with what is wrong and where, on anything but a whole and well-formed answer.
    #[track_caller]
    pub fn read(raw: &[u8]) -> Answer {
        let answer = Answer::read_alone(raw);
        answer.ask_dhcproto();
        answer
    }

    /// The same without a second opinion: dhcproto keeps one of an option that a server sends twice.
    #[track_caller]
    pub fn read_alone(raw: &[u8]) -> Answer {
        assert!(raw.len() > 240, "expected an answer of more than 240 bytes, found {}", raw.len());
        assert_eq!(raw[0], 2, "expected op BOOTREPLY");
        assert_eq!(raw[236..240], COOKIE, "expected the magic cookie at 236");
        let mut options: Vec<(u8, Vec<u8>)> = Vec::new();
        let mut pieces = Vec::new();
        let mut at = 240;
        loop {
            let code = *raw.get(at).unwrap_or_else(|| {
                panic!("expected an END option, found the end of the packet: {raw:02x?}")
            });
            match code {
                PAD => at += 1,
                END => break,
                _ => {
                    let value = raw
                        .get(at + 1)
                        .and_then(|len| raw.get(at + 2..at + 2 + usize::from(*len)))
                        .unwrap_or_else(|| panic!("option {code} at {at} is cut off: {raw:02x?}"));
                    pieces.push((code, value.len()));
                    match options.iter_mut().find(|(seen, _)| *seen == code) {
                        Some((_, whole)) => whole.extend(value),
                        None => options.push((code, value.to_vec())),
                    }
                    at += 2 + value.len();
                }
            }
        }
        let after = &raw[at + 1..];
        assert!(
            after.iter().all(|byte| *byte == PAD),
            "expected padding after END, found {after:02x?}"
        );
        Answer { raw: raw.to_vec(), options, pieces }
    }

    /// dhcproto stops without a word at an option that it cannot decode, so not all options are in
    /// its answer; but what is there must be what we read.
    fn ask_dhcproto(&self) {
        let message = Message::decode(&mut Decoder::new(&self.raw)).unwrap_or_else(|error| {
            panic!("dhcproto cannot read the answer: {error}: {:02x?}", self.raw)
        });
        assert_eq!(message.yiaddr(), self.yiaddr(), "dhcproto reads another address");
        assert_eq!(message.xid(), self.xid(), "dhcproto reads another transaction");
        for (code, option) in message.opts().iter() {
            let code = u8::from(*code);
            let wire =
                option.to_vec().unwrap_or_else(|error| panic!("dhcproto, option {code}: {error}"));
            // dhcproto 0.15 takes option 37 for 23, keeps one sub-option of a kind in 82, and reads 156 as one byte
            // (RFC 6926), which for phones is ShoreTel's text.
            if matches!(code, 37 | 82 | 156) || wire.is_empty() {
                continue;
            }
            let mut whole = Vec::new();
            let mut at = 0;
            while at + 2 <= wire.len() {
                let len = usize::from(wire[at + 1]);
                whole.extend(&wire[at + 2..at + 2 + len]);
                at += 2 + len;
            }
            assert_eq!(
                self.option(code),
                Some(&whole[..]),
                "dhcproto reads option {code} differently"
            );
        }
    }

    fn address(&self, at: usize) -> Ipv4Addr {
        Ipv4Addr::new(self.raw[at], self.raw[at + 1], self.raw[at + 2], self.raw[at + 3])
    }

    pub fn xid(&self) -> u32 {
        u32::from_be_bytes([self.raw[4], self.raw[5], self.raw[6], self.raw[7]])
    }

    pub fn yiaddr(&self) -> Ipv4Addr {
        self.address(16)
    }

    pub fn siaddr(&self) -> Ipv4Addr {
        self.address(20)
    }

    pub fn sname(&self) -> &[u8] {
        until_nul(&self.raw[44..108])
    }

    pub fn file(&self) -> &[u8] {
        until_nul(&self.raw[108..236])
    }

    pub fn option(&self, code: u8) -> Option<&[u8]> {
        self.options.iter().find(|(seen, _)| *seen == code).map(|(_, value)| &value[..])
    }

    pub fn message_type(&self) -> u8 {
        match self.option(53) {
            Some([kind]) => *kind,
            other => panic!("expected one byte in option 53, found {other:?}"),
        }
    }

    pub fn server(&self) -> Ipv4Addr {
        match self.option(54) {
            Some([a, b, c, d]) => Ipv4Addr::new(*a, *b, *c, *d),
            other => panic!("expected an address in option 54, found {other:?}"),
        }
    }

    /// The options sorted by code: what two answers are compared by.
    pub fn sorted(&self) -> Vec<(u8, Vec<u8>)> {
        let mut options = self.options.clone();
        options.sort();
        options
    }

    /// The options that are here and not, or differently, in `other`; and the codes that only
    /// `other` has.
    pub fn beyond(&self, other: &Answer) -> (Vec<(u8, Vec<u8>)>, Vec<u8>) {
        let more = self
            .sorted()
            .into_iter()
            .filter(|(code, value)| other.option(*code) != Some(value))
            .collect();
        let lost = other
            .options
            .iter()
            .map(|(code, _)| *code)
            .filter(|code| self.option(*code).is_none())
            .collect();
        (more, lost)
    }
}

fn until_nul(field: &[u8]) -> &[u8] {
    &field[..field.iter().position(|byte| *byte == 0).unwrap_or(field.len())]
}

/// An option value for people: text where it is text, hex where it is not.
pub fn show(value: &[u8]) -> String {
    if !value.is_empty() && value.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        format!("{:?}", String::from_utf8_lossy(value))
    } else {
        format!("hex {}", hex(value))
    }
}

pub fn show_all(options: &[(u8, Vec<u8>)]) -> String {
    let list: Vec<_> =
        options.iter().map(|(code, value)| format!("{code} = {}", show(value))).collect();
    format!("[{}]", list.join(", "))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !b" :-".contains(byte))
        .map(|byte| (byte as char).to_digit(16).unwrap_or_else(|| panic!("not hex: {text}")) as u8)
        .collect();
    assert!(digits.len().is_multiple_of(2), "expected an even number of hex digits, found {text}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
