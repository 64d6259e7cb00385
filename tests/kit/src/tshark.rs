//! tshark as the judge of what went over the wire.

use crate::folder::Folder;
use crate::packet::{Answer, unhex};
use crate::process;
use serde_json::Value;
use std::fmt::Write;

/// Raw IPv4 packets without a link layer.
const LINKTYPE_RAW: u32 = 101;

/// What tshark made of one answer.
pub struct Judged {
    options: Vec<(u8, Vec<u8>)>,
}

impl Judged {
    /// The value of an option as tshark cut it out of the packet; pieces of one code put together.
    pub fn option(&self, code: u8) -> Option<&[u8]> {
        self.options.iter().find(|(seen, _)| *seen == code).map(|(_, value)| &value[..])
    }
}

/// What a later tshark remarks, as a word in passing ("Chat"), of each piece of a long option (RFC 3396) but the last.
const OF_A_PIECE: &str = "For the data, please refer to the last option ";

/// Decodes every answer; panics if tshark marks any of them as malformed or has another expert's remark.
#[track_caller]
pub fn judge(answers: &[Answer]) -> Vec<Judged> {
    let folder = Folder::new();
    let file = folder.write("answers.pcap", pcap(answers));
    let read = |format: &[&str]| {
        let mut command = process::command("tshark");
        command.env("HOME", folder.path()).arg("-r").arg(&file).args(format);
        process::run_well(&mut command)
    };
    let text = read(&["-T", "json", "--no-duplicate-keys"]);
    let packets: Vec<Value> = serde_json::from_str(&text).expect("JSON from tshark");
    let marked = ["_ws.malformed", "_ws.short", "Malformed"].iter().any(|mark| text.contains(mark));
    if marked || packets.iter().any(has_remark) {
        panic!("expected tshark to find nothing wrong, found\n{}", read(&["-V"]));
    }
    assert_eq!(packets.len(), answers.len(), "expected one packet per answer from tshark");
    packets.iter().map(|packet| judged(&packet["_source"]["layers"]["dhcp"])).collect()
}

/// Whether an expert's remark is anywhere in it.
fn has_remark(value: &Value) -> bool {
    let is_remark = |(key, value): (&String, &Value)| match &**key {
        "_ws.expert" => {
            let message = value["_ws.expert.message"].as_str();
            !message.is_some_and(|message| message.starts_with(OF_A_PIECE))
        }
        _ => has_remark(value),
    };
    match value {
        Value::Object(object) => object.iter().any(is_remark),
        Value::Array(list) => list.iter().any(has_remark),
        _ => false,
    }
}

fn judged(dhcp: &Value) -> Judged {
    assert!(dhcp.is_object(), "expected tshark to find DHCP, found {dhcp}");
    let list = |value: &Value| match value {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let mut options: Vec<(u8, Vec<u8>)> = Vec::new();
    let types = list(&dhcp["dhcp.option.type"]);
    let trees = list(&dhcp["dhcp.option.type_tree"]);
    for (code, tree) in types.iter().zip(&trees) {
        let code = code.as_str().and_then(|code| code.parse().ok());
        let code = code.unwrap_or_else(|| panic!("expected an option number from tshark: {dhcp}"));
        let value = unhex(tree["dhcp.option.value"].as_str().unwrap_or_default());
        match options.iter_mut().find(|(seen, _)| *seen == code) {
            Some((_, whole)) => whole.extend(value),
            None => options.push((code, value)),
        }
    }
    Judged { options }
}

fn pcap(answers: &[Answer]) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_be_bytes());
    file.extend([0, 2, 0, 4]);
    file.extend([0; 8]);
    file.extend(65535_u32.to_be_bytes());
    file.extend(LINKTYPE_RAW.to_be_bytes());
    for answer in answers {
        let packet = ip_packet(&answer.raw);
        let len = u32::try_from(packet.len()).expect("a packet's length").to_be_bytes();
        file.extend([0; 8]);
        file.extend(len);
        file.extend(len);
        file.extend(packet);
    }
    file
}

/// IPv4 and UDP around it, from the server's port to the client's.
fn ip_packet(payload: &[u8]) -> Vec<u8> {
    let udp_len = u16::try_from(payload.len() + 8).expect("a datagram's length");
    let mut ip = vec![0x45, 0];
    ip.extend((udp_len + 20).to_be_bytes());
    ip.extend([0, 1, 0, 0, 64, 17, 0, 0]);
    ip.extend([127, 0, 0, 1, 127, 1, 2, 3]);
    let sum: u32 = ip.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    let checksum = !(u16::try_from(folded).expect("a folded sum"));
    ip[10..12].copy_from_slice(&checksum.to_be_bytes());
    ip.extend(67_u16.to_be_bytes());
    ip.extend(68_u16.to_be_bytes());
    ip.extend(udp_len.to_be_bytes());
    ip.extend([0, 0]); // no checksum, which UDP over IPv4 allows
    ip.extend(payload);
    ip
}

/// tshark's options for people, when one is not what was expected.
pub fn show(judged: &Judged) -> String {
    let mut text = String::new();
    for (code, value) in &judged.options {
        let _ = writeln!(text, "{code}: {}", super::packet::show(value));
    }
    text
}
