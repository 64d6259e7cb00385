//! The packet path: what Kea's packet threads call, two or three times per packet.
//!
//! Nothing here allocates in the usual course, takes a lock that another packet holds for long, or
//! can fail: whatever is odd means that the packet stays as it was.

use std::borrow::Cow;
use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::SystemTime;

use offhook_core::recognise::{Identity, read};
use offhook_core::text::printable;
use offhook_core::{Context, Decision, EditValue, Edits, Engine, Query, Verdict, explain};
use tracing::Level;

use crate::counters::Count;
use crate::hook::{Hook, seconds};
use crate::lanes::Lane;
use crate::phones::{Sighting, evidence};
use crate::sign;
use crate::{fault, log, message};

/// A client's packet, as the shim hands it over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet<'a> {
    pub(crate) wire: &'a [u8],
    pub(crate) context: Context<'a>,
    /// Option 53 of the answer: 2 OFFER, 5 ACK.
    pub(crate) reply: u8,
}

/// What to do with a packet that has just come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// A phone, with its place among the names of client classes.
    Phone(u32),
    /// Nobody may answer it.
    Drop,
}

/// Where the changes to an answer are written: the shim's room. False: there is no room left.
pub(crate) trait Room {
    fn ready(&mut self, code: u8, keep_existing: bool, index: u32) -> bool;
    fn bytes(&mut self, code: u8, keep_existing: bool, value: &[u8]) -> bool;
    fn remove(&mut self, code: u8) -> bool;
    fn next_server(&mut self, address: Ipv4Addr);
    fn server_hostname(&mut self, name: &[u8]) -> bool;
    fn boot_file_name(&mut self, name: &[u8]) -> bool;
}

impl Hook {
    /// A packet has come in. None: no phone, and nothing to be done.
    pub(crate) fn admit(&self, packet: &Packet<'_>) -> Option<Admission> {
        fault::provoke("buffer4_receive", packet.wire);
        let lane = &mut *self.lanes.own();
        let query = Query::from_wire(packet.wire, packet.context)?;
        lane.counts.add(Count::Packets, 1);
        let engine = &lane.snapshot.engine;
        let (identity, verdict) = engine.admit(&query);
        if let Some(identity) = identity {
            lane.counts.add(Count::Recognised, 1);
            if verdict == Verdict::Continue {
                return Some(Admission::Phone(u32::from(identity.vendor.0) + 1));
            }
        }
        if verdict == Verdict::Continue {
            return None;
        }
        lane.counts.add(Count::Dropped, 1);
        tracing::debug!(
            target: message::PACKET_DROPPED,
            "{}: no phone, and the policy answers phones only",
            client(&query)
        );
        Some(Admission::Drop)
    }

    /// An answer is about to leave. False: it stays as it is.
    pub(crate) fn answer(&self, packet: &Packet<'_>, room: &mut impl Room) -> bool {
        fault::provoke("pkt4_send", packet.wire);
        let mut lines = Lines::default();
        let changed = {
            let lane = &mut *self.lanes.own();
            self.answer_in(lane, packet, room, &mut lines)
        };
        // Kea's log may wait for a disk; nobody shall wait for it with us.
        lines.write();
        changed
    }

    fn answer_in(
        &self,
        lane: &mut Lane,
        packet: &Packet<'_>,
        room: &mut impl Room,
        lines: &mut Lines,
    ) -> bool {
        let Some(query) = Query::from_wire(packet.wire, packet.context) else { return false };
        let Lane { snapshot, counts, edits, evidence, told } = lane;
        let engine = &snapshot.engine;
        let decision = engine.decide(&query);
        let Some(identity) = decision.identity else { return false };
        decision.edits(engine, &query, edits);
        counts.add(Count::OptionsLeftOut, u64::from(edits.left_out));
        let done = write(edits, room);
        if done.changed() {
            counts.add(Count::Answered, 1);
            counts.add(Count::OptionsSet, done.set);
            counts.add(Count::OptionsRemoved, done.removed);
        }
        if done.cut > 0 {
            self.count_fault();
            lines.cut = Some(format!("{}: {} options left out", client(&query), done.cut));
        }
        if let Some(mac) = query.mac {
            evidence::write(&query, evidence);
            evidence::write_told(engine, edits, told);
            let now = seconds(SystemTime::now());
            let sighting = Sighting { mac, now, reply: packet.reply, evidence, told };
            if self.phones.saw(sighting) {
                counts.add(Count::PhonesForgotten, 1);
                self.forgets();
            }
        }
        let level = if done.changed() { Level::INFO } else { Level::DEBUG };
        if log::enabled(level) {
            let line = describe(engine, &query, &decision, &identity, edits, packet.reply);
            lines.phone = Some((done.changed(), line));
            if log::enabled(Level::DEBUG) {
                lines.client = client(&query);
                lines.reasons = explain(engine, &query, &self.parameters.class_prefix).reasons;
            }
        }
        done.changed()
    }

