//! docs/figures/growth.md: a table for each thing that grows.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::peers::machine;
use crate::{FILE, picture};

/// What a table shows: the key of the points, and its columns (key, heading).
pub struct Table {
    pub what: &'static str,
    pub by: &'static str,
    pub columns: &'static [(&'static str, &'static str)],
}

pub const TABLES: [Table; 10] = [
    Table { what: "decision", by: "makers", columns: &[("nanoseconds", "ns")] },
    Table { what: "decision", by: "devices", columns: &[("nanoseconds", "ns")] },
    Table { what: "decision", by: "sites", columns: &[("nanoseconds", "ns")] },
    Table { what: "load", by: "makers", columns: LOAD },
    Table { what: "load", by: "devices", columns: LOAD },
    Table { what: "load", by: "sites", columns: LOAD },
    Table {
        what: "phone-list",
        by: "phones",
        columns: &[
            ("seconds", "seconds for all pages"),
            ("pages", "pages"),
            ("slowest-ms", "slowest page, ms"),
        ],
    },
    Table {
        what: "report",
        by: "phones",
        columns: &[("seconds", "seconds"), ("page-mb", "page, MB")],
    },
    Table {
        what: "import",
        by: "hosts",
        columns: &[("seconds", "seconds"), ("cpu", "CPU seconds"), ("mib", "peak MiB")],
    },
    Table {
        what: "generate",
        by: "phones",
        columns: &[
            ("seconds", "seconds"),
            ("cpu", "CPU seconds"),
            ("mib", "peak MiB"),
            ("rendering-cpu", "rendering alone, CPU seconds"),
            ("rendering-mib", "its peak MiB"),
        ],
    },
];

const LOAD: &[(&str, &str)] =
    &[("milliseconds", "ms"), ("mib", "memory it keeps, MiB"), ("policy-mib", "policy, MiB")];

pub fn points(all: &[Value], table: &Table) -> Vec<Value> {
    let is = |point: &&Value| point["what"] == table.what && point["by"] == table.by;
    all.iter().filter(is).cloned().collect()
}

pub fn write(folder: &Path) {
    let text = fs::read_to_string(folder.join(FILE)).expect("the raw figures");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
    let (head, all) = lines.split_first().expect("a head");
    let said = |key: &str| head[key].as_str().unwrap_or_default().to_owned();
    let mut page =
        format!("{}, {}; load {} before.\n\n", said("machine"), said("date"), said("load"));
    for table in &TABLES {
        let points = points(all, table);
        if points.is_empty() {
            continue;
        }
        page += &format!("## {} by {}\n\n| {} |", capital(table.what), table.by, table.by);
        page +=
            &table.columns.iter().map(|(_, heading)| format!(" {heading} |")).collect::<String>();
        page += &format!("\n|---|{}\n", "---|".repeat(table.columns.len()));
        for point in &points {
            page += &format!("| {} |", point["count"]);
            for (key, _) in table.columns {
                page += &format!(" {} |", short(point[key].as_f64().unwrap_or(f64::NAN)));
            }
            page += "\n";
        }
        page += "\n";
    }
    machine::between_marks(&folder.join("growth.md"), &page);
    fs::write(folder.join("growth.svg"), picture::draw(all)).expect("the picture");
}

pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Three digits that matter.
pub fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
