//! On what figures were measured, and how they get into their page.

use std::fs;
use std::path::Path;

use crate::process;

/// Processor, operating system and kernel.
pub fn name() -> String {
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

/// The processes that wanted a processor lately, in the mean.
pub fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").expect("the load");
    text.split_whitespace().next().unwrap_or_default().to_owned()
}

/// Today, as 2026-11-29.
pub fn date() -> String {
    process::run_well(process::command("date").arg("+%Y-%m-%d")).trim().to_owned()
}

/// The value in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Replaces what stands between the two marks of a page.
pub fn between_marks(page: &Path, text: &str) {
    const BEGIN: &str = "<!-- made by the bench, not by hand -->\n";
    const END: &str = "<!-- end of what the bench made -->\n";
    let old = fs::read_to_string(page).expect("the page");
    let (before, rest) = old.split_once(BEGIN).expect("the first mark");
    let (_, after) = rest.split_once(END).expect("the second mark");
    fs::write(page, format!("{before}{BEGIN}\n{text}{END}{after}")).expect("the page");
}
