//! The packet path: what Kea's packet threads call, once to three times per packet.
//!
//! Nothing here allocates in the usual course, takes a lock that another packet holds for long, or
//! can fail: whatever is odd means that the packet stays as it was.

/// Clients that are not recognised.
mod unrecognised;

use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;

use offhook_core::query::Proof;
use offhook_core::recognise::Finding;
use offhook_core::{EditValue, Edits, MessageType, Query, Verdict, explain};
use tracing::Level;

use crate::answer_lines::{Lines, Outcome};
use crate::competing::Found;
use crate::counters::Count;
use crate::hook::Hook;
use crate::lease_note::{self, Noted};
use crate::log_line::{client, describe};
use crate::packet::Packet;
use crate::phones::Sighting;
use crate::thread_slots::Lane;
use crate::{fault, log, message, parameters};

/// What to do with a packet that has just come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// A phone, with its place among the names of client classes.
    Phone(u32),
    /// Perhaps a phone of an unknown maker, with the place of the class of these.
    Unlisted(u32),
    /// No server may answer it.
    Drop,
}

/// Where the changes to an answer are written: the shim's room. False: there is no room left.
pub(crate) trait Room {
    fn ready(&mut self, code: u8, keep_existing: bool, index: u32) -> bool;
    fn bytes(&mut self, code: u8, keep_existing: bool, value: &[u8]) -> bool;
    fn remove(&mut self, code: u8) -> bool;
    /// To be reported by [`Hook::competing`] if the server itself has put this option in.
    fn watch(&mut self, code: u8);
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
        let Lane { snapshot, counts, memo, .. } = lane;
        let engine = &snapshot.engine;
        // A BOOTP client is not a phone, whatever its address.
        let finding = match query.message {
            None => Finding::Unknown,
            Some(_) => memo.finding(packet.wire, || engine.find(&query)),
        };
        if let Some(identity) = finding.identity() {
            return Some(Admission::Phone(u32::from(identity.vendor.0) + 1));
        }
        if engine.admit(&query, finding) == Verdict::Continue {
            let unlisted = matches!(finding, Finding::Unlisted(_))
                && engine.decide_found(&query, finding).unlisted.is_some();
            let last = snapshot.classes.len().saturating_sub(1);
            return unlisted.then(|| Admission::Unlisted(u32::try_from(last).unwrap_or_default()));
        }
        counts.add(Count::Dropped, 1);
        tracing::debug!(
            target: message::PACKET_DROPPED,
            "{}: no phone, and the policy answers phones only",
            client(&query)
        );
        Some(Admission::Drop)
    }

    /// Whether the answer would carry a token if the server's leases allowed it, and they must be asked.
    pub(crate) fn token_due(&self, packet: &Packet<'_>) -> bool {
        let lane = &mut *self.lanes.own();
        let Some(mut query) = Query::from_wire(packet.wire, packet.context) else { return false };
        let Lane { snapshot, memo, edits, .. } = lane;
        let engine = &snapshot.engine;
        let Some(rule) = &engine.policy().file_access.token else { return false };
        let proven = query.context.leased.is_some() && query.giaddr.is_none();
        if proven && !rule.only_if.any() {
            return false;
        }
        if query.context.leased.is_none() {
            query.context.proof = Proof::Lease;
        }
        let finding = memo.finding(packet.wire, || engine.find(&query));
        engine.decide_found(&query, finding).edits(engine, &query, edits);
        edits.has_token()
    }

    /// An answer is about to leave. False: it stays as it is.
    pub(crate) fn answer(&self, packet: &Packet<'_>, room: &mut impl Room) -> bool {
        fault::provoke("pkt4_send", packet.wire);
        self.remind(packet.now);
        let mut lines = None;
        let changed = {
            let lane = &mut *self.lanes.own();
            self.answer_in(lane, packet, room, &mut lines)
        };
        if let Some(lines) = lines {
            // Kea's log may wait for a disk; no lock is held while it does.
            lines.write();
        }
        changed
    }

    fn answer_in(
        &self,
        lane: &mut Lane,
        packet: &Packet<'_>,
        room: &mut impl Room,
        lines: &mut Option<Box<Lines>>,
    ) -> bool {
        let Some(mut query) = Query::from_wire(packet.wire, packet.context) else { return false };
        if query.message.is_none() {
            return false;
        }
        let Lane { snapshot, counts, edits, shown, memo } = lane;
        let engine = &snapshot.engine;
        let finding = memo.recall(packet.wire).unwrap_or_else(|| engine.find(&query));
        counts.add(Count::Packets, 1);
        let Some(identity) = finding.identity() else {
            return self.unrecognised(lane, &query, finding, packet, room, lines);
        };
        counts.add(Count::Recognised, 1);
        let impostor = self.guard(engine, &mut query, packet);
        let decision = engine.decide_found(&query, finding);
        decision.edits(engine, &query, edits);
        let done = write(edits, room);
        let minted = edits.has_token();
        // For people the answer is made once more, by what knows no secret.
        let people = engine.for_people();
        let edits = match engine.has_secrets() {
            true => {
                people.decide_found(&query, finding).edits(people, &query, shown);
                &*shown
            }
            false => &*edits,
        };
        let engine = people;
        if done.changed() {
            counts.add(Count::Answered, 1);
            counts.add(Count::OptionsSet, done.set);
            counts.add(Count::OptionsRemoved, done.removed);
        }
        let competing = decision.plan().map(|plan| &plan.competing[..]).unwrap_or_default();
        for code in competing {
            let ours = || edits.iter().any(|edit| edit.code == *code);
            if !snapshot.competing.is_known(identity.vendor, *code) && !ours() {
                room.watch(*code);
            }
        }
        if edits.left_out > 0 {
            counts.add(Count::OptionsLeftOut, u64::from(edits.left_out));
        }
        // A phone without a hardware address of Ethernet's is not remembered.
        let mut news = true;
        if let Some(mac) = query.mac {
            let Packet { now, reply, .. } = *packet;
            if minted && reply == MessageType::Ack && query.context.leased.is_some() {
                self.seen.moves.done(mac);
            }
            let policy = snapshot.number;
            let sighting =
                Sighting { mac, now, reply, policy, query: &query, engine, edits, packet: &[] };
            let saw = self.seen.phones.saw(sighting);
            news = saw.news;
            if saw.forgot {
                counts.add(Count::PhonesForgotten, 1);
                self.forgets();
            }
        }
        let outcome = match (done.changed(), packet.reply) {
            (false, _) => Outcome::LeftAlone,
            (true, MessageType::Offer) => Outcome::Offered,
            (true, _) => Outcome::Answered,
        };
        let wanted = news
            || outcome != Outcome::Answered
            || self.parameters.log == parameters::Log::Every
            || log::enabled(Level::DEBUG);
        let impostor = impostor.filter(|_| log::enabled(Level::WARN));
        let wanted = wanted && log::enabled(outcome.level());
        if done.cut > 0 || impostor.is_some() || wanted {
            let line = describe(engine, &query, &decision, &identity, edits, packet.reply);
            let mut fresh = Lines { outcome, line, impostor, ..Lines::default() };
            if done.cut > 0 {
                self.count_fault();
                fresh.cut = Some(format!("{}: {} options left out", client(&query), done.cut));
            }
            if log::enabled(Level::DEBUG) {
                fresh.client = client(&query);
                fresh.reasons = explain(engine, &query, &self.parameters.class_prefix).reasons;
            }
            *lines = Some(Box::new(fresh));
        }
        done.changed()
    }

    /// The server itself has put an option into a phone's answer that competes with ours.
    pub(crate) fn competing(&self, packet: &Packet<'_>, code: u8, value: &[u8]) {
        let line = {
            let lane = &mut *self.lanes.own();
            judge(lane, packet, code, value)
        };
        if let Some(line) = line {
            tracing::warn!(target: message::OPTION_COMPETES, "{line}");
        }
    }

    /// Another library had packed a phone's answer before it came here.
    pub(crate) fn packed_before(&self, packet: &Packet<'_>) {
        let phone = |noted: &Noted<'_>| noted.phone.map(|_| client(noted.query));
        let client = self.with_note(&mut self.lanes.own(), packet, phone).flatten();
        if let Some(client) = client
            && !self.said_packed.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                target: message::ANSWER_PACKED,
                "{client}: another hook library packs answers before this one, which is too late to \
                 change them: phones get only what Kea alone sends. Name libdhcp_offhook.so before \
                 that library in \"hooks-libraries\""
            );
        }
    }

    /// A lease is about to be stored: what its note is known by. None: no phone.
    pub(crate) fn note_key(&self, packet: &Packet<'_>) -> Option<u64> {
        fault::provoke("lease4", packet.wire);
        let lane = &mut *self.lanes.own();
        let key = self.with_note(lane, packet, |noted| lease_note::key(&self.keyed, noted))?;
        lane.counts.add(Count::LeasesAnnotated, 1);
        Some(key)
    }

    /// The note itself, as JSON.
    pub(crate) fn note(&self, packet: &Packet<'_>) -> Option<String> {
        self.with_note(&mut self.lanes.own(), packet, lease_note::write)
    }

    fn with_note<T>(
        &self,
        lane: &mut Lane,
        packet: &Packet<'_>,
        body: impl FnOnce(&Noted<'_>) -> T,
    ) -> Option<T> {
        let query = Query::from_wire(packet.wire, packet.context)?;
        // A BOOTP packet has no message type.
        query.message?;
        let Lane { snapshot, memo, .. } = lane;
        let engine = &snapshot.engine;
        let finding = memo.finding(packet.wire, || engine.find(&query));
        let phone = finding.identity().map(|identity| {
            let site = engine.decide_found(&query, finding).site;
            (identity, site.map(|site| site.name.as_str()))
        });
        let token = match phone {
            Some(_) => self.kept_signs(engine, &query, packet),
            // A client that shows itself as something else does not make a phone's signs forgotten.
            None => packet.before.latest().filter(|_| self.guards(engine)),
        };
        if phone.is_none() && token.is_none() {
            return None;
        }
        Some(body(&Noted { engine, query: &query, phone, token }))
    }
}

