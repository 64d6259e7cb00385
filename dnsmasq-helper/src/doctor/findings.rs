//! The judgment: each function looks for one kind of trouble. What dnsmasq does in each case was
//! measured with 2.90 (in namespaces, with real clients); the texts say what was seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use offhook_core::Mac;

use super::effective::{Effective, Setting};
use super::options::{Kind, address, host_line, is_ours, may_be_a_phone, option_line, words};
use super::running::{self, Helper};
use super::{Finding, Weight};
use crate::render::tags;

/// What stands beside the configuration.
#[derive(Debug, Default)]
pub struct Files {
    /// The script's state directory.
    pub state: Option<PathBuf>,
    /// dnsmasq's version, if it is known.
    pub version: Option<(u32, u32)>,
}

/// Everything that was found, the worst first.
pub fn examine(effective: &Effective, files: &Files) -> Vec<Finding> {
    let mut found = Found { findings: Vec::new() };
    unread(effective, &mut found);
    let Some(ours) = Ours::of(effective) else {
        found.problem(
            "the configuration",
            "nothing in it was rendered by offhook-dnsmasq: phones get what they got without it",
            "run offhook-dnsmasq render --out FILE, with FILE in a folder that dnsmasq reads, and \
             name that folder with --conf-dir if it stands on dnsmasq's command line",
        );
        return found.sorted();
    };
    twice(&ours, &mut found);
    foreign_tags(effective, &ours, &mut found);
    ranges(effective, &ours, &mut found);
    boot(effective, &ours, &mut found);
    later_options(effective, &ours, &mut found);
    parts(effective, &ours, &mut found);
    hosts(effective, &ours, &mut found);
    ignored(effective, &mut found);
    hangup(effective, files, &mut found);
    script(effective, &mut found);
    helper(effective, files, &mut found);
    ping(effective, &mut found);
    room(effective, &ours, &mut found);
    found.sorted()
}

struct Found {
    findings: Vec<Finding>,
}

impl Found {
    fn problem(&mut self, place: impl ToString, text: impl ToString, advice: impl ToString) {
        self.add(Weight::Problem, place, text, advice);
    }

    fn doubt(&mut self, place: impl ToString, text: impl ToString, advice: impl ToString) {
        self.add(Weight::Doubt, place, text, advice);
    }

    fn add(
        &mut self,
        weight: Weight,
        place: impl ToString,
        text: impl ToString,
        advice: impl ToString,
    ) {
        let (place, text, advice) = (place.to_string(), text.to_string(), advice.to_string());
        self.findings.push(Finding { weight, place, text, advice });
    }

    fn sorted(mut self) -> Vec<Finding> {
        self.findings.sort();
        self.findings
    }
}

/// What was rendered, as it stands in the effective configuration.
struct Ours {
    /// The files that hold it, with the tag of their rendering.
    files: BTreeMap<PathBuf, BTreeSet<String>>,
    /// Where the last of our lines stands among all.
    last: usize,
    /// Options that are set, with their codes.
    codes: BTreeSet<u8>,
    devices: BTreeSet<Mac>,
    /// Tags that the user's `dhcp-range` lines must set.
    wanted: BTreeSet<String>,
}

impl Ours {
    fn of(effective: &Effective) -> Option<Ours> {
        let mut files: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
        for setting in effective.all("tag-if") {
            let marks = words(&setting.value)
                .filter_map(|word| word.strip_prefix("set:")?.strip_prefix(tags::RENDERING));
            for mark in marks.filter(|mark| mark.len() == 16 && is_hex(mark)) {
                files.entry(setting.file.to_path_buf()).or_default().insert(mark.to_owned());
            }
        }
        let first = files.keys().next()?.clone();
        let mut ours = Ours {
            files,
            last: 0,
            codes: BTreeSet::new(),
            devices: BTreeSet::new(),
            wanted: BTreeSet::new(),
        };
        let mine = |setting: &Setting| *setting.file == *first;
        for (at, setting) in effective.settings.iter().enumerate().filter(|(_, s)| mine(s)) {
            ours.last = at;
            match setting.key.as_str() {
                "dhcp-option" | "dhcp-option-force" => {
                    if let Kind::Code(code) | Kind::Part(code) = option_line(&setting.value).kind {
                        ours.codes.insert(code);
                    }
                }
                "dhcp-boot" => ours.codes.extend([66, 67]),
                "dhcp-mac" => ours.devices.extend(words(&setting.value).filter_map(address)),
                "tag-if" => ours.wanted.extend(
                    words(&setting.value)
                        .filter_map(|word| word.strip_prefix("tag:"))
                        .map(|tag| tag.trim_start_matches('!'))
                        .filter(|tag| tag.starts_with(tags::RANGE))
                        .map(str::to_owned),
                ),
                _ => {}
            }
        }
        Some(ours)
    }

