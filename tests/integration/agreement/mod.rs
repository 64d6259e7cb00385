//! Random policies before random clients: `offhook explain`, a real Kea and a real dnsmasq say the
//! same, but for the NUL that dnsmasq puts behind options 66 and 67.
//!
//! The chances come from a seed, so a failure comes again: `OFFHOOK_SEED` and `OFFHOOK_POLICIES` ask
//! for other cases and for more of them.

/// Clients put together from the catalogue's examples.
mod clients;
/// Policies made of everything that dnsmasq can say.
mod policies;

use crate::dnsmasq::catalogue::in_dnsmasqs_words;
use crate::peers::dnsmasq::{Dnsmasq, Setup as DnsmasqSetup};
use crate::peers::kea::{Kea, Setup};
use crate::peers::packet::{Answer, INFORM, Question, show_all, unhex};
use crate::peers::phone::Relay;
use crate::peers::process;
use crate::peers::product::command_line;
use clients::{Client, Parts};
use policies::NETWORK_SITE;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Duration;

const POLICIES: usize = 42;
const CLIENTS: usize = 60;
/// Where clients are: the second network is a site's, by chance.
const RELAYS: [Ipv4Addr; 2] = [Ipv4Addr::new(127, 1, 2, 3), Ipv4Addr::new(127, 3, 0, 1)];

/// What comes by chance.
pub struct Chance(TestRng);

