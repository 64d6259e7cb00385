//! DHCP on the wire, from the client's side: writes questions, reads answers (RFC 2131, 2132, 3396).
//!
//! Its own reader on purpose: the usual libraries stop quietly at an option that they cannot decode,
//! and a witness must see every byte.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use offhook_catalogue::{Mac, MessageType};

const COOKIE: [u8; 4] = [99, 130, 83, 99];
const FIXED: usize = 240;
/// What a BOOTP relay or server may expect at least (RFC 1542 2.1).
const SHORTEST: usize = 300;

/// A client's message.
#[derive(Debug, Clone)]
pub struct Question {
    /// Option 53.
    pub kind: MessageType,
    /// The number of the transaction.
    pub xid: u32,
    /// The client's hardware address.
    pub mac: Mac,
    /// Requests an answer by broadcast: without an address the phone receives no other.
    pub broadcast: bool,
    /// The address that the client has already; unspecified: none.
    pub ciaddr: Ipv4Addr,
    /// The relay that passes it on; unspecified: none.
    pub giaddr: Ipv4Addr,
    /// Options but 53, in their order.
    pub options: Vec<(u8, Vec<u8>)>,
}

impl Question {
    /// The packet's bytes (RFC 2131, section 2).
    pub fn wire(&self) -> Vec<u8> {
        let relayed = u8::from(!self.giaddr.is_unspecified());
        let mut wire = Vec::with_capacity(SHORTEST);
        wire.extend([1, 1, 6, relayed]);
        wire.extend(self.xid.to_be_bytes());
        wire.extend([0, 0]);
        wire.extend(if self.broadcast { [0x80, 0] } else { [0, 0] });
        wire.extend(self.ciaddr.octets());
        wire.extend([0; 8]);
        wire.extend(self.giaddr.octets());
        wire.extend(self.mac.0);
        wire.resize(FIXED - COOKIE.len(), 0);
        wire.extend(COOKIE);
        wire.extend([53, 1, self.kind.number()]);
        for (code, value) in &self.options {
            for piece in value.chunks(255) {
                wire.extend([*code, u8::try_from(piece.len()).unwrap_or(u8::MAX)]);
                wire.extend_from_slice(piece);
            }
        }
        wire.push(255);
        if wire.len() < SHORTEST {
            wire.resize(SHORTEST, 0);
        }
        wire
    }
}

/// A server's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Option 53.
    pub kind: MessageType,
    /// The client's address.
    pub yiaddr: Ipv4Addr,
    /// The next server's address.
    pub siaddr: Ipv4Addr,
    /// Text of the header's fields; empty where they carry options instead.
    pub sname: Vec<u8>,
    /// The header's `file`, likewise.
    pub file: Vec<u8>,
    /// Whole values: pieces of one code are put together.
    pub options: BTreeMap<u8, Vec<u8>>,
}

/// What a client must know to go on, before it reads the answer whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glance {
    /// Option 53.
    pub kind: MessageType,
    /// The client's address.
    pub yiaddr: Ipv4Addr,
    /// Option 54.
    pub server: Option<Ipv4Addr>,
}

/// Why a datagram is not the answer that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotOurs {
    /// To another client, or not DHCP.
    Foreign,
    /// An answer to us that is not well-formed; the text says how.
    Broken(String),
}

