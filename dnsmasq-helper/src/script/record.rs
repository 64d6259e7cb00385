//! Keeps book of one event.
//!
//! Events come late, newest first, and collapsed into one; an event without the packet's data never
//! erases what an earlier one has shown.

use std::borrow::Cow;
use std::io;

use offhook_core::parts::Parts;
use offhook_core::query::code;
use offhook_core::text::printable;
use offhook_core::{MessageType, builtin};

use super::event::{Action, Event, Said};
use super::judge::{Judgement, judge};
use crate::book::Book;
use crate::state::{Record, State, now};

pub fn record(state: &State, event: &Event, book: Option<&Book>) -> io::Result<()> {
    let tables = book.map_or(Cow::Borrowed(builtin::built_in()), Book::tables);
    let before = state.read(event.mac);
    let new = before.is_none();
    let judgement = judge(event, &tables, book);
    match after(before.clone(), event, judgement, book) {
        After::Keep(record) if before.as_ref() != Some(&*record) => {
            state.write(event.mac, &record, new)
        }
        After::Forget => state.forget(event.mac).and_then(|()| state.alive()),
        After::Keep(_) | After::Nothing => state.alive(),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum After {
    Keep(Box<Record>),
    Forget,
    Nothing,
}

fn after(
    before: Option<Record>,
    event: &Event,
    judgement: Judgement,
    book: Option<&Book>,
) -> After {
    let packet = event.said.as_ref();
    let shown =
        judgement.phone.is_some() || judgement.drift.is_some() || !judgement.unlisted.is_empty();
    let mut record = match before {
        // The end of an address that the phone has already changed.
        Some(record)
            if event.action == Action::Del && record.address != event.address.to_string() =>
        {
            return After::Nothing;
        }
        // The packet is not a phone's: the file was another device's.
        Some(_) if packet.is_some() && !shown => return After::Forget,
        Some(record) => record,
        None if !shown => return After::Nothing,
        // Of a lease that ends and was never seen, nothing is worth a file.
        None if event.action == Action::Del && packet.is_none() => return After::Nothing,
        None => Record { first_seen: now(), ..Record::default() },
    };
    record.mac = event.mac.to_string();
    record.address = event.address.to_string();
    record.state = if event.action == Action::Del { "released" } else { "leased" }.to_owned();
    record.expires = event.expires.or(record.expires);
    record.host_name = event.host_name.clone().or(record.host_name);
    let interface = event.interface.as_deref().map(printable);
    record.interface = interface.or(record.interface);
    record.relay = event.relay.map(|relay| relay.to_string()).or(record.relay);
    if packet.is_some() || record.vendor.is_none() {
        identify(&mut record, judgement);
    }
    // At its start dnsmasq reports every lease; the phones need not be running.
    if packet.is_some() || event.action == Action::Del || record.last_seen == 0 {
        record.last_seen = now();
    }
    if let Some(said) = packet {
        record.boots += u64::from(event.action != Action::Del);
        record.vendor_class = said.vendor_class.as_deref().map(printable);
        record.packet = (!record.unlisted.is_empty()).then(|| sent(event, said));
        record.policy = book.map(|book| book.head.digest.clone());
    }
    After::Keep(Box::new(record))
}

/// The client's packet again, as hex digits: what dnsmasq has passed on of it.
fn sent(event: &Event, said: &Said) -> String {
    let mut parts = Parts {
        message: MessageType::Request,
        mac: Some(event.mac),
        giaddr: event.relay,
        ..Parts::default()
    };
    let options = [
        (code::HOST_NAME, said.host_name.clone().unwrap_or_default()),
        (code::REQUEST_LIST, said.request_list.clone()),
        (code::VENDOR_CLASS, said.vendor_class.clone().unwrap_or_default()),
    ];
    for (option, value) in options {
        parts.option(option, value);
    }
    if let [class] = &said.user_classes[..] {
        parts.option(code::USER_CLASS, class.clone());
    }
    hex::encode(parts.wire(0))
}

fn identify(record: &mut Record, judgement: Judgement) {
    let phone = judgement.phone.unwrap_or_default();
    record.vendor = Some(phone.vendor).filter(|vendor| !vendor.is_empty());
    record.variant = phone.variant;
    record.model = phone.model;
    record.firmware = phone.firmware;
    record.by = phone.by;
    record.site = phone.site;
    record.rule = judgement.rule;
    record.unlisted = judgement.unlisted;
    record.drift = judgement.drift;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(action: Action, address: [u8; 4], class: Option<&str>) -> Event {
        Event {
            action,
            mac: offhook_core::Mac::parse("00:15:65:00:00:01").unwrap(),
            address: address.into(),
            host_name: None,
            expires: None,
            interface: None,
            relay: None,
            said: class.map(|class| Said {
                vendor_class: Some(class.as_bytes().to_vec()),
                ..Said::default()
            }),
        }
    }

    fn step(before: Option<Record>, event: &Event) -> After {
        let judgement = judge(event, builtin::built_in(), None);
        after(before, event, judgement, None)
    }

    fn kept(after: After) -> Record {
        match after {
            After::Keep(record) => *record,
            other => panic!("{other:?}"),
        }
    }

    const FIRST: [u8; 4] = [10, 0, 0, 1];
    const SECOND: [u8; 4] = [10, 0, 0, 2];

    #[test]
    fn missing_data_never_erases_what_is_known() {
        let first = kept(step(None, &event(Action::Add, FIRST, Some("yealink SIP-T46S"))));
        assert_eq!(first.vendor.as_deref(), Some("yealink"));
        let later = kept(step(Some(first.clone()), &event(Action::Old, SECOND, None)));
        assert_eq!((later.vendor, later.by), (first.vendor.clone(), first.by.clone()));
        assert_eq!((later.address.as_str(), later.boots), ("10.0.0.2", 1));
    }

    #[test]
    fn an_end_counts_only_for_the_address_that_ends() {
        let record = kept(step(None, &event(Action::Add, SECOND, Some("yealink"))));
        assert_eq!(step(Some(record.clone()), &event(Action::Del, FIRST, None)), After::Nothing);
        let ended = kept(step(Some(record), &event(Action::Del, SECOND, None)));
        assert_eq!(ended.state, "released");
        // Came and went before its turn: dnsmasq says "del" once, with all data.
        let coalesced = kept(step(None, &event(Action::Del, FIRST, Some("yealink"))));
        assert_eq!((coalesced.state.as_str(), coalesced.boots), ("released", 0));
        assert_eq!(step(None, &event(Action::Del, FIRST, None)), After::Nothing);
    }

    #[test]
    fn what_turns_out_to_be_no_phone_is_forgotten() {
        let record = kept(step(None, &event(Action::Old, FIRST, None)));
        assert_eq!(record.vendor.as_deref(), Some("yealink"), "by its address alone");
        let mut camera = event(Action::Add, FIRST, Some("GXV3601"));
        assert_eq!(step(Some(record), &camera), After::Forget);
        camera.said = Some(Said::default());
        camera.mac = offhook_core::Mac([2, 0, 0, 0, 0, 1]);
        assert_eq!(step(None, &camera), After::Nothing);
    }
}
