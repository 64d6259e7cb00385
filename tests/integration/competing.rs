//! Kea's own options that phones may follow instead of offhook's: they stay, and are reported once.

use crate::emulate::{POLICY, emulate, step};
use crate::peers::kea::{Kea, Setup};
use crate::peers::packet::hex;
use crate::peers::phone::{Phone, Relay};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const PASCOM: &str =
    r#""systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }]"#;

/// A Kea that sends a boot file to every client, as for PXE, and this option 43.
fn with_own_options(policy: &str, option_43: &str) -> Kea {
    with_options(Setup::offhook(policy), &[(67, &hex(b"pxelinux.0")), (43, option_43)])
}

/// A Kea that sends these options to every client: codes, and values in hex.
fn with_options(setup: Setup, options: &[(u8, &str)]) -> Kea {
    let option = |(code, data): &(u8, &str)| json!({ "code": code, "csv-format": false, "data": data, "always-send": true });
    let options: Value = options.iter().map(option).collect();
    // Kea sends an option 43 that is not made of sub-options only if a class says what it is.
    let every_client = json!([{
        "name": "every-client", "test": "'a' == 'a'", "option-data": options,
        "option-def": [{ "name": "whole-43", "code": 43, "type": "binary" }],
    }]);
    setup.edit(|dhcp4| dhcp4["client-classes"] = every_client).start()
}

fn competing(kea: &Kea) -> Vec<(String, u64)> {
    let status = kea.command("phone-status-get", None).ok();
    let list = status["competing-options"].as_array().expect("a list").clone();
    let each = |entry: &Value| {
        (
            entry["vendor"].as_str().expect("an id").to_owned(),
            entry["code"].as_u64().expect("a code"),
        )
    };
    list.iter().map(each).collect()
}

fn lines(kea: &Kea) -> Vec<String> {
    kea.log_lines("OFFHOOK_OPTION_COMPETES")
}

#[test]
fn a_boot_file_and_a_controllers_address_are_told_once_and_stay() {
    // A controller's address, as access points want it.
    let kea = with_own_options(&format!("{{ {PASCOM} }}"), "01040a000005");
    let relay = Relay::of(&kea);
    let snom = |number: u8| Phone::new(&format!("00:04:13:00:00:{number:02x}")).class("snomD735");
    let grandstream = Phone::new("00:0b:82:00:00:01");
    for phone in [snom(1), snom(2), grandstream.clone(), grandstream, Phone::stranger(1)] {
        let (offer, ack) = relay.boot(&phone);
        for answer in [offer, ack] {
            assert_eq!(answer.option(67), Some(&b"pxelinux.0"[..]), "{}", phone.mac_text());
            assert_eq!(answer.option(43), Some(&b"\x01\x04\x0a\x00\x00\x05"[..]));
        }
    }
    kea.wait_for_log("00:0b:82:00:00:01 grandstream: ");
    let said = lines(&kea);
    // Snom's tunnel in option 43 is sub-option 66, which is not there; Grandstream reads 43 as a whole.
    assert_eq!(said.len(), 2, "{said:#?}");
    for text in [
        "WARN",
        "00:04:13:00:00:01 snom: the server itself puts option 67 into the answer",
        "together with option 66; path, put behind the value of 66",
        r#"{ "snom": { "options": [ { "code": 67, "remove": true } ] } }"#,
    ] {
        assert!(said[0].contains(text), "expected {text}, found {said:#?}");
    }
    assert!(
        said[1].contains("these phones read option 43 (url), together with option 66"),
        "{said:#?}"
    );
    assert_eq!(competing(&kea), [("snom".to_owned(), 67), ("grandstream".to_owned(), 43)]);

    // What the line advises must help.
    let policy = format!(
        r#"{{ {PASCOM}, "vendors": {{ "snom": {{ "options": [ {{ "code": 67, "remove": true }} ] }} }} }}"#
    );
    let policy: Value = serde_json::from_str(&policy).expect("JSON");
    kea.command("phone-policy-set", Some(json!({ "policy": policy }))).ok();
    assert_eq!(competing(&kea), []);
    let (_, ack) = relay.boot(&snom(3));
    assert_eq!(ack.option(67), None);
    relay.boot(&Phone::new("00:0b:82:00:00:02"));
    kea.wait_for_log("00:0b:82:00:00:02 grandstream: ");
    assert_eq!(competing(&kea), [("grandstream".to_owned(), 43)], "another policy, told once more");
    assert_eq!(lines(&kea).len(), 3);
    assert_eq!(kea.must_statistic("offhook.faults"), 0);
}

