//! valgrind over a real Kea with the hook: no leak and no wrong access with a frame of offhook.

use crate::annotate::FILES;
use crate::peers::kea::{Kea, Setup};
use crate::peers::phone::{Phone, Relay};
use crate::peers::process;
use serde_json::json;
use std::net::Ipv4Addr;
use std::time::Duration;

/// As cargo names them, and as they are installed.
const OURS: [&str; 3] = ["libdhcp_offhook.so", "liboffhook_kea.so", "/offhook/kea-"];

/// One error of valgrind's report.
struct Finding {
    kind: String,
    /// Whether one of its frames is in the hook library.
    ours: bool,
    /// What, and the calls that led there.
    text: String,
}

/// What is between two marks of the report, each time.
fn all<'a>(text: &'a str, open: &str, close: &'a str) -> Vec<&'a str> {
    text.split(open).skip(1).map(|rest| rest.split(close).next().unwrap_or(rest)).collect()
}

fn one(text: &str, name: &str) -> String {
    let found = all(text, &format!("<{name}>"), "</");
    found.first().copied().unwrap_or_default().to_owned()
}

impl Finding {
    fn read(error: &str) -> Finding {
        let what = one(error, if error.contains("<xwhat>") { "text" } else { "what" });
        let frames = all(error, "<frame>", "</frame>").into_iter().map(|frame| {
            format!("\n    {} ({}:{})", one(frame, "fn"), one(frame, "file"), one(frame, "line"))
        });
        let text = what + &frames.collect::<String>();
        Finding {
            kind: one(error, "kind"),
            ours: OURS.iter().any(|name| error.contains(name)),
            text,
        }
    }
}

fn under_valgrind(setup: Setup, work: impl FnOnce(&Kea)) -> Vec<Finding> {
    let mut setup = setup;
    let report = setup.folder.join("valgrind.xml");
    let words = ["valgrind", "--leak-check=full", "--keep-debuginfo=yes", "--num-callers=40"];
    setup.wrapper = words.map(str::to_owned).to_vec();
    setup.wrapper.push("--xml=yes".to_owned());
    setup.wrapper.push(format!("--xml-file={}", report.display()));
    setup.patience = Duration::from_secs(120);
    let kea = setup.start();
    work(&kea);
    let _stopped = kea.stop();
    let text = std::fs::read_to_string(&report).expect("valgrind's report");
    assert!(text.contains("</valgrindoutput>"), "expected a whole report, found\n{text}");
    all(&text, "<error>", "</error>").into_iter().map(Finding::read).collect()
}

#[test]
fn nothing_lost_and_no_wrong_access() {
    if !process::installed("valgrind") {
        eprintln!("skipped: valgrind is not installed (make deps)");
        return;
    }
    let setup = Setup::new().kea_library("libdhcp_lease_cmds.so", None).offhook_file(FILES);
    let findings = under_valgrind(setup, |kea| {
        let mut relay = Relay::of(kea);
        relay.patience = Duration::from_secs(30);
        // Once is enough to be found; twice and more is for what is kept from one time to the next.
        let (rounds, phones) = if process::thorough() { (8, 12) } else { (3, 4) };
        for round in 0..rounds {
            for number in 0..phones {
                relay.boot(&Phone::stranger(number));
                relay.boot(&Phone::new(&format!("00:15:65:00:00:{number:02x}")));
                let polycom = Phone::new(&format!("00:04:f2:00:00:{number:02x}"));
                relay.boot(
                    &polycom.class(format!("Polycom-VVX41{number}")).option(77, b"\xff\x00%n"),
                );
            }
            relay.inform(&Phone::stranger(99).class("MS-UC-Client"), Ipv4Addr::new(127, 1, 50, 1));
            let other = FILES.replace("provision", &format!("p{round}"));
            let broken = if round % 3 == 2 { "{" } else { &other };
            kea.setup.folder.write("policy.json", broken);
            kea.command("phone-policy-reload", None);
            kea.command("phone-status-get", None).ok();
            kea.command("phone-vendor-list", None).ok();
            kea.command("phone-explain", json!({ "hw-address": "00:15:65:00:00:01" })).ok();
            kea.setup.folder.write("policy.json", other);
            kea.command("config-reload", None).ok();
        }
    });
    let harmless = ["Leak_PossiblyLost", "Leak_StillReachable", "Leak_IndirectlyLost"];
    let ours: Vec<String> = findings
        .iter()
        .filter(|finding| finding.ours && !harmless.contains(&finding.kind.as_str()))
        .map(|finding| format!("{}: {}", finding.kind, finding.text))
        .collect();
    assert!(
        ours.is_empty(),
        "valgrind found {} faults in offhook\n{}",
        ours.len(),
        ours.join("\n")
    );
}
