//! The companion as dnsmasq's dhcp-script: what it keeps of every phone, in every weather.

use crate::peers::dnsmasq::{Dnsmasq, Setup};
use crate::peers::folder::Folder;
use crate::peers::kea;
use crate::peers::phone::{Phone, Relay};
use crate::peers::process::{self, Process, wait_for};
use crate::peers::product::{command_line, companion};
use serde_json::Value;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const POLICY: &str = r#"{
    "systems": [{ "system": "files", "url": "https://p.example.com/x/" }],
    "sites": [{ "name": "binary", "match": { "circuit-ids": ["0x0004000a"] } },
              { "name": "net", "match": { "networks": ["127.3.0.0/16"] } }],
    "devices": [{ "mac": "00:15:65:00:00:77", "options": [{ "code": 66, "text": "own" }] },
                { "mac": "02:00:00:00:00:78", "vendor": "snom", "voice-vlan": { "id": 7 } }] }"#;

/// A dnsmasq with a rendering and the script.
fn start(policy: &str) -> Dnsmasq {
    let setup = Setup::new().ranges(&[
        "127.1.10.1,127.1.250.250,255.255.0.0,1h",
        "set:oh_at-net,127.3.10.1,127.3.250.250,255.255.0.0,1h",
    ]);
    setup.offhook(policy).with_script().start()
}

/// All records, by address.
pub fn records(state: &Path) -> Vec<Value> {
    let mut records = Vec::new();
    for folder in fs::read_dir(state.join("phones")).into_iter().flatten().flatten() {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            if file.path().extension().is_some_and(|extension| extension == "json") {
                let text = fs::read(file.path()).expect("a record");
                records.push(serde_json::from_slice(&text).expect("whole JSON"));
            }
        }
    }
    records
}

fn record(state: &Path, phone: &Phone) -> Option<Value> {
    let mac = phone.mac_text();
    records(state).into_iter().find(|record| record["mac"] == mac.as_str())
}

#[track_caller]
pub fn wait_for_record(state: &Path, phone: &Phone) -> Value {
    let what = format!("a record of {}", phone.mac_text());
    wait_for(&what, Duration::from_secs(10), || record(state, phone))
}

#[test]
fn every_kind_of_phone_is_kept_and_agrees_with_the_core() {
    let dnsmasq = start(POLICY);
    let state = dnsmasq.setup.state();
    let here = dnsmasq.relay();
    let there = dnsmasq.relay_at([127, 3, 0, 1].into());
    let circuit = [&[1, 4][..], &[0, 4, 0, 10]].concat();
    for (relay, phone, vendor, model, site) in [
        (&here, Phone::new("00:04:13:00:00:01").class("snomD735"), "snom", Some("D735"), None),
        (
            &there,
            Phone::new("00:04:13:00:00:02").class("snomD735"),
            "snom",
            Some("D735"),
            Some("net"),
        ),
        // A class with "=" in it, one that begins with a NUL, and one that ends with it.
        (&here, Phone::new("02:00:00:00:00:03").class("6=1Polycom"), "polycom", None, None),
        (&here, Phone::new("02:00:00:00:00:04").class(b"\0\0\x36\x3d"), "polycom", None, None),
        (&here, Phone::new("02:00:00:00:00:05").class("MS-UC-Client\0"), "lync", None, None),
        // Options that dnsmasq does not pass on.
        (
            &here,
            Phone::new("02:00:00:00:00:06").option(124, b"\0\0\x36\x3d\x01x"),
            "polycom",
            None,
            None,
        ),
        (
            &here,
            Phone::new("02:00:00:00:00:07").option(125, b"\0\0\x04\x03\x00"),
            "mitel-minet",
            None,
            None,
        ),
        (
            &here,
            Phone::new("02:00:00:00:00:08").option(77, "Thomson ST2030"),
            "technicolor",
            Some("ST2030"),
            None,
        ),
        (
            &here,
            Phone::new("02:00:00:00:00:09").option(77, "\x0eThomson ST2030"),
            "technicolor",
            Some("ST2030"),
            None,
        ),
        (
            &here,
            Phone::new("00:15:65:00:00:10").option(82, &circuit),
            "yealink",
            None,
            Some("binary"),
        ),
        (&here, Phone::new("00:15:65:00:00:77"), "yealink", None, None),
        (&there, Phone::new("02:00:00:00:00:78"), "snom", None, Some("net")),
    ] {
        relay.boot(&phone);
        let record = wait_for_record(&state, &phone);
        let found = (record["vendor"].as_str(), record["model"].as_str(), record["site"].as_str());
        assert_eq!(found, (Some(vendor), model, site), "{record:#}");
        assert_eq!(record["drift"], Value::Null, "{record:#}");
        assert!(record["rule"].as_str().is_some_and(|rule| rule.starts_with("oh_r")), "{record:#}");
        assert_eq!(record["boots"], 1, "{record:#}");
    }
    here.boot(&Phone::stranger(1).class("MSFT 5.0"));
    here.boot(&Phone::new("02:00:00:00:00:11").class("GXV3601"));
    let last = Phone::new("00:15:65:00:00:12");
    here.boot(&last);
    wait_for_record(&state, &last);
    assert_eq!(records(&state).len(), 13, "strangers and cameras leave no file");
    assert!(!dnsmasq.log().contains("dnsmasq-script"), "it is silent\n{}", dnsmasq.log());
}

