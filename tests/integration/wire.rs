//! What a policy may request beyond the reference sites, as it comes out of a real Kea.

use crate::peers::kea::{Kea, Setup, Version};
use crate::peers::packet::{Answer, show_all};
use crate::peers::phone::{Phone, Relay};
use crate::peers::tshark;
use serde_json::json;
use std::net::Ipv4Addr;

fn yealink() -> Phone {
    Phone::new("00:15:65:aa:bb:01")
}

/// A policy with one layer for Yealink's phones.
fn for_yealink(layer: &str) -> String {
    format!(r#"{{ "vendors": {{ "yealink": {layer} }} }}"#)
}

fn offer(kea: &Kea, phone: &Phone) -> Answer {
    Relay::of(kea).discover(phone)
}

#[test]
fn the_header_fields() {
    let layer = r#"{ "next-server": "192.0.2.9", "server-hostname": "boot.example.com",
                     "boot-file-name": "{{mac}}.cfg" }"#;
    let kea = Setup::offhook(&for_yealink(layer)).start();
    let (offer, ack) = Relay::of(&kea).boot(&yealink());
    tshark::judge(&[offer.clone(), ack.clone()]);
    for answer in [offer, ack] {
        assert_eq!(answer.siaddr(), Ipv4Addr::new(192, 0, 2, 9));
        assert_eq!(answer.sname(), b"boot.example.com");
        assert_eq!(answer.file(), b"001565aabb01.cfg");
    }
}

#[test]
fn every_kind_of_value() {
    let layer = r#"{ "options": [
        { "code": 66, "text": "http://{{ip}}/{{mac:colon}}/{mac}", "nul": true },
        { "code": 67, "hex": "00ff00" },
        { "code": 150, "ipv4": ["192.0.2.1", "192.0.2.2"] },
        { "code": 224, "u8": 7 }, { "code": 225, "u16": 258 }, { "code": 226, "u32": 16909060 },
        { "code": 119, "domains": ["a.example.com"] },
        { "code": 120, "sip-servers": ["192.0.2.7"] },
        { "code": 43, "sub-options": [{ "code": 2, "text": "x" }, { "code": 1, "u16": 5 }] },
        { "code": 125, "enterprise": [{ "number": 4, "sub-options": [{ "code": 1, "text": "ab" }] }] }
    ] }"#;
    let kea = Setup::offhook(&for_yealink(layer)).start();
    let without = offer(&Setup::new().start(), &yealink());
    let with = offer(&kea, &yealink());
    let url = format!("http://{}/00:15:65:aa:bb:01/{{mac}}\0", with.yiaddr());
    let (found, lost) = with.beyond(&without);
    let expected: Vec<(u8, Vec<u8>)> = vec![
        (43, vec![2, 1, b'x', 1, 2, 0, 5]),
        (66, url.into_bytes()),
        (67, vec![0, 255, 0]),
        (119, b"\x01a\x07example\x03com\x00".to_vec()),
        (120, vec![1, 192, 0, 2, 7]),
        (125, b"\x00\x00\x00\x04\x04\x01\x02ab".to_vec()),
        (150, vec![192, 0, 2, 1, 192, 0, 2, 2]),
        (224, vec![7]),
        (225, vec![1, 2]),
        (226, vec![1, 2, 3, 4]),
    ];
    assert_eq!(found, expected, "found {}", show_all(&found));
    assert_eq!(lost, Vec::<u8>::new());
    tshark::judge(&[with]);
}

/// A Kea that has options 66 and 67 of its own for every client.
fn with_own_options(policy: &str) -> Kea {
    let options = json!([
        { "name": "tftp-server-name", "data": "kea.example.com", "always-send": true },
        { "name": "boot-file-name", "data": "kea.bin", "always-send": true },
    ]);
    Setup::offhook(policy).edit(|dhcp4| dhcp4["subnet4"][0]["option-data"] = options).start()
}

