//! The whole circle: DHCP, files, registration, a change, NOTIFY, the file again, registration again.

use crate::peers::process;
use crate::peers::product::command_line;
use crate::peers::registrar::PASSWORD;
use crate::site::{Listed, Site};
use serde_json::Value;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

/// A port that is free on every address of this host at this moment.
pub fn free_port() -> u16 {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a port");
    socket.local_addr().expect("its number").port()
}

/// A phone in software that stays.
pub struct Stays(Child);

impl Stays {
    pub fn start<R>(site: &Site<R>, phone: &Listed, port: u16, more: &[&str]) -> Stays {
        let port = port.to_string();
        let own = ["--vendor", phone.vendor, "--model", phone.model, "--mac", &phone.mac];
        let stay = ["--register", "--wait", "60", "--notify-port", &port];
        let mut command = site.emulate(&[&own[..], &stay, more].concat());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Stays(command.spawn().expect("the emulator starts"))
    }

    /// Its report, once it has ended.
    pub fn ended(mut self) -> Value {
        let mut text = String::new();
        let mut out = self.0.stdout.take().expect("its output");
        std::io::Read::read_to_string(&mut out, &mut text).expect("a report");
        self.0.wait().expect("it ends");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn nudge<R>(site: &Site<R>, port: u16, words: &[&str]) -> Command {
    let mut command = process::command(command_line());
    command.args(["nudge", "--json"]);
    for (flag, usual) in [("--per-minute", "6000"), ("--timeout", "3"), ("--within", "30")] {
        if !words.contains(&flag) {
            command.args([flag, usual]);
        }
    }
    command.arg("--port").arg(port.to_string()).arg("--kea").arg(site.kea.socket());
    command.arg("--web-log").arg(site.web_log()).args(words);
    command
}

/// Outcomes by hardware address, and the exit code.
pub fn outcomes(command: &mut Command) -> (Vec<(String, String)>, Option<i32>) {
    let output = process::run(command);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let list: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
        panic!("{error}: {text}\n{}", String::from_utf8_lossy(&output.stderr))
    });
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = list.as_array().expect("phones").iter();
    (
        list.map(|phone| (text(&phone["mac"]), text(&phone["outcome"]))).collect(),
        output.status.code(),
    )
}

fn phones() -> [Listed; 6] {
    [
        Listed::new("yealink", "T46S", "00:15:65:00:00:01", 1001),
        Listed::new("snom", "D735", "00:04:13:00:00:02", 1002),
        Listed::new("polycom", "VVX410", "00:04:f2:00:00:03", 1003),
        Listed::new("fanvil", "X4U", "0c:38:3e:00:00:04", 1004),
        Listed::new("grandstream", "GXP1405", "00:0b:82:00:00:05", 1005),
        Listed::new("gigaset", "N670_IP_PRO", "7c:2f:80:00:00:06", 1006),
    ]
}

/// How often the registrar said 200 to this user's REGISTER.
fn registered(site: &Site, user: u32) -> usize {
    site.registrar.log().matches(&format!("offhook-register 200 user={user} ")).count()
}

fn wait_for_registrations(site: &Site, users: &[u32]) {
    process::wait_for("the phones register", PATIENCE, || {
        users.iter().all(|user| registered(site, *user) == 1).then_some(())
    });
}

