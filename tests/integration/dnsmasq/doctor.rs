//! The doctor and a real dnsmasq look at the same lines, as OpenWrt, OPNsense, Pi-hole and
//! dnsmasq.conf.example write them, beside a rendering: the doctor has a problem exactly where a phone
//! of the catalogue gets something else on the wire than the rendering says.
//!
//! `OFFHOOK_SEED` and `OFFHOOK_CASES` make another or a longer run; a failure names its seed.

use super::property::{Dice, number};
use crate::catalogue::vendors;
use crate::peers::dnsmasq::{Dnsmasq, Setup};
use crate::peers::packet::{Answer, DISCOVER, show};
use crate::peers::phone::Phone;
use crate::peers::process;
use crate::peers::product::companion;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

const RELAYS: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 1, 2, 3), Ipv4Addr::new(127, 3, 2, 3)];
const RANGES: [&str; 2] = [
    "set:lan,127.1.10.1,127.1.250.250,255.255.0.0,1h",
    "set:guest,127.3.10.1,127.3.250.250,255.255.0.0,1h",
];

const POLICIES: [(&str, &[&str]); 3] = [
    (
        r#"{ "systems": [{ "system": "url", "url": "http://p.example.com/phones/" }],
             "time-servers": ["192.0.2.1"],
             "vendors": { "yealink": { "options": [{ "code": 43, "text": "http://p.example.com/43" }] },
                          "snom": { "options": [{ "code": 3, "remove": true }] } } }"#,
        &[],
    ),
    (
        r#"{ "systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }],
             "voice-vlan": { "id": 7 }, "next-server": "10.0.0.5" }"#,
        &[],
    ),
    (
        r#"{ "send": "requested",
             "systems": [{ "system": "url", "url": "http://p.example.com/phones/" }],
             "sites": [{ "name": "guests", "match": { "networks": ["127.3.0.0/16"] },
                         "options": [{ "code": 66, "text": "http://guests/" },
                                     { "code": 43, "hex": "0104c0000201" }] }],
             "devices": [{ "mac": "00:15:65:aa:bb:cc", "options": [{ "code": 66, "text": "http://lab/" }] }] }"#,
        &["--range-tag", "guests=guest"],
    ),
];

/// Phones of every maker, each once.
fn phones() -> Vec<Phone> {
    let (examples, _) = vendors();
    let mut seen = BTreeSet::new();
    let mut phones: Vec<Phone> = Vec::new();
    let device = Phone::new("00:15:65:aa:bb:cc").class("yealink");
    for phone in examples.into_values().flatten().map(|example| example.phone).chain([device]) {
        if seen.insert((phone.mac, format!("{:?}", phone.options))) {
            phones.push(phone);
        }
    }
    phones
}

/// Every client's answers in both networks.
fn answers(server: &Dnsmasq, phones: &[Phone]) -> Vec<Answer> {
    let mut answers = Vec::new();
    for address in RELAYS {
        let mut relay = server.relay_at(address);
        relay.repeats = true;
        let questions: Vec<_> = phones
            .iter()
            .map(|phone| {
                // Room for everything: what a small answer must leave out is not a line's fault.
                let mut phone = phone.clone();
                phone.options.retain(|(code, _)| *code != 57);
                relay.question(&phone.option(57, [5, 120]), DISCOVER)
            })
            .collect();
        answers.extend(relay.ask_all(&questions).into_iter().map(|a| a.expect("an answer")));
    }
    answers
}

struct Lab {
    policy: &'static str,
    words: &'static [&'static str],
    plain: Vec<Answer>,
    rendered: Vec<Answer>,
}

/// Lines before the rendering and behind it; those that are judged, and those that set tags.
struct Lines {
    before: Vec<String>,
    behind: Vec<String>,
}

