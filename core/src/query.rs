//! What a client said: the packet as the core sees it, from wire bytes or from single parts.
//!
//! Reading is total: no content makes it fail, a cut-off option ends the walk and what came before
//! counts. Nothing is copied unless an option is in several pieces (RFC 3396).

use std::borrow::Cow;
use std::net::Ipv4Addr;

use offhook_catalogue::MessageType;

use crate::mac::Mac;
use crate::parts::Parts;
use crate::tlv::Tlv;

pub use offhook_catalogue::code;

/// What the server's own leases say about a client. The server looks only when a token is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Proof {
    /// Nothing was looked up, or nothing was found.
    #[default]
    None,
    /// The address in ciaddr is leased to this hardware address.
    Lease,
    /// The relay's address (giaddr) is itself leased to a client.
    RelayIsClient,
    /// The client differs from what this hardware address has shown before (`only-if`).
    Impostor,
    /// The leases could not be looked up.
    Unknown,
}

/// What the packet does not say itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Context<'a> {
    /// The address in the answer; none before a lease is chosen, in a DHCPINFORM and in a NAK.
    pub leased: Option<Ipv4Addr>,
    /// The receiving interface and its address.
    pub interface: &'a [u8],
    /// An address of the receiving interface.
    pub interface_address: Option<Ipv4Addr>,
    /// The client's classes in the server. Before the server has evaluated them: none.
    pub classes: &'a [&'a [u8]],
    /// What the server's leases say, where it has looked.
    pub proof: Proof,
}

/// An option's value; owned only where it was put together from several pieces.
pub type Value<'a> = Option<Cow<'a, [u8]>>;

/// A client's packet.
#[derive(Debug, Clone, Default)]
pub struct Query<'a> {
    /// Option 53; `None` in a BOOTP packet.
    pub message: Option<MessageType>,
    /// Only of an Ethernet client (`htype` 1, `hlen` 6).
    pub mac: Option<Mac>,
    /// The address that the client has already.
    pub ciaddr: Option<Ipv4Addr>,
    /// The relay agent's address.
    pub giaddr: Option<Ipv4Addr>,
    /// Option 50.
    pub requested: Option<Ipv4Addr>,
    /// Option 12.
    pub host_name: Value<'a>,
    /// Option 55.
    pub request_list: Value<'a>,
    /// Option 57, in bytes.
    pub max_size: Option<u16>,
    /// The client chooses its subnet itself (option 118, RFC 3011).
    pub subnet_selected: bool,
    /// Option 60.
    pub vendor_class: Value<'a>,
    /// Option 77.
    pub user_class: Value<'a>,
    /// Option 82.
    pub relay_agent: Value<'a>,
    /// Option 124.
    pub vendor_identifying_class: Value<'a>,
    /// Option 125.
    pub vendor_identifying: Value<'a>,
    /// What the server knows besides.
    pub context: Context<'a>,
}

const HEADER: usize = 236;
const COOKIE: [u8; 4] = [99, 130, 83, 99];