#[test]
fn options_that_kea_has_already_are_replaced_kept_or_removed() {
    for (layer, expected) in [
        (r#"{ "options": [{ "code": 66, "text": "ours" }] }"#, [Some("ours"), Some("kea.bin")]),
        (
            r#"{ "existing-options": "keep", "options": [{ "code": 66, "text": "ours" }] }"#,
            [Some("kea.example.com"), Some("kea.bin")],
        ),
        (
            r#"{ "options": [{ "code": 66, "text": "ours", "existing": "keep" }, { "code": 67, "remove": true }] }"#,
            [Some("kea.example.com"), None],
        ),
    ] {
        let kea = with_own_options(&for_yealink(layer));
        let answer = offer(&kea, &yealink());
        let found = [66, 67].map(|code| answer.option(code));
        assert_eq!(found, expected.map(|text| text.map(str::as_bytes)), "{layer}");
        let laptop = offer(&kea, &Phone::stranger(1));
        assert_eq!(laptop.option(66), Some(&b"kea.example.com"[..]), "{layer}: a laptop");
    }
}

#[test]
fn only_what_the_phone_asks_for() {
    let layer = r#"{ "send": "requested", "options": [
        { "code": 66, "text": "a" }, { "code": 67, "text": "b" },
        { "code": 150, "ipv4": ["192.0.2.1"], "send": "always" }] }"#;
    let kea = Setup::offhook(&for_yealink(layer)).start();
    let asks = offer(&kea, &yealink().wants(&[1, 3, 67]));
    assert_eq!([66, 67, 150].map(|code| asks.option(code).is_some()), [false, true, true]);
    // A phone without a request list says nothing of what it does not want.
    let silent = offer(&kea, &Phone::new("00:15:65:aa:bb:02"));
    assert_eq!([66, 67, 150].map(|code| silent.option(code).is_some()), [true, true, true]);
}

#[test]
fn an_option_over_255_bytes_is_split_or_refused_at_load() {
    let long = "x".repeat(600);
    let policy = for_yealink(&format!(r#"{{ "options": [{{ "code": 224, "text": "{long}" }}] }}"#));
    if Version::installed() < Version(2, 4, 0) {
        let log = Setup::offhook(&policy).start().log();
        for text in ["vendors.yealink.options[0]", "600 bytes", "255"] {
            assert!(log.contains(text), "expected {text} in the refusal, found\n{log}");
        }
        return;
    }
    let kea = Setup::offhook(&policy).start();
    let (offer, ack) = Relay::of(&kea).boot(&yealink());
    tshark::judge(&[offer.clone(), ack.clone()]);
    for answer in [offer, ack] {
        assert_eq!(answer.option(224), Some(long.as_bytes()), "expected the value whole");
        let pieces = answer.pieces.iter().filter(|(code, _)| *code == 224).count();
        assert!(pieces >= 3, "expected three pieces or more, found {:?}", answer.pieces);
    }
}

fn class(mac: &str, class: &str) -> Phone {
    Phone::new(mac).class(class)
}

/// Several models of one maker, and what is said of one phone, each as the wire has it.
#[test]
fn a_phone_is_sent_what_is_said_of_its_model_and_variant() {
    let policy = json!({
        "systems": [{ "system": "url", "url": "http://a.example/" }],
        "vendors": { "yealink": {
            "options": [{ "code": 224, "text": "any" }],
            "models": {
                "T4*": { "options": [{ "code": 224, "text": "t4 {{model}}" }] },
                "T42S": { "systems": [{ "system": "url", "url": "http://t42s.example/" }] },
            },
        } },
        "sites": [{ "name": "vpn", "match": { "relays": ["127.1.2.4"] }, "vendors": { "yealink": { "models": {
            "T46S": { "options": [{ "code": 224, "text": "at the site" }] } } } } }],
        "devices": [
            { "mac": "00:15:65:00:00:05", "vendor": "yealink", "options": [{ "code": 224, "text": "this phone" }] },
            { "mac": "02:00:00:00:00:06", "vendor": "cisco-spa" },
            { "mac": "02:00:00:00:00:07", "vendor": "cisco-spa", "variant": "linksys" },
        ],
    });
    let kea = Setup::offhook(&policy.to_string()).start();
    let here = Relay::of(&kea);
    let at_site = Relay::at(&kea, Ipv4Addr::new(127, 1, 2, 4));
    for (relay, phone, url, own) in [
        (&here, class("00:15:65:00:00:01", "Yealink SIP-T42S"), "http://t42s.example/", "any"),
        (&here, class("00:15:65:00:00:02", "Yealink SIP-T46S"), "http://a.example/", "t4 SIP-T46S"),
        (&here, class("00:15:65:00:00:03", "Yealink SIP-T58"), "http://a.example/", "any"),
        (&here, class("00:15:65:00:00:04", "yealink"), "http://a.example/", "any"),
        (&here, class("00:15:65:00:00:05", "Yealink SIP-T46S"), "http://a.example/", "this phone"),
        (
            &at_site,
            class("00:15:65:00:00:08", "Yealink SIP-T46S"),
            "http://a.example/",
            "at the site",
        ),
        // A device that sends nothing that its variant could be read from.
        (&here, Phone::new("02:00:00:00:00:06"), "http://a.example/spa$PSN.cfg", ""),
        (&here, Phone::new("02:00:00:00:00:07"), "a.example", ""),
    ] {
        let (offer, ack) = relay.boot(&phone);
        for answer in [offer, ack] {
            let found = [66, 224].map(|code| {
                String::from_utf8_lossy(answer.option(code).unwrap_or_default()).into_owned()
            });
            assert_eq!(found, [url, own], "{} {:?}", phone.mac_text(), phone.options);
        }
    }
}
