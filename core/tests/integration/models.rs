//! What a policy says of models, of single devices' variants, and of ports by the beginning of their ids.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use offhook_core::parts::Parts;
use offhook_core::{Edits, Engine, Host, Mac, Query, builtin, check, explain};

fn engine(policy: &str) -> Engine {
    Engine::new(builtin::shared(), policy, Host::ANY).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn mistakes(policy: &str) -> String {
    Engine::new(builtin::shared(), policy, Host::ANY).map(drop).unwrap_err().to_string()
}

fn client(mac: &str, class: &str) -> Parts {
    let mut parts = Parts { mac: Mac::parse(mac), ..Parts::default() };
    parts.option(60, class.as_bytes());
    parts
}

/// `66=text`, and the reasons.
fn told(engine: &Engine, parts: &Parts) -> (String, String) {
    let query = Query::from_parts(parts, &[]);
    let mut edits = Edits::default();
    engine.decide(&query).edits(engine, &query, &mut edits);
    let show = |edit: offhook_core::Edit<offhook_core::EditValue<'_>>| {
        let value = edit
            .value
            .map(|value| String::from_utf8_lossy(edits.bytes(engine, value)).into_owned());
        format!("{}={}", edit.code, value.unwrap_or_default())
    };
    let words: Vec<String> = edits.iter().map(show).collect();
    (words.join(" "), explain(engine, &query, "PHONE").reasons.join("\n"))
}

const MODELS: &str = r#"{
    "options": [{ "code": 200, "text": "top" }],
    "vendors": { "yealink": { "options": [{ "code": 200, "text": "vendor" }], "models": {
        "T42S": { "options": [{ "code": 200, "text": "T42S" }] },
        "T4*": { "options": [{ "code": 200, "text": "T4" }, { "code": 201, "text": "{{model}}" }] },
        "SIP-T48*": { "ignore": true } } } },
    "sites": [{ "name": "s", "match": { "networks": ["10.7.0.0/16"] }, "vendors": { "yealink": { "models": {
        "t46s": { "options": [{ "code": 200, "text": "site T46S" }] } } } } },
      { "name": "t", "match": { "networks": ["10.8.0.0/16"] }, "options": [{ "code": 200, "text": "site" }] }],
    "devices": [{ "mac": "00:15:65:00:00:09", "voice-vlan": { "id": 9 } }]
}"#;

#[test]
fn the_longest_match_counts_and_ranks_above_the_vendors_entry() {
    let engine = engine(MODELS);
    for (class, address, expected) in [
        ("yealink", "10.9.0.9", "200=vendor"),
        ("Yealink SIP-T33G", "10.9.0.9", "200=vendor"),
        ("Yealink SIP-T42S", "10.9.0.9", "200=T42S"),
        ("Yealink SIP-T42SX", "10.9.0.9", "200=T4 201=SIP-T42SX"),
        ("Yealink SIP-T46S", "10.9.0.9", "200=T4 201=SIP-T46S"),
        ("Yealink SIP-T48S", "10.9.0.9", ""),
        // At a site its own models' entry wins, then the site, then the vendor's models.
        ("Yealink SIP-T46S", "10.7.0.9", "200=site T46S 201=SIP-T46S"),
        ("Yealink SIP-T42S", "10.7.0.9", "200=T42S"),
        ("Yealink SIP-T42S", "10.8.0.9", "200=site"),
    ] {
        let mut parts = client("00:15:65:01:02:03", class);
        parts.leased = address.parse().ok();
        let (found, reasons) = told(&engine, &parts);
        assert_eq!(found, expected, "{class} at {address}");
        if expected == "200=T42S" {
            assert!(reasons.contains("the vendor's entry for the model"), "{reasons}");
        }
    }
}

#[test]
fn a_device_with_keys_of_its_own_has_its_models_entry_too() {
    let engine = engine(MODELS);
    let parts = client("00:15:65:00:00:09", "Yealink SIP-T42S");
    assert_eq!(told(&engine, &parts).0, "132=9 200=T42S");
}

