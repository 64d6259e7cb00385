//! What is known about a phone rides in the user context of its lease, beside what others keep
//! there.

use crate::peers::kea::{Kea, Setup};
use crate::peers::phone::{Phone, Relay};
use serde_json::{Value, json};
use std::net::Ipv4Addr;

pub const FILES: &str =
    r#"{ "systems": [{ "system": "files", "url": "https://provision.example.com/" }] }"#;

pub fn polycom() -> Phone {
    Phone::new("00:04:f2:aa:bb:01").class("Polycom-VVX410")
}

/// What must be in a Polycom's lease, from any server that gives it.
#[track_caller]
pub fn expect_polycom(lease: &Value) {
    let ours = &lease["user-context"]["offhook"];
    assert_eq!(ours["vendor"], "polycom", "expected the vendor in the lease, found {lease}");
    assert_eq!(ours["model"], "VVX410", "expected the model in the lease, found {lease}");
    for key in ["by", "policy"] {
        assert!(!ours[key].is_null(), "expected {key} in the lease, found {lease}");
    }
}

fn with_leases(policy: &str) -> Setup {
    Setup::offhook(policy).kea_library("libdhcp_lease_cmds.so", None)
}

fn boot(kea: &Kea, phone: &Phone) -> Ipv4Addr {
    Relay::of(kea).boot(phone).1.yiaddr()
}

#[test]
fn a_phones_lease_says_who_it_is_also_after_a_restart() {
    let kea = with_leases(FILES).start();
    let phone = boot(&kea, &polycom());
    let laptop = boot(&kea, &Phone::stranger(1));
    let before = [kea.lease(phone), kea.lease(laptop)];
    expect_polycom(&before[0]);
    assert!(before[1]["user-context"].is_null(), "expected nothing at a laptop: {}", before[1]);
    let kea = kea.restart();
    assert_eq!([kea.lease(phone), kea.lease(laptop)], before);
}

#[test]
fn other_keys_of_the_context_stay() {
    let setup = with_leases(FILES).edit(|dhcp4| dhcp4["store-extended-info"] = json!(true));
    let kea = setup.start();
    let phone = polycom().option(82, b"\x01\x04ge-7");
    let relay = Relay::of(&kea);
    let (_, ack) = relay.boot(&phone);
    let lease = kea.lease(ack.yiaddr());
    expect_polycom(&lease);
    assert!(!lease["user-context"]["ISC"].is_null(), "expected Kea's own key too, found {lease}");

    let mut changed = lease.clone();
    changed["user-context"]["floor"] = json!({ "number": 7, "list": [1, 2] });
    let arguments = json!({
        "ip-address": changed["ip-address"], "hw-address": changed["hw-address"],
        "subnet-id": 1, "user-context": changed["user-context"],
    });
    kea.command("lease4-update", arguments).ok();
    relay.renew(&phone, ack.yiaddr());
    let renewed = kea.lease(ack.yiaddr());
    expect_polycom(&renewed);
    assert_eq!(renewed["user-context"]["floor"], json!({ "number": 7, "list": [1, 2] }));
    assert_eq!(renewed["user-context"]["ISC"], lease["user-context"]["ISC"]);
}

#[test]
fn a_renewal_tells_what_the_policy_is_by_now() {
    let kea = Setup::new().kea_library("libdhcp_lease_cmds.so", None).offhook_file(FILES).start();
    let relay = Relay::of(&kea);
    let (_, ack) = relay.boot(&polycom());
    let before = kea.lease(ack.yiaddr());
    let other = FILES.replace("provision", "elsewhere");
    kea.setup.folder.write("policy.json", other);
    kea.command("phone-policy-reload", None).ok();
    relay.renew(&polycom(), ack.yiaddr());
    let after = kea.lease(ack.yiaddr());
    expect_polycom(&after);
    let digest = |lease: &Value| lease["user-context"]["offhook"]["policy"].clone();
    assert_ne!(digest(&after), digest(&before), "expected the digest of the policy in force");
}

#[test]
fn leases_stay_bare_where_that_is_wanted() {
    let policy: Value = serde_json::from_str(FILES).expect("JSON");
    let kea = Setup::new()
        .kea_library("libdhcp_lease_cmds.so", None)
        .offhook_with(json!({ "policy": policy, "annotate-leases": false }))
        .start();
    let address = boot(&kea, &polycom());
    let lease = kea.lease(address);
    assert!(lease["user-context"].is_null(), "expected no context, found {lease}");
}
