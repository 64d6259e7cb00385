//! Killed at any moment, and two runs at once.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;
use std::time::Duration;

use super::site::{POLICY, Site};

/// Killed at any moment: every file that a phone could see is whole, and the next run completes it.
#[test]
fn killed_at_any_moment_no_file_is_half() {
    let list = |name: &str| {
        let row = |i: u32| format!("001565{i:06x},yealink,T46S,{i},pw{i},{name} {i}\n");
        "mac,vendor,model,user,password,display-name\n".to_owned()
            + &(0..600).map(row).collect::<String>()
    };
    let site = Site::in_memory(POLICY, &list("Old"));
    site.good(&[]);
    let old = site.tree();
    let whole = Site::in_memory(POLICY, &list("New"));
    whole.good(&[]);
    let new = whole.tree();
    site.list(&list("New"));
    let mut seen_between = 0;
    for round in 0..20u64 {
        let mut child = site.command(&[]).stdout(Stdio::null()).spawn().unwrap();
        if round % 2 == 0 {
            std::thread::sleep(Duration::from_millis(2 + round * 8));
        } else {
            // Between the first file's arrival and the last one's.
            let first = site.path("out/001565000000.cfg");
            let stamp = || fs::symlink_metadata(&first).unwrap().ino();
            let before = stamp();
            while stamp() == before && child.try_wait().unwrap().is_none() {}
            std::thread::sleep(Duration::from_micros(round * 150));
        }
        let _ = child.kill();
        child.wait().unwrap();
        let now = site.tree();
        assert_eq!(now.len(), old.len());
        for (path, bytes) in &now {
            assert!(*bytes == old[path] || *bytes == new[path], "{path} is half");
        }
        seen_between += usize::from(now != old && now != new);
        if now == new {
            // Back to the old state, for another try.
            site.list(&list("Old"));
            site.good(&[]);
            site.list(&list("New"));
        }
    }
    assert!(seen_between > 0, "no kill came between two files");
    site.good(&[]);
    assert_eq!(site.tree(), new);
    assert!(site.good(&["--prune"]).contains("0 written, 1200 as they were, 0 removed"));
    let left: Vec<_> = fs::read_dir(site.path("out/.offhook")).unwrap().flatten().collect();
    let mut left: Vec<_> = left.iter().map(|entry| entry.file_name()).collect();
    left.sort();
    assert_eq!(left, ["lock", "manifest"]);
}

/// Killed before its first end, everything that it wrote is known as its own all the same.
#[test]
fn a_first_run_that_was_killed_leaves_nothing_that_prune_does_not_find() {
    let row = |i: u32| format!("001565{i:06x},{i}\n");
    let list = "mac,user\n".to_owned() + &(0..2000).map(row).collect::<String>();
    for round in 0..8u64 {
        let site = Site::in_memory(POLICY, &list);
        let mut child = site.command(&[]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(15 + round * 20));
        let _ = child.kill();
        child.wait().unwrap();
        site.list("mac,user\n001565ffffff,1\n");
        site.good(&["--prune"]);
        assert_eq!(site.tree().len(), 2, "round {round}");
    }
}

#[test]
fn two_runs_at_once_do_not_mix() {
    let row = |i: u32| format!("001565{i:06x},{i}\n");
    let list = "mac,user\n".to_owned() + &(0..1500).map(row).collect::<String>();
    let site = Site::in_memory(POLICY, &list);
    let runs: Vec<_> = (0..4)
        .map(|_| site.command(&[]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let mut done = 0;
    for run in runs {
        let output = run.wait_with_output().unwrap();
        done += usize::from(output.status.success());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || told.contains("is at work there"), "{told}");
    }
    assert!(done >= 1);
    assert_eq!(site.tree().len(), 3000);
}