/// Whether the option that the server put into this answer competes with what the phone is sent; the
/// log's line if that is new.
fn judge(lane: &mut Lane, packet: &Packet<'_>, code: u8, value: &[u8]) -> Option<String> {
    let query = Query::from_wire(packet.wire, packet.context)?;
    let Lane { snapshot, memo, .. } = lane;
    let engine = &snapshot.engine;
    let finding = memo.finding(packet.wire, || engine.find(&query));
    let competitors = engine.decide_found(&query, finding).competitors(engine.tables());
    let competitor =
        competitors.into_iter().find(|other| other.code() == code && other.is_in(value))?;
    let vendor = finding.identity()?.vendor;
    let text = competitor.to_string();
    let id = &engine.tables().at(vendor).id;
    let line = format!(
        "{} {id}: the server itself puts option {code} into the answer, and these phones read {text}. \
         If they should not: \"vendors\": {{ \"{id}\": {{ \"options\": [ {{ \"code\": {code}, \
         \"remove\": true }} ] }} }}",
        client(&query)
    );
    snapshot.competing.add(Found { vendor, code, text }).then_some(line)
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
    let names = [
        header.server_hostname.as_deref().map(|name| room.server_hostname(name)),
        header.boot_file_name.as_deref().map(|name| room.boot_file_name(name)),
    ];
    for good in names.into_iter().flatten() {
        done.header |= good;
        done.cut += u32::from(!good);
    }
    done
}
