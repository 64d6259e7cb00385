//! The acceptance table of the four reference sites, by dnsmasq: OFFER, ACK and the ACK to INFORM.

use super::catalogue::in_dnsmasqs_words;
use crate::peers::dnsmasq::Setup;
use crate::peers::packet::{Answer, INFORM};
use crate::peers::phone::{Phone, Relay};
use crate::reference::{ROWS, policies};

/// Leases without an end: dnsmasq counts the others' seconds in the ACK to INFORM (option 51) and
/// spreads their renewal times by chance (58, 59), so that two servers' answers would differ by luck.
fn forever() -> Setup {
    Setup::new().ranges(&["127.1.10.1,127.1.250.250,255.255.0.0,infinite"])
}

fn answers(relay: &Relay, phone: &Phone) -> [Answer; 3] {
    let (offer, ack) = relay.boot(phone);
    let mut question = relay.question(phone, INFORM);
    question.ciaddr = relay.address;
    let informed = relay.ask(&question).expect("an answer to INFORM");
    [offer, ack, informed]
}

#[test]
fn every_row_in_offer_ack_and_the_ack_to_inform() {
    let plain = forever().start();
    let plain = plain.relay();
    let mut wrong = Vec::new();
    for policy in policies() {
        let dnsmasq = forever().offhook(policy).start();
        let relay = dnsmasq.relay();
        for (_, client, told) in ROWS.iter().filter(|row| row.0 == policy) {
            let told: Vec<(u8, Vec<u8>)> =
                told.iter().map(|(code, value)| (*code, value.to_vec())).collect();
            let told = in_dnsmasqs_words(&client.phone(), &told);
            let with = answers(&relay, &client.phone());
            let without = answers(&plain, &client.phone());
            wrong.extend(client.judge(&told, &with, &without));
        }
    }
    assert!(wrong.is_empty(), "{} answers are wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_laptop_gets_byte_for_byte_what_it_got_without_us() {
    let laptops = Phone::laptops();
    let ask = |setup: Setup| {
        let dnsmasq = setup.start();
        let relay = dnsmasq.relay();
        let all = laptops.iter().flat_map(|laptop| answers(&relay, laptop));
        all.map(|answer| answer.raw).collect::<Vec<_>>()
    };
    let without = ask(forever());
    for policy in policies() {
        assert_eq!(ask(forever().offhook(policy)), without, "under {policy}");
    }
}