    /// A lease is about to be stored: writes a note as JSON. False: no phone.
    pub(crate) fn note(&self, packet: &Packet<'_>, out: &mut Vec<u8>) -> bool {
        fault::provoke("lease4", packet.wire);
        let lane = &mut *self.lanes.own();
        let Some(query) = Query::from_wire(packet.wire, packet.context) else { return false };
        let engine = &lane.snapshot.engine;
        let Some(identity) = engine.admit(&query).0 else { return false };
        lane.counts.add(Count::LeasesAnnotated, 1);
        write_note(engine, &query, &identity, out);
        true
    }
}

/// How many edits found their place.
#[derive(Debug, Default)]
struct Done {
    set: u64,
    removed: u64,
    header: bool,
    cut: u32,
}

impl Done {
    fn changed(&self) -> bool {
        self.set > 0 || self.removed > 0 || self.header
    }
}

fn write(edits: &Edits, room: &mut impl Room) -> Done {
    let mut done = Done::default();
    for edit in edits.iter() {
        let (count, good) = match edit.value {
            None => (&mut done.removed, room.remove(edit.code)),
            Some(EditValue::Ready(index)) => {
                (&mut done.set, room.ready(edit.code, edit.keep_existing, index))
            }
            Some(EditValue::Bytes(value)) => {
                (&mut done.set, room.bytes(edit.code, edit.keep_existing, value))
            }
        };
        *count += u64::from(good);
        done.cut += u32::from(!good);
    }
    let header = &edits.header;
    if let Some(address) = header.next_server {
        room.next_server(address);
        done.header = true;
    }
    for good in [
        header.server_hostname.as_deref().map(|name| room.server_hostname(name)),
        header.boot_file_name.as_deref().map(|name| room.boot_file_name(name)),
    ]
    .into_iter()
    .flatten()
    {
        done.header |= good;
        done.cut += u32::from(!good);
    }
    done
}

/// What is to be logged once the lane is free again.
#[derive(Debug, Default)]
struct Lines {
    cut: Option<String>,
    /// Whether it was told something, and the line.
    phone: Option<(bool, String)>,
    client: String,
    reasons: Vec<String>,
}

impl Lines {
    fn write(self) {
        if let Some(line) = self.cut {
            tracing::error!(target: message::ANSWER_CUT, "{line}");
        }
        match self.phone {
            Some((true, line)) => tracing::info!(target: message::PHONE_ANSWERED, "{line}"),
            Some((false, line)) => tracing::debug!(target: message::PHONE_LEFT_ALONE, "{line}"),
            None => {}
        }
        for reason in self.reasons {
            tracing::debug!(target: message::PHONE_REASON, "{}: {reason}", self.client);
        }
    }
}

fn client(query: &Query<'_>) -> String {
    query.mac.map_or_else(|| "a client without Ethernet address".to_owned(), |mac| mac.to_string())
}