#[test]
fn another_rendering_than_the_one_in_force_is_a_drift() {
    let dnsmasq = start(POLICY);
    let state = dnsmasq.setup.state();
    let output = dnsmasq.setup.try_render(r#"{ "time-servers": ["192.0.2.1"] }"#, &[]);
    assert!(output.status.success());
    let phone = Phone::new("00:15:65:00:00:01");
    dnsmasq.relay().boot(&phone);
    let record = wait_for_record(&state, &phone);
    let why = record["drift"]["why"].as_str().unwrap_or_default();
    assert!(why.contains("older rendering; restart it"), "{record:#}");
}

/// A tag of the user's own that gets in the way of ours.
#[test]
fn a_rule_that_the_core_would_not_have_chosen_is_a_drift() {
    let setup = Setup::new().offhook(POLICY).with_script().line("tag-if=set:oh_r1,tag:oh-yealink");
    let dnsmasq = setup.start();
    let phone = Phone::new("00:15:65:00:00:01");
    dnsmasq.relay().boot(&phone);
    let record = wait_for_record(&dnsmasq.setup.state(), &phone);
    let why = record["drift"]["why"].as_str().unwrap_or_default();
    assert!(why.contains("the core decides otherwise"), "{record:#}");
    assert!(
        record["drift"]["found"].as_array().is_some_and(|found| found.len() == 2),
        "{record:#}"
    );
}

#[test]
fn a_restart_of_dnsmasq_erases_nothing() {
    let dnsmasq = start(POLICY);
    let state = dnsmasq.setup.state();
    let phone = Phone::new("00:04:13:00:00:01").class("snomD735");
    dnsmasq.relay().boot(&phone);
    let before = wait_for_record(&state, &phone);
    // Every lease comes once more, without its packet.
    let dnsmasq = dnsmasq.stop().start();
    let alive = state.join("alive");
    wait_for("an event after the start", Duration::from_secs(10), || {
        let changed = fs::metadata(&alive).ok()?.modified().ok()?;
        (changed.elapsed().ok()? < Duration::from_secs(1)).then_some(())
    });
    std::thread::sleep(Duration::from_millis(200));
    let after = wait_for_record(&state, &phone);
    for key in ["vendor", "model", "by", "rule", "policy", "boots", "first-seen", "address"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    drop(dnsmasq);
}

#[test]
fn a_storm_of_500_new_phones_loses_none() {
    let dnsmasq = start(POLICY);
    let state = dnsmasq.setup.state();
    let relay = dnsmasq.relay();
    let phones: Vec<Phone> = (0..500u32)
        .map(|n| Phone::new(&format!("00:15:65:02:{:02x}:{:02x}", n >> 8, n & 255)))
        .collect();
    let discovers: Vec<_> = phones.iter().map(|phone| relay.question(phone, 1)).collect();
    let offers = relay.ask_all(&discovers);
    let requests: Vec<_> = phones
        .iter()
        .zip(&offers)
        .map(|(phone, offer)| relay.request_for(phone, offer.as_ref().expect("an offer")))
        .collect();
    assert!(relay.ask_all(&requests).iter().all(Option::is_some));
    wait_for("500 records", Duration::from_secs(30), || {
        (records(&state).len() == 500).then_some(())
    });
    for record in records(&state) {
        assert_eq!((&record["vendor"], &record["drift"]), (&"yealink".into(), &Value::Null));
    }
}

/// The script by hand, as dnsmasq's helper starts it.
fn script(state: &Path, words: &[&str], env: &[(&str, &str)]) -> std::process::Command {
    let mut command = process::command(companion());
    command.args(words).env("OFFHOOK_STATE", state).envs(env.iter().copied());
    command
}

fn event(state: &Path, number: u32) -> std::process::Command {
    let mac = format!("00:15:65:03:{:02x}:{:02x}", number >> 8, number & 255);
    script(state, &["add", &mac, "10.0.0.7"], &[("DNSMASQ_VENDOR_CLASS", "yealink")])
}

/// Killed at any moment, by two instances at once: whole files or none, and the next event mends it.
#[test]
fn kill_9_at_any_moment_leaves_whole_files() {
    let folder = Folder::new();
    let state = folder.join("state");
    for round in 0..300u32 {
        let mut first = event(&state, round % 20).spawn().expect("the script");
        let mut second = event(&state, round % 20).spawn().expect("the script");
        std::thread::sleep(Duration::from_micros(u64::from(round) * 23 % 3000));
        let _ = (first.kill(), second.kill());
        let _ = (first.wait(), second.wait());
        records(&state);
    }
    for number in 0..20 {
        process::run_well(&mut event(&state, number));
    }
    assert_eq!(records(&state).len(), 20);
}

#[test]
fn a_full_disk_and_a_read_only_directory_cost_the_record_and_nothing_else() {
    let folder = Folder::new();
    for (what, prepare) in [
        ("read-only", "mount -t tmpfs -o size=64k none \"$S\" && mount -o remount,ro \"$S\""),
        (
            "full",
            "mount -t tmpfs -o size=64k none \"$S\" && mkdir -p \"$S\"/phones/01; : > \"$S\"/alive; \
             head -c 1M /dev/zero > \"$S\"/zero 2>/dev/null; true",
        ),
    ] {
        let state = folder.make(what);
        let run = "\"$OFFHOOK\" add 00:15:65:00:00:01 10.0.0.7 && find \"$S\" -name '*001565000001*' | wc -l";
        let mend = match what {
            "full" => {
                "rm \"$S\"/zero && \"$OFFHOOK\" add 00:15:65:00:00:01 10.0.0.7 && cat \"$S\"/phones/01/*.json"
            }
            _ => "true",
        };
        let mut command = process::apart(&["--mount"]);
        command.args(["sh", "-c", &format!("{prepare} && {run} && {mend}")]);
        command.env("S", &state).env("OFFHOOK", companion()).env("OFFHOOK_STATE", &state);
        command.env("DNSMASQ_VENDOR_CLASS", "yealink");
        let output = process::run(&mut command);
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{what}: {out}{err}");
        assert!(out.starts_with('0'), "{what}: expected no file, found {out}");
        assert!(err.contains("offhook-dnsmasq: "), "{what}: it says why: {err}");
        assert!(what != "full" || out.contains("yealink"), "{what}: mended: {out}");
    }
}

/// Whatever arguments and environment bring: exit code 0, no file outside, no path from a client.
#[test]
fn fuzzed_arguments_and_environment_do_no_harm() {
    let folder = Folder::new();
    let state = folder.join("state");
    let nasty = [
        "",
        "a",
        "../../../x",
        "/etc/passwd",
        "$(touch x)",
        "`x`",
        "a\nb",
        "\u{1b}[2J",
        "\"",
        "=",
        "00:15:65:00:00:01",
        "01-",
        "ff-00:01",
        "10.0.0.7",
        "2001:db8::1",
        "-1",
        "99999999999999999999",
    ];
    let mut seed = 7u32;
    let mut pick = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        nasty[(seed >> 16) as usize % nasty.len()]
    };
    for round in 0..200 {
        let words: Vec<&str> = match round % 3 {
            0 => {
                vec![["add", "old", "del"][round / 3 % 3], "00:15:65:00:00:01", "10.0.0.7", pick()]
            }
            1 => vec![["add", "old", "del"][round / 3 % 3], pick(), pick(), pick()],
            _ => vec!["arp-add", pick(), pick()],
        };
        let env: Vec<(&str, &str)> = [
            "DNSMASQ_VENDOR_CLASS",
            "DNSMASQ_USER_CLASS0",
            "DNSMASQ_TAGS",
            "DNSMASQ_CIRCUIT_ID",
            "DNSMASQ_SUPPLIED_HOSTNAME",
            "DNSMASQ_INTERFACE",
            "DNSMASQ_LEASE_EXPIRES",
            "DNSMASQ_RELAY_ADDRESS",
        ]
        .into_iter()
        .map(|name| (name, pick()))
        .collect();
        let output = process::run(script(&state, &words, &env).current_dir(folder.path()));
        assert!(output.status.success(), "{words:?} {env:?}: {}", output.status);
        assert!(output.stdout.is_empty(), "{words:?}: it prints nothing");
    }
    let known = ["alive", "phones", "state"];
    for path in walk(folder.path()) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let plain = name.trim_end_matches(".json").bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(plain || known.contains(&&*name), "unexpected: {}", path.display());
    }
    records(&state);
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        found.push(entry.path());
        if entry.path().is_dir() {
            found.extend(walk(&entry.path()));
        }
    }
    found
}

