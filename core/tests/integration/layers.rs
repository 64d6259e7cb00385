//! The most particular wins, key by key and code by code; and what a site is.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use offhook_core::parts::Parts;
use offhook_core::{Edits, Engine, Host, Mac, Query, Verdict, builtin};

struct Client(Parts);

fn yealink() -> Client {
    let mac = Mac::parse("00:15:65:01:02:03");
    let mut parts = Parts { mac, ..Parts::default() };
    parts.option(60, *b"yealink");
    Client(parts)
}

fn laptop() -> Client {
    let mac = Mac::parse("3c:52:82:01:02:03");
    Client(Parts { mac, ..Parts::default() })
}

impl Client {
    fn at(mut self, address: &str) -> Client {
        self.0.leased = address.parse().ok();
        self
    }

    fn asking(mut self, list: &[u8]) -> Client {
        self.0.option(55, list);
        self
    }
}

fn engine(policy: &str) -> Engine {
    Engine::new(builtin::shared(), policy, Host::ANY).unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// `66=text 132=text`: hex where it is not text.
fn told(policy: &str, client: &Client) -> String {
    let engine = engine(policy);
    let classes = client.0.class_names();
    let query = Query::from_parts(&client.0, &classes);
    let mut edits = Edits::default();
    engine.decide(&query).edits(&engine, &query, &mut edits);
    let show = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().all(|c| (' '..='~').contains(&c)) => text.to_owned(),
        _ => format!("0x{}", hex::encode(bytes)),
    };
    let words = edits.iter().map(|edit| {
        let value = edit.value.map_or("-".to_owned(), |value| show(edits.bytes(&engine, value)));
        format!("{}{}={value}", edit.code, if edit.keep_existing { "?" } else { "" })
    });
    words.collect::<Vec<_>>().join(" ")
}

const ALL: &str = r#"{
    "systems": [{ "system": "url", "url": "http://top/" }],
    "options": [{ "code": 200, "text": "top" }],
    "vendors": { "yealink": { "options": [{ "code": 200, "text": "vendor" }] } },
    "sites": [{ "name": "s", "match": { "networks": ["10.7.0.0/16"] },
        "options": [{ "code": 200, "text": "site" }],
        "vendors": { "yealink": { "options": [{ "code": 200, "text": "site-vendor" }] } } }],
    "devices": [{ "mac": "00:15:65:01:02:03", "options": [{ "code": 200, "text": "device" }] }]
}"#;

#[test]
fn device_then_site_and_vendor_then_site_then_vendor_then_top() {
    let without =
        |text: &str| ALL.replace(&format!(r#"[{{ "code": 200, "text": "{text}" }}]"#), "[]");
    let strip = |names: &[&str]| {
        let mut policy = ALL.to_owned();
        for name in names {
            policy = policy.replace(&format!(r#"{{ "code": 200, "text": "{name}" }}"#), "");
        }
        policy
    };
    let client = || yealink().at("10.7.1.1");
    assert_eq!(told(ALL, &client()), "66=http://top/ 200=device");
    assert_eq!(told(&without("device"), &client()), "66=http://top/ 200=site-vendor");
    let names = ["device", "site-vendor", "site", "vendor"];
    for (count, winner) in [(1, "site-vendor"), (2, "site"), (3, "vendor"), (4, "top")] {
        let expected = format!("66=http://top/ 200={winner}");
        assert_eq!(told(&strip(&names[..count]), &client()), expected);
    }
    // Elsewhere the site's words do not count.
    assert_eq!(told(&strip(&names[..1]), &yealink().at("10.8.1.1")), "66=http://top/ 200=vendor");
}

#[test]
fn an_option_beats_what_the_system_and_the_catalogue_would_say() {
    let policy = r#"{ "systems": [{ "system": "url", "url": "http://top/" }],
        "options": [{ "code": 66, "text": "http://mine/" }] }"#;
    assert_eq!(told(policy, &yealink()), "66=http://mine/");
}

#[test]
fn a_sites_key_beats_a_general_option_of_the_same_code() {
    let policy = r#"{ "options": [{ "code": 42, "ipv4": ["192.0.2.1"] }],
        "sites": [{ "name": "s", "match": { "networks": ["10.7.0.0/16"] },
                    "time-servers": ["192.0.2.2"] }] }"#;
    assert_eq!(told(policy, &yealink().at("10.7.0.9")), "42=0xc0000202");
    assert_eq!(told(policy, &yealink().at("10.8.0.9")), "42=0xc0000201");
}

#[test]
fn keys_can_be_taken_back_and_options_taken_out() {
    let policy = r#"{ "time-servers": ["192.0.2.1"],
        "vendors": { "yealink": { "time-servers": [], "options": [{ "code": 15, "remove": true }] } } }"#;
    assert_eq!(told(policy, &yealink()), "15=-");
}

#[test]
fn the_first_system_that_serves_the_vendor_wins_and_for_narrows_it() {
    let policy = r#"{ "systems": [
        { "system": "url", "url": "http://fanvil/", "for": ["fanvil"] },
        { "system": "lync", "registrar": "pool.example.com", "web-server": "web.example.com" },
        { "system": "url", "url": "http://rest/{{vendor}}/{{mac}}" } ] }"#;
    assert_eq!(told(policy, &yealink()), "66=http://rest/yealink/001565010203");
}

