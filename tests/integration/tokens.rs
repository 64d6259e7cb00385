//! A token is for the phone that has the lease: whatever else a packet says of itself, there is none.

use crate::peers::folder::set_mode;
use crate::peers::kea::{Kea, Setup};
use crate::peers::packet::{ACK, Answer, DISCOVER, INFORM, OFFER, Question, REQUEST};
use crate::peers::pair::Pair;
use crate::peers::phone::{Phone, Relay};
use crate::peers::socket::bind;
use serde_json::{Value, json};
use std::net::Ipv4Addr;

const PHONE: &str = "00:15:65:01:02:03";
const URL: &str = "https://p.example/{{mac}}/{{token}}/";
/// An address in no subnet of Kea's.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 66, 6, 6);

fn phone() -> Phone {
    Phone::new(PHONE).class("yealink").wants(&[1, 3, 66])
}

/// Kea with a token in every phone's URL; `rule` are further members of "token".
fn with_token(setup: Setup, rule: Value) -> Setup {
    let key = setup
        .folder
        .write("key", "5b1f0d0a4f7c4f0e9d6a1c2b3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f607");
    set_mode(&key, 0o640);
    with_key(setup, &key.display().to_string(), rule)
}

fn with_key(setup: Setup, key: &str, rule: Value) -> Setup {
    let mut token = json!({ "key-file": key });
    let more = rule.as_object().expect("an object").clone();
    token.as_object_mut().expect("an object").extend(more);
    let policy = json!({
        "systems": [{ "system": "files", "url": URL }],
        "file-access": { "token": token },
    });
    setup.offhook_with(json!({ "policy": policy }))
}

fn start(rule: Value) -> Kea {
    with_token(Setup::new().kea_library("libdhcp_lease_cmds.so", None), rule).start()
}

#[track_caller]
fn token(answer: &Answer) -> String {
    let url = answer.option(66).unwrap_or_else(|| panic!("expected option 66, found none"));
    let url = String::from_utf8(url.to_vec()).expect("a URL");
    assert!(!url.contains('*'), "{url}");
    url
}

#[track_caller]
fn none(what: &str, answer: Option<Answer>, kind: u8) {
    let answer = answer.unwrap_or_else(|| panic!("{what}: expected an answer"));
    assert_eq!(answer.message_type(), kind, "{what}");
    assert_eq!(answer.option(66), None, "{what}: expected no token");
    assert_eq!(answer.option(160), None, "{what}: expected no token");
}

/// A packet that no relay has touched, and its answer at the client's own address.
fn direct(relay: &Relay, phone: &Phone, kind: u8, from: Ipv4Addr, kea: &Kea) -> Option<Answer> {
    let mut question = relay.question(phone, kind);
    question.giaddr = Ipv4Addr::UNSPECIFIED;
    question.ciaddr = from;
    let socket = bind(from, kea.client_port());
    relay.ask_from(&question, &socket)
}

#[test]
fn whoever_only_knows_a_hardware_address_gets_no_token() {
    let kea = start(json!({}));
    let relay = Relay::of(&kea);
    let (offer, ack) = relay.boot(&phone());
    let (own, here) = (token(&ack), ack.yiaddr());
    assert_eq!(token(&offer), own);
    let stranger = relay.boot(&Phone::stranger(9)).1.yiaddr();

    // DHCPINFORM from anywhere, and from an address that another client has.
    for from in [ELSEWHERE, stranger] {
        let foreign = direct(&relay, &phone(), INFORM, from, &kea);
        if let Some(answer) = &foreign {
            assert_eq!(answer.option(66), None, "an inform from {from}: {answer:?}");
        }
        let mut relayed = relay.question(&phone(), INFORM);
        relayed.ciaddr = from;
        let socket = bind(from, kea.client_port());
        none("a relayed inform", relay.ask_from(&relayed, &socket), ACK);
    }
    // A relay of one's own, which chooses the phones' subnet: the offer is the phone's own address.
    let away = Relay::at(&kea, ELSEWHERE);
    let subnet = Ipv4Addr::new(127, 1, 0, 0).octets();
    let mut chosen = away.question(&phone(), DISCOVER);
    chosen.options.push((82, [&[5, 4][..], &subnet].concat()));
    let offered = away.ask(&chosen);
    assert_eq!(offered.as_ref().map(Answer::yiaddr), Some(here), "Kea offers the phone's own");
    none("link selection", offered, OFFER);
    let mut chosen = away.question(&phone(), REQUEST);
    chosen.options.push((82, [&[5, 4][..], &subnet].concat()));
    chosen.options.push((50, here.octets().to_vec()));
    none("a request of the phone's address", away.ask(&chosen), ACK);
    let mut chosen = away.question(&phone(), DISCOVER);
    chosen.options.push((118, subnet.to_vec()));
    if let Some(answer) = away.ask(&chosen) {
        none("subnet selection", Some(answer), OFFER);
    }
    // A client of the test that plays the relay.
    let own_relay = Relay::at(&kea, stranger);
    none("a client as a relay", own_relay.ask(&own_relay.question(&phone(), DISCOVER)), OFFER);
    // The answer would go to another address than the leased one.
    let mut elsewhere = relay.question(&phone(), DISCOVER);
    elsewhere.ciaddr = ELSEWHERE;
    none("another ciaddr", relay.ask(&elsewhere), OFFER);

    // The phone itself: whatever it asks, and after a restart.
    let all = |kea: &Kea, relay: &Relay| {
        assert_eq!(token(&relay.renew(&phone(), here)), own);
        assert_eq!(token(&relay.inform(&phone(), here)), own);
        for kind in [REQUEST, INFORM] {
            let answer = direct(relay, &phone(), kind, here, kea).expect("an answer");
            assert_eq!(token(&answer), own, "message {kind}");
        }
        assert_eq!(token(&relay.boot(&phone()).1), own);
    };
    all(&kea, &relay);
    drop((relay, away, own_relay));
    let kea = kea.restart();
    all(&kea, &Relay::of(&kea));
}

