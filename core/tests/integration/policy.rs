//! A policy that is wrong is refused whole: every mistake, its place, what was expected and found.

use offhook_core::catalogue::VariantIx;
use offhook_core::{Engine, Host, builtin};

fn mistakes(policy: &str) -> Vec<String> {
    match Engine::new(builtin::shared(), policy, Host::ANY) {
        Ok(_) => Vec::new(),
        Err(mistakes) => mistakes.0.iter().map(ToString::to_string).collect(),
    }
}

/// The policy's only mistake must begin so.
#[track_caller]
fn refuses(policy: &str, expected: &str) {
    let found = mistakes(policy);
    assert!(
        found.len() == 1 && found[0].starts_with(expected),
        "expected  {expected}\nfound     {}\nin        {policy}",
        found.join("\n          ")
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let policy = r#"{
        "systems": [{ "system": "fils", "url": "https://x/" }],
        "answer": "nobody",
        "voice-vlan": { "id": 5000 },
        "vendors": { "yealnk": {} },
        "sites": [
            { "name": "a", "match": { "networks": ["10.7.0.0/33"] } },
            { "name": "b", "match": { "relays": ["10.7.0"] },
              "options": [{ "code": 66, "text": "x", "hex": "00" }] } ],
        "devices": [{ "mac": "00:15:65:aa:bb" }]
    }"#;
    let found = mistakes(policy);
    let places: Vec<&str> = found.iter().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(
        places,
        [
            "systems[0].system",
            "answer",
            "voice-vlan.id",
            "vendors.yealnk",
            "sites[0].match.networks[0]",
            "sites[1].options[0]",
            "sites[1].match.relays[0]",
            "devices[0].mac",
        ],
        "{}",
        found.join("\n")
    );
    assert_eq!(
        found[4],
        "sites[0].match.networks[0]: expected a network such as 10.7.0.0/16, found \"10.7.0.0/33\""
    );
}

