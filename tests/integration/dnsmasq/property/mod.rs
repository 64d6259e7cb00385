//! Random policies and random clients: what the core decides, what a real Kea sends and what a real
//! dnsmasq sends are the same, but for the NUL behind options 66 and 67.
//!
//! Policies and clients stay within what can be written for dnsmasq (docs/dnsmasq.md lists the limits).
//! With every third policy the clients boot, and the dhcp-script must agree with dnsmasq.
//! `OFFHOOK_SEED` and `OFFHOOK_CASES` make another or a longer run; a failure names its seed.

/// Random clients.
mod clients;
/// What the core decides of them.
pub mod decisions;
/// Random policies.
mod policies;
/// Kea and dnsmasq.
mod servers;

use crate::dnsmasq::catalogue::in_dnsmasqs_words;
use crate::dnsmasq::script;
use crate::peers::dnsmasq::Dnsmasq;
use crate::peers::kea::Kea;
use crate::peers::packet::{Answer, show_all};
use crate::peers::phone::Phone;
use decisions::{core, told};
use serde_json::Value;
use servers::{Relays, plain_dnsmasq, plain_kea, range_tags};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

/// Three networks, a relay in each; dnsmasq's ranges carry these tags.
const NETWORKS: [(u8, &str); 3] = [(1, "net1"), (3, "net3"), (4, "net4")];
const CLIENTS: usize = 600;
const CLIENTS_PER_POLICY: usize = 100;

/// A small generator (xorshift64*): the same seed, the same cases, on every machine.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end.max(1)
    }

    /// True in so many of a hundred throws.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    pub fn one_of<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// A client, where it is, and what it asks.
pub struct Case {
    pub phone: Phone,
    pub network: u8,
    pub inform: bool,
    /// Its client class, as both servers find it out.
    pub vpn: bool,
}

pub fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What a policy came to: how many cases were compared, and what differed.
struct Outcome {
    compared: usize,
    wrong: Vec<String>,
}

struct Lab {
    cases: Vec<Case>,
    kea: Vec<Option<Answer>>,
    dnsmasq: Vec<Option<Answer>>,
}

impl Lab {
    /// Every client's answers without offhook.
    fn new(cases: Vec<Case>) -> Lab {
        let all: Vec<&Case> = cases.iter().collect();
        let (server, other) = (plain_kea().start(), plain_dnsmasq().start());
        let kea = Relays::of_kea(&server).ask(&all);
        let dnsmasq = Relays::of_dnsmasq(&other).ask(&all);
        assert!(kea.iter().chain(&dnsmasq).all(Option::is_some), "every client is answered");
        Lab { cases, kea, dnsmasq }
    }

    fn run(&self, policy: &Value, chosen: &[usize], boot: bool) -> Option<Outcome> {
        let setup = plain_dnsmasq();
        let tags = range_tags(policy);
        let words: Vec<&str> = tags.iter().map(String::as_str).collect();
        let output = setup
            .try_render(&policy.to_string(), &[&words[..], &["--known-devices-only"]].concat());
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            // What neither takes (a value too long, a name where addresses must be) is not tried.
            let both =
                ["at most 255", "found both", "depends on the packet", "IPv4 addresses only"];
            assert!(both.iter().any(|text| said.contains(text)), "refused: {said}\n{policy}");
            return None;
        }
        let conf = format!("conf-file={}", setup.rendered().display());
        let server = setup.line(conf).with_script().start();
        let kea = plain_kea().offhook_file(&policy.to_string()).start();
        let cases: Vec<&Case> = chosen.iter().map(|at| &self.cases[*at]).collect();
        let mut outcome = self.compare(&kea, &server, &cases, chosen, policy);
        if boot {
            outcome.wrong.extend(drifts(&server, &cases, policy));
        }
        Some(outcome)
    }

    fn compare(
        &self,
        kea: &Kea,
        server: &Dnsmasq,
        cases: &[&Case],
        chosen: &[usize],
        policy: &Value,
    ) -> Outcome {
        let mut outcome = Outcome { compared: cases.len(), wrong: Vec::new() };
        let leased = |at: &usize| {
            let plain = self.kea[*at].as_ref().map(Answer::yiaddr);
            plain.filter(|address| !address.is_unspecified())
        };
        let leased: Vec<Option<Ipv4Addr>> = chosen.iter().map(leased).collect();
        let file = kea.setup.folder.join("policy.json");
        let decisions = core(&file, cases, &leased);
        let drops = |at: &usize| decisions[*at]["answer"] == "drop";
        let (dropped, answered): (Vec<usize>, Vec<usize>) = (0..cases.len()).partition(drops);
        let mut relays = [Relays::of_kea(kea), Relays::of_dnsmasq(server)];
        let pick = |which: &[usize]| which.iter().map(|at| cases[*at]).collect::<Vec<_>>();
        let answers = [0, 1].map(|which| relays[which].ask(&pick(&answered)));
        for (position, at) in answered.iter().enumerate() {
            let told = told(&decisions[*at]);
            for (name, answers, plain, told) in [
                ("Kea", &answers[0], &self.kea, told.clone()),
                (
                    "dnsmasq",
                    &answers[1],
                    &self.dnsmasq,
                    in_dnsmasqs_words(&cases[*at].phone, &told),
                ),
            ] {
                let (Some(with), Some(without)) = (&answers[position], &plain[chosen[*at]]) else {
                    outcome.wrong.push(format!("{name}: no answer for {}", show(cases[*at])));
                    continue;
                };
                let (found, lost) = with.beyond(without);
                let next: Option<Ipv4Addr> =
                    decisions[*at]["header"]["next-server"].as_str().and_then(|a| a.parse().ok());
                let siaddr = next.unwrap_or(without.siaddr());
                if found != told || !lost.is_empty() || with.siaddr() != siaddr {
                    outcome.wrong.push(format!(
                        "{name}, {}\n  decided  {} (site {}, {})\n  expected {}, siaddr {siaddr}\n  \
                         found    {}, siaddr {}, lost {lost:?}",
                        show(cases[*at]),
                        decisions[*at]["vendor"],
                        decisions[*at]["site"],
                        decisions[*at]["evidence"],
                        show_all(&told),
                        show_all(&found),
                        with.siaddr(),
                    ));
                }
            }
        }
        for (which, name) in ["Kea", "dnsmasq"].into_iter().enumerate() {
            relays[which].wait_at_most(Duration::from_millis(200));
            // One of each kind is enough: every silence takes its time.
            for (at, answer) in dropped.iter().zip(relays[which].ask(&pick(&dropped))) {
                if answer.is_some() {
                    outcome.wrong.push(format!("{name}: answered {}", show(cases[*at])));
                }
            }
        }
        if !outcome.wrong.is_empty() {
            outcome.wrong.push(format!("under {policy}"));
        }
        outcome
    }
}

