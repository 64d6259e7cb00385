//! CONTRIBUTING.md, "Add a maker": its commands, as they are written there, in a copy of the repository.
//!
//! The copy and what is built of it are at one place in the target folder, so that a second run builds only what
//! has changed. The folder that the tests themselves are built into cannot serve: cargo takes the copy's crates for
//! its own. It lends what it has of other people's crates.

// A test fails by panicking.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::fcntl::{Flock, FlockArg};

/// A DHCPDISCOVER of a phone that the catalogue does not have: option 60 `Example Phone 42/1.2`, which requests
/// option 66.
fn packet() -> String {
    let mut wire = vec![0u8; 236];
    wire[..3].copy_from_slice(&[1, 1, 6]);
    wire[28..34].copy_from_slice(&[0x02, 0x11, 0x22, 0x33, 0x44, 0x55]);
    wire.extend([99, 130, 83, 99, 53, 1, 1, 55, 3, 1, 3, 66, 60, 20]);
    wire.extend(b"Example Phone 42/1.2");
    wire.push(255);
    wire.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a person finds out; the rest of the draft stays as it is.
const FOUND_OUT: [(&str, &str); 2] = [
    ("name = \"FIND OUT\"", "name = \"Example\""),
    ("\"FIND OUT: model, firmware, date and who captured it\"", "\"Example 42, firmware 1.2\""),
];

const EXAMPLES: &str = r#"
[[example]]
name = "by option 60"
option-60 = "Example Phone 42/1.2"
option-55 = [1, 3, 66]
model = "42/1.2"
source = "capture"
told = [
  { code = 42, hex = "c0000201" },
  { code = 66, text = "https://provision.example.com/phones/" },
  { code = 120, hex = "0003736970076578616d706c6503636f6d00" },
]

[[example]]
name = "by its address"
mac = "02:11:22:33:44:55"
source = "capture"
told = [
  { code = 42, hex = "c0000201" },
  { code = 66, text = "https://provision.example.com/phones/" },
  { code = 120, hex = "0003736970076578616d706c6503636f6d00" },
]

[[near-miss]]
name = "a switch of the same maker"
is = ""
option-60 = "Example Switch"
source = "capture"
"#;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What stays for the next run.
fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The lines of the section's blocks of `sh`.
fn commands() -> Vec<String> {
    let page = fs::read_to_string(root().join("CONTRIBUTING.md")).expect("CONTRIBUTING.md");
    let (_, section) = page.split_once("## Add a maker\n").expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut commands = Vec::new();
    let mut inside = false;
    for line in section.lines().map(str::trim) {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            command if inside && !command.is_empty() => commands.push(command.to_owned()),
            _ => {}
        }
    }
    commands
}

/// A copy of the sources with their times, so that cargo builds only what differs from the last copy.
fn copy() -> PathBuf {
    let copy = kept("add-a-maker");
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir_all(&copy).expect("a folder");
    let entries = fs::read_dir(root()).expect("the repository");
    for entry in entries.map(|entry| entry.expect("an entry")) {
        let name = entry.file_name();
        if name == "target" || name == ".git" {
            continue;
        }
        let copied = Command::new("cp").arg("-a").arg(entry.path()).arg(&copy).status();
        assert!(copied.expect("cp runs").success(), "{}", entry.path().display());
    }
    copy
}

/// Where the copy is built: at first with other people's crates as they were compiled for the tests.
fn target() -> PathBuf {
    let target = kept("add-a-maker-target");
    let (from, to) = (kept("../debug"), target.join("debug"));
    if from.join(".fingerprint").is_dir() && !to.exists() {
        let lent = Command::new("bash")
            .args(["-euc", ". \"$0\" && crates_of_others \"$1\" \"$2\""])
            .args([root().join("packaging/crates.sh"), from, to])
            .status();
        assert!(lent.expect("bash runs").success(), "the crates of others are not copied");
    }
    target
}

/// Runs a line in the copy; cargo's own variables of this test would reach the build.
fn run(line: &str, copy: &Path, target: &Path) {
    let mut shell = Command::new("sh");
    for (name, _) in std::env::vars() {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            shell.env_remove(name);
        }
    }
    let output = shell
        .args(["-ec", line])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", target)
        .stdin(Stdio::null())
        .output()
        .expect("sh runs");
    assert!(
        output.status.success(),
        "expected {line:?} to succeed, found\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn fill_in(folder: &Path) {
    let file = folder.join("vendor.toml");
    let mut text = fs::read_to_string(&file).expect("the draft");
    for (draft, found) in FOUND_OUT {
        assert!(text.contains(draft), "expected {draft:?} in the draft, found\n{text}");
        text = text.replace(draft, found);
    }
    fs::write(file, text).expect("written");
    fs::write(folder.join("examples.toml"), EXAMPLES).expect("written");
}

#[test]
fn every_command_of_the_page_works() {
    // Another run of this test uses the same folder: one at a time.
    let lock = fs::File::create(kept("add-a-maker.lock")).expect("a lock file");
    let _lock = Flock::lock(lock, FlockArg::LockExclusive).expect("the lock");
    let (copy, target) = (copy(), target());
    let run = |line: &str| run(line, &copy, &target);
    let folder = copy.join("core/catalogue/vendors/example");
    let program = env!("CARGO_BIN_EXE_offhook");
    let commands = commands();
    assert!(commands.len() >= 5, "expected the commands of the page, found {commands:?}");
    for command in commands {
        if command.starts_with("tcpdump ") {
            // No phone here: the other way that the page names, the packet's hex digits.
            fs::write(copy.join("phone.pcap"), packet()).expect("written");
        } else if let Some(rest) = command.strip_prefix("cargo run -p offhook -- ") {
            // Built already: the copy would build the whole command line again.
            run(&format!("'{program}' {rest}"));
        } else if command == "make test-catalogue" {
            fill_in(&folder);
            run(&command);
        } else if command == "make docs/vendors.md" {
            // It is cargo run again; with the new maker as an overlay, the program here writes the page.
            run("make -n docs/vendors.md");
            run(&format!(
                "mkdir -p mine/vendors && cp -r '{}' mine/vendors && \
                 '{program}' vendors --markdown --vendors-directory mine > docs/vendors.md",
                folder.display()
            ));
            let page = fs::read_to_string(copy.join("docs/vendors.md")).expect("the page");
            assert!(page.contains("| [example](#example) | Example |"), "no new maker on the page");
        } else {
            run(&command);
        }
    }
    fs::remove_dir_all(copy).expect("removed");
}
