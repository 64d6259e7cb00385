//! `offhook import --prove`: the old configuration on its own server and the policy on a real one, asked by
//! one phone of every maker and model; what differs, byte for byte.

mod network;
mod servers;
mod sides;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use offhook_core::MessageType;
use offhook_core::catalogue::Tables;
use offhook_edge::command::{Failure, wrong};
use offhook_emulate::exchange::{Exchange, Patience, SERVER_PORT, Way, transaction};
use offhook_emulate::packet::{Answer, Question};
use offhook_import::Old;
use offhook_import::trial::{Asker, Ground, STRANGER, askers, everyone as everyone_of, grounds};
use serde::Serialize;
use serde_json::Value;

use network::{Network, SERVER};
use sides::Wanted;

pub use network::{enter, is_inside};

/// What one phone gets from the two servers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Different {
    /// Which phone.
    pub phone: String,
    /// Where; `None`: outside of every subnet of the configuration.
    pub place: Option<String>,
    /// `option 66`, a header field, or `answer`.
    pub what: String,
    /// What the old server sent, for people.
    pub old: Option<String>,
    /// What the new one sends.
    pub new: Option<String>,
    /// The phone does not request the option: the old server left it out, or put it into a header field.
    pub unrequested: bool,
}

/// What came out of a trial.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Proof {
    /// The old server and the new one.
    pub servers: [&'static str; 2],
    /// How many phones were asked, at how many places.
    pub phones: usize,
    pub places: usize,
    /// How many answers of the two were compared.
    pub compared: usize,
    /// How often the old server gave no address: who gets one is its own affair.
    pub unanswered: usize,
    pub differences: Vec<Different>,
}

/// What the command line says.
pub struct Wish<'w> {
    pub file: &'w Path,
    pub from: super::From,
    pub hook: Option<&'w Path>,
    pub companion: Option<&'w Path>,
}

/// More places take longer than people wait.
const MOST_PLACES: usize = 16;
/// More phones that are named one by one likewise.
const MOST_NAMED: usize = 100;

/// Runs inside the namespaces.
pub fn run(
    wish: &Wish<'_>,
    tables: &Arc<Tables>,
    old: &Old,
    policy: &Value,
) -> Result<Proof, Failure> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("policy.json");
    std::fs::write(&file, policy.to_string())?;
    let mut places = vec![servers::elsewhere()];
    places.extend(grounds(old).into_iter().take(MOST_PLACES));
    let relays: Vec<_> = places.iter().map(|place| place.relay).collect();
    let mut unique = relays.clone();
    unique.sort_unstable();
    unique.dedup();
    let network = Network::new(&unique)?;
    let wanted = Wanted {
        file: wish.file,
        from: wish.from,
        policy: &file,
        grounds: &places,
        hook: wish.hook,
        companion: wish.companion,
    };
    let phones = askers(tables, old, MOST_NAMED);
    let before = {
        let own = folder.path().join("old");
        std::fs::create_dir(&own)?;
        let _server = sides::old(&network, &wanted, &own)?;
        answers(&phones, &places, None)?
    };
    let after = {
        let own = folder.path().join("new");
        std::fs::create_dir(&own)?;
        let _server = sides::new(&network, &wanted, &own)?;
        answers(&phones, &places, Some(&before))?
    };
    let (mut differences, mut compared, mut unanswered) = (Vec::new(), 0, 0);
    for (at, place) in places.iter().enumerate() {
        let stranger = phones.iter().position(|phone| phone.name == STRANGER);
        let stranger =
            |answers: &Answers| stranger.and_then(|phone| answers.get(&(at, phone)).cloned());
        let mut everyone = [stranger(&before), stranger(&after)];
        // A pool for phones only: what it says to all is known by the rules.
        if let [none @ None, Some(after)] = &mut everyone {
            *none = Some(Answer { options: everyone_of(old, place), ..after.clone() });
        }
        for (number, phone) in phones.iter().enumerate().filter(|(_, phone)| phone.name != STRANGER)
        {
            let (old, new) = (before.get(&(at, number)), after.get(&(at, number)));
            // Addresses of two pools are two places.
            let part = |answer: &Answer| {
                places
                    .iter()
                    .position(|other| other.part.is_some_and(|part| part.contains(&answer.yiaddr)))
            };
            if old.zip(new).is_some_and(|(old, new)| part(old) != part(new)) {
                continue;
            }
            compared += usize::from(old.is_some() && new.is_some());
            unanswered += usize::from(old.is_none());
            differences.extend(compare(phone, place, old, new, &everyone));
        }
    }
    let servers = match wish.from {
        super::From::Dhcpd => ["dhcpd", "kea-dhcp4 with offhook"],
        super::From::Dnsmasq => ["dnsmasq", "dnsmasq with offhook's rendering"],
        super::From::Kea | super::From::Netsh => ["kea-dhcp4", "kea-dhcp4 with offhook"],
    };
    Ok(Proof {
        servers,
        phones: phones.len() - 1,
        places: places.len(),
        compared,
        unanswered,
        differences,
    })
}