impl<'a> Query<'a> {
    /// Reads a packet as it was received. None if it is shorter than a BOOTP header.
    pub fn from_wire(wire: &'a [u8], context: Context<'a>) -> Option<Query<'a>> {
        let (header, rest) = wire.split_at_checked(HEADER)?;
        let ethernet = header[1] == 1 && header[2] == 6;
        let mac = ethernet.then(|| Mac([0, 1, 2, 3, 4, 5].map(|i| header[28 + i])));
        let mut query = Query {
            mac,
            ciaddr: address(header, 12),
            giaddr: address(header, 24),
            context,
            ..Query::default()
        };
        let mut overload = 0;
        if let Some(options) = rest.strip_prefix(&COOKIE) {
            overload = query.walk(options);
        }
        // Option overload (RFC 2132, section 9.3): options may continue in `file` and `sname`.
        if overload & 1 == 1 {
            query.walk(&header[108..236]);
        }
        if overload & 2 == 2 {
            query.walk(&header[44..108]);
        }
        Some(query)
    }

    /// The same packet as [`Query::from_wire`] sees one. `classes` are [`Parts::class_names`].
    pub fn from_parts(parts: &'a Parts, classes: &'a [&'a [u8]]) -> Query<'a> {
        let context = Context {
            leased: parts.leased,
            interface: parts.interface.as_bytes(),
            interface_address: parts.interface_address,
            classes,
            ..Context::default()
        };
        let mut query = Query {
            message: Some(parts.message),
            mac: parts.mac,
            ciaddr: parts.ciaddr,
            giaddr: parts.giaddr,
            context,
            ..Query::default()
        };
        for (option, value) in &parts.options {
            query.take(*option, value);
        }
        query
    }

    /// Takes what the core wants out of a field of options; returns option 52.
    fn walk(&mut self, field: &'a [u8]) -> u8 {
        let mut overload = 0;
        for (code, value) in Tlv::with_fillers(field).values() {
            self.take(code, value);
            if code == code::OVERLOAD {
                overload = value.first().copied().unwrap_or(0);
            }
        }
        overload
    }

    /// One option of the packet; a second one of the same code continues the first (RFC 3396).
    pub fn take(&mut self, option: u8, value: &'a [u8]) {
        let slot = match option {
            code::HOST_NAME => &mut self.host_name,
            code::REQUEST_LIST => &mut self.request_list,
            code::VENDOR_CLASS => &mut self.vendor_class,
            code::USER_CLASS => &mut self.user_class,
            code::RELAY_AGENT => &mut self.relay_agent,
            code::VENDOR_IDENTIFYING_CLASS => &mut self.vendor_identifying_class,
            code::VENDOR_IDENTIFYING => &mut self.vendor_identifying,
            code::MESSAGE_TYPE => {
                self.message = value.first().copied().and_then(MessageType::from_number);
                return;
            }
            code::REQUESTED_ADDRESS => {
                self.requested = address(value, 0);
                return;
            }
            code::SUBNET_SELECTION => {
                self.subnet_selected = true;
                return;
            }
            code::MAX_SIZE => {
                self.max_size = value.first_chunk().map(|bytes| u16::from_be_bytes(*bytes));
                return;
            }
            _ => return,
        };
        match slot {
            None => *slot = Some(Cow::Borrowed(value)),
            Some(first) => first.to_mut().extend_from_slice(value),
        }
    }

    /// Option 60 for matching: trailing NULs never count (some makers send them, some do not).
    pub fn class_text(&self) -> &[u8] {
        trimmed(self.vendor_class.as_deref().unwrap_or_default())
    }

    /// The texts of option 77: RFC 3004 pieces if it is made of them, else the whole.
    pub fn user_classes(&self) -> UserClasses<'_> {
        let whole = self.user_class.as_deref().unwrap_or_default();
        UserClasses { rest: whole, pieces: are_pieces(whole) }
    }

    /// The enterprises that the packet names: options 124 and 125, and option 60 in their form.
    pub fn enterprises(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let class = self.vendor_class.as_deref().filter(|class| class.first() == Some(&0));
        let fields =
            [class, self.vendor_identifying_class.as_deref(), self.vendor_identifying.as_deref()];
        fields.into_iter().flatten().flat_map(|rest| Enterprises { rest })
    }

    /// Whether [`Query::enterprises`] may have any: most clients name none.
    pub(crate) fn may_name_enterprises(&self) -> bool {
        self.vendor_identifying_class.is_some()
            || self.vendor_identifying.is_some()
            || self.vendor_class.as_deref().is_some_and(|class| class.first() == Some(&0))
    }

    /// A sub-option of the relay's option 82: 1 circuit id, 2 remote id (RFC 3046).
    pub(crate) fn relay_sub_option(&self, wanted: u8) -> Option<&[u8]> {
        let rest = self.relay_agent.as_deref().unwrap_or_default();
        Tlv::plain(rest).values().find(|(code, _)| *code == wanted).map(|(_, value)| value)
    }

    /// Whether the client lists an option in its option 55; without one it takes what it gets.
    pub fn requests(&self, option: u8) -> bool {
        self.request_list.as_deref().is_none_or(|list| list.contains(&option))
    }

    /// The address that the client will have or has: leased, else its own.
    pub fn client_address(&self) -> Option<Ipv4Addr> {
        self.context.leased.or(self.ciaddr)
    }
}

fn address(bytes: &[u8], at: usize) -> Option<Ipv4Addr> {
    let bytes: [u8; 4] = *bytes.get(at..)?.first_chunk()?;
    (bytes != [0; 4]).then(|| Ipv4Addr::from(bytes))
}

/// Without trailing NULs.
pub fn trimmed(mut value: &[u8]) -> &[u8] {
    while let [rest @ .., 0] = value {
        value = rest;
    }
    value
}

/// Whether a value is exactly a row of length-prefixed pieces.
fn are_pieces(mut rest: &[u8]) -> bool {
    if rest.is_empty() {
        return false;
    }
    while let [length, tail @ ..] = rest {
        match tail.get(usize::from(*length)..) {
            Some(next) if *length > 0 => rest = next,
            _ => return false,
        }
    }
    true
}

/// The texts of option 77.
pub struct UserClasses<'a> {
    rest: &'a [u8],
    pieces: bool,
}

impl<'a> Iterator for UserClasses<'a> {
    type Item = &'a [u8];
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        if !self.pieces {
            return Some(trimmed(std::mem::take(&mut self.rest)));
        }
        let [length, tail @ ..] = self.rest else { return None };
        let (piece, rest) = tail.split_at_checked(usize::from(*length))?;
        self.rest = rest;
        Some(trimmed(piece))
    }
}

