//! Events a second through a real dnsmasq's helper: the companion beside a static C program that does
//! nothing. dnsmasq's helper is held while the phones boot, so that what is timed is the queue's end
//! alone: nothing else works then. The state directory is in memory: what a disk's file system takes
//! to make a file depends on what others did to it (ext4 walks past every file that was removed in the
//! last seconds).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::devices::policy_of;
use crate::figures::{boot, cpu_with_children, in_memory};
use crate::peers::dnsmasq::{Dnsmasq, Setup};
use crate::peers::folder::Folder;
use crate::peers::machine::{load, median};
use crate::peers::{process, product};

const PHONES: u32 = 1000;
const RUNS: usize = 7;

/// How long dnsmasq and its helper must sleep without a child before the queue counts as empty.
const QUIET: Duration = Duration::from_millis(100);

const NOTHING: &str = "int main(void) { return 0; }\n";

/// Both programs, copied as an installation copies them: a file as the linker wrote it lies in the page
/// cache in smaller pieces, and starts a tenth slower.
fn programs(folder: &Folder) -> [(&'static str, PathBuf); 2] {
    [("nothing", nothing(folder)), ("offhook", product::companion().to_path_buf())].map(
        |(name, program)| {
            let installed = folder.join(name);
            fs::copy(program, &installed).expect("a copy");
            (name, installed)
        },
    )
}

fn nothing(folder: &Folder) -> PathBuf {
    let source = folder.write("nothing.c", NOTHING);
    let program = folder.join("nothing.linked");
    process::run_well(
        process::command("cc").args(["-O2", "-static", "-o"]).arg(&program).arg(source),
    );
    program
}

fn children(process: u32) -> Vec<u32> {
    let path = format!("/proc/{process}/task/{process}/children");
    let text = fs::read_to_string(path).expect("a kernel that lists child processes");
    text.split_whitespace().map(|id| id.parse().expect("a number")).collect()
}

fn signal(process: u32, signal: &str) {
    process::run_well(process::command("kill").args([&format!("-{signal}"), &process.to_string()]));
}

/// Whether it waits for something.
fn sleeps(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("its state");
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'))
}

/// Lets the helper go and waits until its queue is empty; events a second, and the milliseconds of
/// processor time that each cost the helper and its children.
fn drain(dnsmasq: u32, helper: u32) -> (f64, f64) {
    let before = cpu_with_children(helper);
    let start = Instant::now();
    signal(helper, "CONT");
    let mut quiet_since = None;
    loop {
        if children(helper).is_empty() && sleeps(helper) && sleeps(dnsmasq) {
            let since: Instant = *quiet_since.get_or_insert_with(Instant::now);
            if since.elapsed() > QUIET {
                let used = cpu_with_children(helper) - before;
                let rate = f64::from(PHONES) / (since - start).as_secs_f64();
                return (rate, used * 1e3 / f64::from(PHONES));
            }
        } else {
            quiet_since = None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn helper(dnsmasq: &Dnsmasq) -> u32 {
    match children(dnsmasq.id()).as_slice() {
        [helper] => *helper,
        others => panic!("expected dnsmasq to have one helper, found {others:?}"),
    }
}

/// How many phones the state directory has.
fn fleet_in(state: &Path) -> usize {
    let folders = fs::read_dir(state.join("phones")).into_iter().flatten().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten());
    files.flatten().filter(|file| file.path().extension().is_some_and(|e| e == "json")).count()
}

/// New phones, then the same phones once more: `add`, and `old` with all data.
fn run(policy: &str, script: &Path, keeps_book: bool) -> [(f64, f64); 2] {
    let memory = in_memory();
    let setup = Setup::new().state_at(memory.path());
    let setup = setup.offhook(policy).line(format!("dhcp-script={}", script.display()));
    let dnsmasq = setup.start();
    let helper = helper(&dnsmasq);
    let rates = [(), ()].map(|()| {
        signal(helper, "STOP");
        let summary = boot(&dnsmasq, PHONES);
        assert_eq!(summary["lost"], 0, "expected as many events as phones, found {summary:#}");
        drain(dnsmasq.id(), helper)
    });
    if keeps_book {
        let phones = fleet_in(&dnsmasq.setup.state());
        let script = dnsmasq.log();
        let said: Vec<&str> = script.lines().filter(|line| line.contains("script")).collect();
        assert_eq!(phones, PHONES as usize, "expected every event worked off\n{}", said.join("\n"));
    }
    rates
}

pub fn measure() {
    let folder = Folder::new();
    let programs = programs(&folder);
    let policies = [("small", policy_of(0)), ("100,000 devices", policy_of(100_000))];
    let mut raw = Vec::new();
    for (name, policy) in &policies {
        for number in 0..RUNS {
            let mut order: Vec<_> = programs.iter().collect();
            order.rotate_left(number % 2);
            for (script, path) in order {
                let load = load();
                let [add, old] = run(policy, path, *script == "offhook");
                let line = json!({ "policy": name, "script": script, "load-before": load,
                    "add": add.0, "old": old.0, "add-cpu-ms": add.1, "old-cpu-ms": old.1 });
                eprintln!("{line}");
                raw.push(line);
            }
        }
    }
    println!("Events a second, {PHONES} phones of 20 makers, medians of {RUNS} runs:\n");
    println!(
        "| policy | event | does nothing | offhook-dnsmasq | times as long | CPU ms | our CPU ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (name, _) in &policies {
        for (event, text) in [("add", "new phones"), ("old", "the same phones again")] {
            let of = |script: &str, key: &str| -> Vec<f64> {
                let runs =
                    raw.iter().filter(|run| run["policy"] == *name && run["script"] == script);
                runs.map(|run| run[key].as_f64().expect("a number")).collect()
            };
            let cpu = format!("{event}-cpu-ms");
            for (what, one) in [
                ("median", median as fn(Vec<f64>) -> f64),
                // Whatever else runs on the machine only ever takes away.
                ("fastest", |values| values.into_iter().fold(0.0, f64::max)),
            ] {
                let (nothing, ours) = (one(of("nothing", event)), one(of("offhook", event)));
                let ratio = nothing / ours;
                print!("| {name} | {text}, {what} | {nothing:.0} | {ours:.0} | {ratio:.2} |");
                match what {
                    "median" => println!(
                        " {:.2} | {:.2} |",
                        median(of("nothing", &cpu)),
                        median(of("offhook", &cpu))
                    ),
                    _ => println!(" | |"),
                }
            }
        }
    }
    println!("\nRaw:\n");
    raw.iter().for_each(|line| println!("{line}"));
    println!();
}