#[test]
fn single_braces_and_foreign_macros_pass_and_names_are_filled_in() {
    let policy = r#"{ "vars": { "tenant": "acme" }, "options": [{ "code": 200,
        "text": "{mac} $MAC <MACADR> $(system.mac) {{mac}} {{MAC}} {{mac:colon}} {{ip}} {{tenant}}" }] }"#;
    assert_eq!(
        told(policy, &yealink().at("10.7.0.9")),
        "200={mac} $MAC <MACADR> $(system.mac) 001565010203 001565010203 00:15:65:01:02:03 \
         10.7.0.9 acme"
    );
    // What the packet does not know stays away: no address, no option.
    assert_eq!(told(policy, &yealink()), "");
}

#[test]
fn send_and_existing_by_option_and_in_general() {
    let policy = r#"{ "send": "requested", "existing-options": "keep", "options": [
        { "code": 200, "text": "a" }, { "code": 201, "text": "b", "send": "always" },
        { "code": 202, "text": "c", "existing": "replace" } ] }"#;
    assert_eq!(told(policy, &yealink().asking(&[1, 3])), "201?=b");
    assert_eq!(told(policy, &yealink().asking(&[200, 202])), "200?=a 201?=b 202=c");
    // A client without option 55 takes what it gets.
    assert_eq!(told(policy, &yealink()), "200?=a 201?=b 202=c");
}

#[test]
fn nobody_but_phones_gets_anything() {
    assert_eq!(told(ALL, &laptop().at("10.7.0.9")), "");
    let ignored = r#"{ "options": [{ "code": 200, "text": "x" }],
        "vendors": { "yealink": { "ignore": true } } }"#;
    assert_eq!(told(ignored, &yealink()), "");
    // A device's options do not undo it, whatever they need; only its own "ignore" does.
    for text in ["x", "{{vendor}}"] {
        let options = format!(r#"[{{ "code": 200, "text": "{text}" }}]"#);
        let device = ignored.replace(
            r#""vendors""#,
            &format!(
                r#""devices": [{{ "mac": "001565010203", "options": {options} }}], "vendors""#
            ),
        );
        assert_eq!(told(&device, &yealink()), "", "{device}");
    }
    let device = r#"{ "options": [{ "code": 200, "text": "x" }],
        "vendors": { "yealink": { "ignore": true } },
        "devices": [{ "mac": "001565010203", "ignore": false }] }"#;
    assert_eq!(told(device, &yealink()), "200=x");
}

#[test]
fn a_device_may_name_the_vendor_of_anything() {
    let policy = r#"{ "systems": [{ "system": "url", "url": "http://top/" }],
        "devices": [{ "mac": "3c:52:82:01:02:03", "vendor": "polycom" }] }"#;
    assert_eq!(told(policy, &laptop()), "66=http://top/ 160=http://top/");
}

#[test]
fn a_device_with_keys_of_its_own_is_told_by_its_vendors_recipes() {
    let policy = r#"{ "systems": [{ "system": "url", "url": "http://top/" }], "vars": {"a": "b"},
        "devices": [{ "mac": "00:15:65:01:02:03", "time-servers": ["192.0.2.9"],
            "options": [{ "code": 200, "text": "{{url}}{{mac}}/{{a}}" }] }] }"#;
    assert_eq!(
        told(policy, &yealink()),
        "42=0xc0000209 66=http://top/ 200=http://top/001565010203/b"
    );
}

