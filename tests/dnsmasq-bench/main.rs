//! The dnsmasq companion, measured beside a dnsmasq without it: events a second through its
//! dhcp-script, exchanges a second with a rendered policy, and what 100,000 devices cost. Prints the
//! tables of docs/figures/dnsmasq.md and the raw figures.
//!
//! Wants release builds: `make bench` makes them and names them by OFFHOOK_DNSMASQ and OFFHOOK_CLI.
//! Words on the command line choose parts: `events`, `exchanges`, `devices`.

use offhook_test_kit as peers;

/// 100,000 devices: the rendering, and a packet.
mod devices;
/// The dhcp-script.
mod events;
/// A rendered policy.
mod exchanges;
/// Medians and processor times.
mod figures;

use peers::process;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|w| !w.starts_with('-')).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|word| word == part);
    let version = process::run_well(process::command("dnsmasq").arg("--version"));
    println!("{}\n", version.lines().next().unwrap_or_default());
    for (part, measure) in [
        ("events", events::measure as fn()),
        ("exchanges", exchanges::measure),
        ("devices", devices::measure),
    ] {
        if wants(part) {
            measure();
        }
    }
}
