//! Options of Kea's own that phones may follow instead of ours: they stay, and are told once.

use crate::peers::kea::{Kea, Setup};
use crate::peers::phone::{Phone, Relay};
use serde_json::{Value, json};

const PASCOM: &str =
    r#""systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }]"#;

/// A Kea that sends a boot file to everybody, as for PXE, and this option 43.
fn with_own_options(policy: &str, option_43: &str) -> Kea {
    let options = json!([
        { "name": "boot-file-name", "data": "pxelinux.0", "always-send": true },
        { "code": 43, "csv-format": false, "data": option_43, "always-send": true },
    ]);
    Setup::offhook(policy).edit(|dhcp4| dhcp4["subnet4"][0]["option-data"] = options).start()
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
