//! 1,000 phones of 12 makers stay after their boot, are notified in waves, and each fetches once more and
//! registers again.

use crate::peers::kea::Setup;
use crate::peers::phone_files::PhoneFiles;
use crate::peers::process;
use crate::peers::product::command_line;
use crate::peers::registrar::{PASSWORD, Registrar};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::{Duration, Instant};

const PHONES: usize = 1_000;
const PER_MINUTE: usize = 3_000;
/// Makers with an event that does not restart, and with files of a known form.
const MAKERS: [&str; 12] = [
    "yealink",
    "snom",
    "polycom",
    "grandstream",
    "fanvil",
    "htek",
    "aastra",
    "cisco-mpp",
    "cisco-spa",
    "digium",
    "sangoma",
    "avaya",
];

pub fn measure() {
    let registrar = Registrar::of_users("^[0-9]{4,5}$");
    let policy = json!({
        "systems": [{ "system": "files", "url": "http://127.0.0.1:PORT/phones/" }],
        "phone-settings": { "server": "127.0.0.1", "port": registrar.port, "transport": "udp" },
    });
    // Which phones those are, the emulator itself says: it plays them without a server.
    let mut list = "mac,vendor,model,user,password\n".to_owned();
    for (number, (mac, vendor, model)) in fleet().into_iter().enumerate() {
        list += &format!("{mac},{vendor},{model},{},{PASSWORD}\n", 10_000 + number);
    }
    let web = PhoneFiles::start(&policy.to_string(), &list);
    let setup = Setup::new().kea_library("libdhcp_lease_cmds.so", None);
    let kea = setup.offhook_with(json!({ "policy-file": web.policy() })).start();
    let port = free_port();
    let mut command = process::command(command_line());
    command.args([
        "emulate",
        "--json",
        "--own-address",
        "--register",
        "--wait",
        "600",
        "--notify-port",
        &port,
    ]);
    command.args(["--count", &PHONES.to_string(), "--vendor", &MAKERS.join(",")]);
    command.args(["--server", &format!("127.0.0.1:{}", kea.port())]);
    command.args(["--relay", &format!("127.1.2.4:{}", kea.client_port())]);
    command.args(["--timeout", "20"]).stdout(Stdio::piped());
    let start = Instant::now();
    let running = command.spawn().expect("the phones start");
    let registered = || registrar.log().matches("offhook-register 200 ").count();
    process::wait_for("all phones register", Duration::from_secs(300), || {
        (registered() >= PHONES).then_some(())
    });
    let booted = start.elapsed();
    let mut command = process::command(command_line());
    command.args([
        "nudge",
        "--json",
        "--go",
        "--port",
        &port,
        "--per-minute",
        &PER_MINUTE.to_string(),
    ]);
    command.arg("--kea").arg(kea.socket()).arg("--web-log").arg(web.folder.join("phones.log"));
    let start = Instant::now();
    let output = process::run(&mut command);
    let nudged = start.elapsed();
    let list: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let list = list.as_array().expect("phones");
    let mut seconds: Vec<f64> = list.iter().filter_map(|phone| phone["seconds"].as_f64()).collect();
    seconds.sort_by(f64::total_cmp);
    assert_eq!(seconds.len(), PHONES, "each fetched; found {list:#?}");
    assert_eq!(output.status.code(), Some(0));
    let output = running.wait_with_output().expect("the phones end");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let reports = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a report"));
    let mut twice = 0;
    for report in reports {
        let steps = report["steps"].as_array().expect("steps");
        let count = |name: &str| steps.iter().filter(|step| step["name"] == name).count();
        assert_eq!(count("SIP NOTIFY"), 1, "{report:#}");
        twice += usize::from(count("registrar's answer") == 2);
    }
    assert_eq!(twice, PHONES, "each fetched once more and registered again");
    println!("## A nudge of {PHONES} phones of {} makers\n", MAKERS.len());
    println!("| | |\n|---|---|");
    println!("| until all have booted and registered | {:.1} s |", booted.as_secs_f64());
    println!("| waves | {PER_MINUTE} phones a minute |");
    println!("| until all have been notified and have fetched | {:.1} s |", nudged.as_secs_f64());
    println!("| from NOTIFY to fetch, median | {:.2} s |", seconds[PHONES / 2]);
    println!("| slowest | {:.2} s |", seconds[PHONES - 1]);
    println!("| fetched, and registered again | {twice} |\n");
}

/// A port that is free on every address of this host.
fn free_port() -> String {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").expect("a port");
    socket.local_addr().expect("its number").port().to_string()
}

/// Hardware address, maker and model of each phone, as `offhook emulate --count` numbers them.
fn fleet() -> Vec<(String, &'static str, String)> {
    let first: Vec<(u64, String)> = MAKERS.iter().map(|vendor| played(vendor)).collect();
    let makers = MAKERS.len();
    let of = |number: usize| {
        let (mac, model) = &first[number % makers];
        let again = (number / makers) as u64;
        // The first of its maker's range and so on; the very first is the one that is played alone.
        let mac = if again == 0 { *mac } else { (mac & !0xff_ffff) + again };
        let digits: Vec<String> =
            mac.to_be_bytes()[2..].iter().map(|byte| format!("{byte:02x}")).collect();
        (digits.join(":"), MAKERS[number % makers], model.clone())
    };
    (0..PHONES).map(of).collect()
}

fn played(vendor: &str) -> (u64, String) {
    let mut command = process::command(command_line());
    command.args(["emulate", "--json", "--vendor", vendor, "--url", "http://127.0.0.1:9/"]);
    let output = process::run(command.args(["--timeout", "0.01", "--tries", "1"]));
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let mac = report["hw-address"].as_str().expect("a MAC").replace(':', "");
    let model = report["model"].as_str().expect("a model").to_owned();
    (u64::from_str_radix(&mac, 16).expect("digits"), model)
}
