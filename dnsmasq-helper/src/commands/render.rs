//! `offhook-dnsmasq render`: a policy in, dnsmasq's configuration out.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::time::Duration;

use offhook_core::Engine;
use offhook_edge::command::error_line;
use serde::Serialize;

use super::publish::{self, Readers};
use super::restart;
use crate::book;
use crate::input::{self, Failure, wrong};
use crate::platform::{openwrt, opnsense, pihole};
use crate::render::tags::can_be_a_tag;
use crate::render::{self, HOST, Rendering, Wishes};
use crate::state;

/// Compiles a policy to static configuration for dnsmasq
///
/// The file is tested with `dnsmasq --test`, put in place whole, and only if it changed. Beside it
/// is a dot-file with the same name and `.book`: what the dhcp-script needs to know of it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  offhook-dnsmasq render --policy /etc/offhook/policy.json --out /etc/dnsmasq.d/50-phones.conf --restart
  offhook-dnsmasq render --policy policy.json --out /etc/dnsmasq.d/50-phones.conf --pihole
  offhook-dnsmasq render --policy policy.json --out 50-phones.conf --opnsense config.xml --no-test
  In dnsmasq.conf (dnsmasq 2.87 and later), with the last good output kept outside its conf-dir:
  conf-script=\"/usr/bin/offhook-dnsmasq render --policy /etc/offhook/policy.json --out /var/lib/offhook/phones.conf --conf-script\"")]
