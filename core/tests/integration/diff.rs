//! What another policy would change: who, what, and in which words.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use offhook_core::diff::{Comparison, Report};
use offhook_core::parts::Parts;
use offhook_core::{Engine, Host, Mac, Query, builtin};

fn engine(policy: &str) -> Engine {
    Engine::new(builtin::shared(), policy, Host::ANY).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn client(mac: &str, class: &str, address: &str) -> Parts {
    let leased = address.parse().ok();
    let mut parts = Parts {
        message: offhook_core::MessageType::Request,
        mac: Mac::parse(mac),
        leased,
        ..Parts::default()
    };
    parts.option(60, class.as_bytes());
    parts
}

fn compare(old: &str, new: &str, most: usize, clients: &[Parts]) -> Report {
    let (old, new) = (engine(old), engine(new));
    let mut comparison = Comparison::new(&old, &new, most);
    for client in clients {
        comparison.ask(&Query::from_parts(client, &[]));
    }
    comparison.finish()
}

fn seen() -> Vec<Parts> {
    vec![
        client("00:15:65:00:00:01", "yealink", "10.0.0.1"),
        client("00:15:65:00:00:02", "yealink", "10.0.0.12"),
        client("00:04:13:00:00:03", "snomD735", "10.0.0.3"),
        client("3c:52:82:01:02:03", "MSFT 5.0", "10.0.0.4"),
    ]
}

const OLD: &str = r#"{ "systems": [{ "system": "url", "url": "http://old/{{mac}}/{{ip}}/" }] }"#;

#[test]
fn phones_that_change_in_the_same_way_are_one_group() {
    let new = r#"{ "systems": [{ "system": "url", "url": "http://new/{{mac}}/{{ip}}/" }],
                   "vendors": { "snom": { "ignore": true } } }"#;
    let report = compare(OLD, new, 2, &seen());
    assert_eq!((report.phones, report.changed, report.groups.len()), (4, 3, 2));
    assert_eq!(
        report.to_string(),
        "3 of 4 phones would be sent something else: \
         2 Yealink: option 66 \"http://new/{{mac}}/{{ip}}/\" instead of \
         \"http://old/{{mac}}/{{ip}}/\"; \
         1 Snom: no option 66 any more (it was \"http://old/{{mac}}/{{ip}}/\")"
    );
    // Byte for byte where one phone is meant, and no more of them than wanted.
    assert_eq!(report.differences.len(), 2);
    let first = &report.groups[0].example.changes[0];
    let after = first.after.as_ref().expect("a value");
    assert_eq!(after.bytes, b"http://new/001565000001/10.0.0.1/");
    let json = serde_json::to_value(first).expect("JSON");
    assert_eq!(json["what"], "option 66");
    assert_eq!(json["after"]["hex"], hex::encode(&after.bytes));
    assert_eq!(json["before"]["text"], "http://old/001565000001/10.0.0.1/");
}

#[test]
fn no_answer_a_header_a_removal_and_another_maker_are_changes() {
    let new = r#"{ "answer": "phones", "systems": [{ "system": "url", "url": "http://old/{{mac}}/{{ip}}/" }],
        "vendors": { "yealink": { "next-server": "192.0.2.9", "options": [
            { "code": 150, "remove": true },
            { "code": 160, "text": "x", "existing": "keep" }, { "code": 43, "hex": "01020304" } ] } },
        "devices": [{ "mac": "00:04:13:00:00:03", "vendor": "polycom" }] }"#;
    let text = compare(OLD, new, 0, &seen()).to_string();
    for words in [
        "1 no phone: no answer at all any more",
        "2 Yealink: option 43 0x01020304, which was not sent, option 150 taken out of the \
         server's answer, option 160 \"x\" (if the server has none), which was not sent, next-server \
         \"192.0.2.9\", which was not sent",
        "1 Polycom / Poly: recognised as polycom instead of snom, option 160 \
         \"http://old/{{mac}}/{{ip}}/\", which was not sent",
    ] {
        assert!(text.contains(words), "expected {words}\nfound {text}");
    }
    let back = compare(new, OLD, 0, &seen()).to_string();
    assert!(back.contains("1 no phone: an answer, where there was none"), "{back}");
}

#[test]
fn the_same_policy_changes_nothing_and_a_comment_is_no_change() {
    let report = compare(OLD, &format!("// a comment\n{OLD}"), 10, &seen());
    assert_eq!(report.changed, 0);
    assert!(report.groups.is_empty() && report.differences.is_empty());
    assert_eq!(report.to_string(), "0 of 4 phones would be sent something else");
}

#[test]
fn more_kinds_of_change_than_anybody_reads_are_counted() {
    // An option from the packet itself makes every phone a kind of its own.
    let clients: Vec<Parts> = (0..1100)
        .map(|number| {
            client("00:15:65:00:00:01", &format!("yealink SIP-T{number} 1.2"), "10.0.0.1")
        })
        .collect();
    let new = r#"{ "options": [{ "code": 200, "text": "{{model}}" }] }"#;
    let report = compare("{}", new, 3, &clients);
    let grouped: usize = report.groups.iter().map(|group| group.phones).sum();
    assert_eq!((report.changed, grouped, report.ungrouped), (1100, 1000, 100));
    assert!(report.to_string().ends_with("; 100 more in other ways"));
}
