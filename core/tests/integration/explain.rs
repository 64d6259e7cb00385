//! Explained to the byte: layers that win and lose, what was requested, the room in the packet.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use offhook_core::explain::{Explanation, explain};
use offhook_core::parts::Parts;
use offhook_core::token::MasterKey;
use offhook_core::{Edits, Engine, Host, Mac, Query, builtin};

const POLICY: &str = r#"{
    "systems": [{ "system": "url", "url": "http://top/{{mac}}" }],
    "voice-vlan": { "id": 120, "priority": 5 },
    "vendors": { "snom": { "options": [{ "code": 66, "text": "http://vendor/" }] } },
    "sites": [{ "name": "s", "match": { "networks": ["10.7.0.0/16"] }, "voice-vlan": { "id": 7 },
        "options": [{ "code": 66, "text": "http://site/{{ip}}" }, { "code": 200, "text": "{{site}}" }] }],
    "devices": [{ "mac": "00:04:13:00:00:02", "options": [{ "code": 66, "text": "http://device/" }] }]
}"#;

fn ask(mac: &str, parts: Parts) -> Explanation {
    let engine = Engine::new(builtin::shared(), POLICY, Host::ANY).unwrap();
    let leased = "10.7.0.9".parse().ok();
    let parts = Parts { mac: Mac::parse(mac), leased, ..parts };
    explain(&engine, &Query::from_parts(&parts, &[]), "PHONE")
}

fn layers(explanation: &Explanation, code: u8) -> Vec<String> {
    let option = explanation.options.iter().find(|option| option.code == code).expect("an option");
    let line = |layer: &offhook_core::explain::Layered| {
        format!("{} {:?}: {}", layer.by, layer.text.as_deref().unwrap_or_default(), layer.outcome)
    };
    option.layers.iter().map(line).collect()
}

#[test]
fn every_layers_value_and_why_it_won_or_lost() {
    let told = ask("00:04:13:00:00:01", Parts::default());
    assert_eq!(
        layers(&told, 66),
        [
            "the system \"http://top/000413000001\": loses: the vendor's entry is more particular",
            "the vendor's entry \"http://vendor/\": loses: the site is more particular",
            "the site \"http://site/10.7.0.9\": wins",
        ]
    );
    let device = ask("00:04:13:00:00:02", Parts::default());
    assert_eq!(
        layers(&device, 66)[2..],
        [
            "the site \"http://site/10.7.0.9\": loses: the device is more particular",
            "the device \"http://device/\": wins"
        ]
    );
    let key = "voice-vlan: the site says 7, and counts; \
               the top level says 120 with priority 5, and loses";
    assert!(told.reasons.iter().any(|reason| reason == key), "{:#?}", told.reasons);
}

#[test]
fn sub_options_of_two_recipes_are_one_option_and_decoded() {
    let engine = r#"{ "systems": [{ "system": "lync", "registrar": "pool.example.com",
        "web-server": "webpool.example.com" }], "voice-vlan": { "id": 120 } }"#;
    let engine = Engine::new(builtin::shared(), engine, Host::ANY).unwrap();
    let mut parts = Parts { ..Parts::default() };
    parts.option(60, *b"CPE-OCPHONE");
    let told = explain(&engine, &Query::from_parts(&parts, &[]), "PHONE");
    let option = &told.options[0];
    assert_eq!((option.code, option.hex.as_deref()), (43, Some("0a020078")));
    let means: Vec<&str> = option.bytes.iter().map(|part| &*part.means).collect();
    assert_eq!(means[1], "120 as a number of two bytes");
}

#[test]
fn what_was_asked_for_and_the_room_in_the_packet() {
    let silent = ask("00:04:13:00:00:01", Parts::default());
    assert_eq!(silent.requested, None);
    assert_eq!((silent.space.room, silent.space.said_by_client), (307, false));
    let ours: usize = silent.options.iter().map(|o| 2 + o.hex.as_ref().unwrap().len() / 2).sum();
    assert_eq!(silent.space.ours, ours);
    assert_eq!(silent.space.left, 307 - ours as i64);
    let mut parts = Parts::default();
    parts.option(55, [3, 66]);
    parts.option(57, 1500u16.to_be_bytes());
    let asking = ask("00:04:13:00:00:01", parts);
    let requested = asking.requested.expect("a list");
    assert_eq!(
        requested.iter().map(|option| (option.code, option.name, option.told)).collect::<Vec<_>>(),
        [(3, "routers", false), (66, "tftp-server-name", true)]
    );
    assert_eq!((asking.space.largest_message, asking.space.room), (1500, 1231));
}

/// A phone is sent its token; an explanation has stars for each, of values that lose too.
#[test]
fn no_token_is_shown_wherever_it_is_and_however_often() {
    let two = "https://a/{{mac}}/{{token}}/ https://b/{{mac}}/{{token}}/";
    let policy = serde_json::json!({
        "systems": [{ "system": "url", "url": "https://h/{{mac}}/{{token}}/" }],
        "options": [{ "code": 67, "text": two }],
        "sites": [{ "name": "s", "match": { "networks": ["10.7.0.0/16"] },
                    "options": [{ "code": 66, "text": "http://site/" }] }],
        "file-access": { "token": { "key-file": "/k" } },
    });
    let key = |_: &str| MasterKey::from_text(b"0123456789abcdefghijklmnopqrstuv");
    let engine = Engine::with_keys(builtin::shared(), &policy.to_string(), Host::ANY, &key);
    let engine = engine.expect("a policy with its key");
    let mac = Mac::parse("00:15:65:01:02:03");
    let token = engine.minter().and_then(|minter| minter.mint(mac?, None)).expect("a token").0;
    let token = String::from_utf8_lossy(&token).into_owned();
    let mut parts = Parts { mac, leased: "10.7.0.9".parse().ok(), ..Parts::default() };
    parts.option(60, *b"yealink");
    let query = Query::from_parts(&parts, &[]);
    let mut edits = Edits::default();
    engine.decide(&query).edits(&engine, &query, &mut edits);
    let edit = edits.iter().find(|edit| edit.code == 67).expect("option 67");
    let sent = String::from_utf8_lossy(edits.bytes(&engine, edit.value.expect("a value")));
    assert_eq!(sent.matches(&token).count(), 2, "{sent}");
    let told = explain(&engine, &query, "PHONE");
    assert!(layers(&told, 66)[0].contains("loses"), "{:?}", layers(&told, 66));
    assert!(layers(&told, 66)[0].contains("/***"), "{:?}", layers(&told, 66));
    let text = format!("{told:?} {}", serde_json::to_string(&told).expect("JSON"));
    assert!(!text.contains(&token) && !text.contains(&hex::encode(&token)), "{text}");
}
