//! `offhook explain --pcap`: every client packet of a capture, and how the server's answer in it
//! compares with what the policy says.

use std::net::Ipv4Addr;
use std::path::Path;

use offhook_core::conflicts::Competitor;
use offhook_core::explain::Explanation;
use offhook_core::text::printable;
use offhook_core::tlv::Tlv;
use offhook_core::{Context, Engine, MessageType, Query, explain};
use serde::Serialize;

use crate::capture::{self, Captured};
use crate::input::{self, Failure};

/// One client packet.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explained {
    /// Number of the frame in the capture, from 1.
    pub frame: usize,
    pub message: &'static str,
    pub mac: Option<String>,
    pub explanation: Explanation,
    pub answer: Option<Compared>,
}

/// The server's answer to it, if the capture holds one.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Compared {
    pub frame: usize,
    pub same: bool,
    pub differences: Vec<Difference>,
    /// How the phone reads what the server has put in by itself and what it may follow instead.
    pub competing: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    pub code: u8,
    /// Hex; none: the option is not there.
    pub in_capture: Option<String>,
    pub by_policy: Option<String>,
}

/// Explains a whole capture.
pub fn explain_all(engine: &Engine, file: &Path, prefix: &str) -> Result<Vec<Explained>, Failure> {
    let packets = capture::read(file)?;
    let mut explained = Vec::new();
    for (index, packet) in packets.iter().enumerate().filter(|(_, packet)| packet.is_clients()) {
        let answer = packets[index + 1..].iter().find(|answer| answers(packet, answer));
        let leased = answer.and_then(|answer| address(&answer.bytes, 16));
        let context = Context { leased, ..Context::default() };
        let Some(query) = Query::from_wire(&packet.bytes, context) else { continue };
        let explanation = explain(engine, &query, prefix);
        let competitors = engine.decide(&query).competitors(engine.tables());
        let answer = answer.map(|answer| compare(&explanation, &competitors, answer));
        explained.push(Explained {
            frame: packet.frame,
            message: message(query.message),
            mac: query.mac.map(|mac| mac.to_string()),
            explanation,
            answer,
        });
    }
    Ok(explained)
}

pub fn print(explained: &[Explained]) -> Result<(), Failure> {
    for packet in explained {
        let why = &packet.explanation;
        let mac = packet.mac.as_deref().unwrap_or("-");
        let vendor = why.vendor.as_deref().unwrap_or("no phone");
        let model = why.model.as_deref().unwrap_or("");
        input::line(format!(
            "frame {:<5} {:8} {mac}  {vendor} {model}",
            packet.frame, packet.message
        ))?;
        for option in &why.options {
            let value =
                option.text.clone().or_else(|| option.hex.as_ref().map(|h| format!("0x{h}")));
            let value = value.unwrap_or_else(|| "taken out".to_owned());
            input::line(format!("    option {:<3} {value}  [{}]", option.code, option.reason))?;
        }
        match &packet.answer {
            None => input::line("    no answer in the capture")?,
            Some(answer) if answer.same => {
                input::line(format!("    frame {} answers the same", answer.frame))?;
            }
            Some(answer) => {
                input::line(format!("    frame {} answers otherwise:", answer.frame))?;
                for difference in &answer.differences {
                    let show = |hex: &Option<String>| match hex {
                        Some(hex) => readable(hex),
                        None => "nothing".to_owned(),
                    };
                    input::line(format!(
                        "      option {:<3} {} there, {} by the policy",
                        difference.code,
                        show(&difference.in_capture),
                        show(&difference.by_policy)
                    ))?;
                }
            }
        }
        for competing in packet.answer.iter().flat_map(|answer| &answer.competing) {
            input::line(format!("      but these phones read {competing}"))?;
        }
    }
    input::line(format!("{} client packets", explained.len()))
}

fn readable(digits: &str) -> String {
    match hex::decode(digits) {
        Ok(bytes) if bytes.iter().all(|b| (0x20..0x7f).contains(b)) => {
            format!("\"{}\"", printable(&bytes))
        }
        _ => format!("0x{digits}"),
    }
}

/// Same transaction and hardware address.
fn answers(question: &Captured, answer: &Captured) -> bool {
    answer.bytes.first() == Some(&2)
        && question.bytes.get(4..8) == answer.bytes.get(4..8)
        && question.bytes.get(28..34) == answer.bytes.get(28..34)
}

fn compare(
    explanation: &Explanation,
    competitors: &[Competitor<'_>],
    answer: &Captured,
) -> Compared {
    let found = options(&answer.bytes);
    let there = |code: u8| {
        let pieces: Vec<&[u8]> =
            found.iter().filter(|(c, _)| *c == code).map(|(_, value)| *value).collect();
        (!pieces.is_empty()).then(|| pieces.concat())
    };
    let is_there =
        |other: &&Competitor<'_>| there(other.code()).is_some_and(|value| other.is_in(&value));
    let competing = competitors.iter().filter(is_there).map(ToString::to_string).collect();
    let differences: Vec<Difference> = explanation
        .options
        .iter()
        .map(|option| Difference {
            code: option.code,
            in_capture: there(option.code).map(hex::encode),
            by_policy: option.hex.clone(),
        })
        .filter(|difference| difference.in_capture != difference.by_policy)
        .collect();
    Compared { frame: answer.frame, same: differences.is_empty(), differences, competing }
}

/// The options of an answer; a cut-off one ends the walk.
fn options(packet: &[u8]) -> Vec<(u8, &[u8])> {
    Tlv::with_fillers(packet.get(240..).unwrap_or_default()).values().collect()
}

fn address(packet: &[u8], at: usize) -> Option<Ipv4Addr> {
    let bytes = packet.get(at..)?.first_chunk::<4>()?;
    (*bytes != [0; 4]).then(|| Ipv4Addr::from(*bytes))
}

fn message(message: Option<MessageType>) -> &'static str {
    let Some(message) = message else { return "BOOTP" };
    message.name().and_then(|name| name.strip_prefix("DHCP")).unwrap_or("other")
}
