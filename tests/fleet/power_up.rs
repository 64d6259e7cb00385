//! Two power-ups against one fresh server, and what they cost: phones that it has never seen, then the same ones again.

use std::path::Path;

use serde_json::{Value, json};

use crate::peers::kea::{Kea, Setup, guard};
use crate::peers::{by_hand, machine, process, product};

/// What is measured beside what.
pub const VARIANTS: [Variant; 7] = [
    Variant { name: NOTHING, library: Library::None },
    Variant { name: OFFHOOK, library: Library::Offhook(Options::Default) },
    Variant {
        name: "offhook, and a pool for its class PHONE",
        library: Library::Offhook(Options::Classes),
    },
    Variant { name: QUIET, library: Library::Offhook(Options::Quiet) },
    Variant { name: "a hook that adds two options to every answer", library: Library::Minimal },
    Variant { name: CLASSES, library: Library::Classes },
    Variant { name: FLEX_OPTION, library: Library::FlexOption },
];

/// Another build of the hook, beside which this one is measured: OFFHOOK_BEFORE names it.
const BEFORE: [Variant; 2] = [
    Variant {
        name: "the other build, everything at its default",
        library: Library::Before(Options::Default),
    },
    Variant {
        name: "the other build without notes in leases, its log at WARN",
        library: Library::Before(Options::Quiet),
    },
];

/// What this run measures.
pub fn variants() -> Vec<Variant> {
    match std::env::var_os("OFFHOOK_BEFORE") {
        None => VARIANTS.to_vec(),
        Some(_) => {
            let beside = |variant: &Variant| [NOTHING, OFFHOOK, QUIET].contains(&variant.name);
            let mut all: Vec<Variant> = VARIANTS.into_iter().filter(beside).collect();
            all.extend(BEFORE);
            all
        }
    }
}

pub const NOTHING: &str = "Kea alone, which tells phones nothing";
pub const OFFHOOK: &str = "offhook, everything at its default";
pub const QUIET: &str = "offhook without notes in leases, its log at WARN";
pub const CLASSES: &str = "twenty client classes";
pub const FLEX_OPTION: &str = "libdhcp_flex_option with the same tests";

#[derive(Clone)]
pub struct Variant {
    pub name: &'static str,
    library: Library,
}

#[derive(Clone, Copy)]
enum Library {
    None,
    /// kea-hook/bench/minimal_hook.cc: no hook that sends a phone anything can cost less.
    Minimal,
    Offhook(Options),
    Before(Options),
    Classes,
    FlexOption,
}

#[derive(Clone, Copy, PartialEq)]
enum Options {
    Default,
    /// The configuration names the classes that offhook gives phones, so that it must give them before Kea evaluates.
    Classes,
    Quiet,
}

/// Runs that are comparable with each other.
#[derive(Clone, Copy)]
pub struct Round {
    pub phones: u32,
    /// Phones that are switched on each second; none: as fast as they are answered.
    pub rate: Option<u32>,
}

impl Round {
    pub fn name(&self) -> String {
        let rate =
            self.rate.map_or("as fast as it goes".to_owned(), |rate| format!("{rate} a second"));
        format!("{} phones, {rate}", self.phones)
    }
}

fn setup(variant: &Variant) -> Setup {
    let setup = Setup::new().edit(|dhcp4| {
        if let Library::Offhook(Options::Quiet) | Library::Before(Options::Quiet) = variant.library
        {
            let mut logger = dhcp4["loggers"][0].clone();
            logger["name"] = json!("kea-dhcp4.offhook-hooks");
            logger["severity"] = json!("WARN");
            dhcp4["loggers"].as_array_mut().expect("loggers").push(logger);
        }
        dhcp4["subnet4"][0]["pools"] = json!([{ "pool": "127.1.64.0 - 127.1.255.254" }]);
    });
    match variant.library {
        Library::None => setup,
        Library::Minimal => {
            let minimal = std::env::var_os("OFFHOOK_MINIMAL")
                .expect("OFFHOOK_MINIMAL, as make bench sets it");
            setup.library(Path::new(&minimal), None)
        }
        Library::Offhook(options) | Library::Before(options) => {
            let policy = json!({ "systems": [{ "system": "url", "url": by_hand::URL }] });
            let file = setup.folder.write("policy.json", policy.to_string());
            let notes = options != Options::Quiet;
            let parameters = json!({ "policy-file": file, "annotate-leases": notes });
            let before = std::env::var_os("OFFHOOK_BEFORE")
                .filter(|_| matches!(variant.library, Library::Before(_)));
            let setup = match before {
                Some(before) => setup.library(Path::new(&before), Some(parameters)),
                None => setup.offhook_with(parameters),
            };
            match options {
                Options::Classes => setup.edit(|dhcp4| {
                    let (key, class) = guard("PHONE");
                    dhcp4["client-classes"] = json!([{ "name": "PHONE" }]);
                    dhcp4["subnet4"][0]["pools"][0][key] = class;
                }),
                _ => setup,
            }
        }
        Library::Classes => setup.edit(|dhcp4| dhcp4["client-classes"] = by_hand::classes()),
        Library::FlexOption => {
            setup.kea_library("libdhcp_flex_option.so", Some(by_hand::flex_option()))
        }
    }
}

/// Both power-ups; panics if a phone is lost, or is not sent what it must be sent.
pub fn run(round: &Round, variant: &Variant) -> [Value; 2] {
    let load = machine::load();
    let kea = setup(variant).start();
    ["never seen", "seen before"].map(|phones| {
        let mut summary = power_up(&kea, round, variant);
        for (key, value) in [
            ("round", json!(round.name())),
            ("variant", json!(variant.name)),
            ("phones-are", json!(phones)),
            ("load-before", json!(load)),
        ] {
            summary[key] = value;
        }
        summary
    })
}

fn power_up(kea: &Kea, round: &Round, variant: &Variant) -> Value {
    let before = process::processor_time(kea.id());
    let server = format!("127.0.0.1:{}", kea.port());
    let relay = format!("127.1.2.4:{}", kea.client_port());
    let mut command = process::command(product::command_line());
    command.args(["emulate", "--json", "--count", &round.phones.to_string()]);
    command.args(["--vendor", &by_hand::makers(), "--server", &server, "--relay", &relay]);
    command.args(["--timeout", "2", "--tries", "5"]);
    if let Some(rate) = round.rate {
        command.args(["--rate", &rate.to_string()]);
    }
    let text = process::run_well(&mut command);
    let mut summary: Value = serde_json::from_str(&text).expect("a summary");
    let used = process::processor_time(kea.id()) - before;
    assert_eq!(summary["lost"], 0, "expected none lost, found {summary:#}");
    assert_eq!(summary["booted"], round.phones, "expected all to boot, found {summary:#}");
    let understood = match variant.library {
        Library::None => Some(0),
        Library::Minimal => None,
        _ => Some(round.phones),
    };
    if let Some(understood) = understood {
        assert_eq!(summary["understood-url"], understood, "{}: {summary:#}", variant.name);
    }
    summary["kea-cpu-seconds"] = json!(used);
    // DISCOVER and REQUEST.
    summary["kea-cpu-us-per-exchange"] = json!(used * 1e6 / f64::from(2 * round.phones));
    summary
}
