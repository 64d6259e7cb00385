//! A boot's first half: from the DHCPDISCOVER to what the phone has understood.

use std::net::Ipv4Addr;

use offhook_catalogue::MessageType;

use crate::character::Informs;
use crate::exchange::{Exchange, transaction};
use crate::packet::{Answer, Question};
use crate::phone::Phone;
use crate::reading::{self, NoPlace, Place, Said, Understood, Vlan};
use crate::report::Log;
use crate::steps;

/// What the phone has after its DHCP rounds.
#[derive(Debug, Clone)]
pub struct Lease {
    /// The address that the phone has.
    pub address: Ipv4Addr,
    /// The answer that the phone went by.
    pub answer: Answer,
    /// What the phone understood of it.
    pub understood: Understood,
}

/// Boots. `voice` is the way in the voice VLAN; none: the same as the first.
pub fn boot(
    phone: &Phone,
    exchange: &Exchange,
    voice: Option<&Exchange>,
    log: &mut Log<'_>,
) -> Option<Lease> {
    let mut lease = round(phone, exchange, "", log)?;
    if let Some(vlan) = lease.understood.vlan.clone() {
        if let Some(other) = voice.and_then(Exchange::vlan).filter(|other| *other != vlan.value.id)
        {
            let (id, by) = (vlan.value.id, vlan.by);
            log.failed(steps::VLAN, format!("{id}, by {by}; --vlan-interface is in VLAN {other}"));
            return None;
        }
        let Said { by, value: Vlan { id, priority }, note } = vlan;
        let priority = priority.map(|priority| format!(", priority {priority}"));
        let note = if note.is_empty() { note } else { format!(" ({note})") };
        log.passed(
            steps::VLAN,
            format!(
                "{id}{}, by {by}{note}; asks again in it{}",
                priority.unwrap_or_default(),
                voice.map_or(String::new(), on)
            ),
        );
        // The phone releases its address. A DHCPRELEASE has no answer.
        let release = Question {
            ciaddr: lease.address,
            options: lease
                .answer
                .server()
                .map(|server| (54, server.octets().to_vec()))
                .into_iter()
                .collect(),
            ..question(phone, exchange, MessageType::Release)
        };
        if let Err(error) = exchange.send(&release) {
            log.failed(steps::VLAN, format!("cannot give {} back: {error}", lease.address));
        }
        // The tag is not set up here: the second way is one that the operator has put into that VLAN.
        lease = round(phone, voice.unwrap_or(exchange), &format!(" in VLAN {id}"), log)?;
    }
    tell(&lease.understood, log);
    locate(phone, &lease.understood, log);
    Some(lease)
}

/// The interface for the voice VLAN. One that is not tagged here (a second wire, a container's) is taken at
/// the operator's word.
fn on(voice: &Exchange) -> String {
    match (voice.interface(), voice.vlan()) {
        (None, _) => String::new(),
        (Some(name), Some(_)) => format!(", on {name}"),
        (Some(name), None) => format!(
            ", on {name}, which is not a VLAN interface of this host: in which VLAN it is cannot be seen here"
        ),
    }
}

