//! `make install` asks Kea for its folder, not Debian, and takes ISC's own packages for what they are.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// What `make TARGET` would do beside a program of this name that prints this text.
fn make(target: &str, program: &str, prints: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(program);
    fs::write(&path, format!("#!/bin/sh\ncat <<'END'\n{prints}\nEND\n")).expect("a program");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    let before = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("make")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["--dry-run", target])
        .env("PATH", format!("{}:{before}:/usr/sbin", folder.path().display()))
        // A make that runs this test must not tell this one what to do.
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .output()
        .expect("make is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
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
