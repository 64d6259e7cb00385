//! docs/figures/peers.md: the tables between its two marks, out of the raw figures beside it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::peers::machine;
use crate::picture;
use crate::power_up::{CLASSES, FLEX_OPTION, NOTHING, OFFHOOK, QUIET, VARIANTS};

/// The figures of one Kea.
pub struct Figures {
    pub head: Value,
    runs: Vec<Value>,
}

/// One power-up's conditions.
pub type Case<'c> = (&'c str, &'c str);

impl Figures {
    fn read(file: &Path) -> Figures {
        let text = fs::read_to_string(file).expect("raw figures");
        let mut lines = text.lines().map(|line| serde_json::from_str(line).expect("a JSON line"));
        Figures { head: lines.next().expect("a head"), runs: lines.collect() }
    }

    pub fn kea(&self) -> &str {
        self.head["kea"].as_str().expect("the release")
    }

    /// Rounds in the order of the measurement, each with phones that were never seen and seen before.
    pub fn cases(&self) -> Vec<Case<'_>> {
        let mut cases = Vec::new();
        for run in &self.runs {
            let case = (text(run, "round"), text(run, "phones-are"));
            if !cases.contains(&case) {
                cases.push(case);
            }
        }
        cases
    }

    fn median(&self, case: Case<'_>, variant: &str, key: &str) -> f64 {
        let runs = self.runs.iter().filter(|run| {
            (text(run, "round"), text(run, "phones-are")) == case && text(run, "variant") == variant
        });
        machine::median(runs.map(|run| run[key].as_f64().expect("a number")).collect())
    }

    fn cpu(&self, case: Case<'_>, variant: &str) -> f64 {
        self.median(case, variant, "kea-cpu-us-per-exchange")
    }

    /// What a variant adds to a Kea that tells phones nothing: microseconds of its CPU per exchange.
    pub fn added(&self, case: Case<'_>, variant: &str) -> f64 {
        self.cpu(case, variant) - self.cpu(case, NOTHING)
    }
}

fn text<'v>(run: &'v Value, key: &str) -> &'v str {
    run[key].as_str().expect("a text")
}

/// Makes the tables and the picture anew from all raw figures in the folder.
pub fn write(folder: &Path) {
    let entries = fs::read_dir(folder).expect("the folder of the figures").flatten();
    let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("peers-") && name.ends_with(".jsonl")
    });
    files.sort();
    let all: Vec<Figures> = files.iter().map(|file| Figures::read(file)).collect();
    let tables: String = all.iter().map(tables).collect();
    machine::between_marks(&folder.join("peers.md"), &tables);
    fs::write(folder.join("peers.svg"), picture::draw(&all)).expect("the picture");
}

fn tables(figures: &Figures) -> String {
    let Figures { head, .. } = figures;
    let mut page = format!(
        "## Kea {}\n\n{}, {}. {} phones of twenty makers, medians of {} runs.\n\nMicroseconds of Kea's CPU per exchange, \
         and in brackets what that is more than Kea alone:\n\n",
        figures.kea(),
        text(head, "machine"),
        text(head, "date"),
        head["phones"],
        head["runs"]
    );
    let cases = figures.cases();
    page += &heading(&cases);
    for variant in &VARIANTS {
        page += &format!("| {}", variant.name);
        for case in &cases {
            let cpu = figures.cpu(*case, variant.name);
            let more = 100.0 * figures.added(*case, variant.name) / figures.cpu(*case, NOTHING);
            page += &match variant.name {
                NOTHING => format!(" | {cpu:.1}"),
                _ => format!(" | {cpu:.1} ({more:+.0} %)"),
            };
        }
        page += " |\n";
    }
    page += "\nPhones a second:\n\n";
    page += &heading(&cases);
    for variant in &VARIANTS {
        page += &format!("| {}", variant.name);
        for case in &cases {
            page += &format!(" | {:.0}", figures.median(*case, variant.name, "phones-per-second"));
        }
        page += " |\n";
    }
    page += "\nWhat offhook adds, against the aims:\n\n";
    page += &heading(&cases);
    for (what, of, beside) in [
        ("of what twenty classes add (aim 25 %)", OFFHOOK, Some(CLASSES)),
        ("of what flex_option adds (aim 20 %)", OFFHOOK, Some(FLEX_OPTION)),
        ("of Kea alone (aim 30 % never seen, 12 % seen before)", OFFHOOK, None),
        ("of Kea alone, notes and log off (aim 5 %)", QUIET, None),
    ] {
        page += &format!("| {what}");
        for case in &cases {
            let whole = match beside {
                Some(peer) => figures.added(*case, peer),
                None => figures.cpu(*case, NOTHING),
            };
            page += &format!(" | {:.0} %", 100.0 * figures.added(*case, of) / whole);
        }
        page += " |\n";
    }
    page + "\n"
}

fn heading(cases: &[Case<'_>]) -> String {
    let mut line = "|".to_owned();
    for (round, phones) in cases {
        // Without the number of phones, which is the same everywhere.
        let round = round.split_once(", ").map_or(*round, |(_, rest)| rest);
        line += &format!(" | {round}; {phones}");
    }
    format!("{line} |\n|---{}|\n", "|---".repeat(cases.len()))
}