pub struct Arguments {
    /// The policy (JSON with comments)
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Where the configuration goes, such as /etc/dnsmasq.d/50-phones.conf
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A folder with vendors and systems of your own (vendors/ID/vendor.toml, systems/ID.toml)
    #[arg(long, value_name = "DIR")]
    vendors_directory: Option<PathBuf>,
    /// The dhcp-script's state directory, which gets a link to the book
    #[arg(long, value_name = "DIR", default_value = "/var/lib/offhook/dnsmasq")]
    state: PathBuf,
    /// Which tags your dhcp-range lines carry inside a site's networks (once per tag)
    #[arg(long, value_name = "SITE=TAG", value_parser = pair)]
    range_tag: Vec<(String, String)>,
    /// OPNsense's configuration (/conf/config.xml): the ranges' tags are read from it, and --range-tag may name a
    /// tag as OPNsense shows it
    #[arg(long, value_name = "FILE")]
    opnsense: Option<PathBuf>,
    /// Print the command by which Pi-hole reads the file
    #[arg(long, conflicts_with = "conf_script")]
    pihole: bool,
    /// Print the commands by which OpenWrt's dnsmasq reads the file
    #[arg(long, conflicts_with_all = ["conf_script", "pihole"])]
    uci: bool,
    /// Values with {{mac}} or {{token}} go to the policy's devices only; other phones do without them
    #[arg(long)]
    known_devices_only: bool,
    /// Restart dnsmasq if the file changed
    #[arg(long)]
    restart: bool,
    /// How
    #[arg(long, value_name = "COMMAND", default_value = "systemctl restart dnsmasq")]
    restart_command: String,
    /// Wait so long for further changes first
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    settle: u64,
    /// Print the configuration as well, for dnsmasq's conf-script; the last good one if the policy is wrong
    #[arg(long, conflicts_with_all = ["restart", "json"])]
    conf_script: bool,
    /// The dnsmasq to ask
    #[arg(long, value_name = "FILE", default_value = "dnsmasq")]
    dnsmasq: PathBuf,
    /// Do not ask dnsmasq
    #[arg(long)]
    no_test: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((site, tag)) if !site.is_empty() && !tag.is_empty() => {
            can_be_a_tag(tag)?;
            Ok((site.to_owned(), tag.to_owned()))
        }
        _ => Err("expected SITE=TAG, such as branch-7=lan7".to_owned()),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Summary {
    changed: bool,
    rules: usize,
    devices: usize,
    groups: usize,
    lines: usize,
    /// The output contains tokens or the random folder, so not every user may read it.
    secret: bool,
    /// None: it was not asked.
    dnsmasq: Option<String>,
    digest: String,
    doubts: Vec<String>,
    range_tags: BTreeMap<String, String>,
    /// What the platform needs besides, for a shell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    commands: Vec<String>,
    restarted: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let done = make(arguments);
    if arguments.conf_script {
        return hand_over(arguments, done);
    }
    let (mut summary, _) = done?;
    let due = restart::is_due(&arguments.out);
    if arguments.restart && (summary.changed || due) {
        let settle = Duration::from_secs(arguments.settle);
        summary.restarted = restart::debounced(&arguments.out, settle, &arguments.restart_command)?;
    } else if summary.changed && !due {
        // If it is due, another run's restart may be under way: it reads this change as well.
        restart::wanted(&arguments.out)?;
    }
    match arguments.json {
        true => {
            let json = serde_json::to_string_pretty(&summary).map_err(wrong)?;
            Ok(writeln!(std::io::stdout().lock(), "{json}")?)
        }
        false => show(arguments, &summary),
    }
}

/// dnsmasq must start in any case: with the last good output if there is no new one.
fn hand_over(
    arguments: &Arguments,
    done: Result<(Summary, String), Failure>,
) -> Result<(), Failure> {
    let text = match done {
        Ok((_, text)) => text,
        Err(failure) => {
            if let Failure::Wrong(text) = failure {
                error_line(text);
            }
            let last = std::fs::read_to_string(&arguments.out);
            let gets = if last.is_ok() { "the last good configuration" } else { "none" };
            error_line(format!("offhook-dnsmasq: dnsmasq gets {gets}"));
            last.unwrap_or_default()
        }
    };
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

fn make(arguments: &Arguments) -> Result<(Summary, String), Failure> {
    let step = Steps::new();
    step.say("reading the policy");
    let text = input::text_of(&arguments.policy)?;
    let tables = input::catalogue(arguments.vendors_directory.as_deref())?;
    let shown = arguments.policy.display().to_string();
    let engine = Engine::with_keys(tables, &text, HOST, &offhook_edge::key::read)
        .map_err(|error| wrong(error.in_file(&shown)))?;
    step.say("rendering");
    let mut wishes =
        Wishes { known_devices_only: arguments.known_devices_only, ..Wishes::default() };
    for (site, tag) in &arguments.range_tag {
        wishes.ranges.entry(site.clone()).or_default().push(tag.clone());
    }
    if let Some(file) = &arguments.opnsense {
        let text = input::text_of(file)?;
        let configuration = opnsense::Configuration::read(&text)
            .map_err(|error| wrong(format!("{}: {error}", file.display())))?;
        let tags = configuration.range_tags(engine.policy(), &wishes.ranges);
        wishes.ranges = tags.map_err(|error| wrong(error.in_file(&shown)))?;
    }
    let mut rendering =
        render::render(&engine, &wishes).map_err(|error| wrong(error.in_file(&shown)))?;
    let dnsmasq = match arguments.no_test {
        true => None,
        false => {
            step.say("asking dnsmasq");
            Some(publish::test(&arguments.dnsmasq, &rendering.text)?)
        }
    };
    step.say("writing");
    let book = book::write(&engine, &rendering);
    rendering.doubts.extend(keep_book(arguments, &book)?);
    let readers = if rendering.secret { Readers::Group } else { Readers::AllUsers };
    let changed = publish::write(&arguments.out, rendering.text.as_bytes(), readers)?;
    let mut summary = summary(&engine, &rendering, changed, dnsmasq);
    summary.commands = match (arguments.pihole, arguments.uci) {
        (true, _) => pihole::commands(&arguments.out),
        (false, true) => openwrt::commands(&arguments.out, &rendering.wanted_ranges),
        (false, false) => Vec::new(),
    };
    Ok((summary, rendering.text))
}

/// Writes the book beside the output, for the script's eyes; a doubt if the script cannot read it.
fn keep_book(arguments: &Arguments, book: &[u8]) -> Result<Option<String>, Failure> {
    let cannot = |error: io::Error| wrong(format!("{}: {error}", arguments.state.display()));
    let path = publish::beside(&arguments.out, "book")?;
    let Some(state) = state::existing(&arguments.state).map_err(cannot)? else {
        publish::write(&path, book, Readers::Group)?;
        return Ok(None);
    };
    let group = state.group().map_err(cannot)?;
    publish::write(&path, book, Readers::GroupWithId(group))?;
    state.link(state::BOOK, &std::fs::canonicalize(&path)?).map_err(cannot)?;
    Ok((!publish::is_for(&path, group)).then(|| {
        format!(
            "{}: only its owner and group may read it, and it cannot be given to group {group}, which \
             {} has: if the dhcp-script runs as another user, it finds no book. Run render as root",
            path.display(),
            arguments.state.display()
        )
    }))
}

fn summary(
    engine: &Engine,
    rendering: &Rendering,
    changed: bool,
    dnsmasq: Option<String>,
) -> Summary {
    let ranges = rendering.wanted_ranges.iter();
    Summary {
        changed,
        rules: rendering.rules,
        devices: engine.policy().devices.len(),
        groups: rendering.groups.len(),
        lines: rendering.text.lines().count(),
        secret: rendering.secret,
        dnsmasq,
        digest: rendering.digest.clone(),
        doubts: rendering.doubts.clone(),
        range_tags: ranges.map(|range| (range.site.clone(), range.tag.clone())).collect(),
        commands: Vec::new(),
        restarted: false,
    }
}

fn show(arguments: &Arguments, summary: &Summary) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    for doubt in &summary.doubts {
        writeln!(out, "doubt: {doubt}")?;
    }
    for (site, tag) in &summary.range_tags {
        writeln!(out, "site {site}: put set:{tag} on your dhcp-range lines there")?;
    }
    writeln!(
        out,
        "{}: {}; {} rules, {} devices, {} lines; {}",
        arguments.out.display(),
        if summary.changed { "written" } else { "unchanged" },
        summary.rules,
        summary.devices,
        summary.lines,
        match &summary.dnsmasq {
            Some(version) => format!("dnsmasq {version} takes it"),
            None => "dnsmasq was not asked".to_owned(),
        }
    )?;
    if summary.secret {
        writeln!(
            out,
            "it holds tokens or the random folder: only its owner and group may read it (a dnsmasq that \
             starts as root does)"
        )?;
    }
    if !summary.commands.is_empty() {
        writeln!(out, "then run:")?;
    }
    for command in &summary.commands {
        writeln!(out, "{command}")?;
    }
    if summary.restarted {
        writeln!(out, "dnsmasq was restarted")?;
    } else if !summary.commands.is_empty() {
        return Ok(());
    } else if summary.changed && !arguments.restart {
        writeln!(out, "restart dnsmasq to put it in force (or say --restart)")?;
    }
    Ok(())
}

/// What is being done, on a terminal only.
struct Steps(bool);

impl Steps {
    fn new() -> Steps {
        Steps(std::io::stderr().is_terminal())
    }

    fn say(&self, what: &str) {
        if self.0 {
            let _ = write!(io::stderr(), "\r\x1b[K{what} ...");
        }
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        if self.0 {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}
