//! The script started by hand, as dnsmasq's helper starts it, under every kind of failure.

use super::records;
use crate::peers::folder::Folder;
use crate::peers::process::{self, Process, wait_for};
use crate::peers::product::companion;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn script(state: &Path, words: &[&str], env: &[(&str, &str)]) -> std::process::Command {
    let mut command = process::command(companion());
    command.args(words).env("OFFHOOK_STATE", state).envs(env.iter().copied());
    command
}

fn event(state: &Path, number: u32) -> std::process::Command {
    let mac = format!("00:15:65:03:{:02x}:{:02x}", number >> 8, number & 255);
    script(state, &["add", &mac, "10.0.0.7"], &[("DNSMASQ_VENDOR_CLASS", "yealink")])
}

/// Killed at any moment, by two instances at once: whole files or none, and the next event mends it.
#[test]
fn kill_9_at_any_moment_leaves_whole_files() {
    let folder = Folder::new();
    let state = folder.join("state");
    for round in 0..300u32 {
        let mut first = event(&state, round % 20).spawn().expect("the script");
        let mut second = event(&state, round % 20).spawn().expect("the script");
        std::thread::sleep(Duration::from_micros(u64::from(round) * 23 % 3000));
        let _ = (first.kill(), second.kill());
        let _ = (first.wait(), second.wait());
        records(&state);
    }
    for number in 0..20 {
        process::run_well(&mut event(&state, number));
    }
    assert_eq!(records(&state).len(), 20);
}

#[test]
fn a_full_disk_and_a_read_only_directory_cost_the_record_and_nothing_else() {
    let folder = Folder::new();
    for (what, prepare) in [
        ("read-only", "mount -t tmpfs -o size=64k none \"$S\" && mount -o remount,ro \"$S\""),
        (
            "full",
            "mount -t tmpfs -o size=64k none \"$S\" && head -c 1M /dev/zero > \"$S\"/zero 2>/dev/null; true",
        ),
    ] {
        let state = folder.make(what);
        let run = "\"$OFFHOOK\" add 00:15:65:00:00:01 10.0.0.7 && find \"$S\" -name '*001565000001*' | wc -l";
        let mend = match what {
            "full" => {
                "rm \"$S\"/zero && \"$OFFHOOK\" add 00:15:65:00:00:01 10.0.0.7 && cat \"$S\"/phones/*/*.json"
            }
            _ => "true",
        };
        let mut command = process::apart(&["--mount"]);
        command.args(["sh", "-c", &format!("{prepare} && {run} && {mend}")]);
        command.env("S", &state).env("OFFHOOK", companion()).env("OFFHOOK_STATE", &state);
        command.env("DNSMASQ_VENDOR_CLASS", "yealink");
        let output = process::run(&mut command);
        let (out, err) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{what}: {out}{err}");
        assert!(out.starts_with('0'), "{what}: expected no file, found {out}");
        assert!(err.contains("offhook-dnsmasq: "), "{what}: it says why: {err}");
        assert!(what != "full" || out.contains("yealink"), "{what}: mended: {out}");
    }
}

/// Whatever arguments and environment bring: exit code 0, no file outside, no path from a client.
#[test]
fn fuzzed_arguments_and_environment_do_no_harm() {
    let folder = Folder::new();
    let state = folder.join("state");
    let nasty = [
        "",
        "a",
        "../../../x",
        "/etc/passwd",
        "$(touch x)",
        "`x`",
        "a\nb",
        "\u{1b}[2J",
        "\"",
        "=",
        "00:15:65:00:00:01",
        "01-",
        "ff-00:01",
        "10.0.0.7",
        "2001:db8::1",
        "-1",
        "99999999999999999999",
    ];
    let mut seed = 7u32;
    let mut pick = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        nasty[(seed >> 16) as usize % nasty.len()]
    };
    for round in 0..200 {
        let words: Vec<&str> = match round % 3 {
            0 => {
                vec![["add", "old", "del"][round / 3 % 3], "00:15:65:00:00:01", "10.0.0.7", pick()]
            }
            1 => vec![["add", "old", "del"][round / 3 % 3], pick(), pick(), pick()],
            _ => vec!["arp-add", pick(), pick()],
        };
        let env: Vec<(&str, &str)> = [
            "DNSMASQ_VENDOR_CLASS",
            "DNSMASQ_USER_CLASS0",
            "DNSMASQ_TAGS",
            "DNSMASQ_CIRCUIT_ID",
            "DNSMASQ_SUPPLIED_HOSTNAME",
            "DNSMASQ_INTERFACE",
            "DNSMASQ_LEASE_EXPIRES",
            "DNSMASQ_RELAY_ADDRESS",
        ]
        .into_iter()
        .map(|name| (name, pick()))
        .collect();
        let output = process::run(script(&state, &words, &env).current_dir(folder.path()));
        assert!(output.status.success(), "{words:?} {env:?}: {}", output.status);
        assert!(output.stdout.is_empty(), "{words:?}: it prints nothing");
    }
    let known = ["alive", "key", "phones", "state"];
    for path in walk(folder.path()) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let plain = name.trim_end_matches(".json").bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(plain || known.contains(&&*name), "unexpected: {}", path.display());
    }
    records(&state);
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        found.push(entry.path());
        if entry.path().is_dir() {
            found.extend(walk(&entry.path()));
        }
    }
    found
}