impl Answer {
    /// Reads a datagram as the answer to the question of this transaction and client.
    ///
    /// # Errors
    /// It is for another client, not DHCP, or not well-formed.
    pub fn read(wire: &[u8], xid: u32, mac: Mac) -> Result<Answer, NotOurs> {
        let Some((header, options)) = wire.split_at_checked(FIXED) else {
            return Err(NotOurs::Foreign);
        };
        let at = |from: usize, length: usize| header.get(from..from + length).unwrap_or_default();
        let ours = header.first() == Some(&2)
            && at(4, 4) == xid.to_be_bytes()
            && at(28, 6) == mac.0
            && at(236, 4) == COOKIE;
        if !ours {
            return Err(NotOurs::Foreign);
        }
        let mut values = BTreeMap::new();
        walk(options, "its options", &mut values)?;
        // Options may go on in the header's fields (RFC 2132 9.3), file first (RFC 3396 5).
        let overload = values.get(&52).and_then(|value: &Vec<u8>| value.first().copied());
        let overload = overload.unwrap_or(0);
        let (mut file, mut sname) = (field(at(108, 128)), field(at(44, 64)));
        if overload & 1 == 1 {
            walk(at(108, 128), "the field \"file\"", &mut values)?;
            file = Vec::new();
        }
        if overload & 2 == 2 {
            walk(at(44, 64), "the field \"sname\"", &mut values)?;
            sname = Vec::new();
        }
        let kind = match values.get(&53).map(Vec::as_slice) {
            Some([kind]) => MessageType::from_number(*kind),
            _ => None,
        };
        let Some(kind) = kind else {
            return Err(NotOurs::Broken("it has no message type (option 53)".to_owned()));
        };
        let address = |from: usize| match at(from, 4) {
            [a, b, c, d] => Ipv4Addr::new(*a, *b, *c, *d),
            _ => Ipv4Addr::UNSPECIFIED,
        };
        Ok(Answer { kind, yiaddr: address(16), siaddr: address(20), sname, file, options: values })
    }

    /// The same as [`Answer::read`] as far as it goes, and nothing is kept: for the thousands of answers
    /// that come while a server is measured.
    pub fn glance(wire: &[u8], xid: u32, mac: Mac) -> Option<Glance> {
        let (header, mut rest) = wire.split_at_checked(FIXED)?;
        let at = |from: usize, length: usize| header.get(from..from + length).unwrap_or_default();
        if header.first() != Some(&2) || at(4, 4) != xid.to_be_bytes() || at(28, 6) != mac.0 {
            return None;
        }
        let (mut kind, mut server) = (None, None);
        while let [code, tail @ ..] = rest {
            rest = match (*code, tail) {
                (255, _) => break,
                (0, _) => tail,
                (_, [length, tail @ ..]) => {
                    let (value, next) = tail.split_at_checked(usize::from(*length))?;
                    match *code {
                        53 => kind = value.first().copied().and_then(MessageType::from_number),
                        54 => server = value.first_chunk::<4>().copied().map(Ipv4Addr::from),
                        _ => {}
                    }
                    next
                }
                (_, []) => return None,
            };
        }
        let yiaddr = at(16, 4).first_chunk::<4>().copied().map(Ipv4Addr::from)?;
        Some(Glance { kind: kind?, yiaddr, server })
    }

    /// An option's whole value.
    pub fn option(&self, code: u8) -> Option<&[u8]> {
        self.options.get(&code).map(Vec::as_slice)
    }

    /// The server's identifier (option 54).
    pub fn server(&self) -> Option<Ipv4Addr> {
        let octets: [u8; 4] = self.option(54)?.try_into().ok()?;
        Some(Ipv4Addr::from(octets))
    }

    /// The message type in words.
    pub fn name(&self) -> &'static str {
        match self.kind {
            MessageType::Offer | MessageType::Ack | MessageType::Nak => self.kind.name(),
            _ => None,
        }
        .unwrap_or("a message of another type")
    }
}

/// A field of the header up to its NUL.
fn field(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take_while(|byte| *byte != 0).collect()
}