impl Lab {
    fn new(phones: &[Phone], policy: &'static str, words: &'static [&'static str]) -> Lab {
        let plain = Setup::new().ranges(&RANGES).start();
        let rendered = Setup::new().ranges(&RANGES).offhook_with(policy, words).start();
        Lab { policy, words, plain: answers(&plain, phones), rendered: answers(&rendered, phones) }
    }

    /// Whether the lines change what phones get, or what differs between doctor and wire.
    fn judge(&self, phones: &[Phone], lines: &Lines) -> Result<bool, String> {
        let mut setup = Setup::new().ranges(&RANGES);
        setup.lines.extend(lines.before.iter().cloned());
        let mut setup = setup.offhook_with(self.policy, self.words);
        setup.lines.extend(lines.behind.iter().cloned());
        let server = setup.start();
        let found = answers(&server, phones);
        let mut wire = BTreeMap::new();
        for (at, (answer, rendered)) in found.iter().zip(&self.rendered).enumerate() {
            if let Some(text) = different(answer, rendered, &self.plain[at]) {
                let phone = &phones[at % phones.len()];
                wire.insert(format!("{} {:?}", phone.mac_text(), phone.options), text);
            }
        }
        let doctor = problems(&server);
        if wire.is_empty() == doctor.is_empty() {
            return Ok(!wire.is_empty());
        }
        Err({
            let some: Vec<_> =
                wire.iter().take(3).map(|(who, what)| format!("{who}: {what}")).collect();
            format!(
                "doctor: {doctor:?}\n  wire: {} phones get something else: {}\n  lines {:?} before, {:?} \
                 behind {}",
                wire.len(),
                some.join("; "),
                lines.before,
                lines.behind,
                self.policy
            )
        })
    }
}

/// Whether something that the rendering sends to this phone has changed.
fn different(answer: &Answer, rendered: &Answer, plain: &Answer) -> Option<String> {
    let (ours, removed) = rendered.beyond(plain);
    let codes = ours.iter().map(|(code, _)| *code).chain(removed);
    let changed = codes.clone().find(|code| answer.option(*code) != rendered.option(*code));
    if let Some(code) = changed {
        let value = |answer: &Answer| answer.option(code).map(show);
        return Some(format!("option {code} {:?}, not {:?}", value(answer), value(rendered)));
    }
    let ours_leads = rendered.siaddr() != plain.siaddr();
    if ours_leads && answer.siaddr() != rendered.siaddr() {
        return Some(format!("siaddr {}, not {}", answer.siaddr(), rendered.siaddr()));
    }
    // A dhcp-boot line beside the URL, in options or in the header's fields.
    let boots = ours_leads || codes.clone().any(|code| matches!(code, 66 | 67));
    let option = |code| answer.option(code).unwrap_or_default();
    let texts = [answer.file(), answer.sname(), option(66), option(67)];
    let from_boot = |text: &&[u8]| text.starts_with(b"pxelinux") || text.starts_with(b"boothost");
    (boots && texts.iter().any(from_boot)).then(|| "dhcp-boot beside it".to_owned())
}

/// The doctor's problems with the lines, not with how this test runs dnsmasq.
fn problems(server: &Dnsmasq) -> Vec<String> {
    let conf = server.setup.folder.join("dnsmasq.conf");
    let output =
        process::run(process::command(companion()).args(["doctor", "--json", "--conf"]).arg(&conf));
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let place = format!("{}:", conf.display());
    let here = |finding: &&Value| {
        finding["weight"] == "problem"
            && finding["place"].as_str().is_some_and(|found| found.starts_with(&place))
    };
    findings.iter().filter(here).map(|finding| finding["text"].to_string()).collect()
}

/// Lines that give phones tags.
fn setters(dice: &mut Dice, phones: &[Phone]) -> Vec<String> {
    let set = |dice: &mut Dice, tag: &str| match dice.percent(50) {
        true => format!("set:{tag}"),
        false => tag.to_owned(),
    };
    let mut lines = Vec::new();
    let phone = dice.one_of(phones).clone();
    let [a, b, c, ..] = phone.mac;
    let class = |phone: &Phone| {
        let class = phone.options.iter().find(|(code, _)| *code == 60);
        let text = class.and_then(|(_, text)| String::from_utf8(text.clone()).ok());
        text.filter(|text| {
            text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'.')
        })
    };
    if dice.percent(70) {
        let tag = set(dice, "red");
        lines.push(match dice.below(3) {
            0 => format!("dhcp-mac={tag},{a:02x}:{b:02x}:{c:02x}:*:*:*"),
            1 => format!("dhcp-mac={tag},{}", phone.mac_text()),
            _ => format!("dhcp-host={},set:red", phone.mac_text()),
        });
    }
    if dice.percent(60) {
        let text = class(dice.one_of(phones)).unwrap_or_else(|| "MSFT".to_owned());
        let piece = text.get(dice.below(3)..).unwrap_or(&text).to_owned();
        let piece = dice.one_of(&[piece, text, "PXEClient".to_owned(), "ubnt".to_owned()]).clone();
        let tag = set(dice, "blue");
        lines.push(match dice.below(3) {
            0 => format!("dhcp-match={tag},60,\"{piece}\""),
            1 => format!("dhcp-match={tag},option:vendor-class,{piece}x"),
            _ => format!("dhcp-vendorclass={tag},{piece}"),
        });
    }
    if dice.percent(40) {
        let tag = set(dice, "green");
        lines.push(match dice.below(5) {
            0 => format!("dhcp-match={tag},option:client-arch,7"),
            1 => format!("dhcp-match={tag},60"),
            2 => format!("dhcp-match={tag},55,66b"),
            3 => format!("dhcp-userclass={tag},iPXE"),
            _ => format!("dhcp-match={tag},60,79:*:61"),
        });
    }
    if dice.percent(30) {
        let condition = dice.one_of(&["tag:red", "tag:blue,tag:!red", "tag:gr*", "tag:!oh_phone"]);
        lines.push(format!("tag-if=set:mixed,{condition}"));
    }
    lines
}