/// `00:15:65:aa:bb:cc yealink SIP-T46S 66.86.0.15 (option-60), ACK 10.7.0.99, site branch-7, system
/// pascom: 66 "http://10.8.0.1/provisioning/"`
fn describe(
    engine: &Engine,
    query: &Query<'_>,
    decision: &Decision<'_>,
    identity: &Identity,
    edits: &Edits,
    reply: u8,
) -> String {
    let vendor = engine.tables().at(identity.vendor);
    let mut line = format!("{} {}", client(query), vendor.id);
    let reading = read(engine.tables(), query, identity);
    for part in [&reading.model, &reading.firmware].into_iter().flatten() {
        let _ = write!(line, " {}", printable(part));
    }
    let reply = if reply == 2 { "OFFER" } else { "ACK" };
    let _ = write!(line, " ({}), {reply}", sign::deciding(engine, identity));
    if let Some(address) = query.client_address() {
        let _ = write!(line, " {address}");
    }
    if let Some(site) = decision.site {
        let _ = write!(line, ", site {}", site.name);
    }
    if let Some(system) = decision.plan().and_then(|plan| plan.system.as_deref()) {
        let _ = write!(line, ", system {system}");
    }
    let mut separator = ": ";
    for edit in edits.iter() {
        let _ = match edit.value {
            None => write!(line, "{separator}{} removed", edit.code),
            Some(value) => {
                let shown = shown(edits.bytes(engine, value));
                write!(line, "{separator}{} {shown}", edit.code)
            }
        };
        separator = "; ";
    }
    let header = &edits.header;
    let server = header.next_server.map(|address| Cow::Owned(address.to_string().into_bytes()));
    let borrowed = |field: &Option<Vec<u8>>| field.clone().map(Cow::Owned);
    let fields: [(&str, Option<Cow<'_, [u8]>>); 3] = [
        ("next-server", server),
        ("server-hostname", borrowed(&header.server_hostname)),
        ("boot-file-name", borrowed(&header.boot_file_name)),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            let _ = write!(line, "{separator}{name} {}", shown(&value));
            separator = "; ";
        }
    }
    line
}

/// A value in a line: text in quotes without secrets, anything else in hex.
fn shown(value: &[u8]) -> String {
    const LONGEST: usize = 120;
    let text = value.strip_suffix(&[0]).unwrap_or(value);
    if !text.is_empty() && text.iter().all(|byte| matches!(byte, 0x20..=0x7e)) {
        let text = without_password(&String::from_utf8_lossy(text));
        let cut: String = text.chars().take(LONGEST).collect();
        let more = if cut.len() < text.len() { "..." } else { "" };
        return format!("\"{cut}\"{more}");
    }
    let cut = value.get(..LONGEST / 2).unwrap_or(value);
    let more = if cut.len() < value.len() { "..." } else { "" };
    format!("{}{more}", hex::encode(cut))
}

/// `http://user:secret@host/` without the secret.
fn without_password(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + 3);
        out.push_str(head);
        let end = tail.find(['/', '?', '#', ' ', '"']).unwrap_or(tail.len());
        let (authority, after) = tail.split_at(end);
        match authority.rsplit_once('@').map(|(user, host)| (user.split_once(':'), host)) {
            Some((Some((user, _)), host)) => {
                let _ = write!(out, "{user}:***@{host}");
            }
            _ => out.push_str(authority),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// `{"vendor": ..., "model": ..., "firmware": ..., "by": ..., "policy": ...}`
fn write_note(engine: &Engine, query: &Query<'_>, identity: &Identity, out: &mut Vec<u8>) {
    let reading = read(engine.tables(), query, identity);
    // A client may send 255 bytes of nonsense; a note is for what a model is really called.
    let text = |value: &Option<Cow<'_, [u8]>>| {
        value.as_deref().map(|value| printable(value.get(..64).unwrap_or(value)))
    };
    let mut member = |separator: &str, name: &str, value: Option<&str>| {
        let Some(value) = value else { return };
        out.extend_from_slice(separator.as_bytes());
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":\"");
        for byte in value.bytes() {
            // All that printable() and our own names can hold that JSON minds.
            if matches!(byte, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(byte);
        }
        out.push(b'"');
    };
    member("{", "vendor", Some(&engine.tables().at(identity.vendor).id));
    member(",", "model", text(&reading.model).as_deref());
    member(",", "firmware", text(&reading.firmware).as_deref());
    member(",", "by", Some(sign::deciding(engine, identity)));
    member(",", "policy", Some(engine.digest()));
    out.push(b'}');
}
