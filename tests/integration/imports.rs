//! `offhook import --prove` over every folder of `tests/imports`: the old configuration on its own server, the
//! policy on a real one. What the servers differ in is what the rules said, or the folder says why not.

use crate::peers::kea::{Setup, Version};
use crate::peers::{process, product};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folders(input: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports");
    let entries =
        fs::read_dir(root).expect("tests/imports").map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.join(input).exists()).collect();
    folders.sort();
    folders
}

fn read(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Runs one folder; what is different without a reason.
fn prove(folder: &Path, input: &str, from: &str, hook: &Path) -> Vec<String> {
    let mut command = process::command(product::command_line());
    command.arg("import").arg(folder.join(input)).args(["--from", from, "--prove", "--json"]);
    command.arg("--hook").arg(hook).arg("--companion").arg(product::companion());
    let output = process::run(&mut command);
    let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    let known = read(&folder.join("proved.json"));
    let is_too_new =
        known["needs-kea"].as_str().is_some() && Version::installed() < Version(2, 6, 0);
    if known["refused"].is_string() || is_too_new {
        let refused = said.contains("kea-dhcp4 does not start");
        return (!refused)
            .then(|| format!("{name}: expected Kea's refusal, found {said}"))
            .into_iter()
            .collect();
    }
    let Ok(found) = serde_json::from_slice::<Value>(&output.stdout) else {
        return vec![format!("{name}: expected a proof, found {said}")];
    };
    let proof = &found["proof"];
    assert!(proof["compared"].as_u64() > Some(200), "{name}: {proof}");
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let judged = list(&found["differences"]);
    let what = |value: &Value| text(value).split(" (").next().unwrap_or_default().to_owned();
    let judged: BTreeSet<(String, String)> =
        judged.iter().map(|one| (text(&one["vendor"]), what(&one["what"]))).collect();
    let mut wrong = Vec::new();
    for one in list(&proof["differences"]) {
        let maker = text(&one["phone"]).split(':').next().unwrap_or_default().to_owned();
        let is_judged = judged.contains(&(maker, text(&one["what"])));
        let is_known = known["differs"][text(&one["what"])].is_string();
        if !is_judged && !is_known && one["unrequested"] != true {
            wrong.push(format!("{name}: {one}"));
        }
    }
    wrong
}

#[track_caller]
fn prove_all(input: &str, from: &str) {
    let setup = Setup::new();
    setup.place(product::library());
    let hook = setup.folder.join("hooks").join(product::library().file_name().expect("a name"));
    let wrong: Vec<String> =
        folders(input).iter().flat_map(|folder| prove(folder, input, from, &hook)).collect();
    assert!(wrong.is_empty(), "{} differences without a reason\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn dhcpd_configurations_are_proved_against_dhcpd() {
    // Debian 14 has none any more; Debian 12 and 13 must.
    if Version::installed() > Version(3, 0, 3) && !Path::new("/usr/sbin/dhcpd").exists() {
        eprintln!("dhcpd is not installed: not tried");
        return;
    }
    prove_all("dhcpd.conf", "dhcpd");
}

#[test]
fn keas_configurations_are_proved_against_kea() {
    prove_all("kea.json", "kea");
}

#[test]
fn dnsmasqs_configurations_are_proved_against_dnsmasq() {
    prove_all("dnsmasq.conf", "dnsmasq");
}

/// For Windows there is no server to start: that is said, and nothing is proved.
#[test]
fn windows_cannot_be_proved_and_that_is_said() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports/netsh-lync");
    let mut command = process::command(product::command_line());
    command.arg("import").arg(folder.join("netsh.txt")).args(["--from", "netsh", "--prove"]);
    let output = process::run(&mut command);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("Windows' server does not run here"), "{said}");
}
