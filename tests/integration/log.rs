//! Kea's log: one line per phone answered, that says who it is and what it got, and no client can
//! forge another.

use crate::annotate::{FILES, polycom};
use crate::peers::kea::{Kea, Setup};
use crate::peers::phone::{Phone, Relay};
use serde_json::json;

const ANSWERED: &str = "OFFHOOK_PHONE_ANSWERED";

fn with_severity(setup: Setup, severity: &str) -> Setup {
    let logger = json!({ "name": "kea-dhcp4.offhook-hooks", "severity": severity,
        "debuglevel": 99, "output_options": [{ "output": "stdout", "flush": true }] });
    setup.edit(|dhcp4| dhcp4["loggers"].as_array_mut().expect("loggers").push(logger))
}

#[test]
fn one_line_at_info_per_phone_answered_and_none_for_others() {
    let kea = Setup::offhook(FILES).start();
    let relay = Relay::of(&kea);
    relay.boot(&Phone::stranger(1));
    let (_, ack) = relay.boot(&polycom());
    let line = kea.wait_for_log(ANSWERED);
    let address = ack.yiaddr().to_string();
    for word in [
        "INFO",
        "[kea-dhcp4.offhook-hooks",
        "00:04:f2:aa:bb:01",
        "polycom",
        "VVX410",
        "ACK",
        &address,
        "66 \"https://provision.example.com/\"",
        "160 \"https://provision.example.com/\"",
    ] {
        assert!(line.contains(word), "expected {word:?} in {line}");
    }
    let lines = kea.log_lines("OFFHOOK_PHONE");
    assert_eq!(lines.len(), 1, "expected a line for the ACK only, found {lines:#?}");
}

#[test]
fn by_default_a_phone_has_a_line_when_there_is_something_new() {
    let count = |kea: &Kea| kea.log_lines(ANSWERED).len();
    let kea = Setup::new().offhook_file(FILES).start();
    let relay = Relay::of(&kea);
    let boot_twice = || {
        relay.boot(&polycom());
        relay.boot(&polycom());
    };
    boot_twice();
    assert_eq!(count(&kea), 1, "expected a line for a phone that is new");
    relay.boot(&polycom().option(12, "another-name"));
    assert_eq!(count(&kea), 2, "expected a line for a phone that says something else");
    boot_twice();
    assert_eq!(count(&kea), 3, "expected a line for a phone that says something else again");
    kea.reload().ok();
    boot_twice();
    assert_eq!(count(&kea), 3, "expected none after a reload of the same policy");
    kea.setup.folder.write("policy.json", FILES.replace("example.com", "example.org"));
    kea.command("phone-policy-reload", None).ok();
    boot_twice();
    assert_eq!(count(&kea), 4, "expected a line after another policy");
}

#[test]
fn every_answer_has_a_line_if_that_is_wanted() {
    let policy: serde_json::Value = serde_json::from_str(FILES).expect("JSON");
    let kea = Setup::new().offhook_with(json!({ "policy": policy, "log": "every" })).start();
    let relay = Relay::of(&kea);
    for number in 1..4 {
        relay.boot(&polycom());
        assert_eq!(kea.log_lines(ANSWERED).len(), number);
    }
}

#[test]
fn what_is_answered_is_silent_at_warn_and_reasoned_at_debug() {
    let quiet = with_severity(Setup::offhook(FILES), "WARN").start();
    Relay::of(&quiet).boot(&polycom());
    assert_eq!(quiet.log_lines("OFFHOOK_PHONE"), Vec::<String>::new());

    let loud = with_severity(Setup::offhook(FILES), "DEBUG").start();
    Relay::of(&loud).boot(&polycom());
    loud.wait_for_log("OFFHOOK_PHONE_REASON");
    for id in ["OFFHOOK_PHONE_OFFERED", ANSWERED] {
        let lines = loud.log_lines(id);
        assert_eq!(lines.len(), 1, "expected one {id}, found {lines:#?}");
    }
}

fn start_and_boot(policy: &str, phone: &Phone) -> Kea {
    let kea = Setup::offhook(policy).start();
    Relay::of(&kea).boot(phone);
    kea.wait_for_log(ANSWERED);
    kea
}

#[test]
fn a_client_cannot_write_lines_of_its_own() {
    let forged = "Polycom-VVX\r\n2026-11-21 ERROR [kea-dhcp4] FORGED \x1b[31m%1 %n";
    let kea = start_and_boot(FILES, &Phone::new("00:04:f2:aa:bb:02").class(forged));
    for line in kea.log().lines() {
        assert!(!line.starts_with("2026-11-21 ERROR"), "expected no line of the client's: {line}");
        assert!(!line.contains('\x1b'), "expected no control sequence of the client's: {line:?}");
    }
}

#[test]
fn a_secret_in_a_url_stays_out_of_the_log() {
    let policy = r#"{ "vendors": { "polycom": { "options": [
        { "code": 66, "text": "https://phone:s3cret@provision.example.com/" }] } } }"#;
    let kea = start_and_boot(policy, &polycom());
    let log = kea.log();
    assert!(!log.contains("s3cret"), "expected no secret, found\n{}", kea.wait_for_log(ANSWERED));
    assert!(log.contains("provision.example.com"), "expected the URL without it");
}