#[test]
fn all_given_kinds_of_a_site_must_hold() {
    let policy = r#"{ "sites": [{ "name": "s", "match": { "networks": ["10.7.0.0/16"],
        "relays": ["10.7.0.1", "10.7.0.2"], "circuit-ids": ["ge-0/0/7", "0x0004"],
        "client-classes": ["VPN"], "interfaces": ["eth1"] },
        "options": [{ "code": 200, "text": "s" }] }] }"#;
    let client = || {
        let mut client = yealink().at("10.7.0.9");
        client.0.giaddr = "10.7.0.2".parse().ok();
        client.0.relay_ids(b"ge-0/0/7", b"");
        client.0.classes = vec!["ALL".into(), "VPN".into()];
        client.0.interface = "eth1".into();
        client
    };
    assert_eq!(told(policy, &client()), "200=s");
    type Change = fn(&mut Parts);
    let without: [(&str, Change); 5] = [
        ("networks", |parts| parts.leased = "10.8.0.9".parse().ok()),
        ("relays", |parts| parts.giaddr = None),
        ("circuit-ids", |parts| parts.options.retain(|(code, _)| *code != 82)),
        ("client-classes", |parts| parts.classes.clear()),
        ("interfaces", |parts| parts.interface = "eth0".into()),
    ];
    for (kind, change) in without {
        let mut other = client();
        change(&mut other.0);
        assert_eq!(told(policy, &other), "", "{kind} does not hold");
    }
}

#[test]
fn where_there_is_no_lease_any_address_of_the_client_or_its_way_counts() {
    let policy = r#"{ "answer": "phones", "sites": [{ "name": "open",
        "match": { "networks": ["10.7.0.0/16"] }, "answer": "everyone" }] }"#;
    let engine = engine(policy);
    let verdict = |change: fn(&mut Parts)| {
        let mut client = laptop();
        change(&mut client.0);
        engine.decide(&Query::from_parts(&client.0, &[])).verdict
    };
    assert_eq!(verdict(|_| {}), Verdict::Drop);
    assert_eq!(verdict(|parts| parts.ciaddr = "10.7.0.9".parse().ok()), Verdict::Continue);
    assert_eq!(verdict(|parts| parts.giaddr = "10.7.0.1".parse().ok()), Verdict::Continue);
    assert_eq!(verdict(|parts| parts.option(50, [10, 7, 0, 9])), Verdict::Continue);
    assert_eq!(
        verdict(|parts| parts.interface_address = "10.7.0.1".parse().ok()),
        Verdict::Continue
    );
    assert_eq!(verdict(|parts| parts.giaddr = "10.8.0.1".parse().ok()), Verdict::Drop);
}

#[test]
fn header_fields_are_set_by_the_most_particular_layer() {
    let policy = r#"{ "next-server": "192.0.2.1", "boot-file-name": "{{mac}}.cfg",
        "vendors": { "yealink": { "next-server": "192.0.2.2", "server-hostname": "pbx" } } }"#;
    let engine = engine(policy);
    let client = yealink();
    let query = Query::from_parts(&client.0, &[]);
    let mut edits = Edits::default();
    engine.decide(&query).edits(&engine, &query, &mut edits);
    assert_eq!(edits.header.next_server, "192.0.2.2".parse().ok());
    assert_eq!(edits.header.server_hostname.as_deref(), Some(&b"pbx"[..]));
    assert_eq!(edits.header.boot_file_name.as_deref(), Some(&b"001565010203.cfg"[..]));
}

#[test]
fn every_value_form() {
    let policy = r#"{ "options": [
        { "code": 200, "text": "a", "nul": true }, { "code": 201, "hex": "01:0c" },
        { "code": 202, "ipv4": ["192.0.2.1", "192.0.2.2"] }, { "code": 203, "u8": 7 },
        { "code": 204, "u16": 258 }, { "code": 205, "u32": 16909060 },
        { "code": 206, "domains": ["a.bc", "d."] }, { "code": 207, "sip-servers": ["a.bc"] },
        { "code": 208, "sip-servers": ["192.0.2.7"] },
        { "code": 209, "sub-options": [ { "code": 1, "text": "x" }, { "code": 2, "text": "{{mac}}" },
            { "code": 3, "sub-options": [ { "code": 4, "u8": 5 } ] } ] },
        { "code": 210, "enterprise": [ { "number": 3561, "sub-options": [ { "code": 11, "text": "u" } ] },
            { "number": 1, "hex": "ff" } ] } ] }"#;
    assert_eq!(
        told(policy, &yealink()),
        "200=0x6100 201=0x010c 202=0xc0000201c0000202 203=0x07 204=0x0102 205=0x01020304 \
         206=0x016102626300016400 207=0x00016102626300 208=0x01c0000207 \
         209=0x010178020c3030313536353031303230330303040105 210=0x00000de9030b01750000000101ff"
    );
}
