//! What is kept of a phone's packet: the parts that the core looks at, in as few bytes as may be; and
//! what the phone was sent, likewise.
//!
//! Parts that differ between the packets of one boot (transaction, message type, requested address)
//! stay out, so that a phone's DISCOVER and REQUEST leave the same bytes and nothing is allocated.

use std::hash::Hasher;
use std::net::Ipv4Addr;

use foldhash::quality::FoldHasher;
use offhook_core::parts::Parts;
use offhook_core::query::Proof;
use offhook_core::query::code;
use offhook_core::{Edit, Edits, Engine, Mac, MessageType, Query};

/// The bits of the first byte.
const IS_INFORM: u8 = 1;
const CHOOSES_SUBNET: u8 = 2;
const HAS_LEASE: u8 = 4;
const BEHIND_CLIENT: u8 = 8;
const IS_IMPOSTOR: u8 = 16;

/// Pseudo-codes for what is not an option; real options 0 and 255 never have a value.
const INTERFACE: u8 = 0;
const CLASS: u8 = 255;

/// What the core looks at in this packet.
pub(crate) fn put(query: &Query<'_>, out: &mut impl Out) {
    let context = &query.context;
    // The client's own address only counts where it is given none.
    let own = query.ciaddr.filter(|_| context.leased.is_none());
    let mut head = [0; 17];
    for (bit, holds) in [
        (IS_INFORM, query.message == Some(MessageType::Inform)),
        (CHOOSES_SUBNET, query.subnet_selected),
        (HAS_LEASE, context.proof == Proof::Lease),
        (BEHIND_CLIENT, context.proof == Proof::RelayIsClient),
        (IS_IMPOSTOR, context.proof == Proof::Impostor),
    ] {
        head[0] |= if holds { bit } else { 0 };
    }
    let addresses = [own, query.giaddr, context.leased, context.interface_address];
    for (place, address) in head[1..].chunks_exact_mut(4).zip(addresses) {
        place.copy_from_slice(&address.unwrap_or(Ipv4Addr::UNSPECIFIED).octets());
    }
    out.put(&head);
    part(INTERFACE, context.interface, out);
    let options = [
        (code::HOST_NAME, &query.host_name),
        (code::REQUEST_LIST, &query.request_list),
        (code::VENDOR_CLASS, &query.vendor_class),
        (code::USER_CLASS, &query.user_class),
        (code::RELAY_AGENT, &query.relay_agent),
        (code::VENDOR_IDENTIFYING_CLASS, &query.vendor_identifying_class),
        (code::VENDOR_IDENTIFYING, &query.vendor_identifying),
    ];
    for (option, value) in options {
        if let Some(value) = value {
            part(option, value, out);
        }
    }
    for class in context.classes {
        part(CLASS, class, out);
    }
}

/// The packet again, of what [`put`] wrote, as far as the core looks at it.
pub(crate) fn read(mac: Mac, bytes: &[u8]) -> Parts {
    let mut parts = Parts { mac: Some(mac), message: MessageType::Request, ..Parts::default() };
    let Some((bits, rest)) = bytes.split_first() else { return parts };
    if bits & IS_INFORM != 0 {
        parts.message = MessageType::Inform;
    }
    if bits & CHOOSES_SUBNET != 0 {
        parts.option(code::SUBNET_SELECTION, [0; 4]);
    }

    let Some((addresses, rest)) = rest.split_first_chunk::<16>() else { return parts };
    let address = |at: usize| {
        let octets = [addresses[at], addresses[at + 1], addresses[at + 2], addresses[at + 3]];
        Some(Ipv4Addr::from(octets)).filter(|address| !address.is_unspecified())
    };
    parts.ciaddr = address(0);
    parts.giaddr = address(4);
    parts.leased = address(8);
    parts.interface_address = address(12);
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    for (what, value) in (Pieces { rest }) {
        match what {
            INTERFACE => parts.interface = text(value),
            CLASS => parts.classes.push(text(value)),
            option => parts.option(option, value),
        }
    }
    parts
}

/// What the server's leases said of the client, of what [`put`] wrote.
pub(crate) fn proof(bytes: &[u8]) -> Proof {
    let bits = bytes.first().copied().unwrap_or_default();
    let proofs = [
        (HAS_LEASE, Proof::Lease),
        (BEHIND_CLIENT, Proof::RelayIsClient),
        (IS_IMPOSTOR, Proof::Impostor),
    ];
    let found = proofs.into_iter().find(|(bit, _)| bits & bit != 0);
    found.map_or(Proof::None, |(_, proof)| proof)
}

