//! `make install` asks Kea for its folder, not Debian, and takes ISC's own packages for what they are. The README's
//! way by packages is short.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::files::root;

/// A program of this name in a folder, which prints this text.
pub fn program(folder: &Path, name: &str, prints: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\ncat <<'END'\n{prints}\nEND\n")).expect("a program");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// `make` with these words, where the programs of a folder are found first.
fn run(programs: &Path, words: &[&str]) -> String {
    let before = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("make")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(words)
        .env("PATH", format!("{}:{before}:/usr/sbin", programs.display()))
        // A make that runs this test must not tell this one what to do.
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .output()
        .expect("make is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What `make TARGET` would do beside a program of this name that prints this text.
fn make(target: &str, name: &str, prints: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    program(folder.path(), name, prints);
    run(folder.path(), &["--dry-run", target])
}

#[test]
fn kea_says_in_which_folder_its_libraries_are() {
    for (prints, folder) in [
        ("   Hooks directory:   /opt/isc/lib/kea/hooks", "/opt/isc/lib/kea/hooks"),
        // Its executable is not here: beside the library that its headers come with.
        ("", "/kea/hooks"),
    ] {
        let would = make("install-files", "kea-dhcp4", prints);
        let wanted = format!("{folder}/libdhcp_offhook.so'");
        assert!(would.contains(&wanted), "expected {wanted} in\n{would}");
    }
}

#[test]
fn debian_s_headers_are_not_installed_beside_isc_s() {
    for (prints, expected) in [("ii ", false), ("un ", true), ("", true)] {
        let would = make("build", "dpkg-query", prints);
        let found = would.lines().any(|line| line.contains("scripts/deps build"));
        assert_eq!(found, expected, "{prints:?}\n{would}");
        assert!(would.contains("build --profile release -p offhook-kea"), "{would}");
    }
}

/// Kea as ISC installs it: a prefix of its own (`/opt/kea` in Kea's manual, "Installing Hook Packages"), and for dpkg
/// no package of Debian's names.
#[test]
fn a_kea_of_isc_s_gets_its_library_where_it_looks() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let [programs, target, machine] = ["programs", "target", "machine"].map(|name| root.join(name));
    for made in [&programs, &target.join("release"), &machine.join("opt/kea/lib/kea/hooks")] {
        fs::create_dir_all(made).expect("a folder");
    }
    let report = "Package:\n  Name:              kea\n  Version:           3.0.3\n  \
                  Prefix:            /opt/kea\n  Hooks directory:    /opt/kea/lib/kea/hooks\n";
    program(&programs, "kea-dhcp4", report);
    program(&programs, "dpkg-query", "ii ");
    for (name, holds) in [
        ("libdhcp_offhook.so", "the loader"),
        ("liboffhook_kea.so", "\0release=3.0.3 number=30003 libraries=\0"),
        ("offhook", "the command line"),
        ("offhook-dnsmasq", "the companion"),
    ] {
        fs::write(target.join("release").join(name), holds).expect("a file");
    }
    let [target, machine_word] = [("CARGO_TARGET_DIR", &target), ("DESTDIR", &machine)]
        .map(|(name, path)| format!("{name}={}", path.display()));
    run(&programs, &["install-files", &target, &machine_word]);

    let hooks = machine.join("opt/kea/lib/kea/hooks");
    assert!(hooks.join("libdhcp_offhook.so").is_file());
    let sum = Command::new("cksum")
        .arg("kea-3.0.3.so")
        .current_dir(hooks.join("offhook"))
        .output()
        .expect("cksum");
    assert!(sum.status.success(), "{}", String::from_utf8_lossy(&sum.stderr));
    assert_eq!(fs::read(hooks.join("offhook/kea-3.0.3.so.cksum")).expect("the line"), sum.stdout);
    let made: Vec<_> = fs::read_dir(&machine).expect("the machine").flatten().collect();
    let mut made: Vec<_> = made.iter().map(fs::DirEntry::file_name).collect();
    made.sort();
    assert_eq!(made, ["opt", "usr"], "expected nothing but Kea's folder and /usr/local");
    assert!(!machine.join("usr/lib").exists(), "Debian's folder");
}

/// `scripts/deb --check` and `scripts/walk` run these very commands.
#[test]
fn the_readme_needs_five_commands_for_a_server() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    for server in ["Kea", "dnsmasq"] {
        let (_, section) =
            readme.split_once(&format!("## Use it with your {server}")).expect(server);
        let (section, _) = section.split_once("\n## ").expect("its end");
        let mut commands = Vec::new();
        let mut inside = false;
        for line in section.lines().map(str::trim) {
            match line {
                "```sh" => inside = true,
                "```" => inside = false,
                _ if inside => commands.push(line),
                _ => {}
            }
        }
        assert!(commands[0].starts_with("apt-get install "), "{server}: {commands:?}");
        assert!(commands.len() <= 5, "{server}: {commands:?}");
        assert!(commands.iter().all(|command| !command.contains("&&")), "{server}: {commands:?}");
    }
}
