//! `offhook generate` for 100,000 phones, measured: a first run, a second one that finds nothing to do,
//! the same templates by Jinja2, and a plain copy of the finished tree; by turns, five times each. Prints
//! the table of docs/figures/generate.md and the raw figures.
//!
//! And a first run and the rendering of the same phones with eight keys each, time zones and languages; with
//! OFFHOOK_BENCH=keys nothing but these two and their likes without keys.
//!
//! Wants a release build: `make bench` makes it and names it by OFFHOOK_CLI. Needs 3 GB below TMPDIR.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use offhook_test_kit::many::{POLICY, list};
use offhook_test_kit::{process, product};
use serde_json::{Value, json};

const PHONES: u32 = 100_000;
/// Two files for every Yealink, one for every Polycom, and theirs in common.
const FILES: usize = 150_001;
const RUNS: usize = 5;

const FIRST: &str = "offhook generate";
const SECOND: &str = "offhook generate again";
const JINJA: &str = "Jinja2";
const COPY: &str = "cp -r";
const SYNCED: &str = "cp -r, sync -f";
/// By a dry run, which renders on one processor.
const RENDER: &str = "offhook, rendering only";
const JINJA_RENDER: &str = "Jinja2, rendering only";
/// The same phones with keys, time zones and languages.
const KEYS: &str = "offhook generate, with keys and zones";
const KEYS_RENDER: &str = "offhook, rendering only, with keys and zones";
const ALL: [&str; 9] =
    [FIRST, KEYS, SECOND, JINJA, COPY, SYNCED, RENDER, KEYS_RENDER, JINJA_RENDER];
const OF_KEYS: [&str; 4] = [FIRST, KEYS, RENDER, KEYS_RENDER];

/// Eight keys a phone, and zones and languages by turns.
fn list_with_keys() -> String {
    let zones = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney"];
    let mut text = String::new();
    for (at, row) in list(PHONES).lines().enumerate() {
        if at == 0 {
            let keys: Vec<String> = (1..=8).map(|key| format!("key.{key}")).collect();
            writeln!(text, "{row},time-zone,language,{}", keys.join(",")).expect("a row");
            continue;
        }
        // Polycom's phones have BLF and park alone.
        let keys: Vec<String> = (1..=8)
            .map(|key| format!("blf:{}:Desk {key}", 100_000 + (at + key) % 900_000))
            .collect();
        let (zone, language) = (zones[at % 4], ["de", "en", "fr"][at % 3]);
        writeln!(text, "{row},{zone},{language},{}", keys.join(",")).expect("a row");
    }
    text
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command to its end; what it took, by GNU time.
    fn measure(&self, what: &str, words: &[&OsStr]) -> Value {
        // No run pays for what others wrote.
        process::run_well(&mut process::command("sync"));
        let load = fs::read_to_string("/proc/loadavg").expect("the load");
        let figures = self.path("time");
        let mut command = process::command("/usr/bin/time");
        command.args(["-f", "%e %U %S %M %O", "-o"]).arg(&figures).args(words);
        process::run_well(command.current_dir(self.folder.path()));
        let text = fs::read_to_string(&figures).expect("figures");
        let figures: Vec<f64> =
            text.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        json!({
            "what": what,
            "seconds": figures[0],
            "user": figures[1],
            "system": figures[2],
            "cpu": figures[1] + figures[2],
            "rss-mib": figures[3] / 1024.0,
            "blocks-written": figures[4],
            "load-before": load.split_whitespace().next(),
        })
    }

    fn generate(&self, what: &str, out: &str, more: &[&str]) -> Value {
        let list = if [KEYS, KEYS_RENDER].contains(&what) { "keys.csv" } else { "list.csv" };
        let mut words = vec![product::command_line().as_os_str()];
        words.extend(["generate", "--policy", "policy.json", "--phones", list].map(OsStr::new));
        words.extend(["--out", out].into_iter().chain(more.iter().copied()).map(OsStr::new));
        self.measure(what, &words)
    }

    fn jinja(&self, what: &str, out: &str) -> Value {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (script, vendors) =
            (here.join("tests/generate/jinja.py"), here.join("core/catalogue/vendors"));
        let [list, out] = ["list.csv", out].map(OsStr::new);
        self.measure(
            what,
            &["python3".as_ref(), script.as_os_str(), list, vendors.as_os_str(), out],
        )
    }

    fn shell(&self, what: &str, line: &str) -> Value {
        self.measure(what, &["sh", "-c", line].map(OsStr::new))
    }

    /// Everything below a folder, with what changes whenever a program writes, renames or even only
    /// touches it.
    fn stamps(&self, name: &str) -> BTreeMap<PathBuf, (u64, i64, i64, i64, i64)> {
        let mut stamps = BTreeMap::new();
        let mut folders = vec![self.path(name)];
        while let Some(folder) = folders.pop() {
            for path in
                fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("one").path())
            {
                let found = fs::symlink_metadata(&path).expect("its state");
                if found.is_dir() {
                    folders.push(path.clone());
                }
                stamps.insert(path, stamp(&found));
            }
            let found = fs::symlink_metadata(&folder).expect("its state");
            stamps.insert(folder, stamp(&found));
        }
        stamps
    }

    /// Of all files in a folder, not of those in the folder's folders.
    fn bytes(&self, name: &str) -> u64 {
        let entries = fs::read_dir(self.path(name)).expect("a folder");
        let found = entries.map(|entry| entry.expect("one").metadata().expect("its state"));
        found.filter(|found| found.is_file()).map(|found| found.len()).sum()
    }

    /// With keys and without, by turns.
    fn round_of_keys(&self, all: &mut Vec<Value>) {
        for (what, out) in [(FIRST, "out"), (KEYS, "keys")] {
            all.push(self.generate(what, out, &[]));
            let files = fs::read_dir(self.path(out)).expect("a folder").count();
            assert_eq!(files, FILES + 1, "with the folder of the manifest");
            if all.len() <= 2 {
                let bytes = self.bytes(out) as f64 / f64::from(PHONES);
                println!("{what}: {bytes:.0} bytes a phone");
            }
            fs::remove_dir_all(self.path(out)).expect("removed");
        }
        for what in [RENDER, KEYS_RENDER] {
            all.push(self.generate(what, "nowhere", &["--dry-run", "--json"]));
        }
    }

    fn round(&self, all: &mut Vec<Value>) {
        all.push(self.generate(FIRST, "out", &[]));
        let before = self.stamps("out");
        all.push(self.generate(SECOND, "out", &[]));
        assert!(before == self.stamps("out"), "the second run wrote");
        all.push(self.jinja(JINJA, "jinja"));
        // Not a file more, not a byte different.
        let mut diff = process::command("diff");
        diff.args(["-rq", "--exclude=.offhook", "out", "jinja"]).current_dir(self.folder.path());
        process::run_well(&mut diff);
        let files = fs::read_dir(self.path("jinja")).expect("a folder").count();
        assert_eq!(files, FILES);
        all.push(self.generate(KEYS, "keys", &[]));
        all.push(self.shell(COPY, "cp -r out copy"));
        all.push(self.shell(SYNCED, "cp -r out synced && sync -f synced"));
        all.push(self.generate(RENDER, "nowhere", &["--dry-run", "--json"]));
        all.push(self.generate(KEYS_RENDER, "nowhere", &["--dry-run", "--json"]));
        all.push(self.jinja(JINJA_RENDER, "-"));
        for folder in ["out", "keys", "jinja", "copy", "synced"] {
            fs::remove_dir_all(self.path(folder)).expect("removed");
        }
        // For a minute ext4 gives out no inode that was just freed, and looks for others at length.
        process::run_well(&mut process::command("sync"));
        std::thread::sleep(Duration::from_secs(70));
    }
}