#[test]
fn each_key_says_what_it_expects() {
    for (policy, expected) in [
        (r#"[]"#, "expected an object, found a list"),
        (r#"{"send": "always", "send": "always"}"#, "send: this key is written twice"),
        (r#"{"sytems": []}"#, "sytems: unknown key; did you mean \"systems\"?"),
        (r#"{"systems": [{}]}"#, "systems[0]: \"system\" is missing"),
        (
            r#"{"systems": [{"system": "files"}]}"#,
            "systems[0]: \"url\" is missing: the system \"files\" needs it",
        ),
        (
            r#"{"systems": [{"system": "files", "url": "x"}]}"#,
            "systems[0].url: expected a URL with its scheme",
        ),
        (
            r#"{"systems": [{"system": "files", "url": "http://x/", "for": ["x"]}]}"#,
            "systems[0].for[0]: there is no vendor \"x\"",
        ),
        (r#"{"time-servers": ["pool.ntp.org"]}"#, "time-servers[0]: expected IPv4 addresses"),
        (r#"{"sip-servers": ["a..b"]}"#, "sip-servers[0]: expected a name, or an IPv4 address"),
        (
            r#"{"sip-servers": ["192.0.2.1", "sip.example.com"]}"#,
            "sip-servers: expected all names or all addresses (RFC 3361), found both",
        ),
        (r#"{"send": "never"}"#, "send: expected \"always\" or \"requested\", found \"never\""),
        (r#"{"vars": {"mac": "x"}}"#, "vars.mac: {{mac}} has a meaning already"),
        (r#"{"voice-vlan": {"id": 7, "priority": 8}}"#, "voice-vlan.priority: expected a whole"),
        (r#"{"next-server": "pbx"}"#, "next-server: expected an IPv4 address, found \"pbx\""),
        (
            r#"{"options": [{"code": 53, "u8": 2}]}"#,
            "options[0].code: option 53 is the message type: the DHCP server alone sets it",
        ),
        (r#"{"options": [{"code": 66}]}"#, "options[0]: no value: expected one of text, hex"),
        (r#"{"options": [{"code": 66, "text": ""}]}"#, "options[0].text: expected a text of"),
        (
            r#"{"options": [{"code": 66, "remove": true, "text": "x"}]}"#,
            "options[0]: \"remove\" and a value: keep one of them",
        ),
        (r#"{"options": [{"code": 66, "text": "{{nme}}"}]}"#, "options[0]: {{nme}} is not known"),
        (r#"{"options": [{"code": 66, "text": "{{mac"}]}"#, "options[0].text: \"{{\" without"),
        (r#"{"options": [{"code": 43, "hex": "0"}]}"#, "options[0].hex: expected hex digits"),
        (r#"{"options": [{"code": 43, "u8": 256}]}"#, "options[0].u8: expected a whole number"),
        (
            r#"{"options": [{"code": 43, "hex": "00", "nul": true}]}"#,
            "options[0].nul: \"nul\" goes with \"text\" only",
        ),
        (
            r#"{"options": [{"code": 43, "hex": "00"}, {"code": 43, "hex": "01"}]}"#,
            "options[1]: option 43 is listed twice in this list",
        ),
        (
            r#"{"options": [{"code": 119, "domains": ["a b"]}]}"#,
            "options[0]: expected a domain name, found \"a b\"",
        ),
        (
            r#"{"options": [{"code": 150, "ipv4": ["pbx"]}]}"#,
            "options[0].ipv4[0]: expected an IPv4 address, found \"pbx\"",
        ),
        (
            r#"{"options": [{"code": 43, "sub-options": []}]}"#,
            "options[0].sub-options: expected at least one sub-option",
        ),
        (
            r#"{"options": [{"code": 125, "enterprise": [{"number": -1, "hex": "00"}]}]}"#,
            "options[0].enterprise[0].number: expected a whole number from 0 to 4294967295",
        ),
        (r#"{"sites": [{"match": {"relays": ["10.0.0.1"]}}]}"#, "sites[0]: \"name\" is missing"),
        (r#"{"sites": [{"name": "x"}]}"#, "sites[0]: \"match\" is missing"),
        (r#"{"sites": [{"name": "x", "match": {}}]}"#, "sites[0].match: expected at least one"),
        (
            r#"{"sites": [{"name": "x", "match": {"networks": ["10.7.0.1/16"]}}]}"#,
            "sites[0].match.networks[0]: expected a network such as 10.7.0.0/16",
        ),
        (r#"{"devices": [{}]}"#, "devices[0]: \"mac\" is missing"),
        (
            r#"{"devices": [{"mac": "00:15:65:00:00:01"}, {"mac": "001565000001"}]}"#,
            "devices[1]: the device 00:15:65:00:00:01 is listed twice",
        ),
        (
            r#"{"devices": [{"mac": "001565000001", "options": [{"code": 66, "text": "{{x}}"}]}]}"#,
            "devices[0].options[0]: {{x}} is not known",
        ),
        (r#"{"#, "line 1: not JSON"),
        (r#"{"systems": ["url"]}"#, "systems[0]: expected an object, found \"url\""),
        (
            r#"{"systems": [{"system": "url", "url": "http://x/"}, 5]}"#,
            "systems[1]: expected an object",
        ),
        (
            r#"{"options": [{"code": 82, "remove": true}]}"#,
            "options[0].code: option 82 is the relay agent's information: the DHCP server alone",
        ),
        (r#"{"options": [{"code": 61, "hex": "00"}]}"#, "options[0].code: option 61 is the client"),
        (
            r#"{"options": [{"code": 2, "u32": -18000}]}"#,
            "options[0].u32: expected a whole number from 0 to 4294967295; \"i32\" takes negative ones",
        ),
        (
            r#"{"options": [{"code": 200, "i8": -129}]}"#,
            "options[0].i8: expected a whole number from -128",
        ),
        (
            r#"{"sites": [{"name": "x", "match": {"networks": [], "relays": ["10.0.0.1"]}}]}"#,
            "sites[0].match.networks: expected a network such as 10.7.0.0/16, found an empty list",
        ),
        (
            r#"{"systems": [{"system": "pascom", "server": "10.0.0.5:8080", "phonesystem": "a"}]}"#,
            "systems[0]: its parameters do not give a URL together: \"10.0.0.5:8080:8880\" is not a host",
        ),
        (
            r#"{"systems": [{"system": "pascom", "server": "10.0.0.5", "phonesystem": "a/b c"}]}"#,
            "systems[0]: its parameters do not give a URL together: the character U+0020",
        ),
        (
            r#"{"systems": [{"system": "url", "url": "http://pr\u00f6vision example/"}]}"#,
            "systems[0]",
        ),
        (r#"{"systems": [{"system": "url", "url": "https://"}]}"#, "systems[0]"),
        (r#"{"systems": [{"system": "url", "url": "http://u:geheim@:80/"}]}"#, "systems[0]"),
    ] {
        refuses(policy, expected);
    }
}

#[test]
fn what_a_host_cannot_carry_is_refused_at_load() {
    let host = Host { name: "Kea 2.2", longest_option: Some(255) };
    let long = "x".repeat(256);
    for policy in [
        format!(r#"{{"options": [{{"code": 160, "text": "{long}"}}]}}"#),
        format!(
            r#"{{"devices": [{{"mac": "001565000001", "options": [{{"code": 160, "text": "{long}"}}]}}]}}"#
        ),
    ] {
        let error = Engine::new(builtin::shared(), &policy, host).map(drop).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("option 160 would be up to 256 bytes: Kea 2.2 carries"), "{text}");
        assert!(Engine::new(builtin::shared(), &policy, Host::ANY).is_ok());
    }
}

/// A base always ends with `/`, so that no file's name is glued to a host or a folder.
#[test]
fn a_base_gets_its_slash() {
    for (url, expected) in [
        ("http://x.example", "http://x.example/spa$PSN.cfg"),
        ("http://x.example/provision", "http://x.example/provision/spa$PSN.cfg"),
        ("http://x.example/provision/", "http://x.example/provision/spa$PSN.cfg"),
        ("http://u:p@[2001:db8::1]:8080", "http://u:p@[2001:db8::1]:8080/spa$PSN.cfg"),
    ] {
        let policy = format!(r#"{{"systems": [{{"system": "url", "url": "{url}"}}]}}"#);
        let engine = Engine::new(builtin::shared(), &policy, Host::ANY).unwrap();
        let tables = engine.tables();
        let vendor = tables.vendor("cisco-spa").unwrap();
        let variant = tables.at(vendor).variant("cisco").unwrap();
        let plan = engine.plan(None, vendor, variant);
        let sent = plan.options.iter().find(|option| option.code == 66).unwrap();
        let bytes = sent.form.as_ref().unwrap().code();
        assert_eq!(String::from_utf8_lossy(bytes), expected, "{url}");
    }
}

/// Each item of each list, replaced by something of another shape, is a mistake with its place.
#[test]
fn an_item_of_another_shape_is_a_mistake_with_its_place() {
    let whole = r#"{
      "systems": [{ "system": "url", "url": "http://x/", "for": ["snom"] }],
      "time-servers": ["192.0.2.1"], "sip-servers": ["a.example"],
      "options": [{ "code": 43, "sub-options": [{ "code": 1, "ipv4": ["192.0.2.1"] }] },
                  { "code": 125, "enterprise": [{ "number": 1, "hex": "00" }] },
                  { "code": 119, "domains": ["a.example"] }, { "code": 120, "sip-servers": ["b.example"] }],
      "sites": [{ "name": "a", "match": { "networks": ["10.0.0.0/8"], "relays": ["10.0.0.1"],
        "interfaces": ["eth0"], "client-classes": ["A"], "circuit-ids": ["x"], "remote-ids": ["y"] },
        "systems": [{ "system": "url", "url": "http://y/" }] }],
      "devices": [{ "mac": "02:00:00:00:00:01", "options": [{ "code": 66, "text": "x" }] }]
    }"#;
    assert_eq!(mistakes(whole), Vec::<String>::new());
    let document: serde_json::Value = serde_json::from_str(whole).unwrap();
    let mut places = Vec::new();
    items(&document, "", "", &mut places);
    assert!(places.len() > 20, "{places:?}");
    for (pointer, place) in places {
        for other in [serde_json::json!(5), serde_json::json!(null), serde_json::json!([[]])] {
            let mut changed = document.clone();
            *changed.pointer_mut(&pointer).unwrap() = other.clone();
            let found = mistakes(&changed.to_string());
            assert!(
                found.iter().any(|line| line.starts_with(&place)),
                "{place} as {other}: {found:?}"
            );
        }
    }
}

/// Every item of every list: its JSON pointer and its place in messages.
fn items(value: &serde_json::Value, pointer: &str, place: &str, out: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::Array(list) => {
            for (at, item) in list.iter().enumerate() {
                let (pointer, place) = (format!("{pointer}/{at}"), format!("{place}[{at}]"));
                items(item, &pointer, &place, out);
                out.push((pointer, place));
            }
        }
        serde_json::Value::Object(members) => {
            for (key, member) in members {
                let dot = if place.is_empty() { "" } else { "." };
                items(member, &format!("{pointer}/{key}"), &format!("{place}{dot}{key}"), out);
            }
        }
        _ => {}
    }
}

#[test]
fn numbers_byte_order_marks_and_signs_are_taken() {
    let marked = "\u{feff}{ \"options\": [{ \"code\": 2, \"i32\": -18000 }] }";
    let engine = Engine::new(builtin::shared(), marked, Host::ANY).unwrap();
    let plan = engine.plan(None, engine.tables().vendor("snom").unwrap(), VariantIx::NONE);
    let sent = plan.options.iter().find(|option| option.code == 2).unwrap();
    assert_eq!(sent.form.as_ref().unwrap().code(), [0xff, 0xff, 0xb9, 0xb0]);
}

#[test]
fn a_policy_may_carry_comments_and_be_empty() {
    assert_eq!(mistakes("{ // nothing\n # at\n /* all */ }"), Vec::<String>::new());
}

#[test]
fn a_parameter_that_only_one_way_of_serving_needs_is_missed_there() {
    let found = mistakes(r#"{"systems": [{"system": "pascom", "server": "10.0.0.5"}]}"#);
    assert!(!found.is_empty(), "expected the LAN's URL to need the phone system's name");
    for line in found {
        assert!(line.starts_with("systems[0]: \"phonesystem\" is missing"), "{line}");
    }
    let vpn = r#"{"systems": [{"system": "pascom", "server": "10.0.0.5", "via": "vpn"}]}"#;
    assert_eq!(mistakes(vpn), Vec::<String>::new());
    // It may appear among the variables too.
    let vars =
        r#"{"systems": [{"system": "pascom", "server": "a"}], "vars": {"phonesystem": "x"}}"#;
    assert_eq!(mistakes(vars), Vec::<String>::new());
}