    fn holds(&self, file: &Path) -> bool {
        self.files.contains_key(file)
    }

    /// The user's own lines of a key, with their positions.
    fn others<'e>(
        &'e self,
        effective: &'e Effective,
        keys: &'e [&str],
    ) -> impl Iterator<Item = (usize, &'e Setting)> {
        let lines = effective.settings.iter().enumerate();
        lines.filter(move |(_, setting)| {
            keys.contains(&setting.key.as_str()) && !self.holds(&setting.file)
        })
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn unread(effective: &Effective, found: &mut Found) {
    for (place, text) in &effective.unread {
        let advice = "look at it yourself: whatever it says was not examined";
        found.doubt(place, format!("not read: {text}"), advice);
    }
}

fn twice(ours: &Ours, found: &mut Found) {
    if ours.files.len() > 1 || ours.files.values().any(|marks| marks.len() > 1) {
        let files: Vec<String> = ours.files.keys().map(|file| file.display().to_string()).collect();
        found.problem(
            files.join(", "),
            "two renderings are read: their rules have the same tags, so phones get a mixture",
            "keep one file, and restart dnsmasq",
        );
    }
}

fn foreign_tags(effective: &Effective, ours: &Ours, found: &mut Found) {
    for (_, setting) in ours.others(effective, &["tag-if", "dhcp-match", "dhcp-mac", "dhcp-host"]) {
        for word in words(&setting.value) {
            let Some(tag) = word.strip_prefix("set:").filter(|tag| is_ours(tag)) else { continue };
            if !tag.starts_with(tags::RANGE) {
                found.problem(
                    setting.place(),
                    format!("sets {tag}, which is a tag of the rendering's own"),
                    "give it another name; to use our tags, ask for them with tag:",
                );
            }
        }
    }
}

fn ranges(effective: &Effective, ours: &Ours, found: &mut Found) {
    let set: BTreeSet<&str> = effective
        .all("dhcp-range")
        .flat_map(|setting| words(&setting.value))
        .filter_map(|word| word.strip_prefix("set:"))
        .collect();
    for tag in ours.wanted.iter().filter(|tag| !set.contains(tag.as_str())) {
        found.problem(
            "dhcp-range",
            format!("no dhcp-range sets {tag}, so the site that it stands for is never met"),
            format!("put set:{tag} on the dhcp-range lines of that site's networks"),
        );
    }
}

/// With an untagged `dhcp-boot` the answer has options 66 and 67 twice, that one's first.
fn boot(effective: &Effective, ours: &Ours, found: &mut Found) {
    if !ours.codes.contains(&66) && !ours.codes.contains(&67) {
        return;
    }
    for (_, setting) in ours.others(effective, &["dhcp-boot"]) {
        let needed: Vec<String> = tags_of(&setting.value);
        if !may_be_a_phone(&needed) {
            continue;
        }
        let advice =
            format!("keep phones out of it: dhcp-boot=tag:!{},{}", tags::PHONE, setting.value);
        match needed.is_empty() {
            true => found.problem(
                setting.place(),
                "dhcp-boot without a tag: phones get options 66 and 67 twice, this line's first",
                advice,
            ),
            false => found.doubt(
                setting.place(),
                format!(
                    "dhcp-boot for {}: a phone with these tags gets options 66 and 67 twice",
                    needed.join(" and ")
                ),
                advice,
            ),
        }
    }
}

fn tags_of(value: &str) -> Vec<String> {
    words(value)
        .map_while(|word| word.strip_prefix("tag:").or_else(|| word.strip_prefix("net:")))
        .map(str::to_owned)
        .collect()
}

/// Of several lines with tags that match, the last one in the configuration wins.
fn later_options(effective: &Effective, ours: &Ours, found: &mut Found) {
    for (at, setting) in ours.others(effective, &["dhcp-option", "dhcp-option-force"]) {
        let line = option_line(&setting.value);
        let Kind::Code(code) = line.kind else { continue };
        let ours_too = ours.codes.contains(&code) && may_be_a_phone(&line.tags);
        if at < ours.last || !ours_too || line.tags.is_empty() {
            continue;
        }
        found.problem(
            setting.place(),
            format!(
                "option {code} for {}, after the rendered lines: for a phone with {} the last line \
                 wins, and that is this one",
                line.tags.join(" and "),
                if line.tags.len() == 1 { "this tag" } else { "these tags" }
            ),
            format!("add tag:!{} to it, or let the policy say what it says", tags::PHONE),
        );
    }
}

/// `encap:` and `vendor:` lines are all sent, beside a whole option of ours.
fn parts(effective: &Effective, ours: &Ours, found: &mut Found) {
    for (_, setting) in ours.others(effective, &["dhcp-option", "dhcp-option-force"]) {
        let line = option_line(&setting.value);
        let Kind::Part(code) = line.kind else { continue };
        if ours.codes.contains(&code) && may_be_a_phone(&line.tags) {
            found.problem(
                setting.place(),
                format!(
                    "a part of option {code}, which the rendering sets whole: a phone that matches \
                     both gets two options {code}, which it reads as one"
                ),
                format!("add tag:!{} to it, or move it into the policy", tags::PHONE),
            );
        }
    }
}

/// A reservation of a device: its tags and `ignore` work on the phone as well.
fn hosts(effective: &Effective, ours: &Ours, found: &mut Found) {
    let lines = effective.all("dhcp-host").chain(&effective.hosts);
    for setting in lines.filter(|setting| !ours.holds(&setting.file)) {
        let host = host_line(setting);
        for mac in host.macs.iter().filter(|mac| ours.devices.contains(mac)) {
            match (host.ignored, host.sets) {
                (true, _) => found.problem(
                    setting.place(),
                    format!("{mac} is a device of the policy and is ignored here: it gets no lease"),
                    "take out ignore, or take the device out of the policy",
                ),
                (false, true) => found.doubt(
                    setting.place(),
                    format!(
                        "{mac} is a device of the policy and gets tags here: your options for these \
                         tags reach it too"
                    ),
                    "let the policy say what this device is told, and keep only the address here",
                ),
                (false, false) => {}
            }
        }
    }
}

fn ignored(effective: &Effective, found: &mut Found) {
    for setting in effective.all("dhcp-ignore") {
        let needed = tags_of(&setting.value);
        let ours = needed.iter().any(|tag| is_ours(tag));
        if !ours && needed.iter().any(|tag| tag.starts_with('!')) {
            found.doubt(
                setting.place(),
                format!("nobody with {} gets an answer, phones included", needed.join(" and ")),
                format!("add tag:!{} if phones are to get one", tags::PHONE),
            );
        }
    }
}

/// 2.81 to 2.90 end with an abort at the first SIGHUP after such a line has matched once.
fn hangup(effective: &Effective, files: &Files, found: &mut Found) {
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
                 client has matched it, and everybody is without DHCP"
            ),
            "move the line into the static configuration (dhcp-host=...), or install dnsmasq 2.91",
        );
    }
}

