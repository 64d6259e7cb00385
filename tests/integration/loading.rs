//! How the library loads, and how it says no.

use crate::annotate::FILES;
use crate::peers::kea::{Setup, Version};
use crate::peers::phone::{Phone, Relay};
use crate::peers::process::{self, Process};
use crate::peers::product::library;
use serde_json::{Value, json};
use std::process::Output;
use std::time::Duration;

fn policy() -> Value {
    serde_json::from_str(FILES).expect("JSON")
}

/// Since 2.3 Kea can check a configuration with its hooks loaded; 2.2 has `-t` only, which loads
/// none.
pub fn can_check() -> bool {
    Version::installed() >= Version(2, 4, 0)
}

pub fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// The log of a Kea with parameters that have a mistake: `kea-dhcp4 -T` must refuse them, a start must not.
fn refused(parameters: Option<Value>) -> String {
    let setup = Setup::new().library(library(), parameters.clone());
    if can_check() {
        let checked = setup.check();
        let printed = printed(&checked);
        assert!(
            !checked.status.success(),
            "expected -T to refuse {parameters:?}, found\n{printed}"
        );
    }
    let kea = setup.start();
    let log = kea.log();
    let told = log.contains("OFFHOOK_LOAD_REFUSED") || log.contains("OFFHOOK_POLICY_MISTAKE");
    assert!(told, "expected a message of offhook's for {parameters:?}, found\n{log}");
    log
}

#[track_caller]
fn expect_words(log: &str, words: &[&str]) {
    let ours: Vec<&str> = log.lines().filter(|line| line.contains("OFFHOOK_")).collect();
    for word in words {
        let found = ours.iter().any(|line| line.contains(word));
        assert!(found, "expected {word:?} in offhook's lines, found\n{}", ours.join("\n"));
    }
}

#[test]
fn without_parameters() {
    for parameters in [None, Some(json!({}))] {
        expect_words(&refused(parameters), &["policy-file", "policy"]);
    }
}

#[test]
fn with_an_unknown_parameter() {
    let log = refused(Some(json!({ "policy": policy(), "policy-fiel": "/etc/kea/offhook.json" })));
    expect_words(&log, &["policy-fiel"]);
}

#[test]
fn with_parameters_of_the_wrong_kind() {
    for (key, value, word) in [
        ("policy-file", json!(7), "policy-file"),
        ("policy", json!("text"), "policy"),
        ("class-prefix", json!(""), "class-prefix"),
        ("class-prefix", json!(["PHONE"]), "class-prefix"),
        ("annotate-leases", json!("yes"), "annotate-leases"),
        ("vendors-directory", json!(["/"]), "vendors-directory"),
        ("vendors-directory", json!("/does/not/exist"), "/does/not/exist"),
    ] {
        let mut parameters = json!({ "policy": policy() });
        if key == "policy-file" {
            parameters = json!({});
        }
        parameters[key] = value;
        expect_words(&refused(Some(parameters)), &[word]);
    }
}

#[test]
fn with_a_policy_and_a_file_at_once() {
    let log = refused(Some(json!({ "policy": policy(), "policy-file": "/x.json" })));
    expect_words(&log, &["policy-file", "policy"]);
}

#[test]
fn with_a_file_that_is_not_there() {
    let log = refused(Some(json!({ "policy-file": "/does/not/exist.json" })));
    expect_words(&log, &["/does/not/exist.json", "No such file"]);
}

#[test]
fn kea_checks_a_configuration_without_serving() {
    if !can_check() {
        return;
    }
    let setup = Setup::offhook(FILES);
    let checked = setup.check();
    assert!(checked.status.success(), "expected -T to accept, found\n{}", printed(&checked));
    // And the very same setup starts.
    let (offer, _) = Relay::of(&setup.start()).boot(&Phone::new("00:15:65:00:00:01"));
    assert!(offer.option(66).is_some(), "expected an answer with option 66");
}

#[test]
fn the_wrong_daemon_is_told_so() {
    if !process::installed("kea-dhcp6") {
        eprintln!("skipped: kea-dhcp6 is not installed (make deps)");
        return;
    }
    let setup = Setup::new();
    let configuration = json!({ "Dhcp6": {
        "interfaces-config": { "interfaces": [] },
        "lease-database": { "type": "memfile", "persist": false },
        "subnet6": [],
        "hooks-libraries":
            [{ "library": setup.place(library()), "parameters": { "policy": policy() } }],
        "loggers": [{ "name": "kea-dhcp6", "severity": "INFO",
            "output_options": [{ "output": "stdout", "flush": true }] }],
    } });
    let file = setup.folder.write("kea-dhcp6.json", configuration.to_string());
    let log = setup.folder.join("kea-dhcp6.log");
    let mut command = process::command("kea-dhcp6");
    setup.environment(command.arg("-c").arg(file));
    let mut daemon = Process::start("kea-dhcp6", &mut command, &log);
    let read = || std::fs::read_to_string(&log).unwrap_or_default();
    // What becomes of it then, without its folders, is not checked here.
    process::wait_for("kea-dhcp6 takes the library or ends", Duration::from_secs(20), || {
        let loaded = read().contains("HOOKS_LIBRARY_LOADED");
        (loaded || daemon.finished().is_some()).then_some(())
    });
    assert!(read().contains("HOOKS_LIBRARY_LOADED"), "expected it to be taken, found\n{}", read());
    expect_words(&read(), &["bad process name: kea-dhcp6, expected kea-dhcp4"]);
}