/// The answers by place and phone; an absent one: the server was silent.
type Answers = BTreeMap<(usize, usize), Answer>;

/// With the answers of before the same addresses are requested: sites go by them.
fn answers(
    phones: &[Asker],
    places: &[Ground],
    before: Option<&Answers>,
) -> Result<Answers, Failure> {
    let mut answers = Answers::new();
    for (at, place) in places.iter().enumerate() {
        let way = Way::Relay {
            relay: SocketAddrV4::new(place.relay, SERVER_PORT),
            server: SocketAddrV4::new(SERVER, SERVER_PORT),
        };
        let patience = Patience { each: Duration::from_secs(2), tries: 2 };
        let mut exchange = Exchange::new(way, patience).map_err(wrong)?;
        let mut silent = 0;
        for (number, phone) in phones.iter().enumerate() {
            if phone.reserved.is_some_and(|address| !place.network.contains(&address)) {
                continue;
            }
            let hint = before.and_then(|before| Some(before.get(&(at, number))?.yiaddr));
            match lease(&exchange, phone, place, hint) {
                Some(answer) => {
                    silent = 0;
                    answers.insert((at, number), answer);
                }
                // A place that has no address to give: the first phones are waited for, the rest briefly.
                None => {
                    silent += 1;
                    if silent > 3 {
                        exchange.patience = Patience { each: Duration::from_millis(100), tries: 1 };
                    }
                }
            }
        }
    }
    Ok(answers)
}

/// DISCOVER to ACK, then the address is given back for the next phone.
fn lease(
    exchange: &Exchange,
    phone: &Asker,
    place: &Ground,
    hint: Option<Ipv4Addr>,
) -> Option<Answer> {
    let mac = phone.parts.mac?;
    let mut options: Vec<(u8, Vec<u8>)> = phone
        .parts
        .options
        .iter()
        .filter(|(code, _)| !matches!(code, 50 | 53 | 54 | 61))
        .cloned()
        .collect();
    // In a pool of its own: an address there.
    let part = place.part.map(|part| Ipv4Addr::from(u32::from(part.network()) + 2));
    let mut discover = Question {
        kind: MessageType::Discover,
        xid: transaction(),
        mac,
        broadcast: false,
        ciaddr: Ipv4Addr::UNSPECIFIED,
        giaddr: place.relay,
        options: options.clone(),
    };
    discover.options.extend(hint.or(part).map(|address| (50, address.octets().to_vec())));
    let offer = exchange.ask(&discover, &[MessageType::Offer]).ok()?;
    let server = offer.server()?;
    options.push((50, offer.yiaddr.octets().to_vec()));
    options.push((54, server.octets().to_vec()));
    let request = Question { kind: MessageType::Request, options, ..discover.clone() };
    let ack = exchange.ask(&request, &[MessageType::Ack]).ok()?;
    let release = Question {
        kind: MessageType::Release,
        xid: transaction(),
        ciaddr: ack.yiaddr,
        options: vec![(54, server.octets().to_vec())],
        ..discover
    };
    let _ = exchange.send(&release);
    Some(ack)
}

/// What belongs to the lease and to the server, and not to a policy.
const THE_SERVERS: [u8; 13] = [1, 28, 51, 52, 53, 54, 55, 58, 59, 61, 81, 82, 118];

