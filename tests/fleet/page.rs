//! docs/figures/fleet.md: the tables, how much faster the server without the hook is, the raw figures.

use std::fs;

use serde_json::Value;

use crate::peers::kea::Version;
use crate::peers::process;
use crate::power_up::{Round, VARIANTS};

pub fn print(rounds: &[Round], runs: usize, all: &[Value]) {
    let Version(major, minor, patch) = Version::installed();
    println!("# A fleet's power-up\n");
    println!(
        "{} phones of 20 makers switch on and boot, DHCPDISCOVER to DHCPACK, through Kea {major}.{minor}.{patch} \
         with the hook and without, by turns; medians of {runs} runs each. Every phone got its lease, and \
         with the hook every phone understood where its files are; a run in which one does not fails.\n",
        rounds[0].phones
    );
    println!("Machine: {}. {}.\n", machine(), date());
    println!(
        "By `make bench` (`tests/fleet`): `offhook emulate --count` as one relay, 100 phones waiting at a \
         time. Kea has four threads and shares the processor with the emulator, so phones a second is what \
         both do together; Kea's own time per exchange (the scheduler's count of all its threads) is the hook's cost alone.\n"
    );
    for round in rounds {
        table(round, all);
    }
    println!("## Raw figures\n\n```json");
    all.iter().for_each(|result| println!("{result}"));
    println!("```");
}

fn table(round: &Round, all: &[Value]) {
    println!("## {}\n", round.name());
    println!("| | phones/s | sent again | median ms | 90 % | 99 % | Kea's CPU, µs per exchange |");
    println!("|---|---|---|---|---|---|---|");
    let of = |variant: &str, key: &str| {
        let runs = all.iter();
        let runs = runs.filter(|run| run["variant"] == variant && run["round"] == *round.name());
        median(runs.map(|run| run[key].as_f64().expect("a number")).collect())
    };
    for variant in round.variants {
        println!(
            "| {} | {:.0} | {:.0} | {:.1} | {:.1} | {:.1} | {:.1} |",
            variant.name,
            of(variant.name, "phones-per-second"),
            of(variant.name, "sent-again"),
            of(variant.name, "median"),
            of(variant.name, "p90"),
            of(variant.name, "p99"),
            of(variant.name, "kea-cpu-us-per-exchange")
        );
    }
    println!();
    let without = VARIANTS[0].name;
    for variant in &round.variants[1..] {
        let more =
            of(variant.name, "kea-cpu-us-per-exchange") - of(without, "kea-cpu-us-per-exchange");
        let share = more / of(without, "kea-cpu-us-per-exchange") * 100.0;
        let faster = (of(without, "phones-per-second") / of(variant.name, "phones-per-second")
            - 1.0)
            * 100.0;
        println!(
            "- {}: the same Kea without it is {faster:.1} % faster; {more:.1} µs ({share:.1} %) more of Kea's CPU per exchange",
            variant.name
        );
    }
    println!();
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |rest| rest.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let kernel = process::run_well(process::command("uname").arg("-r"));
    let system = system.unwrap_or_default().trim_matches('"');
    format!("{cores} cores ({model}), {system}, Linux {}", kernel.trim())
}

fn date() -> String {
    process::run_well(process::command("date").arg("+%Y-%m-%d")).trim().to_owned()
}