#[test]
fn phones_of_several_makers_fetch_and_register_again_each_by_its_own_event() {
    let phones = phones();
    let site = Site::start(&phones);
    let port = free_port();
    let [yealink, snom, polycom, fanvil, grandstream, gigaset] = &phones;
    let running = [
        (yealink, Stays::start(&site, yealink, port, &[])),
        // Requests the name and password of its account.
        (snom, Stays::start(&site, snom, port, &["--when-notified", "challenge"])),
        (polycom, Stays::start(&site, polycom, port, &["--when-notified", "refuse"])),
        (fanvil, Stays::start(&site, fanvil, port, &["--when-notified", "forget"])),
    ];
    // Has a lease, and is gone.
    assert!(site.boot(grandstream, &[]).status.success());
    // No event of this maker is known.
    site.boot(gigaset, &["--dhcp-only"]);
    wait_for_registrations(&site, &[1001, 1002, 1003, 1004]);

    // Without --go nothing is sent, and what would be is said.
    let (planned, code) = outcomes(&mut nudge(&site, port, &[]));
    assert_eq!(code, Some(0));
    let of = |list: &[(String, String)], phone: &Listed| {
        let found = list.iter().find(|(mac, _)| *mac == phone.mac);
        found.map(|(_, outcome)| outcome.clone()).unwrap_or_default()
    };
    assert_eq!(planned.len(), 6, "{planned:?}");
    assert_eq!(of(&planned, yealink), "planned");
    assert_eq!(of(&planned, gigaset), "no-event");
    assert!(!site.registrar.log().contains("user=1001 ") || registered(&site, 1001) == 1);

    let password = site.web.folder.write("password", format!("{PASSWORD}\n"));
    let mut command =
        nudge(&site, port, &["--go", "--within", "4", "--user", "1002", "--password-file"]);
    let (found, code) = outcomes(command.arg(password));
    for (phone, outcome) in [
        (yealink, "fetched"),
        (snom, "fetched"),
        (polycom, "refused"),
        (fanvil, "accepted"),
        (grandstream, "no-answer"),
        (gigaset, "no-event"),
    ] {
        assert_eq!(of(&found, phone), outcome, "{}: {found:?}", phone.vendor);
    }
    assert_eq!(code, Some(1), "one refused, one forgot, one is gone");
    for (phone, stays) in running {
        let report = stays.ended();
        let steps = report["steps"].as_array().expect("steps");
        let count = |name: &str| steps.iter().filter(|step| step["name"] == name).count();
        let notify = steps.iter().find(|step| step["name"] == "SIP NOTIFY").expect("its NOTIFY");
        let text = notify["text"].as_str().expect("a text");
        let (event, again) = match phone.vendor {
            "yealink" | "snom" => ("\"check-sync;reboot=false\" from 127.", 2),
            "polycom" => ("\"check-sync\" from 127.", 1),
            _ => ("\"resync\" from 127.", 1),
        };
        assert!(text.starts_with(event), "{}: {text}", phone.vendor);
        // Once more, and only once.
        assert_eq!(count("registrar's answer"), again, "{report:#}");
    }
    assert_eq!((registered(&site, 1001), registered(&site, 1003)), (2, 1));
}

#[test]
fn a_phone_that_challenges_gets_no_password_that_was_not_given() {
    let [yealink, ..] = phones();
    let site = Site::start(std::slice::from_ref(&yealink));
    let port = free_port();
    let stays = Stays::start(&site, &yealink, port, &["--when-notified", "challenge"]);
    wait_for_registrations(&site, &[1001]);
    let (found, code) = outcomes(&mut nudge(&site, port, &["--go"]));
    assert_eq!((found[0].1.as_str(), code), ("challenged", Some(1)));
    let wrong = site.web.folder.write("password", "not-this\n");
    let mut command = nudge(&site, port, &["--go", "--user", "1001", "--password-file"]);
    let (found, code) = outcomes(command.arg(&wrong));
    assert_eq!((found[0].1.as_str(), code), ("challenged", Some(1)));
    // Filters: another maker, another site, another address.
    for words in [["--vendor", "snom"], ["--site", "elsewhere"], ["--mac", "00:15:65:00:00:ff"]] {
        assert_eq!(outcomes(&mut nudge(&site, port, &words)).0, [], "{words:?}");
    }
    let right = site.web.folder.write("password", format!("{PASSWORD}\n"));
    let mut command = nudge(&site, port, &["--go", "--user", "1001", "--password-file"]);
    let (found, code) = outcomes(command.arg(&right));
    assert_eq!((found[0].1.as_str(), code), ("fetched", Some(0)));
    drop(stays);
}

/// On a terminal (`script` makes one) the password is requested, and is not shown.
#[test]
fn the_password_may_be_typed_and_is_not_shown() {
    let [yealink, ..] = phones();
    let site = Site::start(std::slice::from_ref(&yealink));
    let port = free_port();
    let stays = Stays::start(&site, &yealink, port, &["--when-notified", "challenge"]);
    wait_for_registrations(&site, &[1001]);
    let typed = nudge(&site, port, &["--go", "--user", "1001"]);
    // Without a terminal, and without anything else to take it from, nothing is sent.
    let mut piped = nudge(&site, port, &["--go", "--user", "1001"]);
    let output = process::run(piped.stdin(Stdio::null()).env_remove("OFFHOOK_PASSWORD"));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("OFFHOOK_PASSWORD") && said.contains("--password-file"), "{said}");
    let words = std::iter::once(typed.get_program()).chain(typed.get_args());
    let words: Vec<String> =
        words.map(|word| format!("'{}'", word.to_str().expect("plain words"))).collect();
    let mut command = process::command("script");
    command.args(["-qefc", &words.join(" "), "/dev/null"]).env_remove("OFFHOOK_PASSWORD");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().expect("script starts");
    let (mut terminal, mut shown) = (running.stdout.take().expect("its screen"), String::new());
    while !shown.contains("Password of 1001: ") {
        let mut room = [0; 256];
        let length = std::io::Read::read(&mut terminal, &mut room).expect("the screen");
        assert!(length > 0, "it ended: {shown}");
        shown += &String::from_utf8_lossy(&room[..length]);
    }
    let mut keyboard = running.stdin.take().expect("its keyboard");
    std::io::Write::write_all(&mut keyboard, format!("{PASSWORD}\n").as_bytes()).expect("typed");
    std::io::Read::read_to_string(&mut terminal, &mut shown).expect("the screen");
    assert!(running.wait().expect("it ends").success(), "{shown}");
    assert!(shown.contains("\"fetched\""), "{shown}");
    assert!(!shown.contains(PASSWORD), "{shown}");
    drop((stays, keyboard));
}

