//! By way of the telephone system, for phones that take a NOTIFY from it alone. Its own command sends it.

use std::process::Command;
use std::time::{Duration, Instant};

use offhook_fleet::Fleet;

use super::plan::Target;
use super::send::Fetches;
use super::{Arguments, Outcome};
use crate::input::{Failure, wrong};

pub fn send(
    arguments: &Arguments,
    system: &str,
    fleet: &Fleet,
    targets: &mut [Target],
) -> Result<(), Failure> {
    if system == "asterisk" {
        asterisk_can_send()?;
    }
    let mut fetches = Fetches::new(arguments, fleet)?;
    let gap = Duration::from_secs(60) / arguments.per_minute;
    let mut next = Instant::now();
    for at in 0..targets.len() {
        let Some(event) = targets[at].event.clone() else { continue };
        while Instant::now() < next {
            std::thread::sleep((next - Instant::now()).min(Duration::from_millis(100)));
            fetches.look(targets)?;
        }
        next = Instant::now() + gap;
        fetches.since.insert(targets[at].mac, Instant::now());
        targets[at].outcome = match system {
            "asterisk" => by_asterisk(&targets[at])?,
            _ => by_kamailio(arguments, &targets[at], &event)?,
        };
        fetches.look(targets)?;
    }
    while fetches.hopes(targets) {
        std::thread::sleep(Duration::from_millis(100));
        fetches.look(targets)?;
    }
    Ok(())
}

/// What a command printed.
fn output(command: &mut Command) -> Result<(bool, String), Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| wrong(format!("--via: {program}: {error}")))?;
    let text = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
}

/// By this endpoint Asterisk sends to an address that is not an endpoint's. Where it has none it says that it sends, and
/// only its log has the truth (Asterisk 22.10).
fn asterisk_can_send() -> Result<(), Failure> {
    let ask = |words: &str| {
        let (_, text) = output(Command::new("asterisk").args(["-rx", words]))?;
        Ok::<String, Failure>(text)
    };
    let settings = ask("pjsip show settings")?;
    let mut lines = settings.lines().filter_map(|line| line.split_once(':'));
    let named = lines.find(|(key, _)| key.trim() == "default_outbound_endpoint");
    let Some((_, name)) = named else {
        return Err(wrong(format!(
            "--via asterisk: expected an Asterisk with chan_pjsip's settings, found: {}",
            settings.trim().lines().next().unwrap_or("no answer")
        )));
    };
    let name = name.trim();
    match ask(&format!("pjsip show endpoint {name}"))?.contains("Unable to find object") {
        true => Err(wrong(format!(
            "--via asterisk: it has no endpoint {name:?}, and sends no NOTIFY to an address without one: add a section \
             [{name}] with type = endpoint to pjsip.conf (docs/nudge.md)"
        ))),
        false => Ok(()),
    }
}

/// The sections that examples/pjsip_notify.conf adds to Asterisk's file of that name. Asterisk does not say what the
/// phone answered.
fn by_asterisk(target: &Target) -> Result<Outcome, Failure> {
    let section = format!("offhook-{}", target.vendor);
    let words = format!("pjsip send notify {section} uri sip:{}", target.to);
    let (well, text) = output(Command::new("asterisk").args(["-rx", &words]))?;
    match well && text.contains("Sending NOTIFY") {
        true => Ok(Outcome::Accepted),
        false => Err(wrong(format!("--via asterisk: {words}: {}", text.trim()))),
    }
}

/// Kamailio's transaction module sends it. By kamcmd it does not say what the phone answered.
fn by_kamailio(arguments: &Arguments, target: &Target, event: &str) -> Result<Outcome, Failure> {
    let uri = format!("sip:{}", target.to);
    // Without a Content-Type it refuses the request, though there is no body.
    let headers = format!(
        "From: <sip:offhook@{0}>\r\nTo: <sip:{0}>\r\nEvent: {event}\r\nSubscription-State: terminated\r\n\
         Content-Type: text/plain\r\n",
        target.to
    );
    let mut command = Command::new("kamcmd");
    if let Some(socket) = &arguments.control {
        command.args(["-s", socket]);
    }
    command.args(["tm.t_uac_start", "NOTIFY", &uri, ".", ".", &headers]);
    let (well, text) = output(&mut command)?;
    match well && !text.contains("error") {
        true => Ok(Outcome::Accepted),
        false => Err(wrong(format!(
            "--via kamailio: kamcmd tm.t_uac_start: {}. Expected the modules tm and ctl, and the right --control",
            text.trim()
        ))),
    }
}
