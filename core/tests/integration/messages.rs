//! A mistake says what to write instead, where that is known.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use offhook_core::{Engine, Host, builtin};

#[test]
fn a_mistake_says_what_was_probably_meant() {
    let matching = |text: &str| format!(r#"{{ "sites": [{{ "name": "a", "match": {text} }}] }}"#);
    let system = |text: &str| {
        format!(r#"{{ "systems": [{{ "system": "url", "url": "http://a/", {text} }}] }}"#)
    };
    for (policy, expected) in [
        (
            matching(r#"{ "networks": ["10.7.0.5/16"] }"#),
            "sites[0].match.networks[0]: expected a network such as 10.7.0.0/16, without host bits, found \"10.7.0.5/16\"",
        ),
        (
            matching(r#"{ "networks": ["10.7.0.5"] }"#),
            "sites[0].match.networks[0]: expected a network such as 10.7.0.5/32, which is this one address, found \"10.7.0.5\"",
        ),
        (
            r#"{ "voice-vlan": { "id": 120.0 } }"#.to_owned(),
            "voice-vlan.id: expected a whole number from 1 to 4094, found the number 120.0",
        ),
        (
            system(r#""for": "yealink""#),
            "systems[0].for: expected a list of vendor ids, found \"yealink\"",
        ),
        (
            system(r#""for": ["*"]"#),
            "systems[0].for[0]: expected a vendor's id, found \"*\": without \"for\" the entry is for all",
        ),
        (
            r#"{ "sites": [{ "name": "a\nb", "match": { "relays": ["10.0.0.1"] } }] }"#.to_owned(),
            "sites[0]: \"name\": expected a name in one line, found a control character",
        ),
    ] {
        let found = Engine::new(builtin::shared(), &policy, Host::ANY).map(drop).unwrap_err();
        assert_eq!(found.to_string(), expected, "{policy}");
    }
    for (policy, expected) in [
        (
            r#"{ "vendors": { "cisco": {} } }"#,
            "did you mean \"cisco-enterprise\" or \"cisco-mpp\" or \"cisco-spa\"?",
        ),
        (r#"{ "systems": [{ "system": "freepbx" }] }"#, "did you mean \"freepbx-oss\"?"),
        (r#"{ "vendors": { "mitel": {} } }"#, "did you mean \"mitel-minet\" or \"mitel-sip\""),
        (r#"{ "vendors": { "yealnk": {} } }"#, "did you mean \"yealink\"?"),
    ] {
        let found =
            Engine::new(builtin::shared(), policy, Host::ANY).map(drop).unwrap_err().to_string();
        assert!(found.contains(expected), "{policy}: {found}");
    }
}
