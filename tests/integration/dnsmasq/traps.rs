//! What dnsmasq cannot say is refused, with a reason and an advice, and nothing is written.

use crate::peers::dnsmasq::Setup;

/// A policy, and what the refusal must say.
const TRAPS: &[(&str, &str, &str)] = &[
    (
        "over 255 bytes",
        r#"{ "options": [{ "code": 43, "text": "LONG" }] }"#,
        "dnsmasq carries at most 255 safely; shorten it",
    ),
    (
        "text in 150",
        r#"{ "options": [{ "code": 150, "text": "tftp.example.com/" }] }"#,
        "use an option that the phone reads as text (66 or 160)",
    ),
    (
        "0.0.0.0 among addresses",
        r#"{ "options": [{ "code": 150, "ipv4": ["0.0.0.0"] }] }"#,
        "name the address",
    ),
    (
        "a NUL within 66",
        r#"{ "options": [{ "code": 66, "hex": "61:00:62" }] }"#,
        "cannot hold the byte 0x00",
    ),
    ("bytes in 67", r#"{ "options": [{ "code": 67, "hex": "ff:fe" }] }"#, "as text only"),
    (
        "dnsmasq's own options",
        r#"{ "options": [{ "code": 81, "hex": "01:01:61" }] }"#,
        "dnsmasq's own affair",
    ),
    (
        "several names in 119",
        r#"{ "options": [{ "code": 119, "domains": ["a.example", "b.example"] }] }"#,
        "keep one",
    ),
    (
        "existing options",
        r#"{ "existing-options": "keep", "time-servers": ["192.0.2.1"] }"#,
        "Say \"replace\"",
    ),
    ("header fields", r#"{ "boot-file-name": "boot.cfg" }"#, "write option 67 instead"),
    (
        "the phone's address",
        r#"{ "systems": [{ "system": "url", "url": "http://x/{{mac}}.cfg" }] }"#,
        "list the phones in \"devices\"",
    ),
    (
        "the phone's model",
        r#"{ "options": [{ "code": 66, "text": "http://x/{{model}}" }] }"#,
        "write the value itself",
    ),
    (
        "a device's lease",
        r#"{ "devices": [{ "mac": "00:04:13:01:02:03", "options": [{ "code": 66, "text": "x{{ip}}" }] }] }"#,
        "write the value itself",
    ),
    (
        "models",
        r#"{ "vendors": { "snom": { "models": { "D7*": { "options": [{ "code": 66, "text": "x" }] } } } } }"#,
        "cannot tell a maker's models apart",
    ),
    (
        "the beginning of a circuit id",
        r#"{ "sites": [{ "name": "a", "match": { "circuit-ids": ["ge-0/0/*"] } }] }"#,
        "compares whole ids",
    ),
    (
        "whom to ignore by network",
        r#"{ "sites": [{ "name": "a", "match": { "networks": ["10.0.0.0/8"] }, "answer": "phones" }] }"#,
        "match the site by interfaces",
    ),
    (
        "a class that is not a tag",
        r#"{ "sites": [{ "name": "a", "match": { "client-classes": ["my class"] } }] }"#,
        "cannot be a tag of dnsmasq",
    ),
    (
        "a class with one of offhook's tags",
        r#"{ "sites": [{ "name": "a", "match": { "client-classes": ["oh_phone"] } }] }"#,
        "use another name",
    ),
    (
        "a circuit id of one byte",
        r#"{ "sites": [{ "name": "a", "match": { "circuit-ids": ["0x07"] } }] }"#,
        "match by network",
    ),
    ("a mixed list in 120", r#"{ "sip-servers": ["sip.example.com", "192.0.2.1"] }"#, "found both"),
];

#[test]
fn every_trap_is_refused_with_reason_and_advice() {
    let mut wrong = Vec::new();
    for (name, policy, advice) in TRAPS {
        let setup = Setup::new();
        let policy = policy.replace("LONG", &"x".repeat(256));
        let output = setup.try_render(&policy, &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(1) || !said.contains(advice) || setup.rendered().exists() {
            wrong.push(format!("{name}: {}\n{said}", output.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_explains_every_trap() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/dnsmasq.md");
    let page = std::fs::read_to_string(page).expect("docs/dnsmasq.md");
    for (name, _, advice) in TRAPS {
        let advice = advice.replace("0x00", "0x..");
        assert!(page.contains(&advice), "{name}: expected docs/dnsmasq.md to explain {advice:?}");
    }
}

/// What looks like a trap and is none: these must come out, and dnsmasq must take them.
#[test]
fn the_edges_of_what_dnsmasq_can_say_are_taken() {
    for policy in [
        format!(r#"{{ "options": [{{ "code": 43, "text": "{}" }}] }}"#, "x".repeat(255)),
        format!(r#"{{ "options": [{{ "code": 66, "text": "{}" }}] }}"#, "x".repeat(255)),
        r#"{ "options": [{ "code": 43, "hex": "12" }, { "code": 132, "text": "7" }] }"#.to_owned(),
        r#"{ "options": [{ "code": 66, "text": "a, b: \"c\" #d \\e\n" }] }"#.to_owned(),
        r#"{ "options": [{ "code": 66, "text": "x", "nul": true }] }"#.to_owned(),
        r#"{ "options": [{ "code": 120, "sip-servers": ["10.1.2.3", "10.1.2.4"] }] }"#.to_owned(),
    ] {
        let output = Setup::new().try_render(&policy, &[]);
        assert!(output.status.success(), "{policy}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