fn walk(field: &[u8], name: &str, values: &mut BTreeMap<u8, Vec<u8>>) -> Result<(), NotOurs> {
    let mut rest = field;
    loop {
        match rest {
            [] | [255, ..] => return Ok(()),
            [0, tail @ ..] => rest = tail,
            [code, length, tail @ ..] if tail.len() >= usize::from(*length) => {
                let (value, next) = tail.split_at(usize::from(*length));
                values.entry(*code).or_default().extend_from_slice(value);
                rest = next;
            }
            [code, ..] => {
                return Err(NotOurs::Broken(format!("{name} are cut off in option {code}")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use dhcproto::{Decodable, Decoder, v4};
    use proptest::prelude::*;

    use super::*;

    const MAC: Mac = Mac([0, 4, 0xf2, 1, 2, 3]);

    fn question(options: Vec<(u8, Vec<u8>)>) -> Question {
        Question {
            kind: MessageType::Discover,
            xid: 7,
            mac: MAC,
            broadcast: true,
            ciaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: Ipv4Addr::new(10, 0, 0, 1),
            options,
        }
    }

    #[test]
    fn another_library_reads_the_question() {
        let wire = question(vec![(60, b"Polycom-VVX410".to_vec()), (55, vec![1, 66])]).wire();
        let message = v4::Message::decode(&mut Decoder::new(&wire)).unwrap();
        assert_eq!((message.xid(), message.chaddr()), (7, &MAC.0[..]));
        assert_eq!(message.giaddr(), Ipv4Addr::new(10, 0, 0, 1));
        assert!(message.flags().broadcast());
        assert_eq!(message.opts().msg_type(), Some(v4::MessageType::Discover));
        let class = message.opts().get(v4::OptionCode::ClassIdentifier);
        assert_eq!(class, Some(&v4::DhcpOption::ClassIdentifier(b"Polycom-VVX410".to_vec())));
    }

    fn answer(options: &[u8]) -> Vec<u8> {
        let mut wire = question(Vec::new()).wire();
        wire.truncate(FIXED);
        wire[0] = 2;
        wire[16..20].copy_from_slice(&[10, 0, 0, 9]);
        wire.extend(options);
        wire
    }

    #[test]
    fn every_option_is_seen_whatever_comes_before_it() {
        // A host name that is not UTF-8 and a 150 with two addresses: some libraries end there.
        let wire = answer(
            b"\x35\x01\x05\x0c\x01\xff\x96\x08\x0a\0\0\x01\x0a\0\0\x02\x42\x01x\x42\x01y\xff",
        );
        let read = Answer::read(&wire, 7, MAC).unwrap();
        assert_eq!((read.kind, read.yiaddr), (MessageType::Ack, Ipv4Addr::new(10, 0, 0, 9)));
        let glance = Answer::glance(&wire, 7, MAC).unwrap();
        assert_eq!(
            (glance.kind, glance.yiaddr, glance.server),
            (MessageType::Ack, read.yiaddr, read.server())
        );
        assert_eq!(Answer::glance(&wire, 8, MAC), None);
        assert_eq!(read.option(66), Some(&b"xy"[..]));
        assert_eq!(read.option(150).map(<[u8]>::len), Some(8));
        assert_eq!(Answer::read(&wire, 8, MAC), Err(NotOurs::Foreign));
    }

    #[test]
    fn overloaded_fields_and_cut_options() {
        let mut wire = answer(b"\x35\x01\x05\x34\x01\x01\xff");
        wire[108..113].copy_from_slice(b"\x42\x01z\xff\0");
        let read = Answer::read(&wire, 7, MAC).unwrap();
        assert_eq!((read.option(66), read.file.is_empty()), (Some(&b"z"[..]), true));
        let broken = Answer::read(&answer(b"\x35\x01\x05\x42\x09x"), 7, MAC).unwrap_err();
        assert_eq!(broken, NotOurs::Broken("its options are cut off in option 66".to_owned()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = Answer::read(&bytes, 7, MAC);
            let _ = Answer::glance(&bytes, 7, MAC);
            // A glance sees the same as a whole reading.
            let mut good = answer(b"\x35\x01\x02\x36\x04\x0a\0\0\x01");
            good.extend(&bytes);
            let (glance, read) = (Answer::glance(&good, 7, MAC), Answer::read(&good, 7, MAC));
            if let (Some(glance), Ok(read)) = (glance, read)
                && !bytes.contains(&53) && !bytes.contains(&54)
            {
                prop_assert_eq!((glance.kind, glance.yiaddr, glance.server),
                    (read.kind, read.yiaddr, read.server()));
            }
        }
    }
}
