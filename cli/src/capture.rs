//! DHCP packets out of a file: a capture (pcap or pcapng), a packet's bytes, or its hex digits.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Cursor, Write as _};
use std::path::Path;

use etherparse::{SlicedPacket, TransportSlice};
use offhook_core::text::parse_hex;
use offhook_edge::file;
use pcap_file::DataLink;
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::{Block, PcapNgReader};

use crate::input::{Failure, wrong};

/// A DHCP packet and its number in the capture (1 for the first frame).
pub struct Captured {
    pub frame: usize,
    pub bytes: Vec<u8>,
}

impl Captured {
    /// BOOTREQUEST: sent by a client or its relay.
    pub fn is_clients(&self) -> bool {
        self.bytes.first() == Some(&1)
    }
}

const PCAPNG: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// Every DHCP packet in a file.
pub fn read(path: &Path) -> Result<Vec<Captured>, Failure> {
    let shown = path.display();
    let bytes = file::read(path, file::Kind::FileOrPipe, file::LARGEST)
        .map_err(|error| wrong(format!("{shown}: {error}")))?;
    let (packets, unread) = packets(&shown.to_string(), bytes)?;
    if !unread.is_empty() {
        // Beside the answer, so that a part is not taken for the whole.
        let _ = writeln!(std::io::stderr(), "{shown}: not all of it was read{unread}");
    }
    Ok(packets)
}

/// Every DHCP packet in these bytes, and what was not read, for people. `shown`: where the bytes are from.
pub fn packets(shown: &str, bytes: Vec<u8>) -> Result<(Vec<Captured>, String), Failure> {
    let frames = match bytes.first_chunk::<4>() {
        Some(&PCAPNG) => pcapng(&bytes).map_err(|error| wrong(format!("{shown}: {error}")))?,
        Some([0xd4 | 0x4d, 0xc3 | 0x3c, 0xb2 | 0x2b, 0xa1 | 0x1a])
        | Some([0xa1, 0xb2, 0xc3 | 0x3c, 0xd4 | 0x4d]) => {
            pcap(&bytes).map_err(|error| wrong(format!("{shown}: {error}")))?
        }
        _ => return single(shown, bytes).map(|packet| (vec![packet], String::new())),
    };
    let mut packets = Vec::new();
    let mut unread = Unread::default();
    for (index, frame) in frames.into_iter().enumerate() {
        match ip_packet(frame.link, &frame.bytes) {
            None => *unread.links.entry(u32::from(frame.link)).or_default() += 1,
            Some(sliced) => match sliced.as_ref().and_then(dhcp_payload) {
                Some(bytes) => packets.push(Captured { frame: index + 1, bytes }),
                None if frame.is_cut => unread.cut += 1,
                None if sliced.as_ref().is_some_and(is_fragment) => unread.fragments += 1,
                None => {}
            },
        }
    }
    let unread = unread.to_string();
    if packets.is_empty() {
        let none = "no DHCP packet (UDP port 67 or 68) in this capture";
        return Err(wrong(format!("{shown}: {none}{unread}")));
    }
    Ok((packets, unread))
}

/// Frames of a capture in which there may be DHCP packets all the same.
#[derive(Default)]
struct Unread {
    /// By link type.
    links: BTreeMap<u32, usize>,
    cut: usize,
    fragments: usize,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (link, count) in &self.links {
            let frames = if *count == 1 { "frame" } else { "frames" };
            write!(f, "; {count} {frames} of link type {link}: not understood here")?;
        }
        match self.cut {
            0 => {}
            1 => f.write_str("; 1 frame is cut off: capture with -s 0")?,
            count => write!(f, "; {count} frames are cut off: capture with -s 0")?,
        }
        match self.fragments {
            0 => Ok(()),
            1 => f.write_str("; 1 frame is a fragment of an IP packet: not put together here"),
            count => {
                write!(f, "; {count} frames are fragments of IP packets: not put together here")
            }
        }
    }
}

/// One packet: its bytes, or hex digits.
fn single(shown: &str, bytes: Vec<u8>) -> Result<Captured, Failure> {
    let text = std::str::from_utf8(&bytes).ok();
    if let Some(hint) = hint(&bytes, text) {
        return Err(wrong(format!("{shown}: {hint}")));
    }
    let digits = text.map(|text| text.split_whitespace().collect::<String>());
    let packet = match digits.map(|digits| parse_hex(&digits)) {
        Some(Ok(packet)) => packet,
        _ => bytes,
    };
    if packet.len() < 240 || packet.get(236..240) != Some(&[99, 130, 83, 99]) {
        return Err(wrong(format!(
            "{shown}: expected a capture (pcap, pcapng) or one DHCP packet from its first BOOTP byte, in \
             bytes or hex digits; found {} bytes that are neither",
            packet.len()
        )));
    }
    Ok(Captured { frame: 1, bytes: packet })
}

/// What people hand in instead of a capture, and how to make one of it.
fn hint(bytes: &[u8], text: Option<&str>) -> Option<&'static str> {
    let dumped = |line: &str| line.trim_start().starts_with("0x0000:");
    match bytes {
        [0x1f, 0x8b, ..] => {
            Some("expected a capture, found a gzip file: unpack it with gunzip first")
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Some("expected a capture, found a zstd file: unpack it with unzstd first")
        }
        _ if text.is_some_and(|text| text.lines().any(dumped)) => Some(
            "expected a capture, found the text that tcpdump -x prints: capture with tcpdump -w FILE",
        ),
        _ => None,
    }
}

struct Frame {
    link: DataLink,
    bytes: Vec<u8>,
    /// The capture has less of it than there was.
    is_cut: bool,
}

