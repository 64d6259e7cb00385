//! One power-up against a fresh server, and what it cost.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::peers::kea::{Kea, Setup};
use crate::peers::{process, product};

/// What is measured beside what. The annotation of leases is Kea's to write: more bytes a lease.
pub const VARIANTS: [Variant; 4] = [
    Variant { name: "without the hook", library: Library::None },
    Variant { name: "with the hook", library: Library::Offhook { annotate: true } },
    Variant {
        name: "with the hook, `annotate-leases: false`",
        library: Library::Offhook { annotate: false },
    },
    Variant { name: "with one that adds two options", library: Library::Minimal },
];

pub struct Variant {
    pub name: &'static str,
    library: Library,
}

#[derive(Clone, Copy)]
enum Library {
    None,
    /// kea-hook/bench/minimal_hook.cc: no hook that sends a phone anything can cost less.
    Minimal,
    Offhook {
        annotate: bool,
    },
}

/// Runs that are comparable with each other.
pub struct Round {
    pub phones: u32,
    /// Phones that are switched on each second; none: as fast as they are answered.
    pub rate: Option<u32>,
    /// Of the log of leases and the hook's own: `INFO` is Kea's default (a line for each OFFER and ACK,
    /// and one of offhook's), at `WARN` there is none.
    pub severity: &'static str,
    pub variants: &'static [Variant],
}

impl Round {
    pub fn name(&self) -> String {
        let rate =
            self.rate.map_or("as fast as it goes".to_owned(), |rate| format!("{rate} a second"));
        format!("{} phones, {rate}, log at {}", self.phones, self.severity)
    }
}

/// Twenty makers whose phones the catalogue sends a URL.
const MAKERS: &str = "polycom,yealink,snom,grandstream,aastra,mitel-sip,auerswald,fanvil,htek,dinstar,\
     gigaset,panasonic,cisco-mpp,cisco-spa,digium,sangoma,audiocodes,avaya,vtech,akuvox";

const POLICY: &str = include_str!("../../core/catalogue/vendors/example-policy.json");

fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").expect("the load");
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

fn setup(severity: &str, variant: &Variant) -> Setup {
    let setup = Setup::new().edit(|dhcp4| {
        // The rest of the log stays, so that the start can be seen.
        for name in ["kea-dhcp4.leases", "kea-dhcp4.offhook-hooks"] {
            let mut logger = dhcp4["loggers"][0].clone();
            logger["name"] = json!(name);
            logger["severity"] = json!(severity);
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
        Library::Offhook { annotate } => {
            let file = setup.folder.write("policy.json", POLICY);
            setup.offhook_with(json!({ "policy-file": file, "annotate-leases": annotate }))
        }
    }
}

/// One power-up; panics if a phone is lost, or is not sent what it must be sent.
pub fn run(round: &Round, variant: &Variant) -> Value {
    let Round { phones, severity, rate, .. } = *round;
    let load = load();
    let kea = setup(severity, variant).start();
    let before = process::processor_time(kea.id());
    let server = format!("127.0.0.1:{}", kea.port());
    let relay = format!("127.1.2.4:{}", kea.client_port());
    let mut command = process::command(product::command_line());
    command.args(["emulate", "--json", "--count", &phones.to_string(), "--vendor", MAKERS]);
    command.args(["--server", &server, "--relay", &relay, "--timeout", "2", "--tries", "5"]);
    if let Some(rate) = rate {
        command.args(["--rate", &rate.to_string()]);
    }
    let text = process::run_well(&mut command);
    let mut summary: Value = serde_json::from_str(&text).expect("a summary");
    let used = process::processor_time(kea.id()) - before;
    assert_eq!(summary["lost"], 0, "expected none lost, found {summary:#}");
    assert_eq!(summary["booted"], phones, "expected all to boot, found {summary:#}");
    let understood = match variant.library {
        Library::None => Some(0),
        Library::Minimal => None,
        Library::Offhook { .. } => Some(phones),
    };
    if let Some(understood) = understood {
        assert_eq!(summary["understood-url"], understood, "{summary:#}");
    }
    for (key, value) in [
        ("round", json!(round.name())),
        ("variant", json!(variant.name)),
        ("load-before", json!(load)),
        ("kea-cpu-seconds", json!(used)),
        // DISCOVER and REQUEST.
        ("kea-cpu-us-per-exchange", json!(used * 1e6 / f64::from(2 * phones))),
    ] {
        summary[key] = value;
    }
    summary
}
