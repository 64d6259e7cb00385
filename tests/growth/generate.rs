//! `offhook generate`, of lists that grow; GNU time says what a run takes.

use std::fs;

use serde_json::{Value, json};

use crate::peers::folder::Folder;
use crate::peers::many::{POLICY, list};
use crate::peers::{process, product};
use crate::point;

pub fn measure() -> Vec<Value> {
    [1_000, 10_000, 100_000, 1_000_000].map(measure_one).into()
}

fn measure_one(count: usize) -> Value {
    let folder = Folder::new();
    folder.write("policy.json", POLICY);
    folder.write("list.csv", list(u32::try_from(count).expect("a number of phones")));
    let run = |words: &[&str]| {
        timed(
            &folder,
            &[&["generate", "--policy", "policy.json", "--phones", "list.csv"], words].concat(),
        )
    };
    let rendering = run(&["--out", "none", "--dry-run"]);
    let writing = run(&["--out", "out"]);
    let files = fs::read_dir(folder.join("out")).expect("the files").count();
    assert!(files > count, "{files} files for {count} phones");
    point(
        "generate",
        "phones",
        count,
        json!({
            "rendering-seconds": rendering.seconds, "rendering-cpu": rendering.cpu, "rendering-mib": rendering.mib,
            "seconds": writing.seconds, "cpu": writing.cpu, "mib": writing.mib,
        }),
    )
}

pub struct Took {
    pub seconds: f64,
    pub cpu: f64,
    pub mib: f64,
}

/// Runs the command line in a folder to its end.
pub fn timed(folder: &Folder, words: &[&str]) -> Took {
    // No run pays for what others wrote.
    process::run_well(&mut process::command("sync"));
    let figures = folder.join("time");
    let mut command = process::command("/usr/bin/time");
    command
        .args(["-f", "%e %U %S %M", "-o"])
        .arg(&figures)
        .arg(product::command_line())
        .args(words);
    process::run_well(command.current_dir(folder.path()));
    let text = fs::read_to_string(&figures).expect("figures");
    let numbers: Vec<f64> =
        text.split_whitespace().map(|word| word.parse().expect("a number")).collect();
    let [seconds, user, system, kib] = numbers[..] else {
        panic!("GNU time's four figures, found {text}")
    };
    Took { seconds, cpu: user + system, mib: kib / 1024.0 }
}