/// Walks enterprise number, length, data (RFC 3925).
struct Enterprises<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Enterprises<'a> {
    type Item = (u32, &'a [u8]);
    fn next(&mut self) -> Option<(u32, &'a [u8])> {
        let (number, tail) = self.rest.split_first_chunk::<4>()?;
        let [length, tail @ ..] = tail else {
            // A bare number with nothing behind it still names the enterprise.
            self.rest = &[];
            return Some((u32::from_be_bytes(*number), &[]));
        };
        let cut = usize::from(*length).min(tail.len());
        let (data, rest) = tail.split_at(cut);
        self.rest = rest;
        Some((u32::from_be_bytes(*number), data))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wire(options: &[u8]) -> Vec<u8> {
        let mut wire = vec![0; HEADER];
        wire[1] = 1;
        wire[2] = 6;
        wire[28..34].copy_from_slice(&[0, 4, 0x13, 1, 2, 3]);
        wire.extend_from_slice(&COOKIE);
        wire.extend_from_slice(options);
        wire
    }

    #[test]
    fn both_ways_to_a_query_agree() {
        let mut parts = Parts {
            mac: Mac::parse("00:04:13:01:02:03"),
            giaddr: Some(Ipv4Addr::new(10, 7, 0, 1)),
            ..Parts::default()
        };
        parts.option(code::VENDOR_CLASS, *b"snomD735");
        parts.option(code::HOST_NAME, vec![b'x'; 300]);
        parts.relay_ids(b"ge-0/0/7", b"");
        let wire = parts.wire(7);
        let seen = Query::from_wire(&wire, Context::default()).unwrap();
        let told = Query::from_parts(&parts, &[]);
        assert_eq!(format!("{seen:?}"), format!("{told:?}"));
        assert_eq!(seen.relay_sub_option(1), Some(&b"ge-0/0/7"[..]));
    }

    #[test]
    fn options_in_pieces_are_one() {
        let wire = wire(b"\x3c\x03Pol\x00\x35\x01\x01\x3c\x04ycom\xff\x3c\x01!");
        let query = Query::from_wire(&wire, Context::default()).unwrap();
        assert_eq!(query.vendor_class.as_deref(), Some(&b"Polycom"[..]));
        assert_eq!(query.message, Some(MessageType::Discover));
        assert_eq!(query.mac, Some(Mac([0, 4, 0x13, 1, 2, 3])));
    }

    #[test]
    fn what_comes_before_a_cut_counts() {
        let wire = wire(b"\x0c\x02\xff\xfe\x3c\x04snom\x3d\xff\x01");
        let query = Query::from_wire(&wire, Context::default()).unwrap();
        assert_eq!(query.class_text(), b"snom");
        assert_eq!(query.host_name.as_deref(), Some(&b"\xff\xfe"[..]));
    }

    #[test]
    fn overloaded_fields_are_read() {
        let mut wire = wire(b"\x34\x01\x03\xff");
        wire[108..115].copy_from_slice(b"\x3c\x04snom\xff");
        wire[44..48].copy_from_slice(b"\x4d\x01x\xff");
        let query = Query::from_wire(&wire, Context::default()).unwrap();
        assert_eq!(query.class_text(), b"snom");
        assert_eq!(query.user_class.as_deref(), Some(&b"x"[..]));
    }

    #[test]
    fn user_classes_in_both_forms() {
        let texts = |value: &'static [u8]| {
            let query = Query { user_class: Some(Cow::Borrowed(value)), ..Query::default() };
            query.user_classes().map(<[u8]>::to_vec).collect::<Vec<_>>()
        };
        assert_eq!(texts(b"\x03abc\x02de"), [b"abc".to_vec(), b"de".to_vec()]);
        assert_eq!(texts(b"Thomson ST2030S\0"), [b"Thomson ST2030S".to_vec()]);
        assert!(texts(b"").is_empty());
    }

    #[test]
    fn enterprises_of_option_60_and_125() {
        let query = Query {
            vendor_class: Some(Cow::Borrowed(b"\x00\x00\x36\x3d\x03\x02\x01A")),
            vendor_identifying: Some(Cow::Borrowed(b"\x00\x00\x0d\xe9\x02\x01\x00\x00\x00")),
            ..Query::default()
        };
        let found: Vec<_> = query.enterprises().collect();
        assert_eq!(found, [(13885, &b"\x02\x01A"[..]), (3561, &b"\x01\x00"[..])]);
    }

    proptest! {
        #[test]
        fn no_content_makes_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
            let long = wire(&bytes);
            for packet in [&bytes[..], &long] {
                if let Some(query) = Query::from_wire(packet, Context::default()) {
                    let _ = query.enterprises().count();
                    let _ = query.user_classes().count();
                    let _ = query.relay_sub_option(1);
                }
            }
        }
    }
}