#[test]
fn relays_that_the_policy_lists_may_choose_and_no_others_carry_a_token() {
    let kea = start(json!({ "relays": ["127.1.2.3"] }));
    let relay = Relay::of(&kea);
    let choose = |relay: &Relay| {
        let mut question = relay.question(&phone(), DISCOVER);
        question.options.push((82, vec![5, 4, 127, 1, 0, 0]));
        relay.ask(&question)
    };
    let own = token(&relay.discover(&phone()));
    assert_eq!(choose(&relay).map(|offer| token(&offer)), Some(own));
    let other = Relay::at(&kea, Ipv4Addr::new(127, 1, 2, 4));
    none("an unlisted relay", other.ask(&other.question(&phone(), DISCOVER)), OFFER);
    none("an unlisted relay that chooses", choose(&other), OFFER);
}

fn at_port(question: Question, port: &str) -> Question {
    let mut question = question;
    let id = port.as_bytes();
    question.options.push((82, [&[1, id.len() as u8][..], id].concat()));
    question
}

/// The four-way exchange of a phone at a switch's port.
fn boot_at(relay: &Relay, phone: &Phone, port: &str) -> Answer {
    let offer = relay.ask(&at_port(relay.question(phone, DISCOVER), port)).expect("an offer");
    relay.ask(&at_port(relay.request_for(phone, &offer), port)).expect("an answer")
}

fn signs(kea: &Kea, address: Ipv4Addr) -> Value {
    kea.lease(address)["user-context"]["offhook"]["token"].clone()
}

