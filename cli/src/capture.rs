//! DHCP packets out of a file: a capture (pcap or pcapng), a packet's bytes, or its hex digits.

use std::io::Cursor;
use std::path::Path;

use etherparse::{SlicedPacket, TransportSlice};
use offhook_core::text::parse_hex;
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
    let bytes = std::fs::read(path).map_err(|error| wrong(format!("{shown}: {error}")))?;
    let frames = match bytes.first_chunk::<4>() {
        Some(&PCAPNG) => pcapng(&bytes).map_err(|error| wrong(format!("{shown}: {error}")))?,
        Some([0xd4 | 0x4d, 0xc3 | 0x3c, 0xb2 | 0x2b, 0xa1 | 0x1a])
        | Some([0xa1, 0xb2, 0xc3 | 0x3c, 0xd4 | 0x4d]) => {
            pcap(&bytes).map_err(|error| wrong(format!("{shown}: {error}")))?
        }
        _ => return single(path, bytes).map(|packet| vec![packet]),
    };
    let packets: Vec<Captured> = frames
        .into_iter()
        .enumerate()
        .filter_map(|(index, (link, frame))| {
            Some(Captured { frame: index + 1, bytes: dhcp_payload(link, &frame)? })
        })
        .collect();
    if packets.is_empty() {
        return Err(wrong(format!("{shown}: no DHCP packet (UDP port 67 or 68) in this capture")));
    }
    Ok(packets)
}

/// One packet: its bytes, or hex digits.
fn single(path: &Path, bytes: Vec<u8>) -> Result<Captured, Failure> {
    let text = std::str::from_utf8(&bytes).ok();
    let digits = text.map(|text| text.split_whitespace().collect::<String>());
    let packet = match digits.map(|digits| parse_hex(&digits)) {
        Some(Ok(packet)) => packet,
        _ => bytes,
    };
    if packet.len() < 240 || packet.get(236..240) != Some(&[99, 130, 83, 99]) {
        return Err(wrong(format!(
            "{}: expected a capture (pcap, pcapng) or one DHCP packet from its first BOOTP byte, in \
             bytes or hex digits; found {} bytes that are neither",
            path.display(),
            packet.len()
        )));
    }
    Ok(Captured { frame: 1, bytes: packet })
}

type Frames = Vec<(DataLink, Vec<u8>)>;

fn pcap(bytes: &[u8]) -> Result<Frames, pcap_file::PcapError> {
    let mut reader = PcapReader::new(Cursor::new(bytes))?;
    let link = reader.header().datalink;
    let mut frames = Vec::new();
    while let Some(packet) = reader.next_packet() {
        frames.push((link, packet?.data.into_owned()));
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
                frames.push((link.unwrap_or(DataLink::ETHERNET), packet.data.into_owned()));
            }
            Block::SimplePacket(packet) => {
                let link = links.first().copied().unwrap_or(DataLink::ETHERNET);
                frames.push((link, packet.data.into_owned()));
            }
            _ => {}
        }
    }
    Ok(frames)
}

/// The payload of a UDP datagram to or from a DHCP port.
fn dhcp_payload(link: DataLink, frame: &[u8]) -> Option<Vec<u8>> {
    let sliced = match link {
        DataLink::ETHERNET => SlicedPacket::from_ethernet(frame).ok()?,
        DataLink::LINUX_SLL => SlicedPacket::from_linux_sll(frame).ok()?,
        DataLink::RAW | DataLink::IPV4 => SlicedPacket::from_ip(frame).ok()?,
        _ => return None,
    };
    let Some(TransportSlice::Udp(udp)) = sliced.transport else { return None };
    let ports = [udp.source_port(), udp.destination_port()];
    let payload = udp.payload();
    // Any port whose payload is plainly DHCP counts: tests and relays use others too.
    let dhcp = payload.get(236..240) == Some(&[99, 130, 83, 99]);
    (dhcp || ports.iter().any(|port| matches!(port, 67 | 68)) && payload.len() >= 236)
        .then(|| payload.to_vec())
}