/// Lets every client boot; what the dhcp-script has to complain of.
fn drifts(server: &Dnsmasq, cases: &[&Case], policy: &Value) -> Vec<String> {
    if policy["answer"] == "phones" {
        return Vec::new();
    }
    let mut seen = std::collections::BTreeSet::new();
    let cases: Vec<&Case> =
        cases.iter().copied().filter(|case| seen.insert(case.phone.mac)).collect();
    let relays = Relays::of_dnsmasq(server);
    for case in &cases {
        let relay = relays.0.iter().find(|(net, _)| *net == case.network);
        relay.expect("a relay").1.boot(&case.phone);
    }
    // The last event is through when the last client's turn has come; it is a phone by its address.
    let last = Phone::new("00:15:65:ff:ff:fe");
    relays.0[0].1.boot(&last);
    script::wait_for_record(&server.setup.state(), &last);
    let mut wrong = Vec::new();
    let records = script::records(&server.setup.state());
    assert!(records.len() > 20, "expected records of most phones, found {}", records.len());
    for record in records {
        if !record["drift"].is_null() {
            let case = cases.iter().find(|case| record["mac"] == case.phone.mac_text().as_str());
            wrong.push(format!(
                "a drift: {record}\n  of {}",
                case.map(|c| show(c)).unwrap_or_default()
            ));
        }
    }
    if !wrong.is_empty() {
        wrong.push(format!("under {policy}"));
    }
    wrong
}

fn show(case: &Case) -> String {
    let kind = if case.inform { "INFORM" } else { "DISCOVER" };
    let (mac, options) = (case.phone.mac_text(), show_all(&case.phone.options));
    format!("{kind} of {mac} in 127.{}.0.0/16 with {options}", case.network)
}

#[test]
fn random_policies_and_clients_core_kea_dnsmasq() {
    let seed = number("OFFHOOK_SEED", 20_261_121);
    let wanted = number("OFFHOOK_CASES", 6_000) as usize;
    let mut dice = Dice::new(seed);
    let lab = Lab::new(clients::some(CLIENTS, &mut dice));
    let mut compared = 0;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for round in 0.. {
        if compared >= wanted {
            break;
        }
        assert!(round < wanted / 10, "too many policies are refused");
        let chosen: Vec<usize> = (0..CLIENTS_PER_POLICY).map(|_| dice.below(CLIENTS)).collect();
        let macs: Vec<String> = chosen.iter().map(|at| lab.cases[*at].phone.mac_text()).collect();
        let policy = policies::one(&mut dice, &macs);
        let Some(outcome) = lab.run(&policy, &chosen, round % 3 == 0) else {
            *kinds.entry("refused").or_default() += 1;
            continue;
        };
        assert!(
            outcome.wrong.is_empty(),
            "seed {seed}, policy {round}: {} of {} differ\n{}",
            outcome.wrong.len() - 1,
            outcome.compared,
            outcome.wrong.join("\n")
        );
        compared += outcome.compared;
        let keys = ["sites", "devices", "vendors", "voice-vlan", "send", "answer", "options"];
        for key in keys.into_iter().chain(["unlisted-phones"]) {
            if !policy[key].is_null() {
                *kinds.entry(key).or_default() += 1;
            }
        }
    }
    println!("{compared} cases, seed {seed}; policies with {kinds:?}");
}
