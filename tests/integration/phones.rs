//! `offhook phones`: the phones of a real Kea, out of its leases.

use crate::annotate::{FILES, polycom};
use crate::peers::kea::{Kea, Setup};
use crate::peers::phone::{Phone, Relay};
use crate::peers::process;
use crate::peers::product::command_line;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};

fn phones(kea: &Kea, words: &[&str]) -> Value {
    let mut command = process::command(command_line());
    command.args(["phones", "--json", "--kea"]).arg(kea.socket()).args(words);
    let output = process::run(&mut command);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "expected {words:?} to succeed, found\n{errors}");
    assert_eq!(errors, "", "expected no progress where there is no terminal");
    serde_json::from_slice(&output.stdout).expect("JSON of offhook phones")
}

/// All phones, and the processor time that `offhook phones` took for them, in seconds.
fn phones_timed(kea: &Kea) -> (Value, f64) {
    let mut command = process::command("bash");
    command.args(["-c", r#"TIMEFORMAT='%U %S'; time "$@""#, "bash"]);
    command.arg(command_line()).args(["phones", "--json", "--kea"]).arg(kea.socket());
    let output = process::run(&mut command);
    let times = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "expected the list, found\n{times}");
    let seconds = |word: &str| word.parse::<f64>().unwrap_or_else(|_| panic!("found {times}"));
    let list = serde_json::from_slice(&output.stdout).expect("JSON of offhook phones");
    (list, times.split_whitespace().map(seconds).sum())
}

/// Reads all leases and does nothing with them; how long that took.
fn turn_all_pages(kea: &Kea) -> Duration {
    let start = Instant::now();
    let mut from = json!("start");
    loop {
        let page = kea.command("lease4-get-page", json!({ "from": from, "limit": 5000 }));
        // Result 3: no lease is left.
        let leases = page.arguments["leases"].as_array().cloned().unwrap_or_default();
        if page.result == 3 {
            return start.elapsed();
        }
        from = leases.last().expect("a lease")["ip-address"].clone();
    }
}

fn count(list: &Value) -> usize {
    list.as_array().unwrap_or_else(|| panic!("expected a list, found {list}")).len()
}

#[test]
fn phones_of_the_leases_and_no_laptop() {
    let kea = Setup::offhook(FILES).kea_library("libdhcp_lease_cmds.so", None).start();
    assert_eq!(count(&phones(&kea, &[])), 0);
    let relay = Relay::of(&kea);
    relay.boot(&Phone::stranger(1));
    let (_, ack) = relay.boot(&polycom());
    relay.boot(&Phone::new("00:15:65:00:00:01"));
    let all = phones(&kea, &[]);
    assert_eq!(count(&all), 2, "found {all}");
    let found = phones(&kea, &["--vendor", "polycom"]);
    assert_eq!(count(&found), 1, "found {found}");
    let phone = &found[0];
    assert_eq!(phone["address"], ack.yiaddr().to_string());
    assert_eq!(phone["mac"], "00:04:f2:aa:bb:01");
    assert_eq!(phone["vendor"], "polycom");
    assert_eq!(phone["model"], "VVX410");
}

#[test]
fn a_kea_without_the_lease_commands_is_told_which_library_it_lacks() {
    let kea = Setup::offhook(FILES).start();
    let mut command = process::command(command_line());
    let output = process::run(command.args(["phones", "--kea"]).arg(kea.socket()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "found\n{errors}");
    assert!(errors.contains("libdhcp_lease_cmds.so, which must be in its"), "found\n{errors}");
}

#[test]
fn phones_by_site() {
    let policy = r#"{ "sites": [
        { "name": "lab", "match": { "client-classes": ["PHONE_yealink"] } },
        { "name": "hq", "match": { "networks": ["0.0.0.0/0"] } }
    ] }"#;
    let kea = Setup::offhook(policy).kea_library("libdhcp_lease_cmds.so", None).start();
    let relay = Relay::of(&kea);
    relay.boot(&polycom());
    relay.boot(&Phone::new("00:15:65:00:00:01"));
    for (site, vendor) in [("lab", "yealink"), ("hq", "polycom")] {
        let found = phones(&kea, &["--site", site]);
        assert_eq!(count(&found), 1, "found {found}");
        assert_eq!((&found[0]["vendor"], &found[0]["site"]), (&json!(vendor), &json!(site)));
    }
    assert_eq!(count(&phones(&kea, &["--site", "nowhere"])), 0);
}

