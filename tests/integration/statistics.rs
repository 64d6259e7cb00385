//! What offhook counts, as Kea's own statistics commands show it.

use crate::annotate::{FILES, polycom};
use crate::peers::kea::{Kea, Setup};
use crate::peers::phone::{Phone, Relay};
use crate::peers::process::wait_for;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

fn all(kea: &Kea) -> BTreeMap<String, i64> {
    let arguments = kea.command("statistic-get-all", None).ok();
    let all = arguments.as_object().expect("a map of statistics");
    let ours = all.iter().filter(|(name, _)| name.starts_with("offhook."));
    ours.map(|(name, value)| (name.clone(), value[0][0].as_i64().expect("a number"))).collect()
}

/// What has changed since `before`, by name; nothing may have gone.
#[track_caller]
fn since(before: &BTreeMap<String, i64>, kea: &Kea) -> Vec<(String, i64)> {
    let now = all(kea);
    assert!(before.keys().eq(now.keys()), "expected {before:?} to have the names of {now:?}");
    let changes = now.iter().map(|(name, value)| (name.clone(), value - before[name]));
    changes.filter(|(_, change)| *change != 0).collect()
}

#[track_caller]
fn expect_changes(found: Vec<(String, i64)>, expected: &[(&str, i64)]) {
    let expected: Vec<_> =
        expected.iter().map(|(name, value)| (format!("offhook.{name}"), *value)).collect();
    assert_eq!(found, expected);
}

#[test]
fn everything_is_there_from_the_start_and_counts_on() {
    let kea = Setup::offhook(FILES).start();
    let start = all(&kea);
    assert!(start.contains_key("offhook.faults"), "expected offhook.faults, found {start:?}");
    let relay = Relay::of(&kea);

    relay.boot(&Phone::stranger(1));
    expect_changes(since(&start, &kea), &[("packets", 2)]);

    let before = all(&kea);
    let (_, ack) = relay.boot(&polycom());
    expect_changes(
        since(&before, &kea),
        &[
            ("answered", 2),
            ("leases-annotated", 1),
            ("options-set", 4),
            ("packets", 2),
            ("recognised", 2),
        ],
    );

    let before = all(&kea);
    relay.renew(&polycom(), ack.yiaddr());
    relay.inform(&polycom(), ack.yiaddr());
    expect_changes(
        since(&before, &kea),
        &[
            ("answered", 2),
            ("leases-annotated", 1),
            ("options-set", 4),
            ("packets", 2),
            ("recognised", 2),
        ],
    );

    // A new configuration loads the library anew, and goes on where the old one ended.
    let before = all(&kea);
    kea.reload().ok();
    relay.discover(&polycom());
    let change: BTreeMap<_, _> = since(&before, &kea).into_iter().collect();
    assert_eq!(change.get("offhook.answered"), Some(&1), "after a reload: {change:?}");
    assert_eq!(change.get("offhook.packets"), Some(&1), "after a reload: {change:?}");
}

#[test]
fn one_statistic_and_all_of_them_can_be_reset() {
    let kea = Setup::offhook(FILES).start();
    let relay = Relay::of(&kea);
    relay.discover(&polycom());
    assert_eq!(kea.must_statistic("offhook.answered"), 1);
    kea.command("statistic-reset", json!({ "name": "offhook.answered" })).ok();
    assert_eq!(kea.must_statistic("offhook.answered"), 0);
    assert_eq!(kea.must_statistic("offhook.packets"), 1, "expected the others to stay");
    relay.discover(&polycom());
    assert_eq!(kea.must_statistic("offhook.answered"), 1);
    kea.command("statistic-reset-all", None).ok();
    relay.discover(&polycom());
    assert_eq!(kea.must_statistic("offhook.packets"), 1, "expected the count since the reset");
}

#[test]
fn drops_are_counted_by_kea_and_by_us() {
    let policy = r#"{ "answer": "phones" }"#;
    let kea = Setup::offhook(policy).start();
    let relay = Relay::of(&kea);
    relay.send(&relay.question(&Phone::stranger(1), crate::peers::packet::DISCOVER));
    relay.discover(&polycom());
    // The two packets are two threads', and there is no sign of when the first is done.
    for name in ["offhook.dropped", "pkt4-receive-drop"] {
        wait_for(name, Duration::from_secs(10), || (kea.must_statistic(name) == 1).then_some(()));
    }
}

#[test]
fn they_stay_out_of_keas_statistics_if_that_is_wanted() {
    let policy: serde_json::Value = serde_json::from_str(FILES).expect("JSON");
    let mut kea = Setup::offhook(FILES).start();
    assert!(!all(&kea).is_empty());
    let parameters = json!({ "policy": policy, "statistics": false });
    kea.setup.dhcp4["hooks-libraries"][0]["parameters"] = parameters;
    kea.reload().ok();
    Relay::of(&kea).boot(&polycom());
    assert_eq!(all(&kea), BTreeMap::new());
    let status = kea.command("phone-status-get", None).ok();
    assert_eq!(status["counters"]["answered"], 2, "expected phone-status-get to have them still");
    kea.setup.dhcp4["hooks-libraries"][0]["parameters"] = json!({ "policy": policy });
    kea.reload().ok();
    assert!(!all(&kea).is_empty(), "expected them again");
}

#[test]
fn what_the_policy_drops_is_counted_where_kea_counts_it() {
    let kea = Setup::offhook(r#"{ "answer": "phones" }"#).start();
    let mut relay = Relay::of(&kea);
    relay.patience = Duration::from_millis(500);
    let before = kea.must_statistic("pkt4-receive-drop");
    let filtered = kea.statistic("pkt4-admin-filtered");
    let answer = relay.ask(&relay.question(&Phone::stranger(1), crate::peers::packet::DISCOVER));
    assert!(answer.is_none(), "expected no answer");
    assert_eq!(kea.must_statistic("pkt4-receive-drop"), before + 1);
    // Releases up to 3.1.3 do not have this one.
    assert_eq!(kea.statistic("pkt4-admin-filtered"), filtered.map(|count| count + 1));
}

/// `pkt4-admin-filtered` has been there since Kea 3.1.4, which Debian does not have. A library that adds it to the
/// statistics of the Kea that is here makes Kea, in this respect, one that knows it.
#[test]
fn what_the_policy_drops_is_counted_as_filtered_where_kea_knows_that() {
    let setup = Setup::offhook(r#"{ "answer": "phones" }"#);
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/newer_statistic.cc");
    let kea = setup.library_of(Path::new(source)).start();
    let mut relay = Relay::of(&kea);
    relay.patience = Duration::from_millis(500);
    assert_eq!(kea.must_statistic("pkt4-admin-filtered"), 0);
    for _ in 0..2 {
        let question = relay.question(&Phone::stranger(1), crate::peers::packet::DISCOVER);
        assert!(relay.ask(&question).is_none(), "expected no answer");
    }
    relay.discover(&polycom());
    for name in ["pkt4-admin-filtered", "pkt4-receive-drop", "offhook.dropped"] {
        assert_eq!(kea.must_statistic(name), 2, "{name}");
    }
}
