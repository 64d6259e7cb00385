//! What must hold for any bytes and any policy.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::sync::OnceLock;

use offhook_core::url::without_userinfo;
use offhook_core::{Context, Edits, Engine, Host, Query, builtin, explain};
use proptest::prelude::*;

const POLICY: &str = r#"{
    "systems": [{ "system": "files", "url": "https://p.example.com/{{mac}}/" }],
    "voice-vlan": { "id": 7, "priority": 5 }, "time-servers": ["192.0.2.1"], "sip-servers": ["a.b"],
    "answer": "phones", "options": [
        { "code": 200, "text": "{{model}}|{{firmware}}|{{ip}}|{{MAC:dash}}" },
        { "code": 201, "sub-options": [{ "code": 1, "text": "{{model}}{{model}}" }] } ],
    "sites": [{ "name": "s", "match": { "networks": ["10.0.0.0/8"], "circuit-ids": ["x"] } }],
    "devices": [{ "mac": "001565000001", "options": [{ "code": 202, "text": "{{model}}" }] }] }"#;

fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::new(builtin::shared(), POLICY, Host::ANY).expect("a policy"))
}

/// Heads of the catalogue, so that random packets are phones often enough.
fn heads() -> impl Strategy<Value = Vec<u8>> {
    let heads: Vec<Vec<u8>> = builtin::built_in()
        .vendors
        .iter()
        .flat_map(|vendor| vendor.rules.iter())
        .map(|rule| rule.head.to_vec())
        .filter(|head| !head.is_empty())
        .collect();
    prop::sample::select(heads)
}

fn macs() -> impl Strategy<Value = u64> {
    let first: Vec<u64> = builtin::built_in()
        .vendors
        .iter()
        .flat_map(|vendor| vendor.macs.iter())
        .map(|mac| mac.first)
        .chain([0x0015_6500_0000])
        .collect();
    (prop::sample::select(first), 0u64..4).prop_map(|(first, more)| first + more)
}

fn option() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let value = prop::collection::vec(any::<u8>(), 0..=255);
    let head = (heads(), prop::collection::vec(any::<u8>(), 0..40))
        .prop_map(|(head, tail)| [head, tail].concat().into_iter().take(255).collect());
    let code = prop::sample::select(vec![12u8, 50, 52, 53, 55, 57, 60, 77, 82, 124, 125]);
    prop_oneof![(code.clone(), value), (code, head)]
}

fn packet() -> impl Strategy<Value = Vec<u8>> {
    let options = prop::collection::vec(option(), 0..8);
    (macs(), options, prop::collection::vec(any::<u8>(), 0..8)).prop_map(|(mac, options, rest)| {
        let mut wire = vec![0u8; 236];
        wire[1] = 1;
        wire[2] = 6;
        wire[28..34].copy_from_slice(&mac.to_be_bytes()[2..]);
        wire.extend([99, 130, 83, 99]);
        for (code, value) in options {
            wire.extend([code, value.len() as u8]);
            wire.extend(value);
        }
        wire.extend(rest);
        wire
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_is_answered_with_whole_options(
        wire in packet(),
        leased in any::<Option<u32>>(),
    ) {
        let context =
            Context { leased: leased.map(std::net::Ipv4Addr::from), ..Context::default() };
        let query = Query::from_wire(&wire, context).expect("a whole header");
        let engine = engine();
        let decision = engine.decide(&query);
        let mut edits = Edits::default();
        decision.edits(engine, &query, &mut edits);
        let mut last = 0;
        for edit in edits.iter() {
            prop_assert!(edit.code > last, "sorted, each code once");
            last = edit.code;
            let bytes = edit.value.map(|value| edits.bytes(engine, value));
            prop_assert!(bytes.is_none_or(|bytes| !bytes.is_empty()));
            if let (201, Some(bytes)) = (edit.code, bytes) {
                prop_assert_eq!(usize::from(bytes[1]), bytes.len() - 2, "length byte");
            }
        }
        prop_assert!(decision.identity.is_some() || edits.is_empty(), "no phone, no option");
        // Explaining is the same line: the same bytes, with stars where a client has sent what may be a password
        // (`:b$@`, as in `name:password@host`).
        let explained = explain(engine, &query, "PHONE");
        let told: Vec<_> = edits
            .iter()
            .map(|e| {
                let bytes = e.value.map(|value| without_userinfo(edits.bytes(engine, value)));
                (e.code, bytes.map(hex::encode))
            })
            .collect();
        let shown: Vec<_> =
            explained.options.iter().map(|option| (option.code, option.hex.clone())).collect();
        prop_assert_eq!(told, shown);
        prop_assert_eq!(explained.vendor.is_some(), decision.identity.is_some());
    }

    #[test]
    fn any_text_as_a_policy_is_read_or_refused(text in "[\\[\\]{}\":,a-z0-9/#*. -]{0,200}") {
        if let Err(mistakes) = Engine::new(builtin::shared(), &text, Host::ANY) {
            prop_assert!(!mistakes.is_empty());
        }
    }

    #[test]
    fn a_wrong_value_anywhere_in_a_policy_never_panics(
        key in prop::sample::select(vec![
            "systems", "answer", "voice-vlan", "time-servers", "sip-servers", "send", "vars",
            "existing-options", "options", "next-server", "vendors", "sites", "devices",
        ]),
        value in prop::sample::select(vec![
            "null", "true", "-1", "1.5", "\"\"", "\"{{\"", "[]", "[null]", "[[]]", "{}", "[{}]",
            "{\"a\": null}", "[{\"code\": 66}]", "[\"\"]", "99999999999999999999",
        ]),
    ) {
        let policy = format!("{{\"{key}\": {value}}}");
        let _ = Engine::new(builtin::shared(), &policy, Host::ANY);
    }
}
