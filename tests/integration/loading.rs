//! How the library loads, and how it says no.

use crate::annotate::FILES;
use crate::peers::hook;
use crate::peers::kea::Setup;
use crate::peers::phone::{Phone, Relay};
use crate::peers::process;
use serde_json::{Value, json};

fn policy() -> Value {
    serde_json::from_str(FILES).expect("JSON")
}

/// The log of a Kea that must refuse these parameters; `kea-dhcp4 -T` must say the same.
fn refused(parameters: Option<Value>) -> String {
    let setup = Setup::new().library(hook::library(), parameters.clone());
    let checked = setup.check();
    let printed = [&checked.stdout[..], &checked.stderr[..]].concat();
    let printed = String::from_utf8_lossy(&printed).into_owned();
    assert!(!checked.status.success(), "expected -T to refuse {parameters:?}, found\n{printed}");
    let refused = setup.try_start().err();
    let log = refused.unwrap_or_else(|| panic!("expected Kea to refuse {parameters:?}")).log;
    for text in [&printed, &log] {
        let told = text.contains("OFFHOOK_LOAD_REFUSED") || text.contains("OFFHOOK_POLICY_MISTAKE");
        assert!(told, "expected a message of offhook's for {parameters:?}, found\n{text}");
    }
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
    for (key, value) in [
        ("policy-file", json!(7)),
        ("policy", json!("text")),
        ("class-prefix", json!("")),
        ("class-prefix", json!(["PHONE"])),
        ("annotate-leases", json!("yes")),
        ("vendors-directory", json!("/does/not/exist")),
    ] {
        let mut parameters = json!({ "policy": policy() });
        if key == "policy-file" {
            parameters = json!({});
        }
        parameters[key] = value;
        expect_words(&refused(Some(parameters)), &[key]);
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
fn loaded_twice_is_refused() {
    let parameters = || Some(json!({ "policy": policy() }));
    let setup =
        Setup::new().library(hook::library(), parameters()).library(hook::library(), parameters());
    let log = setup.try_start().err().expect("expected Kea to refuse the library twice").log;
    expect_words(&log, &["the library is loaded already", "hooks-libraries"]);
}

#[test]
fn kea_checks_a_configuration_without_serving() {
    let setup = Setup::offhook(FILES);
    let checked = setup.check();
    let printed = [&checked.stdout[..], &checked.stderr[..]].concat();
    let printed = String::from_utf8_lossy(&printed);
    assert!(checked.status.success(), "expected -T to accept, found\n{printed}");
    // And the very same setup starts.
    let (offer, _) = Relay::of(&setup.start()).boot(&Phone::new("00:15:65:00:00:01"));
    assert!(offer.option(66).is_some(), "expected an answer with option 66");
}

/// The configuration of another daemon with the library in it, and what it printed.
fn other_daemon(daemon: &str, key: &str, mut configuration: Value) -> (bool, String) {
    let setup = Setup::new();
    let library = setup.place(hook::library());
    configuration["hooks-libraries"] =
        json!([{ "library": library, "parameters": { "policy": policy() } }]);
    configuration["loggers"] = json!([{ "name": daemon, "severity": "INFO",
        "output_options": [{ "output": "stdout", "flush": true }] }]);
    let file = setup.folder.write("other.json", json!({ key: configuration }).to_string());
    let mut command = process::command(daemon);
    setup.environment(command.arg("-T").arg(file));
    let output = process::run(&mut command);
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
}

#[test]
fn the_wrong_daemon_is_told_so() {
    let configuration = json!({
        "interfaces-config": { "interfaces": [] },
        "lease-database": { "type": "memfile", "persist": false },
        "subnet6": [],
    });
    if !process::installed("kea-dhcp6") {
        eprintln!("skipped: kea-dhcp6 is not installed (make deps)");
        return;
    }
    let (accepted, printed) = other_daemon("kea-dhcp6", "Dhcp6", configuration);
    assert!(!accepted, "expected kea-dhcp6 to refuse the library, found\n{printed}");
    let text = "bad process name: kea-dhcp6, expected kea-dhcp4";
    assert!(printed.contains(text), "expected {text:?}, found\n{printed}");
}
