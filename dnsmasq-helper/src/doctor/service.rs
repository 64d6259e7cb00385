//! What would spoil it in how dnsmasq runs: its version, its script, the process that calls it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Files;
use super::findings::{Found, Weight};
use super::ours::Ours;
use super::running::{self, Helper};
use offhook_dnsmasq_config::effective::{Effective, Setting};
use offhook_dnsmasq_config::hosts::host_line;

/// 2.81 to 2.90 end with an abort at the first SIGHUP after such a line has matched once.
pub fn hangup(effective: &Effective, files: &Files, found: &mut Found) {
    let fixed = files.version.is_some_and(|version| !((2, 81)..(2, 91)).contains(&version));
    if fixed {
        return;
    }
    if let Some(setting) = effective.hosts.iter().find(|setting| host_line(setting).sets) {
        let version = files.version.map_or_else(
            || "dnsmasq 2.81 to 2.90".to_owned(),
            |(major, minor)| format!("this dnsmasq ({major}.{minor})"),
        );
        found.problem(
            setting.place(),
            format!(
                "set: in a hosts file: {version} crashes at the next SIGHUP (systemctl reload) once a \
                 client has matched it, and no client gets a lease until it is started again"
            ),
            "move the line into the static configuration (dhcp-host=...), or install dnsmasq 2.91",
        );
    }
}

pub fn script(effective: &Effective, found: &mut Found) {
    let Some(script) = effective.last("dhcp-script") else {
        found.doubt(
            "dhcp-script",
            "not set: phones are not recorded, and a disagreement between dnsmasq and the policy \
             goes unnoticed",
            "dhcp-script=/usr/bin/offhook-dnsmasq and dhcp-scriptuser=...",
        );
        return;
    };
    let path = Path::new(script.value.trim_matches('"'));
    match std::fs::metadata(path) {
        Err(error) => found.problem(
            script.place(),
            format!(
                "dhcp-script {}: {error}; dnsmasq says so at every event and goes on without (it takes \
                 no arguments: a blank belongs to the name)",
                path.display()
            ),
            "write the absolute path of an executable file",
        ),
        Ok(_) if !path.is_absolute() => found.problem(
            script.place(),
            format!("dhcp-script {} is not an absolute path: dnsmasq does not find it", path.display()),
            "write the absolute path",
        ),
        Ok(_) => {}
    }
    match effective.last("dhcp-scriptuser") {
        Some(user) if user.value != "root" => {}
        other => found.problem(
            other.unwrap_or(script).place(),
            "the script runs as root, with what clients send in its environment",
            "dhcp-scriptuser=NAME, a user that may write the state directory and nothing else",
        ),
    }
    if let Some(setting) = effective.last("leasefile-ro") {
        found.doubt(
            setting.place(),
            "leasefile-ro: dnsmasq asks its script for the leases at start, and offhook-dnsmasq \
             keeps none",
            "remove it: dnsmasq then keeps its leases itself",
        );
    }
}

/// The process that calls the script is forked once; when it dies, nothing says so.
pub fn helper(effective: &Effective, files: &Files, found: &mut Found) {
    if effective.last("dhcp-script").is_none() {
        return;
    }
    let pid_file = match effective.last("pid-file") {
        Some(setting) => PathBuf::from(&setting.value),
        None => ["/run/dnsmasq/dnsmasq.pid", "/run/dnsmasq.pid"]
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists())
            .unwrap_or_default(),
    };
    let advice = "restart dnsmasq; it was killed, by lack of memory perhaps";
    match running::helper(&pid_file) {
        Helper::Dead => found.problem(
            pid_file.display(),
            "dnsmasq runs, and the process that calls its script does not: no event is reported any \
             more",
            advice,
        ),
        Helper::Alive => {}
        Helper::Unknown => stale(effective, files, found),
    }
}

/// Without the process to look at: leases were written after the last event. A renewal writes them
/// without an event, unless `script-on-renewal`.
fn stale(effective: &Effective, files: &Files, found: &mut Found) {
    let leases = effective.last("dhcp-leasefile").or_else(|| effective.last("dhcp-lease"));
    let leases = leases.map_or("/var/lib/misc/dnsmasq.leases", |setting| setting.value.as_str());
    let Some(state) = &files.state else { return };
    let written = std::fs::metadata(leases).and_then(|found| found.modified()).ok();
    let Some((written, event)) = written.zip(running::last_written(state)) else { return };
    let Ok(late) = written.duration_since(event) else { return };
    if late.as_secs() < 60 {
        return;
    }
    let exact = effective.last("script-on-renewal").is_some();
    let text = format!(
        "the last event in {} is {} s older than the last change of {leases}{}",
        state.display(),
        late.as_secs(),
        if exact { "" } else { " (renewals change it too, without an event)" }
    );
    let advice = "look whether dnsmasq has a child process of its own name; if not, restart it";
    found.add(if exact { Weight::Problem } else { Weight::Doubt }, state.display(), text, advice);
}

/// A rendering that is not readable for all users contains tokens.
pub fn log(effective: &Effective, ours: &Ours, found: &mut Found) {
    let Some(setting) = effective.last("log-dhcp") else { return };
    let guarded = |path: &PathBuf| {
        std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o004 == 0)
    };
    if ours.files.keys().any(guarded) {
        found.doubt(
            setting.place(),
            "log-dhcp writes every option that is sent into the log, the phones' tokens too",
            "remove it, or restrict who may read the log",
        );
    }
}

pub fn ping(effective: &Effective, found: &mut Found) {
    if effective.last("no-ping").is_none() {
        found.doubt(
            "no-ping",
            "not set: dnsmasq pings each new address first, and of the first six new phones in \
             half a minute each keeps all other clients waiting for three seconds",
            "no-ping, where phones get their addresses from this server only",
        );
    }
}

/// dnsmasq stops at `dhcp-lease-max` (1000 unless it says so).
pub fn room(effective: &Effective, ours: &Ours, found: &mut Found) {
    let set = effective.last("dhcp-lease-max");
    let most = set.and_then(|setting| setting.value.parse().ok()).unwrap_or(1000usize);
    if ours.devices.len() > most {
        found.problem(
            set.map_or_else(|| "dhcp-lease-max".to_owned(), Setting::place),
            format!("{} devices in the policy, and at most {most} leases", ours.devices.len()),
            "raise dhcp-lease-max; beyond a few thousand phones Kea serves better",
        );
    }
}
