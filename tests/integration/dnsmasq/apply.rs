//! How a rendering comes into force: by a restart, once for several changes, or as dnsmasq's own
//! `conf-script`, which must never keep it down.

use crate::peers::dnsmasq::{Dnsmasq, Setup};
use crate::peers::folder::set_mode;
use crate::peers::phone::Phone;
use crate::peers::process;
use crate::peers::product::companion;
use serde_json::Value;
use std::fs;
use std::process::Command;
use std::time::Duration;

fn policy(word: &str) -> String {
    format!(r#"{{ "systems": [{{ "system": "url", "url": "http://p.example.com/{word}/" }}] }}"#)
}

const WRONG: &str = r#"{ "systems": [{ "system": "nonsense" }] }"#;

fn url(dnsmasq: &Dnsmasq) -> Option<String> {
    let (_, ack) = dnsmasq.relay().boot(&Phone::new("00:15:65:00:00:01").class("yealink"));
    ack.option(66).map(|url| String::from_utf8_lossy(url).trim_end_matches('\0').to_owned())
}

fn with_conf_script() -> Setup {
    let setup = Setup::new();
    let path = |name: &str| setup.folder.join(name).display().to_string();
    let line = format!(
        "conf-script=\"{} render --policy {} --out {} --state {} --conf-script\"",
        companion().display(),
        path("policy.json"),
        path("last.conf"),
        path("state")
    );
    setup.line(line)
}

#[test]
fn a_conf_script_falls_back_to_its_last_good_output() {
    let setup = with_conf_script();
    setup.folder.write("policy.json", policy("first"));
    let dnsmasq = setup.start();
    assert_eq!(url(&dnsmasq).as_deref(), Some("http://p.example.com/first/"));
    let setup = dnsmasq.stop();
    setup.folder.write("policy.json", policy("second"));
    let dnsmasq = setup.start();
    assert_eq!(url(&dnsmasq).as_deref(), Some("http://p.example.com/second/"));
    let setup = dnsmasq.stop();
    for broken in [WRONG, "{", ""] {
        setup.folder.write("policy.json", broken);
        let said = process::run(&mut render(&setup, &["--conf-script", "--out", "last.conf"]));
        assert!(said.status.success(), "{broken:?}");
        let errors = String::from_utf8_lossy(&said.stderr);
        assert!(errors.contains("policy.json") && errors.contains("last good"), "{errors}");
    }
    fs::remove_file(setup.folder.join("policy.json")).expect("no policy at all");
    let dnsmasq = setup.start();
    assert_eq!(url(&dnsmasq).as_deref(), Some("http://p.example.com/second/"));
}

#[test]
fn a_conf_script_that_never_had_a_good_output_keeps_nobody_down() {
    let setup = with_conf_script();
    setup.folder.write("policy.json", WRONG);
    assert_eq!(url(&setup.start()), None);
}

fn render(setup: &Setup, words: &[&str]) -> Command {
    let mut command = process::command(companion());
    command.current_dir(setup.folder.path());
    command.args(["render", "--policy", "policy.json", "--state", "state"]);
    command.args(words);
    command
}

/// A stand-in for systemctl that writes down each call.
fn with_restart(setup: &Setup) -> String {
    let script = setup.folder.write("restart", "#!/bin/sh\necho \"$1\" >> restarts\n");
    set_mode(&script, 0o755);
    format!("{} dnsmasq", script.display())
}

fn summary(output: &std::process::Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("a summary")
}

#[test]
fn a_restart_comes_once_for_several_changes_and_not_without_one() {
    let setup = Setup::new();
    let command = with_restart(&setup);
    let words = [
        "--out",
        "out.conf",
        "--json",
        "--restart",
        "--settle",
        "1",
        "--restart-command",
        &command,
    ];
    setup.folder.write("policy.json", policy("first"));
    let mut first = render(&setup, &words);
    let first = first.stdout(std::process::Stdio::piped()).spawn().expect("the companion");
    std::thread::sleep(Duration::from_millis(500));
    setup.folder.write("policy.json", policy("second"));
    let second = summary(&process::run(&mut render(&setup, &words)));
    let first = summary(&first.wait_with_output().expect("its end"));
    let told = |summary: &Value| (summary["changed"].clone(), summary["restarted"].clone());
    assert_eq!(told(&first), (true.into(), false.into()), "the later run has taken it over");
    assert_eq!(told(&second), (true.into(), true.into()));
    let calls = || fs::read_to_string(setup.folder.join("restarts")).unwrap_or_default();
    assert_eq!(calls(), "dnsmasq\n");
    let written = || fs::metadata(setup.folder.join("out.conf")).and_then(|file| file.modified());
    let before = written().expect("a time");
    let third = summary(&process::run(&mut render(&setup, &words)));
    assert_eq!(told(&third), (false.into(), false.into()), "nothing has changed");
    assert_eq!((calls().as_str(), written().expect("a time")), ("dnsmasq\n", before));
    // A wrong policy changes nothing, and a restart that fails is said.
    setup.folder.write("policy.json", WRONG);
    assert_eq!(process::run(&mut render(&setup, &words)).status.code(), Some(1));
    assert_eq!((calls().as_str(), written().expect("a time")), ("dnsmasq\n", before));
    setup.folder.write("policy.json", policy("third"));
    let failing = ["--out", "out.conf", "--restart", "--settle", "0", "--restart-command", "false"];
    let failed = process::run(&mut render(&setup, &failing));
    let said = String::from_utf8_lossy(&failed.stderr);
    assert!(
        failed.status.code() == Some(1) && said.contains("in place but not in force"),
        "{said}"
    );
    // What is not in force yet waits for the next run that may restart.
    let again = summary(&process::run(&mut render(&setup, &words)));
    assert_eq!(told(&again), (false.into(), true.into()));
    setup.folder.write("policy.json", policy("fourth"));
    let quiet = summary(&process::run(&mut render(&setup, &["--out", "out.conf", "--json"])));
    assert_eq!(told(&quiet), (true.into(), false.into()));
    let again = summary(&process::run(&mut render(&setup, &words)));
    assert_eq!((told(&again), calls().lines().count()), ((false.into(), true.into()), 3));
}