/// dnsmasq's helper has SIGTERM ignored, and so would we: `timeout` could not end us.
#[test]
fn signals_count_again_and_time_is_limited() {
    let folder = Folder::new();
    let pipe = folder.join("state").join("book");
    fs::create_dir_all(folder.join("state")).expect("a folder");
    process::run_well(process::command("mkfifo").arg(&pipe));
    // Opening a pipe that nobody writes hangs: a disk that does not answer.
    let hanging = |log: &str| {
        let mut command = process::command("sh");
        command.args(["-c", "trap '' TERM ALRM INT; exec \"$0\" add 00:15:65:00:00:01 10.0.0.7"]);
        command.arg(companion()).env("OFFHOOK_STATE", folder.join("state"));
        Process::start("the script", &mut command, &folder.join(log))
    };
    let mut ends = hanging("by-itself");
    let start = std::time::Instant::now();
    let status = wait_for("an end by itself", Duration::from_secs(5), || ends.finished());
    assert!(status.success() && start.elapsed() > Duration::from_secs(1), "{status}");
    let mut ended = hanging("by-signal");
    std::thread::sleep(Duration::from_millis(300));
    assert!(ended.finished().is_none(), "it hangs");
    let start = std::time::Instant::now();
    assert!(ended.end("TERM").success());
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
}

