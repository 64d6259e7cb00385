//! Commands run on Kea's thread that receives packets: however much is asked, and however much hostile
//! clients have sent, no client waits long.

use crate::peers::control;
use crate::peers::kea::{Kea, Setup};
use crate::peers::packet::{DISCOVER, INFORM, Question};
use crate::peers::phone::{Phone, Relay};
use crate::peers::process::{first_thread_time, thorough};
use crate::peers::socket::bind;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const POLICY: &str =
    r#"{ "systems": [{ "system": "files", "url": "https://p.example/{{vendor}}/{{mac}}/" }] }"#;

/// More clients than the table holds by its bytes.
const HOSTILE: u32 = 100_000;

/// DHCPINFORMs of phones that send all they can; no lease is made for them.
fn flood(kea: &Kea) {
    let socket = bind(Ipv4Addr::new(127, 1, 9, 9), 0);
    let server = (Ipv4Addr::LOCALHOST, kea.port());
    for number in 0..HOSTILE {
        let [_, a, b, c] = number.to_be_bytes();
        let mut options = vec![(53, vec![INFORM])];
        for code in [60, 12, 77, 55, 124, 125] {
            let mut value = if code == 60 { b"yealink".to_vec() } else { Vec::new() };
            value.extend(number.to_string().bytes());
            value.resize(200, code);
            options.push((code, value));
        }
        // One whole block, for options 124 and 125: Kea drops a packet with a malformed one.
        for (code, value) in &mut options {
            if matches!(code, 124 | 125) {
                value.splice(..5, [0, 0, 1, *code, 195]);
            }
        }
        let question = Question {
            xid: number,
            flags: 0,
            ciaddr: Ipv4Addr::new(127, 1, 9, 9),
            giaddr: Ipv4Addr::UNSPECIFIED,
            mac: [0, 0x15, 0x65, a, b, c],
            options,
            tail: None,
        };
        socket.send_to(&question.write(), server).expect("the packet is sent");
        if number % 64 == 63 {
            // As fast as Kea takes them: what its socket cannot hold would be lost.
            std::thread::sleep(Duration::from_millis(8));
        }
    }
}

/// A client that asks every 10 ms while `work` is done: its longest wait.
fn beside(kea: &Kea, work: impl FnOnce()) -> Duration {
    let (done, relay) = (AtomicBool::new(false), Relay::of(kea));
    let mut longest = Duration::ZERO;
    std::thread::scope(|scope| {
        let done = &done;
        let client = scope.spawn(move || {
            let mut longest = Duration::ZERO;
            while !done.load(Ordering::Relaxed) {
                let asked = Instant::now();
                let question = relay.question(&Phone::stranger(7), DISCOVER);
                relay.ask(&question).expect("an offer while commands run");
                longest = longest.max(asked.elapsed());
                std::thread::sleep(Duration::from_millis(10));
            }
            longest
        });
        // The client is under way.
        std::thread::sleep(Duration::from_millis(100));
        work();
        done.store(true, Ordering::Relaxed);
        longest = client.join().expect("the client ends");
    });
    longest
}

/// A command, and its arguments by the number of the connection that asks.
type Command = (&'static str, &'static str, fn(usize) -> Value);

/// A policy that no command has named before.
fn policy(number: usize) -> Value {
    let url = format!("https://other-{number}.example/{{{{mac}}}}/");
    json!({ "policy": { "systems": [{ "system": "files", "url": url }] } })
}

const ONE: &str = "00:15:65:00:00:01";

/// Kea's own command of like size: its configuration is as large as ten of the answers that are measured.
const KEAS_OWN: Command = ("Kea's own", "config-get", |_| json!({}));

const COMMANDS: [Command; 14] = [
    ("a long list", "phone-list", |_| json!({ "limit": 10_000 })),
    ("a long list as rows", "phone-list", |_| json!({ "limit": 10_000, "brief": true })),
    ("a list of nothing", "phone-list", |_| json!({ "site": "nowhere" })),
    ("a policy tried", "phone-policy-test", |number| {
        let mut arguments = policy(number);
        arguments["limit"] = json!(1000);
        arguments
    }),
    ("the file tried", "phone-policy-test", |_| json!({})),
    ("one phone", "phone-get", |_| json!({ "hw-address": ONE })),
    ("one explained", "phone-explain", |_| json!({ "hw-address": ONE })),
    ("the policy", "phone-policy-get", |_| json!({})),
    ("a policy set", "phone-policy-set", policy),
    ("the file read again", "phone-policy-reload", |_| json!({})),
    ("the state", "phone-status-get", |_| json!({})),
    ("all makers", "phone-vendor-list", |_| json!({})),
    ("one maker", "phone-vendor-get", |_| json!({ "vendor": "yealink" })),
    ("one that may move", "phone-allow-move", |_| json!({ "hw-address": ONE })),
];