type Frames = Vec<Frame>;

fn pcap(bytes: &[u8]) -> Result<Frames, pcap_file::PcapError> {
    let mut reader = PcapReader::new(Cursor::new(bytes))?;
    let link = reader.header().datalink;
    let mut frames = Vec::new();
    while let Some(packet) = reader.next_packet() {
        let packet = packet?;
        let is_cut = packet.orig_len as usize > packet.data.len();
        frames.push(Frame { link, bytes: packet.data.into_owned(), is_cut });
    }
    Ok(frames)
}

fn pcapng(bytes: &[u8]) -> Result<Frames, pcap_file::PcapError> {
    let mut reader = PcapNgReader::new(Cursor::new(bytes))?;
    let mut links = Vec::new();
    let mut frames = Vec::new();
    while let Some(block) = reader.next_block() {
        match block?.into_owned() {
            Block::SectionHeader(_) => links.clear(),
            Block::InterfaceDescription(interface) => links.push(interface.linktype),
            Block::EnhancedPacket(packet) => {
                let link = links.get(packet.interface_id as usize).copied();
                let link = link.unwrap_or(DataLink::ETHERNET);
                let is_cut = packet.original_len as usize > packet.data.len();
                frames.push(Frame { link, bytes: packet.data.into_owned(), is_cut });
            }
            Block::SimplePacket(packet) => {
                let link = links.first().copied().unwrap_or(DataLink::ETHERNET);
                let is_cut = packet.original_len as usize > packet.data.len();
                frames.push(Frame { link, bytes: packet.data.into_owned(), is_cut });
            }
            _ => {}
        }
    }
    Ok(frames)
}

/// `tcpdump -i any` of today: protocol, 0, interface, kind of hardware, kind of packet, address (20 bytes).
const LINUX_SLL2: u32 = 276;
/// The same number as RAW, as some programs write it.
const RAW_IP: u32 = 12;

/// Wi-Fi: as it is, and behind the heads of Prism, radiotap and AVS.
const WIFI: [u32; 4] = [105, 119, 127, 163];
const PPP: u32 = 9;

/// What follows the head of a Wi-Fi frame that holds IPv4 (LLC and SNAP, RFC 1042).
const SNAP_IPV4: [u8; 8] = [0xaa, 0xaa, 3, 0, 0, 0, 0x08, 0x00];

/// IPv4 in a point-to-point frame (RFC 1662, RFC 1332).
fn in_ppp(frame: &[u8]) -> Option<&[u8]> {
    let frame = frame.strip_prefix(&[0xff, 3]).unwrap_or(frame);
    frame.strip_prefix(&[0, 0x21]).or_else(|| frame.strip_prefix(&[0x21]))
}

/// IPv4 behind the labels of MPLS (RFC 3032) or in a PPPoE session (RFC 2516), in an Ethernet frame.
fn behind_labels(frame: &[u8]) -> Option<&[u8]> {
    let mut rest = frame.get(12..)?;
    while let [0x81, 0, _, _, behind @ ..] | [0x88, 0xa8, _, _, behind @ ..] = rest {
        rest = behind;
    }
    match rest {
        [0x88, 0x64, _, _, _, _, _, _, behind @ ..] => in_ppp(behind),
        [0x88, 0x47 | 0x48, labels @ ..] => {
            let last = labels.chunks_exact(4).position(|label| label[2] & 1 == 1)?;
            labels.get((last + 1) * 4..)
        }
        _ => None,
    }
}

/// The packet in a frame; the outer `None` if the link type is not understood.
fn ip_packet(link: DataLink, frame: &[u8]) -> Option<Option<SlicedPacket<'_>>> {
    let behind = |head: usize| SlicedPacket::from_ip(frame.get(head..)?).ok();
    Some(match link {
        DataLink::ETHERNET => match behind_labels(frame) {
            Some(packet) => SlicedPacket::from_ip(packet).ok(),
            None => SlicedPacket::from_ethernet(frame).ok(),
        },
        DataLink::LINUX_SLL => SlicedPacket::from_linux_sll(frame).ok(),
        DataLink::RAW | DataLink::IPV4 => behind(0),
        // BSD's loopback: an address family of four bytes, in the host's order or in the network's.
        DataLink::NULL | DataLink::LOOP => behind(4),
        other => match u32::from(other) {
            RAW_IP => behind(0),
            PPP => in_ppp(frame).and_then(|packet| SlicedPacket::from_ip(packet).ok()),
            link if WIFI.contains(&link) => {
                let at = frame.windows(8).position(|window| window == SNAP_IPV4);
                at.and_then(|at| behind(at + 8))
            }
            LINUX_SLL2 => behind(20).filter(|_| frame.starts_with(&[0x08, 0x00])),
            _ => return None,
        },
    })
}

fn is_fragment(sliced: &SlicedPacket<'_>) -> bool {
    sliced.is_ip_payload_fragmented()
}

/// The payload of a UDP datagram to or from a DHCP port.
fn dhcp_payload(sliced: &SlicedPacket<'_>) -> Option<Vec<u8>> {
    let Some(TransportSlice::Udp(udp)) = &sliced.transport else { return None };
    let ports = [udp.source_port(), udp.destination_port()];
    let payload = udp.payload();
    // Any port whose payload is plainly DHCP counts: tests and relays use others too.
    let dhcp = payload.get(236..240) == Some(&[99, 130, 83, 99]);
    (dhcp || ports.iter().any(|port| matches!(port, 67 | 68)) && payload.len() >= 236)
        .then(|| payload.to_vec())
}
