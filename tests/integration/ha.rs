//! Two Keas in hot-standby give a phone the same bytes and know the same about it.

use crate::annotate::{FILES, expect_polycom, polycom};
use crate::peers::packet::{ACK, REQUEST};
use crate::peers::pair::Pair;
use crate::peers::phone::{Phone, Relay};
use serde_json::{Value, json};

#[test]
fn the_standby_gives_the_same_bytes_after_the_primary_is_killed() {
    let policy: Value = serde_json::from_str(FILES).expect("JSON");
    let Pair { primary, standby } =
        Pair::start(|setup| setup.offhook_with(json!({ "policy": policy })));
    let relay = Relay::of(&primary);
    let (_, ack) = relay.boot(&polycom());
    expect_polycom(&primary.lease(ack.yiaddr()));
    let at_partner = standby.lease(ack.yiaddr());
    expect_polycom(&at_partner);
    assert_eq!(at_partner["user-context"], primary.lease(ack.yiaddr())["user-context"]);

    let mut renewal = relay.question(&polycom(), REQUEST);
    renewal.ciaddr = ack.yiaddr();
    let from_primary = relay.ask(&renewal).expect("an answer of the primary");
    assert_eq!(from_primary.message_type(), ACK);

    primary.crash();
    let relay = relay.towards(&standby);
    Pair::wait_for_state(&standby, "partner-down", &relay);
    let from_standby = relay.insist(&renewal);
    assert_eq!(from_standby.raw, from_primary.raw, "expected the same bytes from both servers");
    expect_polycom(&standby.lease(ack.yiaddr()));

    let offer = relay.discover(&Phone::new("00:15:65:aa:bb:01"));
    assert_eq!(offer.option(66), Some(&b"https://provision.example.com/"[..]));
}