/// A state directory whose book is a pipe without a writer: opening it hangs, like a disk that does not answer.
fn on_a_hanging_disk() -> Folder {
    let folder = Folder::new();
    fs::create_dir_all(folder.join("state")).expect("a folder");
    process::run_well(process::command("mkfifo").arg(folder.join("state").join("book")));
    folder
}

/// The call of an event in that folder, behind words of a shell.
fn hanging(folder: &Folder, before: &str, log: &str) -> Process {
    let mut command = process::command("sh");
    let call = format!("{before} exec \"$0\" add 00:15:65:00:00:01 10.0.0.7");
    command.args(["-c", &call]).arg(companion()).env("OFFHOOK_STATE", folder.join("state"));
    Process::start("the script", &mut command, &folder.join(log))
}

/// A file that was opened in the place of a closed stream would receive what is said.
#[test]
fn streams_that_are_closed_lead_to_nothing() {
    let folder = on_a_hanging_disk();
    let script = hanging(&folder, "exec 0<&- 1>&- 2>&-;", "closed");
    let open = |number: u32| fs::read_link(format!("/proc/{}/fd/{number}", script.id())).ok();
    // The shell before it opens files too.
    wait_for("a file of the state", Duration::from_secs(5), || {
        open(3).filter(|file| file.starts_with(folder.path()))
    });
    for number in 0..3 {
        assert_eq!(open(number).as_deref(), Some(Path::new("/dev/null")), "stream {number}");
    }
}

/// dnsmasq's helper has SIGTERM ignored, and so would we: `timeout` could not end us.
#[test]
fn signals_count_again_and_time_is_limited() {
    let folder = on_a_hanging_disk();
    let hanging = |log: &str| hanging(&folder, "trap '' TERM ALRM INT;", log);
    let mut ends = hanging("by-itself");
    let start = std::time::Instant::now();
    let status = wait_for("an end by itself", Duration::from_secs(5), || ends.finished());
    assert!(status.success() && start.elapsed() > Duration::from_secs(1), "{status}");
    let mut ended = hanging("by-signal");
    std::thread::sleep(Duration::from_millis(300));
    assert!(ended.finished().is_none(), "it hangs");
    let start = std::time::Instant::now();
    assert!(ended.end("TERM").success());
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
}

#[test]
fn an_instance_is_told_by_the_name_of_a_symlink() {
    let folder = Folder::new();
    let mut command = process::command(companion());
    command.arg0("offhook-dnsmasq-voice").args(["add", "00:15:65:00:00:01", "10.0.0.7"]);
    // Only what it would do: the folder of an instance is root's to make.
    let output = process::run(command.env("OFFHOOK_STATE", folder.join("named")));
    assert!(output.status.success());
    assert_eq!(records(&folder.join("named")).len(), 1);
}

/// As `dnsmasq -d` hands its terminal on: its content does not come from a person.
#[test]
fn an_event_on_a_terminal_is_an_event() {
    let folder = Folder::new();
    let state = folder.join("state");
    let on_a_terminal = |words: &str| {
        let mut command = process::command("script");
        command.args(["--quiet", "--return", "--command"]);
        command.arg(format!("{} {words}", companion().display())).arg("/dev/null");
        process::run(command.env("OFFHOOK_STATE", &state).env("DNSMASQ_VENDOR_CLASS", "yealink"))
    };
    for words in [
        "add 00:15:65:00:00:01 10.0.0.7",
        "old 00:15:65:00:00:02 10.0.0.8 phone",
        "del 00:15:65:00:00:03 10.0.0.9",
        "add 00:01:00:01:2c:3f 2001:db8::7",
        "arp-add 00:15:65:00:00:04 10.0.0.7",
        "tftp 1234 10.0.0.7 /srv/tftp/x",
        "later-action 00:15:65:00:00:05 10.0.0.7",
        "init",
    ] {
        let output = on_a_terminal(words);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.is_empty(), "{words}: {} {said}", output.status);
    }
    assert_eq!(records(&state).len(), 3);
    // A mistyped command is an error.
    let output = on_a_terminal("rendr --policy x");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code() == Some(2) && said.contains("rendr"), "{said}");
}

/// Another user's folder, and links in it: as root the script writes nothing there, and nothing outside.
#[test]
fn no_file_outside_the_state_directory_is_touched() {
    let folder = Folder::new();
    let precious = folder.write("precious", "precious, whole and longer than a line");
    let whole = fs::read(&precious).expect("it");
    for name in ["alive", "key", ".001565000001.json-1", "phones"] {
        let state = folder.make(&format!("with-{name}"));
        std::os::unix::fs::symlink(&precious, state.join(name)).expect("a link");
        let output =
            process::run(&mut script(&state, &["add", "00:15:65:00:00:01", "10.0.0.7"], &[]));
        assert!(output.status.success(), "{name}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.is_empty(), name.starts_with('.'), "{name}: {said}");
        assert_eq!(fs::read(&precious).expect("it"), whole, "{name}");
    }
    let link = folder.join("link");
    std::os::unix::fs::symlink(folder.make("elsewhere"), &link).expect("a link");
    let mut refused = vec![link];
    if process::run_well(process::command("id").arg("-u")).trim() == "0" {
        let others = folder.make("others");
        std::os::unix::fs::chown(&others, Some(4711), None).expect("another's folder");
        refused.push(others);
    }
    for state in refused {
        let output =
            process::run(&mut script(&state, &["add", "00:15:65:00:00:01", "10.0.0.7"], &[]));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.is_empty(), "{}", state.display());
        assert_eq!(fs::read_dir(&state).expect("a folder").count(), 0, "{}", state.display());
    }
}