fn compare(
    phone: &Asker,
    place: &Ground,
    old: Option<&Answer>,
    new: Option<&Answer>,
    everyone: &[Option<Answer>; 2],
) -> Vec<Different> {
    let name = || (!place.name.is_empty()).then(|| place.name.clone());
    let different = |what: String, old: Option<String>, new: Option<String>| Different {
        phone: phone.name.clone(),
        place: name(),
        what,
        old,
        new,
        unrequested: false,
    };
    let (Some(old), Some(new)) = (old, new) else {
        // Who gets an address is the server's own affair; that the new one is silent is not.
        let lost = old
            .is_some()
            .then(|| different("answer".to_owned(), Some("an address".to_owned()), None));
        return lost.into_iter().collect();
    };
    let [everyone_before, everyone_after] = everyone;
    let asked = phone.parts.options.iter().find(|(code, _)| *code == 55);
    let requests = |code: u8| asked.is_none_or(|(_, list)| list.contains(&code));
    let mut found = Vec::new();
    let shown =
        |bytes: &[u8]| offhook_emulate::report::shown(&offhook_core::url::without_userinfo(bytes));
    let codes: std::collections::BTreeSet<u8> =
        old.options.keys().chain(new.options.keys()).copied().collect();
    for code in codes.into_iter().filter(|code| !THE_SERVERS.contains(code)) {
        let (before, after) = (old.option(code), new.option(code));
        // Kea repeats the client's own host name, dnsmasq its vendor class.
        let own = phone
            .parts
            .options
            .iter()
            .find(|(own, _)| *own == code)
            .map(|(_, value)| value.as_slice());
        let repeated = |value: Option<&[u8]>| {
            value.is_none_or(|value| own.is_some_and(|own| own.eq_ignore_ascii_case(value)))
        };
        if matches!(code, 12 | 60) && repeated(before) && repeated(after) {
            continue;
        }
        // What every client gets stays in the server's own configuration.
        let of = |other: &Option<Answer>| {
            other.as_ref().and_then(|other| other.option(code).map(<[u8]>::to_vec))
        };
        let stays =
            of(everyone_before).as_deref() == before && of(everyone_after).as_deref() == after;
        if before != after && !stays {
            let mut one = different(format!("option {code}"), before.map(shown), after.map(shown));
            one.unrequested = before.is_none() && !requests(code);
            found.push(one);
        }
    }
    let fields = [
        (
            "server-hostname",
            &old.sname,
            &new.sname,
            everyone_before.as_ref().map(|other| &other.sname),
        ),
        ("boot-file-name", &old.file, &new.file, everyone_before.as_ref().map(|other| &other.file)),
    ];
    for (name, before, after, everyone) in fields {
        let stays = after.is_empty() && everyone == Some(before);
        if before != after && !stays {
            let said = |bytes: &Vec<u8>| (!bytes.is_empty()).then(|| shown(bytes));
            let mut one = different(name.to_owned(), said(before), said(after));
            one.unrequested =
                after.is_empty() && !requests(if name == "server-hostname" { 66 } else { 67 });
            found.push(one);
        }
    }
    // A server without a next server writes its own address, or none.
    let own = |answer: &Answer| {
        let address = answer.siaddr;
        (!address.is_unspecified() && address != SERVER).then(|| address.to_string())
    };
    let everyone = everyone_before.as_ref().and_then(own);
    let (before, after) = (own(old), own(new));
    if before != after && !(after.is_none() && before == everyone) {
        found.push(different("next-server".to_owned(), before, after));
    }
    found
}

/// The proof in words, one line for each group of phones with the same difference.
pub fn words(proof: &Proof) -> Vec<String> {
    let mut groups: BTreeMap<(String, String, String), Vec<&Different>> = BTreeMap::new();
    for one in &proof.differences {
        let maker = one.phone.split(':').next().unwrap_or_default().to_owned();
        let place = one.place.clone().unwrap_or_default();
        let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
        let text = format!("{}: before {}, now {}", one.what, said(&one.old), said(&one.new));
        groups.entry((maker, place, text)).or_default().push(one);
    }
    let mut lines = Vec::new();
    for ((maker, place, text), all) in groups {
        let place = if place.is_empty() { place } else { format!(" at {place}") };
        let first = all.first().map_or("", |one| one.phone.as_str());
        lines.push(format!("proved different: {maker}{place}: {text}"));
        let why = match all.iter().all(|one| one.unrequested) {
            true => {
                " (not requested: the old server leaves it out or puts it into the header; see \"send\" in docs/policy.md)"
            }
            false => "",
        };
        lines.push(match all.len() {
            1 => format!("    {first}{why}"),
            count => format!("    {count} phones, such as {first}{why}"),
        });
    }
    let [old, new] = proof.servers;
    lines.push(format!(
        "proved on real servers ({old}; {new}): {} phones at {} places, {} pairs of answers compared byte for byte: {}",
        proof.phones,
        proof.places,
        proof.compared,
        match proof.differences.len() {
            0 => "all the same".to_owned(),
            count => format!("{count} differences"),
        }
    ));
    lines
}