/// Header fields among what was sent: the first byte of the value says which.
const HEADER: u8 = 255;
const FIELDS: [&str; 3] = ["next-server", "server-hostname", "boot-file-name"];

/// One option or header field that a phone was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told<'a> {
    Option(Edit<&'a [u8]>),
    /// A field of the header, by its name in a policy; the value as it is written there.
    Header(&'static str, &'a [u8]),
}

/// What the phone is sent, as people may see it.
pub(crate) fn put_told(engine: &Engine, edits: &Edits, out: &mut impl Out) {
    for edit in edits.iter() {
        match edit.value {
            None => piece(edit.code, &[], out),
            Some(value) => piece(edit.code, edits.bytes(engine, value), out),
        }
    }
    let header = &edits.header;
    let server = header.next_server.map(|address| address.octets());
    let fields = [
        server.as_ref().map(<[u8; 4]>::as_slice),
        header.server_hostname.as_deref(),
        header.boot_file_name.as_deref(),
    ];
    for (which, value) in (0u8..).zip(fields) {
        if let Some(value) = value {
            out.begin(HEADER, u16::try_from(value.len() + 1).unwrap_or(u16::MAX));
            out.put(&[which]);
            out.put(value);
        }
    }
}

/// What [`put_told`] wrote.
pub(crate) fn read_told(bytes: &[u8]) -> impl Iterator<Item = Told<'_>> {
    (Pieces { rest: bytes }).filter_map(|(what, value)| match (what, value) {
        (HEADER, [which, value @ ..]) => {
            FIELDS.get(usize::from(*which)).map(|name| Told::Header(name, value))
        }
        // A value that is set is never empty.
        (code, value) => {
            let value = (!value.is_empty()).then_some(value);
            Some(Told::Option(Edit { code, value, keep_existing: false }))
        }
    })
}

/// Takes bytes, to keep them or to compare them with what was kept.
pub(crate) trait Out {
    fn put(&mut self, bytes: &[u8]);

    /// Before the bytes of a piece: what it is, and how long.
    fn begin(&mut self, what: u8, length: u16) {
        let [high, low] = length.to_be_bytes();
        self.put(&[what, high, low]);
    }
}

impl Out for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

impl Out for FoldHasher<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.write(bytes);
    }

    fn begin(&mut self, what: u8, length: u16) {
        self.write_u32(u32::from(what) << 16 | u32::from(length));
    }
}

/// The longest part of a packet that is kept: what one option can hold. Only a client that sends an option in
/// several pieces (RFC 3396) sends more.
pub(crate) const LONGEST: usize = 255;

/// A part of the client's packet.
fn part(what: u8, value: &[u8], out: &mut impl Out) {
    piece(what, value.get(..LONGEST).unwrap_or(value), out);
}

fn piece(what: u8, value: &[u8], out: &mut impl Out) {
    // No DHCP packet holds more; a longer value could only be cut.
    let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
    out.begin(what, length);
    out.put(&value[..usize::from(length)]);
}

struct Pieces<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Pieces<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (head, rest) = self.rest.split_first_chunk::<3>()?;
        let length = u16::from_be_bytes([head[1], head[2]]);
        let (value, rest) = rest.split_at_checked(usize::from(length))?;
        self.rest = rest;
        Some((head[0], value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_comes_back_as_the_core_saw_it() {
        let mut parts = Parts {
            message: MessageType::Request,
            mac: Mac::parse("00:15:65:aa:bb:cc"),
            giaddr: Some(Ipv4Addr::new(10, 7, 0, 1)),
            leased: Some(Ipv4Addr::new(10, 7, 0, 99)),
            interface: "eth1".to_owned(),
            classes: vec!["ALL".to_owned(), "VPN".to_owned()],
            ..Parts::default()
        };
        parts.option(code::HOST_NAME, *b"\xff\x00phone");
        parts.option(code::VENDOR_CLASS, *b"yealink SIP-T46S\0");
        let names = parts.class_names();
        let query = Query::from_parts(&parts, &names);
        let write = |query: &Query<'_>| {
            let mut bytes = Vec::new();
            put(query, &mut bytes);
            bytes
        };
        let bytes = write(&query);
        let back = read(parts.mac.unwrap(), &bytes);
        assert_eq!(back, parts);
        assert_eq!(write(&Query::from_parts(&back, &back.class_names())), bytes);
    }

    #[test]
    fn garbage_is_harmless() {
        for length in 0..40 {
            let bytes = vec![0xff; length];
            let _ = read(Mac([0; 6]), &bytes);
            let _ = read_told(&bytes).count();
        }
    }
}