/// DISCOVER to ACK, and INFORM where this phone does so.
fn round(phone: &Phone, exchange: &Exchange, place: &str, log: &mut Log<'_>) -> Option<Lease> {
    let (offer_step, ack_step) =
        (format!("{}{place}", steps::OFFER), format!("{}{place}", steps::ACK));
    let discover = question(phone, exchange, MessageType::Discover);
    let offer = match exchange.ask(&discover, &[MessageType::Offer]) {
        Ok(offer) => offer,
        Err(why) => {
            log.failed(offer_step, why.to_string());
            log.not_reached(ack_step, "no offer");
            return None;
        }
    };
    let server = offer.server();
    let Some(server) = server.filter(|_| !offer.yiaddr.is_unspecified()) else {
        log.failed(offer_step, "an offer without an address or a server identifier (option 54)");
        log.not_reached(ack_step, "no address was offered");
        return None;
    };
    log.passed(offer_step, format!("{} offered by {server}", offer.yiaddr));
    let mut request = question(phone, exchange, MessageType::Request);
    // The same transaction as the DISCOVER's (RFC 2131 4.4.1).
    request.xid = discover.xid;
    request.options.push((50, offer.yiaddr.octets().to_vec()));
    request.options.push((54, server.octets().to_vec()));
    let ack = match exchange.ask(&request, &[MessageType::Ack, MessageType::Nak]) {
        Ok(ack) if ack.kind == MessageType::Ack => ack,
        Ok(_) => {
            log.failed(ack_step, format!("{server} took its offer back (DHCPNAK)"));
            return None;
        }
        Err(why) => {
            log.failed(ack_step, why.to_string());
            return None;
        }
    };
    let lease = ack.option(51).and_then(|value| value.first_chunk::<4>());
    let lease = lease.map(|seconds| format!(" for {} s", u32::from_be_bytes(*seconds)));
    log.passed(ack_step, format!("{}{}", ack.yiaddr, lease.unwrap_or_default()));
    let address = ack.yiaddr;
    let understood = reading::read(phone, &ack);
    let asks_again = match phone.informs {
        Informs::Never => false,
        Informs::WithoutUrl => understood.places.is_empty() && understood.vlan.is_none(),
        Informs::Always => true,
    };
    let informed = if asks_again { inform(phone, exchange, address, place, log) } else { None };
    let Some(answer) = informed else {
        return Some(Lease { address, answer: ack, understood });
    };
    let understood = reading::read(phone, &answer);
    Some(Lease { address, answer, understood })
}

fn inform(
    phone: &Phone,
    exchange: &Exchange,
    address: Ipv4Addr,
    place: &str,
    log: &mut Log<'_>,
) -> Option<Answer> {
    let name = format!("{}{place}", steps::INFORM);
    let inform = Question { ciaddr: address, ..question(phone, exchange, MessageType::Inform) };
    match exchange.ask_as(address, &inform, &[MessageType::Ack]) {
        Ok(answer) => {
            log.passed(name, format!("answered with {} options", answer.options.len()));
            Some(answer)
        }
        Err(why @ crate::exchange::Silence::Socket(_)) => {
            let why = format!("its answer goes to {address}, which this host does not have: {why}");
            log.not_reached(name, why);
            None
        }
        Err(why) => {
            log.failed(name, why.to_string());
            None
        }
    }
}

/// A URL that a person gave, as the phone takes it from its own web page.
///
/// # Errors
/// The phone does not take such a URL.
pub fn given(phone: &Phone, url: &str) -> Result<(Place, Vec<Place>), NoPlace> {
    Ok((reading::place(phone, url, None)?, reading::fallbacks(phone, url, None)))
}

pub(crate) fn question(phone: &Phone, exchange: &Exchange, kind: MessageType) -> Question {
    Question {
        kind,
        xid: transaction(),
        mac: phone.mac,
        broadcast: exchange.by_broadcast(),
        ciaddr: Ipv4Addr::UNSPECIFIED,
        giaddr: exchange.giaddr(),
        options: phone.options.clone(),
    }
}

/// What else the options say.
fn tell(understood: &Understood, log: &mut Log<'_>) {
    let mut words = Vec::new();
    let mut list = |what: &str, said: &Option<Said<Vec<String>>>| {
        if let Some(said) = said {
            words.push(format!("{what} {} by {}", said.value.join(", "), said.by));
        }
    };
    list("time servers", &understood.time_servers);
    list("SIP servers", &understood.sip_servers);
    words.extend(understood.other.iter().map(|said| format!("{} {}", said.by, said.value)));
    if !words.is_empty() {
        log.passed(steps::OPTIONS, words.join("; "));
    }
    for said in &understood.unreadable {
        log.failed(
            steps::OPTIONS,
            format!("{} is not what this phone reads: {}", said.by, said.value),
        );
    }
}

fn locate(phone: &Phone, understood: &Understood, log: &mut Log<'_>) {
    match &*understood.places {
        [first, others @ ..] => {
            let also: String = others.iter().map(|said| format!(", also {}", said.by)).collect();
            log.passed(steps::URL, format!("{} by {}{also}", first.value.url(), first.by));
        }
        [] if understood.asked.is_empty() => {
            let name = &phone.vendor.name;
            log.not_reached(steps::URL, format!("this {name} phone requests none by DHCP"));
        }
        [] => {
            let asked = understood.asked.join(", ");
            log.failed(steps::URL, format!("none: the answer has nothing to read in {asked}"));
        }
    }
}