/// `offhook diff` by the phones that a real Kea has seen.
#[test]
fn another_policys_differences_for_the_phones_seen() {
    let kea = Setup::new().offhook_file(FILES).start();
    let relay = Relay::of(&kea);
    relay.discover(&polycom());
    relay.discover(&Phone::new("00:15:65:00:00:01"));
    relay.discover(&Phone::stranger(1));
    let other = kea.setup.folder.write("other.json", FILES.replace("https", "http"));
    let diff = |new: &std::path::Path| {
        let mut command = process::command(command_line());
        command.args(["diff", "--json"]).arg(kea.setup.folder.join("policy.json")).arg(new);
        process::run(command.arg("--seen").arg(kea.socket()))
    };
    let output = diff(&other);
    assert_eq!(output.status.code(), Some(1), "expected differences to be shown by the exit code");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!([&report["phones"], &report["changed"]], [&json!(2), &json!(2)], "{report}");
    assert_eq!(report["recognised-by-more-than-the-list-says"], 0, "{report}");
    let same = diff(&kea.setup.folder.join("policy.json"));
    assert_eq!(same.status.code(), Some(0));
}

const LEASES: u32 = 100_000;

/// A Kea that starts with so many leases.
fn with_leases(count: u32) -> Kea {
    let setup = Setup::new().kea_library("libdhcp_lease_cmds.so", None).edit(|dhcp4| {
        let subnets = dhcp4["subnet4"].as_array_mut().expect("subnets");
        subnets.push(json!({ "id": 2, "subnet": "10.0.0.0/8" }));
    });
    setup.folder.write("data/leases.csv", leases(count));
    setup.start()
}

/// Leases of Kea's own file: nine phones of ten in subnet 2, every third of them a Yealink's, and
/// no laptop's name.
fn leases(count: u32) -> String {
    let mut file = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,\
                    hostname,state,user_context\n"
        .to_owned();
    for number in 0..count {
        let [_, a, b, c] = number.to_be_bytes();
        let vendor = if number % 3 == 0 { "yealink" } else { "polycom" };
        let context = match number % 10 {
            0 => String::new(),
            // A comma would end the field; Kea writes it so.
            _ => format!(
                r#"{{ "offhook": {{ "vendor": "{vendor}"&#x2c "model": "M{}"&#x2c "by": "mac" }} }}"#,
                number % 100
            ),
        };
        let mac = format!("00:15:65:{a:02x}:{b:02x}:{c:02x}");
        writeln!(file, "10.{a}.{b}.{c},{mac},,86400,4102444800,2,0,0,,0,{context}").expect("text");
    }
    file
}

#[test]
fn a_hundred_thousand_leases_within_ten_seconds() {
    let kea = with_leases(LEASES);
    // Other tests, and valgrind among them, run beside this one. So what the processor does is counted,
    // and what the clock shows is held against a client that only turns the same pages meanwhile: waiting
    // that is neither work nor other tests' doing is ours.
    let before = process::processor_time(kea.id());
    let start = Instant::now();
    let (list, ours) = phones_timed(&kea);
    let waited = start.elapsed();
    assert_eq!(count(&list), LEASES as usize / 10 * 9);
    let keas = process::processor_time(kea.id()) - before;
    let before = process::processor_time(kea.id());
    let turned = turn_all_pages(&kea);
    let alone = process::processor_time(kea.id()) - before;
    let all = format!(
        "found {ours:.1} s in offhook's command, {keas:.1} s in Kea's, {waited:?} in all, {turned:?} without us \
         (Kea: {alone:.1} s)"
    );
    println!("{all}");
    // Where other tests share the processor's caches and threads, the same work counts for more
    // seconds: Kea's own work for the same pages says how many.
    let limit = (alone * 3.0).max(10.0);
    assert!(ours + keas < limit, "expected the list within {limit:.1} s, {all}");
    assert!(waited < turned * 3 + Duration::from_secs(1), "expected no idle waiting, {all}");
}

#[test]
fn of_a_vendor_and_of_a_subnet() {
    // More than a page.
    let leases = if process::thorough() { LEASES } else { 6_000 };
    let kea = with_leases(leases);
    assert_eq!(count(&phones(&kea, &[])), leases as usize / 10 * 9);
    let some = phones(&kea, &["--vendor", "yealink", "--subnet", "10.0.1.0/24"]);
    let expected = (256..512).filter(|number| number % 3 == 0 && number % 10 != 0).count();
    assert_eq!(count(&some), expected);
    assert_eq!(count(&phones(&kea, &["--subnet", "1"])), 0);
}
