//! `offhook emulate` as a witness: one virtual phone of every maker against a real Kea, with the hook
//! and without.

/// A fleet's power-up.
mod fleet;
/// With the files that `offhook generate` writes.
mod generated;
/// From the answer to the registrar.
mod journeys;
/// By broadcast, on an interface.
mod network;
/// What a site has: three models of each maker, with keys, TLS and the rest.
mod real_sites;

use crate::peers::kea::{Kea, Setup};
use crate::peers::packet::hex;
use crate::peers::{dnsmasq, process, product};
use serde_json::{Value, json};
use std::process::Output;

/// What the catalogue's examples are answered by.
pub const POLICY: &str = include_str!("../../../core/catalogue/vendors/example-policy.json");

/// Runs the emulator as a relay of this Kea; `more` goes to the command line as it is.
pub fn emulate(kea: &Kea, more: &[&str]) -> (Output, Vec<Value>) {
    let server = format!("127.0.0.1:{}", kea.port());
    let relay = format!("127.1.2.4:{}", kea.client_port());
    run(&[&["--server", &server, "--relay", &relay], more].concat())
}

/// Runs the emulator.
pub fn run(words: &[&str]) -> (Output, Vec<Value>) {
    let mut command = process::command(product::command_line());
    let output = process::run(command.args(["emulate", "--json"]).args(words));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let reports = text.lines().map(|line| serde_json::from_str(line).expect("a report")).collect();
    (output, reports)
}

/// A Kea that sends every client this URL.
pub fn files_at(url: &str) -> Setup {
    let policy = json!({ "systems": [{ "system": "files", "url": url }] });
    Setup::offhook(&policy.to_string())
}

/// `outcome: text` of a step; panics if there is none of that name.
#[track_caller]
pub fn step(report: &Value, name: &str) -> String {
    let steps = report["steps"].as_array().expect("steps");
    let found = steps.iter().find(|step| step["name"] == name);
    let found = found.unwrap_or_else(|| panic!("expected a step {name:?}, found {report:#}"));
    format!("{}: {}", found["outcome"].as_str().unwrap_or(""), found["text"].as_str().unwrap_or(""))
}

#[test]
fn one_phone_of_every_maker_understands_what_the_hook_tells_it() {
    let kea = Setup::new().offhook_file(&POLICY.replace("https:", "http:")).start();
    let (_, reports) = emulate(&kea, &["--all-vendors", "--dhcp-only"]);
    assert!(reports.len() > 50, "expected the whole catalogue, found {}", reports.len());
    for report in &reports {
        let vendor = report["vendor"].as_str().expect("a vendor");
        assert!(step(report, "DHCPREQUEST").starts_with("passed: 127.1."), "{report:#}");
        // A phone that takes a host or a file is sent that; the server is the same.
        let url = step(report, "provisioning URL");
        let understood = url.starts_with("passed: ") && url.contains("//provision.example.com/");
        let told = told_a_url(vendor, report["example"].as_str().expect("an example"));
        assert_eq!(understood, told, "{vendor}: {url}");
        let steps = report["steps"].as_array().expect("steps");
        let unread = steps.iter().find(|s| s["name"] == "DHCP options" && s["outcome"] == "failed");
        assert_eq!(unread, None, "{vendor}");
    }
}

/// Whether the catalogue says of an example that it is sent the policy's URL.
fn told_a_url(vendor: &str, example: &str) -> bool {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/core/catalogue/vendors");
    let text = std::fs::read_to_string(format!("{folder}/{vendor}/examples.toml"));
    let table: toml::Table = text.expect("examples").parse().expect("TOML");
    let examples = table["example"].as_array().expect("a list");
    let found = examples.iter().find(|found| found["name"].as_str() == Some(example));
    // Only the example's own policy names the device: the address decides nothing.
    if found
        .expect("the example played")
        .get("policy")
        .is_some_and(|own| own.get("devices").is_some())
    {
        return false;
    }
    let host = "provision.example.com";
    let told = found.expect("the example played")["told"].as_array().expect("its answer").iter();
    told.into_iter().any(|option| {
        let text = option.get("text").and_then(|text| text.as_str()).unwrap_or_default();
        let hex = option.get("hex").and_then(|hex| hex.as_str()).unwrap_or_default();
        let host_in_hex: String = host.bytes().map(|byte| format!("{byte:02x}")).collect();
        text.contains(host) || hex.contains(&host_in_hex)
    })
}