#[test]
fn an_impostor_gets_no_token_and_the_phone_keeps_its_own() {
    let rule = json!({ "only-if": ["same-phone", "same-port"] });
    let setup = Setup::new().kea_library("libdhcp_lease_cmds.so", None).edit(|dhcp4| {
        let second = json!({
            "id": 2, "subnet": "127.2.0.0/16", "pools": [{ "pool": "127.2.100.1 - 127.2.100.254" }],
        });
        dhcp4["subnet4"].as_array_mut().expect("a list").push(second);
    });
    let kea = with_token(setup, rule).start();
    let relay = Relay::of(&kea);
    let ack = boot_at(&relay, &phone(), "ge-7");
    let (own, here) = (token(&ack), ack.yiaddr());
    let kept = signs(&kea, here);
    assert_eq!((&kept["vendor-class"], &kept["circuit-id"]), (&json!("yealink"), &json!("ge-7")));
    assert_eq!((&kept["relay"], &kept["subnet"]), (&json!("127.1.2.3"), &json!(1)));

    let other = Phone::new(PHONE).class("yealink SIP-T46S").wants(&[1, 3, 6, 15, 66]);
    // Not even recognised as a phone: its lease must not forget the phone.
    let laptop = Phone::new(PHONE).class("MSFT 5.0").wants(&[1, 3, 6, 15, 66]);
    let check = |kea: &Kea, relay: &Relay| {
        none("a laptop", Some(boot_at(relay, &laptop, "ge-7")), ACK);
        none("another phone", Some(boot_at(relay, &other, "ge-7")), ACK);
        none("another port", Some(boot_at(relay, &phone(), "ge-8")), ACK);
        let away = Relay::at(kea, Ipv4Addr::new(127, 2, 2, 3));
        none("another subnet", Some(boot_at(&away, &phone(), "ge-7")), ACK);
        none("it stays", Some(boot_at(&away, &phone(), "ge-7")), ACK);
        assert_eq!(token(&boot_at(relay, &phone(), "ge-7")), own);
        assert_eq!(token(&relay.inform(&phone(), here)), own);
        let renewed = direct(relay, &phone(), REQUEST, here, kea).expect("an answer");
        assert_eq!(token(&renewed), own, "a renewal shows no port");
        assert_eq!(signs(kea, here)["circuit-id"], "ge-7");
    };
    check(&kea, &relay);
    let line = kea.wait_for_log("OFFHOOK_IMPOSTOR");
    assert!(line.contains("WARN"), "{line}");
    for line in kea.log_lines("OFFHOOK_IMPOSTOR") {
        assert!(
            line.contains("option 60 \"yealink\"") && line.contains("circuit id \"ge-7\""),
            "{line}"
        );
    }
    let told = kea.log_lines("OFFHOOK_IMPOSTOR");
    assert!(told.iter().any(|line| line.contains("option 60 \"yealink SIP-T46S\"")), "{told:?}");
    assert!(told.iter().any(|line| line.contains("circuit id \"ge-8\"")), "{told:?}");
    let one = kea.command("phone-get", json!({ "hw-address": PHONE })).ok();
    assert!(one["impostor"]["times"].as_u64() >= Some(4), "{}", one["impostor"]);
    assert!(one["impostor"]["before"].as_str().is_some_and(|signs| signs.contains("ge-7")));

    // What was before outlives a restart.
    drop(relay);
    let kea = kea.restart();
    let relay = Relay::of(&kea);
    check(&kea, &relay);

    // The operator lets it move; then the old place is the foreign one.
    kea.command("phone-allow-move", json!({ "hw-address": PHONE })).ok();
    assert_eq!(token(&boot_at(&relay, &phone(), "ge-9")), own);
    assert_eq!(signs(&kea, here)["circuit-id"], "ge-9");
    none("the old port", Some(boot_at(&relay, &phone(), "ge-7")), ACK);
    assert_eq!(token(&boot_at(&relay, &phone(), "ge-9")), own);
}

#[test]
fn signs_need_notes_in_leases() {
    let setup = with_token(Setup::new(), json!({ "only-if": ["same-phone"] })).edit(|dhcp4| {
        dhcp4["hooks-libraries"][0]["parameters"]["annotate-leases"] = json!(false);
    });
    // Kea starts all the same, and no phone gets anything of a policy that cannot be kept.
    let kea = setup.start();
    let told = kea.log_lines("OFFHOOK_").join("\n");
    assert!(told.contains("file-access.token.only-if"), "{told}");
    assert!(told.contains("annotate-leases"), "{told}");
    let ack = boot_at(&Relay::of(&kea), &phone(), "ge-7");
    assert_eq!(ack.option(66), None);
}

#[test]
fn the_partner_knows_the_phone_from_an_impostor_too() {
    let rule = json!({ "only-if": ["same-phone", "same-port"] });
    let folder = crate::peers::folder::Folder::new();
    let key =
        folder.write("key", "5b1f0d0a4f7c4f0e9d6a1c2b3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f607");
    set_mode(&key, 0o640);
    let key = key.display().to_string();
    let Pair { primary, standby } = Pair::start(|setup| with_key(setup, &key, rule.clone()));
    let relay = Relay::of(&primary);
    let ack = boot_at(&relay, &phone(), "ge-7");
    assert_eq!(signs(&standby, ack.yiaddr()), signs(&primary, ack.yiaddr()));
    primary.crash();
    let relay = relay.towards(&standby);
    Pair::wait_for_state(&standby, "partner-down", &relay);
    let renewal = |phone: &Phone, port| {
        let mut question = at_port(relay.question(phone, REQUEST), port);
        question.ciaddr = ack.yiaddr();
        relay.insist(&question)
    };
    assert_eq!(token(&renewal(&phone(), "ge-7")), token(&ack));
    none("another port", Some(renewal(&phone(), "ge-8")), ACK);
    assert_eq!(token(&renewal(&phone(), "ge-7")), token(&ack));
}