/// A command without a row above would not be measured.
#[test]
fn every_command_is_measured() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("kea-hook/api");
    for entry in std::fs::read_dir(folder).expect("the descriptions") {
        let name =
            entry.expect("one").path().file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(COMMANDS.iter().any(|(_, command, _)| *command == name), "{name} is not measured");
    }
}

/// What a command costs.
struct Cost {
    /// The longest wait of a client that asks every 10 ms meanwhile.
    wait: Duration,
    /// What the processor did for the thread that runs commands and receives packets. Other work on the
    /// machine does not make it longer.
    work: Duration,
}

fn cost(kea: &Kea, (_, name, arguments): Command, connections: usize) -> Cost {
    let socket = kea.socket();
    let mut work = Duration::ZERO;
    let wait = beside(kea, || {
        let before = first_thread_time(kea.id());
        std::thread::scope(|scope| {
            for number in 0..connections {
                let socket = &socket;
                scope.spawn(move || control::command(socket, name, Some(arguments(number))));
            }
        });
        work = first_thread_time(kea.id()) - before;
    });
    Cost { wait, work }
}

/// The waits are judged on a quiet machine and with an optimised hook only (`make stall`); what hostile phones
/// make commands do is judged always.
#[test]
fn no_client_waits_long_while_100_000_hostile_phones_are_known() {
    let strict = std::env::var_os("OFFHOOK_STALL").is_some();
    // What they may add to a command, or to ten at once; unoptimised code is slower.
    let most = Duration::from_millis(if strict { 250 } else { 500 });
    let kea = Setup::new()
        .offhook_file(POLICY)
        .edit(|dhcp4| {
            let quiet = |name: &str| json!({ "name": name, "severity": "WARN" });
            let loggers = dhcp4["loggers"].as_array_mut().expect("a list");
            loggers.extend(["kea-dhcp4.offhook-hooks", "kea-dhcp4.leases"].map(quiet));
        })
        .edit(|dhcp4| dhcp4["multi-threading"]["packet-queue-size"] = json!(4096))
        .edit(|dhcp4| dhcp4["user-context"] = json!({ "of-like-size": "x".repeat(19 << 10) }))
        .start();
    let costs = |connections| COMMANDS.map(|command| cost(&kea, command, connections));
    let without = [costs(1), costs(10)];
    flood(&kea);
    let status = kea.command("phone-status-get", json!({})).ok();
    let known = status["phones"]["remembered"].as_u64().unwrap_or_default();
    assert!(known > 10_000, "expected a full table, found {}", status["phones"]);
    assert!(status["phones"]["bytes"].as_u64() <= status["phones"]["most-bytes"].as_u64());
    println!("{}", status["phones"]);
    let resident = kea.footprint().resident_kib;
    println!("resident {resident} KiB");

    for (connections, without) in [1, 10].into_iter().zip(without) {
        let own = cost(&kea, KEAS_OWN, connections);
        println!("{connections} at once: Kea's own: wait {:?}, work {:?}", own.wait, own.work);
        for (command, without) in COMMANDS.into_iter().zip(without) {
            let Cost { wait, work } = cost(&kea, command, connections);
            let (what, before) = (command.0, without.work);
            let text = format!(
                "{connections} at once: {what}: wait {wait:?}, work {work:?}; without hostile phones {before:?}"
            );
            println!("{text}");
            // A busy machine shares its caches too: the same work may take half as long again.
            let before = if strict { before } else { 2 * before };
            assert!(work < before + most, "{text}");
            assert!(!strict || wait < most + own.wait, "{text}; Kea's own {:?}", own.wait);
        }
    }
}