fn stamp(found: &fs::Metadata) -> (u64, i64, i64, i64, i64) {
    (found.ino(), found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec())
}

fn main() {
    let bench = Bench { folder: tempfile::tempdir().expect("a folder") };
    fs::write(bench.path("policy.json"), POLICY).expect("a policy");
    fs::write(bench.path("list.csv"), list(PHONES)).expect("a list");
    fs::write(bench.path("keys.csv"), list_with_keys()).expect("a list");
    let of_keys = std::env::var_os("OFFHOOK_BENCH").is_some_and(|part| part == "keys");
    let shown: &[&str] = if of_keys { &OF_KEYS } else { &ALL };
    let mut all = Vec::new();
    for _ in 0..RUNS {
        let done = all.len();
        match of_keys {
            true => bench.round_of_keys(&mut all),
            false => bench.round(&mut all),
        }
        all[done..].iter().for_each(|figures| eprintln!("{figures}"));
    }
    let median = |what: &str, key: &str| {
        let runs = all.iter().filter(|figures| figures["what"] == what);
        let mut values: Vec<f64> = runs.map(|run| run[key].as_f64().expect("a number")).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    println!("{PHONES} phones, {FILES} files; medians of {RUNS} runs\n");
    println!(
        "| | seconds | CPU seconds | peak RSS, MiB | blocks written | seconds to offhook's | CPU to it |"
    );
    println!("|---|---|---|---|---|---|---|");
    for what in shown {
        let of = |key: &str| median(what, key);
        println!(
            "| {what} | {:.2} | {:.2} | {:.0} | {:.0} | {:.2} | {:.2} |",
            of("seconds"),
            of("cpu"),
            of("rss-mib"),
            of("blocks-written"),
            of("seconds") / median(FIRST, "seconds"),
            of("cpu") / median(FIRST, "cpu"),
        );
    }
    let ratio = |with: &str, without: &str, key: &str| median(with, key) / median(without, key);
    println!(
        "\nWith keys and zones to without: {:.2} of the seconds, {:.2} of the CPU seconds; rendering {:.2} and {:.2}",
        ratio(KEYS, FIRST, "seconds"),
        ratio(KEYS, FIRST, "cpu"),
        ratio(KEYS_RENDER, RENDER, "seconds"),
        ratio(KEYS_RENDER, RENDER, "cpu"),
    );
    println!("\nRaw:\n");
    all.iter().for_each(|figures| println!("{figures}"));
}
