use crate::peers::dnsmasq;
use crate::peers::folder::Folder;
use crate::peers::phone::{Phone, Relay};
use crate::peers::process;
use crate::peers::product::command_line;
use crate::peers::registrar::PASSWORD;
use crate::site::{Listed, Site};
use serde_json::{Value, json};

const EVIL: &str = "</script><script>alert(1)</script>";

/// One phone at each stage. The first four are in the list, the others only request addresses.
pub fn one_of_each() -> Site {
    let mut phones = [
        Listed::new("yealink", "T46S", "00:15:65:00:00:01", 1001),
        Listed::new("snom", "D735", "00:04:13:00:00:02", 1002),
        Listed::new("polycom", "VVX410", "00:04:f2:00:00:03", 1003),
        Listed::new("fanvil", "X4U", "0c:38:3e:00:00:04", 1004),
    ];
    phones[1].password = "wrong-but-valid".to_owned();
    let site = Site::start(&phones);
    let well = |output: std::process::Output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    };
    well(site.boot(&phones[0], &["--register"]));
    well(site.boot(&phones[1], &["--register", "--expect", "403"]));
    // Gets its files and does not register.
    well(site.boot(&phones[2], &[]));
    // A Yealink that is sent a URL and never fetches; a name that would be a script.
    let relay = Relay::of(&site.kea);
    relay.boot(&Phone::new("00:15:65:00:00:05").class("yealink").option(12, EVIL));
    // A Grandstream whose file is not there.
    let stranger = Listed::new("grandstream", "GXP1405", "00:0b:82:00:00:06", 1006);
    assert!(!site.boot(&stranger, &[]).status.success());
    relay.boot(&Phone::stranger(7));
    site
}

#[track_caller]
pub fn phone<'d>(data: &'d Value, mac: &str) -> &'d Value {
    let phones = data["phones"].as_array().expect("phones");
    let found = phones.iter().find(|phone| phone["mac"] == mac);
    found.unwrap_or_else(|| panic!("expected {mac} in {data:#}"))
}

#[test]
fn each_phone_is_as_far_as_it_came() {
    let site = one_of_each();
    let data = site.data();
    for (mac, stage) in [
        ("00:15:65:00:00:01", "registered"),
        ("00:04:13:00:00:02", "refused"),
        ("00:04:f2:00:00:03", "not-registered"),
        ("0c:38:3e:00:00:04", "not-seen"),
        ("00:15:65:00:00:05", "not-fetched"),
        ("00:0b:82:00:00:06", "fetch-failed"),
    ] {
        assert_eq!(phone(&data, mac)["stage"], stage, "{:#}", phone(&data, mac));
    }
    // A laptop is not there at all.
    assert_eq!(data["phones"].as_array().map(Vec::len), Some(6), "{data:#}");
    let yealink = phone(&data, "00:15:65:00:00:01");
    assert_eq!(yealink["site"], "branch-7");
    assert_eq!(yealink["told"][0]["option"], "66", "{yealink:#}");
    let url = yealink["told"][0]["value"].as_str().expect("a URL");
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/phones/"), "{url}");
    let files = yealink["fetches"].as_array().expect("files").iter();
    let got: Vec<_> = files.filter(|file| file["status"] == 200).collect();
    assert!(got.iter().any(|file| file["file"] == "001565000001.cfg"), "{yealink:#}");
    assert!(got.iter().all(|file| file["last"].as_i64() > Some(1_700_000_000)), "{yealink:#}");
    assert_eq!(
        yealink["registrations"],
        json!([{ "user": "1001", "status": 200, "times": 2, "last": null }])
    );
    assert_eq!(phone(&data, "00:04:13:00:00:02")["registrations"][0]["status"], 403);
    let numbers = &data["numbers"];
    for (key, count) in [
        ("phones", 5),
        ("told", 5),
        ("fetched", 3),
        ("registered", 1),
        ("refused", 1),
        ("not-seen", 1),
        ("unknown", 0),
    ] {
        assert_eq!(numbers[key], count, "{key}: {numbers:#}");
    }
    let server = &data["servers"][0];
    assert_eq!((&server["kind"], &server["state"]), (&json!("kea"), &json!("active")));
    assert_eq!(server["policy"].as_str().map(str::len), yealink["policy"].as_str().map(str::len));
    assert_eq!(data["warnings"], json!([]));
}