fn script(effective: &Effective, found: &mut Found) {
    let Some(script) = effective.last("dhcp-script") else {
        found.doubt(
            "dhcp-script",
            "there is none: no book is kept of the phones, and nobody notices if dnsmasq and the \
             policy disagree",
            "dhcp-script=/usr/local/bin/offhook-dnsmasq and dhcp-scriptuser=...",
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
            "name an executable file by its whole path",
        ),
        Ok(_) if !path.is_absolute() => found.problem(
            script.place(),
            format!("dhcp-script {} is no whole path: dnsmasq does not find it", path.display()),
            "name it from the root on",
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
            "take it out: dnsmasq then keeps its leases itself",
        );
    }
}

/// The process that calls the script is forked once; when it dies, nothing says so.
fn helper(effective: &Effective, files: &Files, found: &mut Found) {
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

fn ping(effective: &Effective, found: &mut Found) {
    if effective.last("no-ping").is_none() {
        found.doubt(
            "no-ping",
            "it is not there: dnsmasq pings each new address first, and of the first six new phones in \
             half a minute each keeps everybody waiting for three seconds",
            "no-ping, where phones get their addresses from this server only",
        );
    }
}

/// dnsmasq stops at `dhcp-lease-max` (1000 unless it says so).
fn room(effective: &Effective, ours: &Ours, found: &mut Found) {
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