#[test]
fn what_is_said_of_a_model_is_checked_like_the_rest() {
    let policy =
        |models: &str| format!(r#"{{ "vendors": {{ "yealink": {{ "models": {models} }} }} }}"#);
    for (models, expected) in [
        (r#"{ "T42S": 5 }"#, "vendors.yealink.models.T42S: expected an object"),
        (r#"{ "T*2S": {} }"#, "vendors.yealink.models.T*2S: expected a model such as T42S"),
        (r#"{ "": {} }"#, "vendors.yealink.models.: expected a model"),
        (
            r#"{ "T42S": {}, "t42s": {} }"#,
            "vendors.yealink.models.t42s: this model is listed twice",
        ),
        (r#"{ "T42S": { "models": {} } }"#, "vendors.yealink.models.T42S.models: unknown key"),
        (
            r#"{ "T42S": { "answer": "phones" } }"#,
            "vendors.yealink.models.T42S.answer: \"answer\" is about",
        ),
        (
            r#"{ "T42S": { "options": [{ "code": 200, "text": "{{nonsense}}" }] } }"#,
            "vendors.yealink.models.T42S.options[0]: {{nonsense}} is not known",
        ),
    ] {
        let found = mistakes(&policy(models));
        assert!(found.lines().any(|line| line.starts_with(expected)), "{models}: {found}");
    }
    let engine = engine(
        r#"{ "vendors": { "mitel-sip": { "models": { "69*": { "voice-vlan": { "id": 5 } } } },
                          "avm": { "models": { "x": { "options": [{ "code": 66, "text": "x" }] } } } } }"#,
    );
    let doubts = check::doubts(&engine, check::Makers::All);
    for place in ["vendors.mitel-sip.models.69*.voice-vlan", "vendors.avm.models.x.options[0]"] {
        assert!(doubts.iter().any(|doubt| doubt.place == place), "{place}: {doubts:#?}");
    }
}

#[test]
fn more_models_times_sites_than_a_server_should_hold_are_a_mistake() {
    let models: Vec<String> = (0..100)
        .map(|at| format!(r#""M{at}X": {{ "options": [{{ "code": 200, "text": "{at}" }}] }}"#))
        .collect();
    let sites: Vec<String> = (0..1100)
        .map(|at| {
            format!(
                r#"{{ "name": "{at}", "match": {{ "relays": ["10.0.{}.{}"] }} }}"#,
                at / 200,
                at % 200
            )
        })
        .collect();
    let policy = |sites: &[String]| {
        format!(
            r#"{{ "vendors": {{ "snom": {{ "models": {{ {} }} }} }}, "sites": [{}] }}"#,
            models.join(","),
            sites.join(",")
        )
    };
    assert!(
        mistakes(&policy(&sites))
            .starts_with("vendors.snom.models: the sites' and models' answers")
    );
    engine(&policy(&sites[..50]));
}

/// A device is what the policy says it is, and of the variant that it says; without one the packet's counts,
/// and else the maker's default.
#[test]
fn a_device_of_a_maker_with_variants_is_told_as_its_variant() {
    let with = |device: &str| {
        engine(&format!(
            r#"{{ "systems": [{{ "system": "url", "url": "http://a.example/" }}],
                  "devices": [{{ "mac": "02:00:00:00:00:01", {device} }}] }}"#
        ))
    };
    for (device, class, expected, variant) in [
        (r#""vendor": "cisco-spa""#, "", "66=http://a.example/spa$PSN.cfg", "cisco"),
        (r#""vendor": "cisco-spa", "variant": "linksys""#, "", "66=a.example", "linksys"),
        (
            r#""vendor": "cisco-spa", "variant": "linksys""#,
            "Cisco SPA525G2",
            "66=a.example",
            "linksys",
        ),
        (r#""vendor": "cisco-spa""#, "LINKSYS SPA-942", "66=a.example", "linksys"),
        (r#""vendor": "aastra""#, "", "66=http://a.example/", "sip"),
        (r#""vendor": "ale""#, "", "66=http://a.example/", "device"),
        (r#""vendor": "ale", "variant": "noe""#, "", "", "noe"),
        (r#""vendor": "nortel""#, "", "66=http://a.example/", "sip"),
        (
            r#""vendor": "ale", "variant": "sip", "voice-vlan": { "id": 7 }"#,
            "x",
            "43=:\u{2}\0\u{7} 66=http://a.example/",
            "sip",
        ),
    ] {
        let engine = with(device);
        let mut parts = client("02:00:00:00:00:01", class);
        if class.is_empty() {
            parts.options.clear();
        }
        assert_eq!(told(&engine, &parts).0, expected, "{device} {class}");
        let explained = explain(&engine, &Query::from_parts(&parts, &[]), "PHONE");
        assert_eq!(explained.variant.as_deref(), Some(variant), "{device} {class}");
    }
    // Every maker with variants has a default one.
    for vendor in &builtin::built_in().vendors {
        let default = vendor.default_variant.position();
        assert!(
            default.is_some_and(|at| at < vendor.variants.len()) || vendor.variants.is_empty(),
            "{}",
            vendor.id
        );
    }
    for (device, expected) in [
        (
            r#""vendor": "cisco-spa", "variant": "zzz""#,
            "devices[0].variant: cisco-spa has no variant \"zzz\"; known here: cisco, linksys",
        ),
        (
            r#""vendor": "cisco-spa", "variant": "linksis""#,
            "devices[0].variant: cisco-spa has no variant \"linksis\"; did you mean \"linksys\"?",
        ),
        (r#""vendor": "snom", "variant": "x""#, "devices[0].variant: snom phones have no variants"),
        (r#""variant": "x""#, "devices[0].variant: \"variant\" needs \"vendor\" beside it"),
    ] {
        let policy = format!(r#"{{ "devices": [{{ "mac": "02:00:00:00:00:01", {device} }}] }}"#);
        let found = mistakes(&policy);
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn a_site_is_told_by_the_beginning_of_its_ports_ids() {
    let policy = |ids: &str| {
        format!(
            r#"{{ "sites": [{{ "name": "s", "match": {{ "circuit-ids": [{ids}] }},
                  "options": [{{ "code": 200, "text": "s" }}] }}] }}"#
        )
    };
    for (ids, circuit, expected) in [
        (r#""ge-0/0/*""#, &b"ge-0/0/7"[..], "200=s"),
        (r#""ge-0/0/*""#, b"ge-0/1/7", ""),
        (r#""0x0004000a*""#, &[0, 4, 0, 10, 1, 3], "200=s"),
        (r#""0x0004.000a.0103""#, &[0, 4, 0, 10, 1, 3], "200=s"),
        (r#""0004.000a.0103""#, &[0, 4, 0, 10, 1, 3], "200=s"),
        (r#""0004.000a.0103""#, &[0, 4, 0, 10, 1, 4], ""),
        (r#""0004.000a*""#, &[0, 4, 0, 10, 1, 4], "200=s"),
    ] {
        let mut parts = client("00:15:65:01:02:03", "yealink");
        parts.relay_ids(circuit, b"");
        assert_eq!(told(&engine(&policy(ids)), &parts).0, expected, "{ids}");
    }
    for wrong in [r#""*""#, r#""0x""#, r#""0xabc""#] {
        let found = mistakes(&policy(wrong));
        assert!(
            found.starts_with("sites[0].match.circuit-ids[0]: expected a text, 0x and hex digits"),
            "{found}"
        );
    }
    let shadowed = engine(
        r#"{ "sites": [{ "name": "a", "match": { "remote-ids": ["sw*"] } },
                       { "name": "b", "match": { "remote-ids": ["sw7", "sw8*"] } }] }"#,
    );
    let doubts = check::doubts(&shadowed, check::Makers::All);
    assert!(doubts.iter().any(|doubt| doubt.place == "sites[1]"), "{doubts:?}");
}
