//! A fault in a program must not write the passwords that it holds to a disk.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panic")]

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Ends a program that waits for input as an abort would, where dumps have no limit. (Rust handles SIGSEGV itself.)
fn crash(program: &str, arguments: &[&str]) -> ExitStatus {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new("prlimit")
        .args(["--core=unlimited:unlimited", program])
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("prlimit (util-linux)");
    let name = Path::new(program).file_name().unwrap().to_str().unwrap();
    // It waits for input: its name is its own, and it sleeps each time that it is looked at.
    let mut asleep = 0;
    let until = Instant::now() + Duration::from_secs(30);
    while asleep < 5 {
        std::thread::sleep(Duration::from_millis(20));
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        asleep = if stat.contains(&format!("({name}) S ")) { asleep + 1 } else { 0 };
        assert!(Instant::now() < until, "expected {name} to wait for input, found {stat}");
    }
    let kill = Command::new("kill").args(["-ABRT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(6), "{status}");
    status
}

#[test]
fn a_fault_dumps_no_memory() {
    if !crash("cat", &[]).core_dumped() {
        eprintln!("skipped: this machine dumps no program's memory");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.json");
    fs::write(&policy, "{}").unwrap();
    let policy = policy.display().to_string();
    let arguments = ["explain", "--policy", &policy, "--batch", "-"];
    let status = crash(env!("CARGO_BIN_EXE_offhook"), &arguments);
    assert!(!status.core_dumped(), "expected no dump of offhook's memory");
}
