//! What `offhook check` doubts: each kind once, and nothing where nothing is doubtful.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use offhook_core::{Engine, Host, builtin, check};

fn doubts(policy: &str) -> Vec<String> {
    let engine = Engine::new(builtin::shared(), policy, Host::ANY);
    let engine = engine.unwrap_or_else(|wrong| panic!("{policy}: {wrong}"));
    check::doubts(&engine).iter().map(ToString::to_string).collect()
}

fn files(url: &str) -> String {
    format!(r#"{{ "systems": [{{ "system": "files", "url": "{url}" }}] }}"#)
}

#[test]
fn classes_that_kea_names_by_option_60_are_doubtful() {
    let site = |class: &str| {
        format!(
            r#"{{ "sites": [{{ "name": "a", "match": {{ "client-classes": ["{class}"] }} }}] }}"#
        )
    };
    let found = doubts(&site("VENDOR_CLASS_my phone"));
    assert!(
        found.iter().any(|doubt| doubt.starts_with("sites[0].match.client-classes: Kea names ")),
        "{found:?}"
    );
    assert!(!doubts(&site("VPN")).iter().any(|doubt| doubt.contains("client-classes")));
}

#[test]
fn each_kind_is_told_with_its_place() {
    let long = format!("https://provision.example.com/{}/", "x".repeat(60));
    for (policy, expected) in [
        (
            r#"{ "sites": [{ "name": "a", "match": { "networks": ["10.0.0.0/8"] } },
                           { "name": "b", "match": { "networks": ["10.7.0.0/16"] } }] }"#
                .to_owned(),
            "sites[1]: \"b\" is never reached: all its clients are at \"a\", which comes first",
        ),
        (
            r#"{ "sites": [{ "name": "a", "match": { "client-classes": ["VPN"] }, "answer": "phones" }] }"#
                .to_owned(),
            "sites[0].answer: client classes are not known yet",
        ),
        (
            r#"{ "systems": [{ "system": "files", "url": "https://a.example.com/" },
                             { "system": "url", "url": "https://b.example.com/" }] }"#
                .to_owned(),
            "systems[1]: this entry (\"url\") is never reached",
        ),
        (
            r#"{ "vendors": { "avm": { "options": [{ "code": 66, "text": "http://a/" }] } } }"#.to_owned(),
            "vendors.avm: nothing of this is sent: the catalogue leaves ",
        ),
        (files(&long), "systems[0]: a URL of 91 bytes: the phone takes at most 74 (gigaset)"),
        (files("https://a.example.com/"), "systems[0]: https:// is not known to work: http (avaya, "),
        (
            format!(r#"{{ "options": [{{ "code": 224, "text": "{}" }}] }}"#, "x".repeat(300)),
            "options[0]: option 224 may be 300 bytes: over 255 it goes out in pieces",
        ),
        (files("https://a.example.com/"), "url: option 66 leans on a fact that is only recalled"),
        (
            files("http://a.example.com:8080/x/"),
            "systems[0]: the URL's port 8080 is not told: these phones get its host apart (3com, cisco-enterprise, ",
        ),
    ] {
        let found = doubts(&policy);
        let told = found.iter().any(|doubt| doubt.starts_with(expected));
        assert!(told, "{policy}: expected {expected:?} among {found:#?}");
    }
}

#[test]
fn a_port_that_is_told_or_usual_is_no_doubt() {
    let lost = |policy: &str| doubts(policy).iter().any(|doubt| doubt.contains("'s port"));
    assert!(!lost(&files("http://a.example.com/x/")));
    // Whoever gets the URL whole has the port in it.
    let url = r#"{ "systems": [{ "system": "url", "url": "http://a.example.com:8080/", "for": ["yealink", "snom"] }] }"#;
    assert!(!lost(url));
    assert_eq!(doubts("{}"), [""; 0]);
}
