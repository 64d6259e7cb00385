//! What a large fleet costs: the report of 100,000 phones, and a nudge of 1,000. Prints its figures;
//! not part of the tests. Wants release builds: `make bench-glance`.

use offhook_test_kit as peers;

mod nudge;
mod report;

use peers::process;

fn main() {
    println!("# The phones at a glance, of a large fleet\n");
    println!("Machine: {}. {}.\n", machine(), date());
    println!("By `make bench-glance` (`tests/glance-bench`).\n");
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if wanted.is_empty() || wanted == "report" {
        report::measure();
    }
    if wanted.is_empty() || wanted == "nudge" {
        nudge::measure();
    }
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |rest| rest.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or_default().to_owned();
    format!("{cores} cores ({model}), load {load} before")
}

fn date() -> String {
    process::run_well(process::command("date").arg("+%Y-%m-%d")).trim().to_owned()
}
