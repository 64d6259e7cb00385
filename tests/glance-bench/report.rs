//! 100,000 phones boot at a real Kea; logs of their fetches and registrations are written beside, in the form
//! that nginx and Kamailio write.

use crate::peers::browser::Browser;
use crate::peers::folder::Folder;
use crate::peers::kea::Kea;
use crate::peers::many::kea_that_has_seen;
use crate::peers::process;
use crate::peers::product::command_line;
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};

const PHONES: usize = 100_000;
const POLICY: &str = include_str!("../../core/catalogue/vendors/example-policy.json");

pub fn measure() {
    let kea = kea_that_has_seen(PHONES, POLICY);
    let folder = Folder::new();
    let without = report(&kea, &folder, &["--json"]).1;
    let data: Value = serde_json::from_str(&without).expect("JSON");
    let (web, sip) = logs(&data);
    folder.write("web.log", &web);
    folder.write("sip.log", &sip);
    let page = folder.join("report.html");
    let page_words = ["--out", page.to_str().expect("a path")];
    let paths =
        [folder.join("web.log"), folder.join("sip.log")].map(|path| path.display().to_string());
    let log_words = ["--web-log", paths[0].as_str(), "--sip-log", paths[1].as_str()];
    let (times, said) = report(&kea, &folder, &[&page_words[..], &log_words].concat());
    println!("## The report of {PHONES} phones\n");
    println!("{}\n", said.trim().split_once(": ").map_or("", |(_, numbers)| numbers));
    println!("| | |\n|---|---|");
    println!("| lines of the web server's log | {} |", web.lines().count());
    println!("| lines of the registrar's log | {} |", sip.lines().count());
    println!("| time to write the page | {:.1} s |", times.as_secs_f64());
    let size = std::fs::metadata(&page).expect("the page").len();
    println!("| size of the page | {:.1} MB |", size as f64 / 1e6);
    in_the_browser(&page);
}

fn report(kea: &Kea, folder: &Folder, words: &[&str]) -> (Duration, String) {
    let mut command = process::command(command_line());
    command.current_dir(folder.path()).arg("report").arg("--kea").arg(kea.socket()).args(words);
    let start = Instant::now();
    let text = process::run_well(&mut command);
    (start.elapsed(), text)
}

/// Four requests and two answers to REGISTER for most phones; each tenth stops somewhere.
fn logs(data: &Value) -> (String, String) {
    let (mut web, mut sip) = (String::new(), String::new());
    for (number, phone) in data["phones"].as_array().expect("phones").iter().enumerate() {
        let address = phone["address"].as_str().expect("an address");
        let mac = phone["mac"].as_str().expect("a MAC").replace(':', "");
        let second = number / 200 % 3600;
        let time = format!("2026-11-28T10:{:02}:{:02}+00:00", second / 60, second % 60);
        let kind = number % 10;
        if kind == 0 {
            continue;
        }
        for (file, good) in [("common.cfg", false), ("model.cfg", true), ("boot.cfg", false)] {
            let status = if good && kind != 1 { 200 } else { 404 };
            let _ = writeln!(web, "{time} {address} - {status} 100 \"GET {file}\" \"Phone\"");
        }
        let status = if kind == 1 { 404 } else { 200 };
        let _ = writeln!(web, "{time} {address} {mac} {status} 900 \"GET {mac}.cfg\" \"Phone\"");
        if kind > 2 {
            let status = if kind == 3 { 403 } else { 200 };
            for status in [401, status] {
                let _ = writeln!(
                    sip,
                    "{time} pbx kamailio[7]: NOTICE: <script>: offhook-register {status} user={number} \
                     via=SIP/2.0/UDP {address}:5060;branch=z9hG4bK{number}"
                );
            }
        }
    }
    (web, sip)
}

fn in_the_browser(page: &Path) {
    let patience = Duration::from_secs(120);
    let mut browser = Browser::open(page, 1400, 1000, false);
    browser.wait_until("document.documentElement?.dataset.ready !== undefined", patience);
    let ready = browser.value("document.documentElement.dataset.ready");
    println!(
        "| until the browser has drawn it and can scroll | {} ms |",
        ready.as_str().unwrap_or("?")
    );
    for (what, action) in [
        ("to scroll to the end", "document.getElementById('table').scrollTop = 1e9"),
        (
            "to search for \"yealink t46\"",
            "{ const s = document.getElementById('search'); s.value = 'yealink t46'; \
             s.dispatchEvent(new Event('input')); }",
        ),
        ("to show all again", "document.getElementById('clear').click()"),
        ("to sort by address", "document.querySelectorAll('#head button')[4].click()"),
    ] {
        // Until the next frame is drawn.
        let took = browser.value(&format!(
            "new Promise((done) => {{ const start = performance.now(); {action}; \
             requestAnimationFrame(() => setTimeout(() => done(Math.round(performance.now() - start)), 0)); }})"
        ));
        println!("| {what} | {took} ms |");
    }
    let rows = browser.value("document.querySelectorAll('#body .row').length");
    println!("| rows that are in the page at a time | {rows} |\n");
    assert_eq!(browser.errors, Vec::<String>::new());
}