#[test]
fn waves_keep_their_pace() {
    let [yealink, snom, ..] = phones();
    let site = Site::start(&[yealink, snom]);
    for phone in &phones()[..2] {
        assert!(site.boot(phone, &[]).status.success());
    }
    let start = std::time::Instant::now();
    let mut command =
        nudge(&site, free_port(), &["--go", "--per-minute", "30", "--timeout", "0.2"]);
    let (found, _) = outcomes(&mut command);
    assert!(found.iter().all(|(_, outcome)| outcome == "no-answer"), "{found:?}");
    assert!(
        start.elapsed() > Duration::from_secs(2),
        "the second phone two seconds after the first"
    );
}

/// For phones that take a NOTIFY from their registrar alone.
#[test]
fn kamailio_sends_it_where_that_is_wanted() {
    let mut phones = phones();
    phones[2].user = "1002".to_owned();
    let [yealink, _, polycom, ..] = phones;
    let pair = [yealink, polycom];
    let site = Site::start(&pair);
    let [yealink, polycom] = pair;
    let port = free_port();
    let accepts = Stays::start(&site, &yealink, port, &[]);
    let refuses = Stays::start(&site, &polycom, port, &["--when-notified", "refuse"]);
    wait_for_registrations(&site, &[1001, 1002]);
    let control = site.registrar.control();
    // Kamailio does not say what the phone answered.
    let words = ["--go", "--via", "kamailio", "--control", &control, "--within", "10"];
    let mut command = nudge(&site, port, &words);
    let (mut found, code) = outcomes(&mut command);
    found.sort();
    let outcome = |phone: &Listed, outcome: &str| (phone.mac.clone(), outcome.to_owned());
    assert_eq!(found, [outcome(&polycom, "accepted"), outcome(&yealink, "fetched")]);
    assert_eq!(code, Some(1));
    let report = accepts.ended();
    let notify = report["steps"].as_array().expect("steps").iter();
    let notify = notify.clone().find(|step| step["name"] == "SIP NOTIFY").expect("its NOTIFY");
    assert!(notify["text"].as_str().is_some_and(|text| text.contains(" from 127.0.0.1: ")));
    drop(refuses);
}

/// The page and Asterisk's file say what the catalogue says.
#[test]
fn the_events_are_the_catalogues_everywhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = |file: &str| std::fs::read_to_string(root.join(file)).expect("a file");
    let (page, asterisk) = (text("docs/nudge.md"), text("examples/pjsip_notify.conf"));
    let (mut rows, mut sections) = (Vec::new(), Vec::new());
    let vendors = std::fs::read_dir(root.join("core/catalogue/vendors")).expect("the catalogue");
    let mut vendors: Vec<_> = vendors.map(|entry| entry.expect("a folder").path()).collect();
    vendors.sort();
    for folder in vendors {
        let Ok(events) = std::fs::read_to_string(folder.join("notify.toml")) else { continue };
        let events: toml::Table = events.parse().expect("TOML");
        let vendor = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let event = |key: &str| events.get(key).and_then(|event| event.as_str());
        let shown = |key: &str| event(key).map_or("-".to_owned(), |event| format!("`{event}`"));
        rows.push(format!("| {vendor} | {} | {} |", shown("fetch"), shown("restart")));
        if let Some(fetch) = event("fetch") {
            sections.push(format!("[offhook-{vendor}]\nEvent=>{}\n", fetch.replace(';', "\\;")));
        }
    }
    assert!(rows.len() >= 12, "{rows:?}");
    assert!(page.contains(&rows.join("\n")), "docs/nudge.md: expected\n{}", rows.join("\n"));
    assert!(asterisk.ends_with(&sections.join("\n")), "expected\n{}", sections.join("\n"));
}