#[test]
fn no_password_and_no_script_of_a_phone_is_in_the_page() {
    let site = one_of_each();
    let folder = Folder::new();
    let page = folder.join("report.html");
    let said = process::run_well(site.report(&["--out"]).arg(&page));
    assert!(
        said.contains("5 phones, 5 were sent a URL, 3 have files, 1 registered, 1 refused"),
        "{said}"
    );
    let text = std::fs::read_to_string(&page).expect("the page");
    assert!(!text.contains(PASSWORD) && !text.contains("wrong-but-valid"));
    assert_eq!(text.matches("<script").count(), 2, "the page's own two");
    assert!(text.contains("alert(1)"), "the name is in it, as a text");
    // A link that another user has put there is replaced, not followed.
    let victim = folder.write("victim", "untouched");
    std::fs::remove_file(&page).expect("removed");
    std::os::unix::fs::symlink(&victim, &page).expect("a link");
    process::run_well(site.report(&["--out"]).arg(&page));
    assert_eq!(std::fs::read_to_string(&victim).expect("it"), "untouched");
}

#[test]
fn phones_of_dnsmasqs_book_and_what_the_log_cannot_give() {
    let policy = r#"{ "systems": [{ "system": "files", "url": "http://127.0.0.1/phones/" }] }"#;
    let server = dnsmasq::Setup::new().with_script().offhook(policy).start();
    let relay = server.relay();
    relay.boot(&Phone::new("00:15:65:00:00:01").class("yealink"));
    let state = server.setup.state();
    let log = server.setup.folder.write("log", "nothing\nof interest\n");
    let report = || {
        let mut command = process::command(command_line());
        command.args(["report", "--json", "--dnsmasq"]).arg(&state).arg("--web-log").arg(&log);
        let data: Value = serde_json::from_str(&process::run_well(&mut command)).expect("JSON");
        data
    };
    // The script runs beside dnsmasq.
    let data = process::wait_for("the book has it", std::time::Duration::from_secs(20), || {
        Some(report()).filter(|data| data["phones"] != json!([]))
    });
    let found = phone(&data, "00:15:65:00:00:01");
    assert_eq!((&found["vendor"], &found["stage"]), (&json!("yealink"), &json!("not-fetched")));
    assert!(
        found["told"][0]["value"].as_str().is_some_and(|rule| rule.starts_with("oh_")),
        "{found:#}"
    );
    let warning = data["warnings"][0].as_str().expect("a warning");
    assert!(warning.contains("none of its 2 lines fits a pattern"), "{warning}");
}

#[test]
fn a_pattern_of_ones_own_reads_another_log_and_mistakes_are_said() {
    let site = one_of_each();
    let folder = Folder::new();
    let log = folder.write("pbx.log", "2026-11-28 12:00:00 UP 1003 state=OK\n");
    let pattern = folder.write(
        "pbx.toml",
        "[[pattern]]\nname = \"pbx\"\nof = \"sip\"\ntime = \"head\"\nstatus = 200\nmatch = 'UP (?<user>[0-9]+) '\n",
    );
    let mut command = site.report(&["--json", "--sip-log"]);
    command.arg(&log).arg("--pattern").arg(&pattern);
    command.arg("--policy").arg(site.web.policy());
    command.arg("--phones").arg(site.web.folder.join("phones.csv"));
    let data: Value = serde_json::from_str(&process::run_well(&mut command)).expect("JSON");
    assert_eq!(phone(&data, "00:04:f2:00:00:03")["stage"], "registered", "by its user in the list");
    folder.write(
        "pbx.toml",
        "[[pattern]]\nname = \"pbx\"\nof = \"sip\"\ntime = \"head\"\nmatch = '('\n",
    );
    let output = process::run(site.report(&["--json", "--pattern"]).arg(&pattern));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("pbx.toml: pattern \"pbx\": \"match\": regex parse error"), "{said}");
}
