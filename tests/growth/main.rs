//! How what offhook does grows: a decision and a load (core's own bench), the list of phones, the report, importing and
//! generating. Prints docs/figures/growth.md's tables and its picture, out of one JSON line for each point.
//!
//! Wants release builds: `make bench-growth` makes them, runs core's bench before and names its lines by OFFHOOK_POINTS.
//! Words choose parts: `generate`, `import`, `phones`; `page` measures nothing. OFFHOOK_FIGURES names the folder of the
//! raw figures.

use offhook_test_kit as peers;

/// Files of up to a million phones.
mod generate;
/// Host declarations of a dhcpd.conf.
mod import;
/// The tables.
mod page;
/// Phones that a Kea has seen, listed and reported.
mod phones;
/// The curves.
mod picture;

use std::fs;
use std::path::PathBuf;

use peers::machine;
use serde_json::{Value, json};

const FILE: &str = "growth.jsonl";

/// One line of the raw figures: `what` grows by `by`, here `count` of them.
fn point(what: &str, by: &str, count: usize, value: Value) -> Value {
    let mut point = json!({ "what": what, "by": by, "count": count });
    let values = value.as_object().expect("figures").clone();
    point.as_object_mut().expect("a point").extend(values);
    eprintln!("{point}");
    point
}

fn main() {
    let folder = std::env::var_os("OFFHOOK_FIGURES")
        .map_or_else(|| PathBuf::from("docs/figures"), PathBuf::from);
    let words: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wants = |part: &str| words.is_empty() || words.iter().any(|word| word == part);
    if !words.iter().any(|word| word == "page") {
        let mut lines = vec![
            json!({ "machine": machine::name(), "date": machine::date(), "load": machine::load() }),
        ];
        if let Some(file) = std::env::var_os("OFFHOOK_POINTS") {
            let text = fs::read_to_string(file).expect("core's points");
            lines.extend(
                text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a point")),
            );
        }
        for (part, measure) in [
            ("phones", phones::measure as fn() -> Vec<Value>),
            ("import", import::measure),
            ("generate", generate::measure),
        ] {
            if wants(part) {
                lines.extend(measure());
            }
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(folder.join(FILE), text).expect("the raw figures");
    }
    page::write(&folder);
}