#[test]
fn a_policy_file_that_is_no_file_is_a_mistake_and_kea_goes_on() {
    let kea = Setup::new().offhook_file(POLICY).start();
    let (relay, policy) = (Relay::of(&kea), kea.setup.folder.join("policy.json"));
    let phone = Phone::new("00:15:65:01:02:03").class("yealink");
    let before = relay.discover(&phone).option(66).map(<[u8]>::to_vec);
    assert!(before.is_some());
    let refused = |what: &str, expected: &str| {
        let asked = Instant::now();
        let text = kea.command("phone-policy-reload", None).refused();
        assert!(text.contains(expected), "{what}: {text}");
        assert!(asked.elapsed() < Duration::from_secs(5), "{what}: {:?}", asked.elapsed());
        let after = relay.discover(&phone).option(66).map(<[u8]>::to_vec);
        assert_eq!(after, before, "{what}: what was in force stays in force");
        std::fs::remove_file(&policy).expect("it is removed");
    };
    std::fs::remove_file(&policy).expect("the policy is removed");
    crate::peers::process::run_well(crate::peers::process::command("mkfifo").arg(&policy));
    refused("a pipe", "expected a file, found a pipe");
    std::os::unix::fs::symlink("/dev/zero", &policy).expect("a link");
    refused("a device", "expected a file, found a device");
    let large = std::fs::File::create(&policy).expect("a file");
    large.set_len(800 << 20).expect("a long file");
    refused("a long file", "is too large: expected at most 64 MiB");
    kea.setup
        .folder
        .write("policy.json", format!("{{ \"vars\": {{ \"a\": \"{}\" }} }}", "x".repeat(5 << 20)));
    refused("a long text", "vars.a: expected at most 8192 bytes");
}

/// A policy nearly as long as one may be, or a part of it.
fn longest_policy(part: u32) -> String {
    let devices: Vec<String> = (0..249_000_u32 / part)
        .map(|number| {
            let [_, a, b, c] = number.to_be_bytes();
            let path = "x".repeat(145);
            format!(
                r#"{{"mac":"00:15:65:{a:02x}:{b:02x}:{c:02x}","vendor":"yealink","options":[{{"code":66,"text":"http://p{number}.example/{path}/"}}]}}"#
            )
        })
        .collect();
    format!(r#"{{ "devices": [{}] }}"#, devices.join(",\n"))
}

/// As many sites as a policy may have, or a part of them, each with a URL of its own for every maker.
fn policy_of_most_sites(part: u32) -> String {
    let sites: Vec<Value> = (0..2000 / part)
        .map(|number| {
            let network = format!("10.{}.{}.0/24", number / 256, number % 256);
            let url = format!("https://s{number}.example/{{{{mac}}}}/");
            json!({
                "name": format!("s{number}"),
                "match": { "networks": [network] },
                "systems": [{ "system": "files", "url": url }],
            })
        })
        .collect();
    json!({ "systems": [{ "system": "url", "url": "https://p.example/" }], "sites": sites })
        .to_string()
}

/// The command's answer once it is not "repeat the command", and how often that was said.
fn repeated(kea: &Kea, name: &str) -> (control::Reply, u32) {
    let until = Instant::now() + Duration::from_secs(300);
    for times in 0.. {
        let reply = kea.command(name, json!({}));
        if reply.result == 0 || !reply.text.contains("Repeat the command") {
            return (reply, times);
        }
        assert!(Instant::now() < until, "{}", reply.text);
        std::thread::sleep(Duration::from_millis(100));
    }
    unreachable!("it ends before");
}

/// The policies that take longest are compiled while clients are answered: by one command, by ten at once, and
/// the result comes in the end.
#[test]
fn no_client_waits_for_the_largest_policies() {
    let strict = std::env::var_os("OFFHOOK_STALL").is_some();
    let kea = Setup::new().offhook_file(POLICY).start();
    let (relay, policy) = (Relay::of(&kea), kea.setup.folder.join("policy.json"));
    // Unoptimised code needs ten times as long, and no wait is judged then.
    let part = match strict {
        true => 1,
        false if thorough() => 10,
        false => 40,
    };
    for (what, text) in [("many sites", policy_of_most_sites(part)), ("long", longest_policy(part))]
    {
        let bytes = text.len();
        std::fs::write(&policy, text).expect("the policy is written");
        for (name, connections) in
            [("phone-policy-test", 1), ("phone-policy-test", 10), ("phone-policy-reload", 10)]
        {
            let Cost { wait, work } = cost(&kea, (what, name, |_| json!({})), connections);
            let text = format!(
                "{what}, {bytes} bytes: {name} {connections} at once: wait {wait:?}, work {work:?}"
            );
            println!("{text}");
            assert!(!strict || wait < Duration::from_millis(250), "{text}");
        }
        let (reply, times) = repeated(&kea, "phone-policy-reload");
        assert_eq!(reply.result, 0, "{what}: {}", reply.text);
        println!("{what}: in force after {times} repetitions");
        let phone = Phone::new("00:15:65:00:00:07").class("yealink");
        assert!(relay.discover(&phone).option(66).is_some(), "{what}");
    }
}
