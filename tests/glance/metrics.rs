//! `offhook metrics` on real servers; promtool reads what comes out, where it is installed.

use crate::peers::folder::Folder;
use crate::peers::process;
use crate::peers::product::command_line;
use crate::report::one_of_each;
use crate::site::Site;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn metrics(site: &Site) -> Command {
    let mut command = process::command(command_line());
    command.arg("metrics").arg("--kea").arg(site.kea.socket());
    command
}

pub fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/metrics")
}

/// promtool's verdict over what it reads.
pub fn promtool(words: &[&str], input: &[u8]) {
    if !process::installed("promtool") {
        eprintln!("promtool is not installed: not tried (scripts/deps test installs it)");
        return;
    }
    let mut command = process::command("promtool");
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("promtool starts");
    child.stdin.take().expect("its input").write_all(input).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "promtool {words:?}: {text}");
}

/// promtool reads the text form that was before OpenMetrics, in which the help and type of a counter bear its suffix.
fn older_form(text: &str) -> String {
    let counters =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"));
    let counters: BTreeSet<&str> = counters.collect();
    let rewritten = text.lines().map(|line| {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some(what), Some(name), Some(rest)) if counters.contains(name) => {
                format!("# {what} {name}_total {rest}\n")
            }
            _ => format!("{line}\n"),
        }
    });
    rewritten.collect()
}

/// The names of all metrics in a text.
fn names(text: &str) -> BTreeSet<String> {
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| line.split(['{', ' ']).next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_real_keas_phones_as_prometheus_reads_them() {
    let site = one_of_each();
    let text = process::run_well(&mut metrics(&site));
    assert!(text.ends_with("# EOF\n"), "{text}");
    let line = |start: &str| {
        let found = text.lines().find(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("expected {start}, found\n{text}")).to_owned()
    };
    let server = site.kea.socket().display().to_string();
    let phones = format!(
        "offhook_phones{{server=\"{server}\",site=\"branch-7\",vendor=\"yealink\",model=\"T46S\"}} 1"
    );
    assert_eq!(line(&phones), phones);
    assert!(
        line("offhook_state{").ends_with('1') || text.contains("state=\"active\"} 1"),
        "{text}"
    );
    assert!(line("offhook_faults_total").ends_with(" 0"));
    assert!(!line("offhook_answered_total").ends_with(" 0"));
    assert!(line("offhook_last_phone_timestamp_seconds").contains("site=\"branch-7\"} 1"));
    promtool(&["check", "metrics"], older_form(&text).as_bytes());
    // The file appears whole, and its other user can read it.
    let folder = Folder::new();
    let file = folder.join("offhook.prom");
    process::run_well(metrics(&site).arg("--out").arg(&file));
    let written = std::fs::read_to_string(&file).expect("the file");
    assert_eq!(names(&written), names(&text));
    // What the rules and the dashboard request is there.
    let known = names(&text);
    for file in ["alerts.yml", "grafana.json"] {
        let asked = std::fs::read_to_string(examples().join(file)).expect("the example");
        let words = asked.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for name in words.filter(|word| word.starts_with("offhook_")) {
            // Only where there is one of that kind.
            let may_be_missing = [
                "offhook_competing_options",
                "offhook_drift_phones",
                "offhook_unrecognised_devices",
            ];
            assert!(known.contains(name) || may_be_missing.contains(&name), "{file}: {name}");
        }
    }
}

#[test]
fn one_request_one_answer() {
    let site = one_of_each();
    let ask = |request: &str| {
        let mut command = metrics(&site);
        command.arg("--http").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        child.stdin.take().expect("its input").write_all(request.as_bytes()).expect("it reads");
        String::from_utf8(child.wait_with_output().expect("it ends").stdout).expect("a text")
    };
    let answer =
        ask("GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text\r\n\r\n");
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text"),
        "{answer}"
    );
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
    assert!(body.contains("offhook_phones{") && body.ends_with("# EOF\n"));
    assert!(ask("GET /secret HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(ask("POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    assert!(ask("").starts_with("HTTP/1.1 405 "));
}