#[test]
fn a_sub_option_competes_where_it_is() {
    let kea = with_own_options(&format!("{{ {PASCOM} }}"), "42056874747000");
    Relay::of(&kea).boot(&Phone::new("00:04:13:00:00:01"));
    kea.wait_for_log(
        "puts option 43 into the answer, and these phones read option 43, sub-option 66",
    );
    assert!(competing(&kea).contains(&("snom".to_owned(), 43)));
}

#[test]
fn what_competes_with_a_devices_own_option_is_told_too() {
    let policy = r#"{ "devices": [
        { "mac": "00:04:13:00:00:01", "options": [ { "code": 66, "text": "http://lab/" } ] } ] }"#;
    let kea = with_own_options(policy, "01040a000005");
    let relay = Relay::of(&kea);
    // The policy sends the other one nothing, so nothing competes.
    relay.boot(&Phone::new("00:04:13:00:00:02"));
    relay.boot(&Phone::new("00:04:13:00:00:01"));
    kea.wait_for_log("00:04:13:00:00:01 snom: the server itself puts option 67");
    assert_eq!(competing(&kea), [("snom".to_owned(), 67)]);
    assert_eq!(lines(&kea).len(), 1);
}

/// Where each virtual phone looks for its files.
fn places(kea: &Kea) -> BTreeMap<String, String> {
    let (_, reports) = emulate(kea, &["--all-vendors", "--dhcp-only"]);
    let place = |report: &Value| {
        let vendor = report["vendor"].as_str().expect("a vendor").to_owned();
        let url = step(report, "provisioning URL");
        // What it would try if that one fails follows it.
        (vendor, url.split(" by ").next().unwrap_or_default().to_owned())
    };
    reports.iter().map(place).collect()
}

/// The emulator reads answers by itself. A phone that is led astray by an option must be among those of which
/// the log warns.
#[test]
fn no_virtual_phone_goes_astray_without_a_word() {
    let start = || Setup::new().offhook_file(&POLICY.replace("https:", "http:"));
    let mut plain = places(&start().start());
    plain.retain(|_, place| place.starts_with("passed: "));
    let url = hex(b"http://192.0.2.99/other/");
    let tunnel = |sub: u8| format!("{sub:02x}{:02x}{url}00", url.len() / 2 + 1);
    for (code, value, some) in [
        (43, url.clone(), vec!["akuvox", "cyberdata"]),
        (43, tunnel(2), vec!["aastra", "mitel-sip"]),
        (43, tunnel(66), vec!["auerswald", "snom"]),
        (67, hex(b"other.cfg"), vec!["panasonic", "snom"]),
        (150, "c0000263".to_owned(), vec![]),
        (159, url.clone(), vec!["aastra", "panasonic"]),
        (160, url.clone(), vec!["aastra", "yealink"]),
    ] {
        let kea = with_options(start(), &[(code, &value)]);
        let astray: BTreeSet<String> = places(&kea)
            .into_iter()
            .filter(|(vendor, place)| plain.get(vendor).is_some_and(|plain| plain != place))
            .map(|(vendor, _)| vendor)
            .collect();
        let told: BTreeSet<String> = competing(&kea)
            .into_iter()
            .filter(|(_, c)| *c == u64::from(code))
            .map(|(v, _)| v)
            .collect();
        let silent: Vec<&String> = astray.difference(&told).collect();
        assert!(silent.is_empty(), "option {code} {value}: {silent:?} go astray, told {told:?}");
        let some: BTreeSet<String> = some.into_iter().map(str::to_owned).collect();
        assert!(
            some.is_subset(&astray),
            "option {code} {value}: expected {some:?}, found {astray:?}, told {told:?}"
        );
    }
}
