//! First half: `offhook emulate` boots the phones, from DHCP to the registrar's answer.

use std::process::Output;

use crate::cast::{End, Role, Site};
use crate::page::Page;
use crate::peers::process;
use crate::peers::product::command_line;
use crate::servers::{Servers, relay};

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub boots: usize,
    pub passed: usize,
    pub not_reached: usize,
    pub registered: usize,
}

/// A command of the emulator as relay of a site.
pub fn emulate(servers: &Servers, site: &Site, more: &[&str]) -> std::process::Command {
    let mut command = process::command(command_line());
    // Each phone speaks from its own address, so that the servers' logs tell them apart.
    command
        .arg("emulate")
        .arg("--own-address")
        .args(["--server", &format!("127.0.0.1:{}", servers.kea.port())]);
    command.args(["--relay", &format!("{}:{}", relay(site), servers.kea.client_port())]).args(more);
    command
}

/// The words that choose a role's phone.
pub fn choice(role: &Role) -> Vec<&str> {
    let mut words = vec!["--vendor", role.vendor, "--mac", role.mac];
    if !role.example.is_empty() {
        words.extend(["--model", role.example]);
    }
    words
}

/// The phones of a site, each step a line.
pub fn show(page: &Page, servers: &Servers, site: &Site, more: &[&str], seen: &mut Seen) {
    page.heading(site.heading, site.about);
    let words = more.join(" ");
    let ca = servers.files.path("authority.pem").display().to_string();
    let words = words.replace(&ca, "authority.pem");
    page.command(&format!(
        "offhook emulate --vendor VENDOR --server 127.0.0.1 --relay {} {words}",
        relay(site)
    ));
    for role in site.phones {
        boot(page, servers, site, role, more, seen);
    }
}

/// Boots one phone; panics unless everything is as promised.
pub fn boot(
    page: &Page,
    servers: &Servers,
    site: &Site,
    role: &Role,
    more: &[&str],
    seen: &mut Seen,
) {
    let words = [&choice(role)[..], more].concat();
    let output = process::run(&mut emulate(servers, site, &words));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let count =
        |word: &str| text.lines().filter(|line| line.trim_start().starts_with(word)).count();
    let (passed, not_reached) = (count("passed"), count("not reached"));
    match role.brief {
        true => {
            let who = text.lines().next().unwrap_or_default();
            page.output(&format!("{who}: as above, {passed} steps passed"));
        }
        false => text.lines().for_each(|line| page.output(line)),
    }
    judge(servers, role, &output, &text);
    seen.boots += 1;
    seen.passed += passed;
    seen.not_reached += not_reached;
    seen.registered += usize::from(text.contains("200 OK: registered"));
}

fn judge(servers: &Servers, role: &Role, output: &Output, text: &str) {
    let mut promised: Vec<String> = Vec::new();
    if !role.url.is_empty() {
        let url = servers.files.places.fill(role.url);
        promised.push(format!("passed       provisioning URL: {url} by option "));
        promised.push(
            match role.end {
                End::Registered => "passed       registrar's answer: ",
                End::Located => {
                    "not reached  configuration: the names of this phone's files are not known"
                }
            }
            .to_owned(),
        );
    }
    for line in promised {
        assert!(text.contains(&line), "{}: expected {line:?}, found\n{text}", role.vendor);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: a step failed\n{text}{errors}", role.vendor);
}
