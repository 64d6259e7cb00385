//! Second half: the same phones at dnsmasq beside Kea, and what each server told them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::boots::{choice, emulate};
use crate::cast::{Role, SITES, Site};
use crate::page::Page;
use crate::peers::process;
use crate::peers::product::command_line;
use crate::servers::{Servers, relay};

/// What both servers say of the lease itself, offhook or not.
const LEASE: [u64; 12] = [1, 3, 6, 15, 28, 51, 53, 54, 58, 59, 61, 82];

/// How the two differ: options alike, and those where dnsmasq ends the text with a NUL.
#[derive(Debug, Default)]
pub struct Compared {
    pub alike: usize,
    pub by_nul: usize,
}

pub fn show(page: &Page, servers: &Servers) -> Compared {
    page.heading(
        "The same phones at dnsmasq, beside Kea",
        "`offhook-dnsmasq render` wrote dnsmasq's options from the same policy. dnsmasq ends the text of \
         66 and 67 with a NUL byte and cannot do otherwise (shown as \\0); nothing else may differ.",
    );
    let mut compared = Compared::default();
    for site in SITES {
        // Phones that are sent the same are listed together.
        let mut groups: Vec<(Answers, Vec<&str>)> = Vec::new();
        for role in site.phones {
            for answers in ask(servers, site, role) {
                judge(site, role, &answers, &mut compared);
                match groups.iter_mut().find(|(known, _)| *known == answers) {
                    Some((_, phones)) => phones.push(role.vendor),
                    None => groups.push((answers, vec![role.vendor])),
                }
            }
        }
        for (answers, phones) in groups {
            page.line(&format!("  {}, option {}: {}", site.name, answers.code, phones.join(", ")));
            page.line(&format!("    Kea      {}", shown(&answers.kea)));
            page.line(&format!("    dnsmasq  {}", answers.by_dnsmasq()));
        }
    }
    compared
}

/// What both servers say in one option.
#[derive(PartialEq)]
struct Answers {
    code: u64,
    kea: Vec<u8>,
    dnsmasq: Vec<u8>,
}

impl Answers {
    fn only_a_nul(&self) -> bool {
        matches!(self.code, 66 | 67) && self.dnsmasq.strip_suffix(b"\0") == Some(&self.kea[..])
    }

    fn by_dnsmasq(&self) -> String {
        match self.only_a_nul() {
            true => format!("{}\\0", shown(&self.kea)),
            false => "the same".to_owned(),
        }
    }
}

fn ask(servers: &Servers, site: &Site, role: &Role) -> Vec<Answers> {
    let by_kea = told(emulate(servers, site, &words(role)));
    let mut by_dnsmasq = told(at_dnsmasq(servers, site, role));
    assert!(!by_kea.is_empty(), "{} at {}: told nothing", role.vendor, site.name);
    let answers = by_kea.into_iter().map(|(code, kea)| {
        let dnsmasq = by_dnsmasq.remove(&code).unwrap_or_else(|| {
            panic!("{} at {}: dnsmasq does not tell option {code}", role.vendor, site.name)
        });
        Answers { code, kea, dnsmasq }
    });
    let answers = answers.collect();
    assert!(
        by_dnsmasq.is_empty(),
        "{} at {}: dnsmasq sends more: {by_dnsmasq:?}",
        role.vendor,
        site.name
    );
    answers
}

fn judge(site: &Site, role: &Role, answers: &Answers, compared: &mut Compared) {
    let Answers { code, kea, dnsmasq } = answers;
    match () {
        () if kea == dnsmasq => compared.alike += 1,
        () if answers.only_a_nul() => compared.by_nul += 1,
        () => panic!(
            "{} at {}, option {code}: Kea says {kea:02x?}, dnsmasq {dnsmasq:02x?}",
            role.vendor, site.name
        ),
    }
}

fn words(role: &Role) -> Vec<&str> {
    [&choice(role)[..], &["--dhcp-only", "--json"]].concat()
}

fn at_dnsmasq(servers: &Servers, site: &Site, role: &Role) -> std::process::Command {
    let port = servers.dnsmasq.port();
    let mut command = process::command(command_line());
    command.arg("emulate").args(["--server", &format!("127.0.0.1:{port}")]);
    command.args(["--relay", &format!("{}:{port}", relay(site))]).args(words(role));
    command
}

/// Code and bytes of the answer's options, without those of the lease.
fn told(mut command: std::process::Command) -> BTreeMap<u64, Vec<u8>> {
    let text = process::run_well(&mut command);
    let report: Value = serde_json::from_str(&text).expect("a report");
    let options = report["told"].as_array().expect("the options").iter();
    let read = |option: &Value| {
        let code = option["code"].as_u64().expect("a code");
        (code, crate::peers::packet::unhex(option["hex"].as_str().expect("hex digits")))
    };
    options.map(read).filter(|(code, _)| !LEASE.contains(code)).collect()
}

/// Text where it is text, else hex, not too long for a line.
fn shown(value: &[u8]) -> String {
    let text = !value.is_empty() && value.iter().all(|byte| matches!(byte, 0x20..=0x7e));
    match text {
        true => String::from_utf8_lossy(value).into_owned(),
        false if value.len() > 24 => {
            let head = crate::peers::packet::hex(&value[..24]);
            format!("0x{head}... ({} bytes)", value.len())
        }
        false => format!("0x{}", crate::peers::packet::hex(value)),
    }
}