impl Chance {
    fn new(seed: u64) -> Chance {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Chance(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    pub fn number(&mut self) -> u32 {
        self.0.next_u32()
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.number() as usize % end
    }

    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// The options that an answer must have beyond the server's own.
type Told = Vec<(u8, Vec<u8>)>;

/// What `offhook explain` says of each question; None: no answer at all.
fn explained(policy: &str, asked: &[(Question, Ipv4Addr)]) -> Vec<Option<Told>> {
    let folder = crate::peers::folder::Folder::new();
    let lines: Vec<String> = asked
        .iter()
        .map(|(question, leased)| {
            let mut line = json!({ "packet": crate::peers::packet::hex(&question.write()),
                                   "interface": "lo" });
            if !leased.is_unspecified() {
                line["ip"] = json!(leased);
            }
            line.to_string()
        })
        .collect();
    let mut command = process::command(command_line());
    command.arg("explain").arg("--policy").arg(folder.write("policy.json", policy));
    command.arg("--batch").arg(folder.write("questions", lines.join("\n")));
    let text = process::run_well(&mut command);
    let answers: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers.len(), asked.len());
    let option = |option: &Value| {
        assert_eq!(option["action"], "set", "these policies take nothing out");
        let code = option["code"].as_u64().and_then(|code| u8::try_from(code).ok());
        (code.expect("a code"), unhex(option["hex"].as_str().expect("a value")))
    };
    let told = |answer: &Value| {
        let options = answer["options"].as_array().expect("a list");
        (answer["answer"] == "continue").then(|| options.iter().map(option).collect())
    };
    answers.iter().map(told).collect()
}

fn question(relay: &Relay, client: &Client) -> Question {
    let mut question = relay.question(&client.phone, client.kind);
    if client.kind == INFORM {
        question.ciaddr = relay.address;
    }
    question
}

/// Asks as all clients, each through the relay where it is.
fn ask(relays: &[Relay; 2], clients: &[Client]) -> Vec<(Question, Option<Answer>)> {
    let mut asked: Vec<Option<(Question, Option<Answer>)>> = vec![None; clients.len()];
    for (place, relay) in relays.iter().enumerate() {
        let here: Vec<usize> =
            (0..clients.len()).filter(|at| clients[*at].place == place).collect();
        let questions: Vec<Question> =
            here.iter().map(|at| question(relay, &clients[*at])).collect();
        let answers = relay.ask_all(&questions);
        for ((at, question), answer) in here.into_iter().zip(questions).zip(answers) {
            asked[at] = Some((question, answer));
        }
    }
    asked.into_iter().map(|pair| pair.expect("every client is somewhere")).collect()
}

fn kea_relays(kea: &Kea) -> [Relay; 2] {
    RELAYS.map(|address| Relay::at(kea, address))
}

fn dnsmasq_relays(dnsmasq: &Dnsmasq) -> [Relay; 2] {
    RELAYS.map(|address| dnsmasq.relay_at(address))
}

fn two_networks() -> DnsmasqSetup {
    DnsmasqSetup::new().ranges(&[
        "127.1.10.1,127.1.250.250,255.255.0.0,1h",
        &format!("set:oh_at-{NETWORK_SITE},127.3.10.1,127.3.250.250,255.255.0.0,1h"),
    ])
}

fn kea() -> Setup {
    Setup::new().edit(|dhcp4| {
        let subnet = |net: u8| {
            let pool = format!("127.{net}.100.1 - 127.{net}.199.254");
            json!({ "id": net, "subnet": format!("127.{net}.0.0/16"), "pools": [{ "pool": pool }] })
        };
        dhcp4["subnet4"] = json!([subnet(1), subnet(3)]);
    })
}

/// How an answer differs from what it must be.
fn difference(
    told: &Option<Told>,
    with: &Option<Answer>,
    without: &Option<Answer>,
) -> Option<String> {
    let (told, with, without) = match (told, with, without) {
        (None, None, _) => return None,
        (None, Some(_), _) => return Some("an answer, where there must be none".to_owned()),
        (Some(_), _, None) => return Some("no answer even without offhook".to_owned()),
        (Some(_), None, _) => return Some("no answer".to_owned()),
        (Some(told), Some(with), Some(without)) => (told, with, without),
    };
    let (found, lost) = with.beyond(without);
    let same = found == *told && lost.is_empty();
    (!same).then(|| {
        format!("expected {}\n    found    {}, lost {lost:?}", show_all(told), show_all(&found))
    })
}

#[test]
fn the_core_kea_and_dnsmasq_agree() {
    let seed = number("OFFHOOK_SEED", 20_261_121) as u64;
    let wanted = number("OFFHOOK_POLICIES", POLICIES);
    let mut chance = Chance::new(seed);
    let parts = Parts::read();
    let with_kea = kea().offhook_with(json!({ "policy": {} })).start();
    let (plain_kea, plain_dnsmasq) = (kea().start(), two_networks().start());
    let (mut cases, mut refused, mut phones) = (0, 0, 0);
    let mut wrong = Vec::new();
    while cases < wanted * CLIENTS {
        assert!(refused < wanted, "expected most policies to be rendered, {refused} were refused");
        let clients: Vec<Client> = (0..CLIENTS).map(|_| parts.client(&mut chance)).collect();
        let policy = policies::policy(&mut chance, &parts, &clients);
        let text = policy.to_string();
        let setup = two_networks();
        let rendered = setup.try_render(&text, &[]);
        if !rendered.status.success() {
            // It may say that dnsmasq cannot; the tests of its traps look at that.
            refused += 1;
            continue;
        }
        with_kea.command("phone-policy-set", json!({ "policy": policy })).ok();
        let rendering = format!("conf-file={}", setup.rendered().display());
        let dnsmasq = setup.line(rendering).start();
        let mut relays = [kea_relays(&with_kea), dnsmasq_relays(&dnsmasq)];
        let quiet = policy["answer"] == "phones";
        let bare = [
            ask(&kea_relays(&plain_kea), &clients),
            ask(&dnsmasq_relays(&plain_dnsmasq), &clients),
        ];
        for (host, (relays, bare)) in relays.iter_mut().zip(&bare).enumerate() {
            // Silence is an answer here, and not worth the patience that a busy server deserves.
            let patience = relays[0].patience;
            if quiet {
                relays.iter_mut().for_each(|relay| relay.patience = Duration::from_millis(300));
            }
            let mut asked = ask(relays, &clients);
            let leased = |(question, answer): &(Question, Option<Answer>)| {
                let leased = answer.as_ref().map_or(Ipv4Addr::UNSPECIFIED, Answer::yiaddr);
                (question.clone(), leased)
            };
            let mut told = explained(&text, &asked.iter().map(leased).collect::<Vec<_>>());
            let late: Vec<usize> =
                (0..CLIENTS).filter(|at| asked[*at].1.is_none() && told[*at].is_some()).collect();
            relays.iter_mut().for_each(|relay| relay.patience = patience);
            for at in late {
                let relay = &relays[clients[at].place];
                asked[at].1 = relay.ask(&asked[at].0);
                told[at] = explained(&text, &[leased(&asked[at])]).remove(0);
            }
            for (at, told) in told.into_iter().enumerate() {
                phones += usize::from(told.as_ref().is_some_and(|told| !told.is_empty()));
                let told = match host {
                    0 => told,
                    _ => told.map(|told| in_dnsmasqs_words(&told)),
                };
                if let Some(how) = difference(&told, &asked[at].1, &bare[at].1) {
                    let server = ["Kea", "dnsmasq"][host];
                    let client = &clients[at];
                    wrong.push(format!("{server}, {client}:\n    {how}\n    under {text}"));
                }
            }
        }
        cases += CLIENTS;
    }
    println!("{cases} cases, {phones} answers with options of ours, {refused} policies refused");
    assert!(phones > cases / 2, "expected many phones among them, found {phones} of {cases}");
    let shown: Vec<&str> = wrong.iter().take(5).map(String::as_str).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} answers differ (OFFHOOK_SEED={seed})\n{}",
        wrong.len(),
        2 * cases,
        shown.join("\n")
    );
}