#[test]
fn without_the_hook_each_maker_fails_where_its_url_should_be_and_that_is_exit_code_1() {
    let kea = Setup::new().start();
    let (output, reports) = emulate(&kea, &["--all-vendors", "--register"]);
    assert_eq!(output.status.code(), Some(1));
    let mut failed = 0;
    for report in &reports {
        assert!(step(report, "DHCPREQUEST").starts_with("passed: 127.1."), "{report:#}");
        let url = step(report, "provisioning URL");
        let why = "failed: none: the answer has nothing to read in ";
        let none_wanted =
            url.starts_with("not-reached: ") && url.ends_with(" requests none by DHCP");
        assert!(url.starts_with(why) || none_wanted, "{report:#}");
        failed += usize::from(!none_wanted);
        for after in ["files", "SIP REGISTER", "registrar's answer"] {
            assert!(step(report, after).starts_with("not-reached: no "), "{report:#}");
        }
    }
    assert!(failed > 50, "expected nearly all of them to want a URL, found {failed}");
    let polycom = reports.iter().find(|report| report["vendor"] == "polycom").expect("a Polycom");
    let lists = " option 160, option 161, option 66";
    assert!(step(polycom, "provisioning URL").ends_with(lists), "{polycom:#}");
    // It asks once more before it gives up.
    assert!(step(polycom, "DHCPINFORM").starts_with("passed: answered with "), "{polycom:#}");
}

/// A witness of other people's servers too: what an administrator wrote, right and wrong.
#[test]
fn a_kea_that_is_configured_by_hand_is_judged_like_ours() {
    let set = |code: u8, data: &str| {
        json!({ "code": code, "csv-format": false, "always-send": true,
        "data": hex(data.as_bytes()) })
    };
    let start = |options: Value| {
        Setup::new().edit(|dhcp4| dhcp4["subnet4"][0]["option-data"] = options).start()
    };
    let words = ["--vendor", "polycom", "--dhcp-only"];
    let right = start(json!([set(66, "http://192.0.2.1/p"), set(128, "VLAN-A=0x78;")]));
    let (output, reports) = emulate(&right, &words);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(step(&reports[0], "provisioning URL"), "passed: http://192.0.2.1/p/ by option 66");
    assert_eq!(step(&reports[0], "voice VLAN"), "passed: 120, by option 128; asks again in it");
    // The ; at the end is missing; a URL that ends in the middle; an unknown scheme.
    let wrong =
        start(json!([set(128, "VLAN-A=120"), set(160, "a\0b"), set(66, "sftp://192.0.2.1/")]));
    let (output, reports) = emulate(&wrong, &words);
    assert_eq!(output.status.code(), Some(1));
    let steps = reports[0]["steps"].as_array().expect("steps").iter();
    let failed = steps.filter(|step| step["outcome"] == "failed").map(|step| {
        format!(
            "{}: {}",
            step["name"].as_str().expect("a name"),
            step["text"].as_str().expect("a text")
        )
    });
    let is = "is not what this phone reads";
    assert_eq!(
        failed.collect::<Vec<_>>(),
        [
            format!("DHCP options: option 160 {is}: 0x610062: a NUL in the middle of the text"),
            format!("DHCP options: option 128 {is}: \"VLAN-A=120\": no ; or . at the end of \"VLAN-A=120\""),
            format!("DHCP options: option 66 {is}: \"sftp://192.0.2.1/\": this phone knows tftp, ftp, ftps, \
                     http, https, not sftp"),
            "provisioning URL: none: the answer has nothing to read in option 160, option 161, option 66"
                .to_owned(),
        ]
    );
}

#[test]
fn one_phone_of_every_maker_hears_the_same_from_dnsmasq() {
    let policy = POLICY.replace("https:", "http:");
    let kea = Setup::new().offhook_file(&policy).start();
    let (_, by_kea) = emulate(&kea, &["--all-vendors", "--dhcp-only"]);
    let server = dnsmasq::Setup::new().offhook(&policy).start();
    let (at, relay) =
        (format!("127.0.0.1:{}", server.port()), format!("127.1.2.4:{}", server.port()));
    let words = ["--all-vendors", "--dhcp-only", "--server", &at, "--relay", &relay];
    let (_, by_dnsmasq) = run(&words);
    for (kea, dnsmasq) in by_kea.iter().zip(&by_dnsmasq) {
        assert!(step(dnsmasq, "DHCPREQUEST").starts_with("passed: "), "{dnsmasq:#}");
        // dnsmasq puts its own address into siaddr, which some phones read last.
        let (one, other) = (step(kea, "provisioning URL"), step(dnsmasq, "provisioning URL"));
        let other = other.trim_end_matches(", also siaddr");
        let same = one == other || (!one.starts_with("passed") && other.ends_with(" by siaddr"));
        assert!(same, "{}: by Kea {one}\nby dnsmasq {other}", kea["vendor"]);
    }
    assert_eq!(by_kea.len(), by_dnsmasq.len());
}