/// A line that sends something.
fn sender(dice: &mut Dice) -> String {
    let tags = [
        "lan",
        "guest",
        "red",
        "blue",
        "green",
        "mixed",
        "nobody",
        "lo",
        "!red",
        "!lan",
        "#guest",
        "!oh_phone",
        "!oh-snom",
        "oh-yealink",
        "oh_phone",
        "known",
    ];
    let mut line = String::new();
    let count = [0, 0, 1, 1, 1, 2][dice.below(6)];
    for _ in 0..count {
        let prefix = ["tag:", "tag:", "net:", ""][dice.below(4)];
        line.push_str(&format!("{prefix}{},", dice.one_of(&tags)));
    }
    let force = if dice.percent(30) { "-force" } else { "" };
    let number = dice.below(200);
    let text = match dice.below(9) {
        0 => format!("option:tftp-server,http://user/{number}"),
        1 => format!("66,\"http://user/{number}, x\""),
        2 => {
            format!("{},http://user/{number}", dice.one_of(&["67", "160", "option:bootfile-name"]))
        }
        3 => format!("{},192.0.2.{number}", dice.one_of(&["3", "6", "42", "150", "option:router"])),
        4 => format!("43,01:04:0a:00:00:{number:02x}"),
        5 => {
            let vendor = ["", "PXEClient", "ubnt", "MSFT", "yealink", "Polycom", "snom", "Cisco"];
            format!("vendor:{},{},192.0.2.{number}", dice.one_of(&vendor), 1 + dice.below(3))
        }
        6 => format!(
            "encap:{},{},text{number}",
            dice.one_of(&["43", "66", "160", "175"]),
            1 + dice.below(9)
        ),
        7 => format!("vi-encap:3561,11,text{number}"),
        _ => {
            // Here a tag needs its prefix.
            let tags: String = line
                .split_terminator(',')
                .map(|tag| {
                    format!("tag:{},", tag.trim_start_matches("tag:").trim_start_matches("net:"))
                })
                .collect();
            let name = dice.one_of(&["", ",boothost", ",boothost,192.0.2.9", ",,192.0.2.9"]);
            return format!("dhcp-boot={tags}pxelinux.{number}{name}");
        }
    };
    format!("dhcp-option{force}={line}{text}")
}

#[test]
fn the_doctor_has_a_problem_exactly_where_a_phone_gets_something_else() {
    let seed = number("OFFHOOK_SEED", 20_261_128);
    let wanted = number("OFFHOOK_CASES", 40);
    let mut dice = Dice::new(seed);
    let phones = phones();
    let labs: Vec<Lab> =
        POLICIES.iter().map(|(policy, words)| Lab::new(&phones, policy, words)).collect();
    let (mut wrong, mut changed) = (Vec::new(), 0);
    for case in 0..wanted {
        let mut lines = Lines { before: setters(&mut dice, &phones), behind: Vec::new() };
        for _ in 0..1 + dice.below(2) {
            let line = sender(&mut dice);
            if dice.percent(30) { &mut lines.before } else { &mut lines.behind }.push(line);
        }
        match dice.one_of(&labs).judge(&phones, &lines) {
            Ok(true) => changed += 1,
            Ok(false) => {}
            Err(text) => wrong.push(format!("case {case}: {text}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "seed {seed}: {} of {wanted} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{wanted} cases, {changed} of them with a problem, seed {seed}");
    assert!(
        (wanted / 5..wanted).contains(&changed),
        "expected both kinds, found {changed} problems"
    );
}
