//! The bench itself: exchanges with a Kea that has no hook. What fails here is not a fault of
//! offhook's.

use crate::peers::kea::{Setup, Version};
use crate::peers::packet::{NAK, REQUEST};
use crate::peers::pair::Pair;
use crate::peers::phone::{Phone, Relay};
use crate::peers::postgres::Postgres;
use crate::peers::tshark;
use serde_json::json;

#[test]
fn a_plain_kea_answers_discover_request_renew_and_inform() {
    let kea = Setup::new().start();
    let relay = Relay::of(&kea);
    let laptop = Phone::stranger(1).wants(&[1, 3, 6]).option(12, "laptop");
    let (offer, ack) = relay.boot(&laptop);
    let renewed = relay.renew(&laptop, ack.yiaddr());
    let informed = relay.inform(&laptop, ack.yiaddr());
    for (name, answer) in
        [("offer", &offer), ("ack", &ack), ("renewed", &renewed), ("informed", &informed)]
    {
        eprintln!("{name}: {:?} {:02x?}", answer.yiaddr(), answer.options);
    }
    let judged = tshark::judge(&[offer, ack, renewed, informed]);
    assert_eq!(judged[0].option(53), Some(&[2][..]), "found\n{}", tshark::show(&judged[0]));
    assert_eq!(kea.must_statistic("pkt4-received"), 4);
}

#[test]
fn a_plain_kea_refuses_a_foreign_address() {
    let kea = Setup::new().edit(|dhcp4| dhcp4["authoritative"] = json!(true)).start();
    let relay = Relay::of(&kea);
    let mut question = relay.question(&Phone::stranger(1), REQUEST);
    question.options.push((50, vec![10, 0, 0, 1]));
    let answer = relay.ask(&question).expect("an answer");
    assert_eq!(answer.message_type(), NAK);
}

#[test]
fn leases_survive_a_restart() {
    let kea = Setup::new().kea_library("libdhcp_lease_cmds.so", None).start();
    let relay = Relay::of(&kea);
    let (_, ack) = relay.boot(&Phone::stranger(7));
    let before = kea.lease(ack.yiaddr());
    let kea = kea.restart();
    assert_eq!(kea.lease(ack.yiaddr()), before, "Kea {:?}", Version::installed());
}

#[test]
fn a_refused_configuration_shows_its_log() {
    let refused = Setup::new().edit(|dhcp4| dhcp4["nonsense"] = json!(1)).try_start();
    let log = refused.err().expect("expected Kea to refuse 'nonsense'").log;
    assert!(log.contains("nonsense"), "expected the refused key in the log, found\n{log}");
}

#[test]
fn leases_survive_a_restart_in_postgresql() {
    let postgres = Postgres::start();
    let kea = postgres.serve(Setup::new().kea_library("libdhcp_lease_cmds.so", None)).start();
    let (_, ack) = Relay::of(&kea).boot(&Phone::stranger(7));
    let before = kea.lease(ack.yiaddr());
    assert_eq!(postgres.query("select count(*) from lease4"), "1");
    let kea = kea.restart();
    assert_eq!(kea.lease(ack.yiaddr()), before);
}

#[test]
fn the_standby_takes_over() {
    let Pair { primary, standby } = Pair::start(|setup| setup);
    let relay = Relay::of(&primary);
    let (_, ack) = relay.boot(&Phone::stranger(9));
    let lease = primary.lease(ack.yiaddr());
    assert_eq!(standby.lease(ack.yiaddr()), lease, "expected the partner to have the lease");
    let relay = relay.towards(&standby);
    primary.crash();
    Pair::wait_for_state(&standby, "partner-down", &relay);
    let mut renewal = relay.question(&Phone::stranger(9), REQUEST);
    renewal.ciaddr = ack.yiaddr();
    assert_eq!(relay.insist(&renewal).yiaddr(), ack.yiaddr());
}