#[test]
fn an_instance_is_told_by_the_name_of_a_symlink() {
    let folder = Folder::new();
    let mut command = process::command(companion());
    command.arg0("offhook-dnsmasq-voice").args(["add", "00:15:65:00:00:01", "10.0.0.7"]);
    // Only what it would do: the folder of an instance is root's to make.
    let output = process::run(command.env("OFFHOOK_STATE", folder.join("named")));
    assert!(output.status.success());
    assert_eq!(records(&folder.join("named")).len(), 1);
}

#[test]
fn one_list_shows_keas_phones_and_dnsmasqs() {
    let dnsmasq = start(POLICY);
    let snom = Phone::new("00:04:13:00:00:01").class("snomD735");
    dnsmasq.relay().boot(&snom);
    wait_for_record(&dnsmasq.setup.state(), &snom);
    let server = kea::Setup::offhook(r#"{ "time-servers": ["192.0.2.1"] }"#)
        .kea_library("libdhcp_lease_cmds.so", None)
        .start();
    Relay::of(&server).boot(&Phone::new("00:15:65:00:00:02").class("yealink"));
    let mut command = process::command(command_line());
    command.args(["phones", "--json", "--kea"]).arg(server.socket());
    let out = process::run_well(command.arg("--dnsmasq").arg(dnsmasq.setup.state()));
    let phones: Value = serde_json::from_str(&out).expect("JSON");
    let mut vendors: Vec<&str> =
        phones.as_array().expect("a list").iter().filter_map(|p| p["vendor"].as_str()).collect();
    vendors.sort_unstable();
    assert_eq!(vendors, ["snom", "yealink"], "{phones:#}");
    let line = process::run_well(
        process::command(command_line()).arg("phones").arg("--dnsmasq").arg(dnsmasq.setup.state()),
    );
    assert!(line.contains("D735") && line.ends_with("1 phones\n"), "{line}");
}
