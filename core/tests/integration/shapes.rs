//! Whatever is in a list or under a key of a policy, in another shape it is a mistake with its place.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use offhook_core::{Engine, Host, builtin};
use serde_json::{Value, json};

/// Every list, and every object, that a policy can hold.
const POLICY: &str = r#"{
  "systems": [{ "system": "url", "url": "http://a.example/", "for": ["yealink", "snom"] }],
  "answer": "phones", "voice-vlan": { "id": 5, "priority": 3 },
  "time-servers": ["192.0.2.1"], "sip-servers": ["a.example"], "send": "always",
  "existing-options": "replace", "vars": { "tenant": "acme" },
  "next-server": "192.0.2.1", "server-hostname": "a", "boot-file-name": "b",
  "options": [
    { "code": 200, "text": "a", "nul": true, "send": "requested", "existing": "keep" },
    { "code": 201, "ipv4": ["192.0.2.1"] }, { "code": 202, "domains": ["a.example"] },
    { "code": 203, "sip-servers": ["a.example"] }, { "code": 204, "i16": -5 }, { "code": 205, "hex": "00" },
    { "code": 43, "sub-options": [{ "code": 1, "sub-options": [{ "code": 2, "u8": 1 }] }] },
    { "code": 125, "enterprise": [{ "number": 3561, "sub-options": [{ "code": 1, "text": "x" }] }] },
    { "code": 160, "remove": true } ],
  "phone-settings": { "codecs": ["pcma", "pcmu"], "port": 5060, "settings": { "a": "b" },
    "keys": [{ "number": 1, "type": "blf", "value": "1002", "label": "Anna", "line": 1, "module": 0 }] },
  "vendors": { "yealink": { "ignore": false, "models": { "T4*": { "time-servers": ["192.0.2.4"] } } } },
  "sites": [{ "name": "a", "match": { "networks": ["10.7.0.0/16"], "relays": ["10.7.0.1"],
      "interfaces": ["eth1"], "client-classes": ["VPN"], "circuit-ids": ["x*"], "remote-ids": ["0x0006"] },
    "systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }],
    "vendors": { "snom": { "options": [{ "code": 66, "text": "x" }] } } }],
  "devices": [{ "mac": "00:15:65:aa:bb:cc", "vendor": "ale", "variant": "noe", "ignore": false,
    "options": [{ "code": 66, "text": "x" }] }],
  "file-access": { "random-folder": "0123456789abcdef0123456789abcdef",
    "token": { "key-file": "/k", "previous-key-file": "/l", "address": false, "epoch": "a", "previous-epoch": "b",
               "relays": ["10.0.0.0/8"], "only-if": ["same-phone", "same-port"], "move-after": 600 },
    "client-certificates": { "authorities": "/c" },
    "encryption": { "key-file": "/m", "for": ["grandstream"] } }
}"#;

/// The places of all values, as mistakes write them, each with its way through the document.
fn places(value: &Value, way: &[Value], place: &str, out: &mut Vec<(String, Vec<Value>)>) {
    let mut down = |step: Value, place: String, child: &Value| {
        let way = [way, &[step]].concat();
        out.push((place.clone(), way.clone()));
        places(child, &way, &place, out);
    };
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                down(json!(at), format!("{place}[{at}]"), item);
            }
        }
        Value::Object(entries) => {
            for (key, child) in entries {
                let dot = if place.is_empty() { "" } else { "." };
                down(json!(key), format!("{place}{dot}{key}"), child);
            }
        }
        _ => {}
    }
}

fn at<'v>(value: &'v mut Value, way: &[Value]) -> &'v mut Value {
    way.iter().fold(value, |value, step| match step {
        Value::String(key) => &mut value[key.as_str()],
        step => &mut value[usize::try_from(step.as_u64().unwrap()).unwrap()],
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "truth",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Shapes that a key takes beside the one that the policy above has.
fn takes_too(place: &str, shape: &str) -> bool {
    let last = place.rsplit('.').next().unwrap_or_default();
    match shape {
        // "None here".
        "null" => matches!(last, "voice-vlan" | "time-servers" | "sip-servers" | "value" | "label"),
        // Numbers and truths may be written as texts, and the reverse, where a file holds texts.
        // A port, or a tenant's number.
        "number" if place.contains("systems[") => matches!(last, "phonesystem" | "server"),
        "number" => matches!(last, "value" | "label") || place.contains("settings.settings"),
        "text" => matches!(last, "port") && place.contains("phone-settings"),
        "truth" => place.contains("settings.settings"),
        "list" => place.contains("settings.settings"),
        _ => false,
    }
}

#[test]
fn the_whole_policy_is_right() {
    let engine = Engine::new(builtin::shared(), POLICY, Host::ANY);
    assert!(engine.is_ok(), "{}", engine.unwrap_err());
}

#[test]
fn another_shape_is_a_mistake_with_its_place() {
    let policy: Value = serde_json::from_str(POLICY).unwrap();
    let mut all = Vec::new();
    places(&policy, &[], "", &mut all);
    let shapes = [
        json!(5),
        json!(null),
        json!(true),
        json!("\u{7f}"),
        json!([[]]),
        json!({ "zzzz": 1 }),
        json!(1.5),
    ];
    let (mut tried, mut wrong) = (0, Vec::new());
    for (place, way) in &all {
        for shape in &shapes {
            let mut odd = policy.clone();
            let found = at(&mut odd, way);
            if kind(found) == kind(shape) && *shape != json!(1.5) || takes_too(place, kind(shape)) {
                continue;
            }
            *found = shape.clone();
            tried += 1;
            match Engine::new(builtin::shared(), &odd.to_string(), Host::ANY) {
                Ok(_) => wrong.push(format!("{place}: {shape} is taken")),
                Err(mistakes) => {
                    // What is found only when all is put together is reported of the whole option.
                    let there = |found: &str| {
                        found.starts_with(place.as_str())
                            || (!found.is_empty() && place.starts_with(found))
                    };
                    if !mistakes.0.iter().any(|mistake| there(&mistake.place)) {
                        wrong.push(format!("{place}: {shape}: elsewhere: {mistakes}"));
                    }
                }
            }
        }
    }
    println!("{tried} tried at {} places", all.len());
    assert!(tried > 500, "{tried} tried");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
