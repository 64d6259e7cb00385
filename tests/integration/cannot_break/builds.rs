//! What the loader finds beside itself.

use super::{POLICY, URL, bound_by_modes, expect_line, parameters, serves, starts_without_us};
use crate::loading::{can_check, printed};
use crate::peers::kea::{Setup, Version};
use crate::peers::process::{command, run, run_well};
use crate::peers::product::library;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A Kea with the loader, and its build replaced by what `make` puts there, with the checksum of that.
fn with_build(make: impl FnOnce(&Setup, &Path)) -> Setup {
    let setup = damaged_build(make);
    if setup.build().is_file() {
        let line = run(command("cksum").arg(setup.build())).stdout;
        fs::write(setup.checksum(), line).expect("a checksum");
    }
    setup
}

/// The same with the checksum of the build that was there.
fn damaged_build(make: impl FnOnce(&Setup, &Path)) -> Setup {
    let setup = Setup::new().library(library(), Some(parameters()));
    let build = setup.build();
    fs::remove_file(&build).expect("the build goes");
    make(&setup, &build);
    setup
}

/// A copy of the build that may be spoiled.
fn content() -> Vec<u8> {
    let setup = Setup::new().library(library(), None);
    fs::read(setup.build()).expect("the build's content")
}

/// The build with a text in it replaced by another of the same length.
fn changed(from: &str, to: &str) -> Vec<u8> {
    let mut bytes = content();
    assert_eq!(from.len(), to.len());
    let places: Vec<usize> = bytes
        .windows(from.len())
        .enumerate()
        .filter(|(_, window)| *window == from.as_bytes())
        .map(|(at, _)| at)
        .collect();
    assert!(!places.is_empty(), "expected {from:?} in the build");
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

#[track_caller]
fn refused(make: impl FnOnce(&Setup, &Path), words: &[&str]) {
    drop(starts_without_us(with_build(make), "OFFHOOK_BUILD_REFUSED", words));
}

#[test]
fn the_right_build() {
    let kea = Setup::offhook(POLICY).start();
    assert_eq!(serves(&kea).as_deref(), Some(URL));
    assert!(kea.log_lines("OFFHOOK_BUILD").is_empty(), "expected no word about builds");
    kea.command("phone-status-get", None).ok();
}

#[test]
fn no_build() {
    let Version(major, minor, patch) = Version::installed();
    let this = format!("this is Kea {major}.{minor}.{patch}: expected the build for it at ");
    let setup = with_build(|_, build| {
        fs::write(build.with_file_name("kea-9.9.9.so"), "").expect("a build of another release");
    });
    let kea = starts_without_us(
        setup,
        "OFFHOOK_BUILD_MISSING",
        &[&this, "found kea-9.9.9.so", "phones get what Kea alone sends"],
    );
    let reply = kea.command("phone-status-get", None);
    assert_eq!(reply.result, 2, "expected Kea not to know the command, found {}", reply.text);
}

#[test]
fn no_folder_of_builds() {
    let setup = with_build(|_, build| {
        fs::remove_dir_all(build.parent().expect("a folder")).expect("the folder goes");
    });
    // The link to the library leads to a folder without builds too.
    drop(starts_without_us(setup, "OFFHOOK_BUILD_MISSING", &["found no folder "]));
}

#[test]
fn a_build_of_another_release() {
    let Version(major, minor, patch) = Version::installed();
    let own = format!("release={major}.{minor}.{patch} ");
    let build = changed(&own, "release=9.9.9 ");
    refused(
        |_, path| fs::write(path, build).expect("a build"),
        &["it is built for Kea 9.9.9, and this is Kea "],
    );
}

#[test]
fn a_build_for_another_hooks_version() {
    let Version(major, minor, patch) = Version::installed();
    let number = major * 10_000 + minor * 100 + patch;
    let build = changed(&format!(" number={number} "), " number=99999 ");
    refused(
        |_, path| fs::write(path, build).expect("a build"),
        &["it is built for hook libraries of version 99999, and this Kea wants version "],
    );
}

#[test]
fn a_build_against_other_versions_of_kea_s_libraries() {
    let text = String::from_utf8_lossy(&content()).into_owned();
    let at = text.find("libkea-hooks.so.").expect("a soname in the label");
    let own: String = text[at..].chars().take_while(|c| *c != ',').collect();
    let other = format!("libkea-hooks.so.{}", "9".repeat(own.len() - "libkea-hooks.so.".len()));
    let build = changed(&own, &other);
    refused(
        |_, path| fs::write(path, build).expect("a build"),
        &["it is built against libkea-hooks.so.9", "and this Kea has libkea-hooks.so."],
    );
}

#[test]
fn a_build_that_is_cut_off() {
    let whole = content();
    for length in [0, 1, 63, 64, 4096, whole.len() / 2, whole.len() - 1] {
        let setup = with_build(|_, path| fs::write(path, &whole[..length]).expect("a build"));
        let kea = setup.start();
        expect_line(&kea, "OFFHOOK_BUILD_REFUSED", &["cannot be used: it is "]);
        drop(kea);
    }
    refused(
        |_, path| fs::write(path, &whole[..whole.len() / 2]).expect("a build"),
        &["it is cut off: it has "],
    );
}

#[test]
fn a_build_with_a_byte_changed_anywhere() {
    let whole = content();
    let middle = whole.len() / 2;
    // The label stays as it is: what is before it, and behind it.
    for at in [200, middle, middle + 1, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        let setup = damaged_build(|_, path| fs::write(path, &bytes).expect("a build"));
        expect_line(&setup.start(), "OFFHOOK_BUILD_REFUSED", &["cannot be used: it is "]);
    }
    let mut bytes = whole;
    // A page of zeros, as a file system leaves it after a crash.
    bytes[middle..middle + 4096].fill(0);
    let setup = damaged_build(|_, path| fs::write(path, &bytes).expect("a build"));
    drop(starts_without_us(
        setup,
        "OFFHOOK_BUILD_REFUSED",
        &["it is damaged: expected the CRC ", ".so.cksum), found the CRC "],
    ));
}

#[test]
fn a_build_without_its_checksum() {
    type Make = fn(&Path);
    let cases: [(&str, Make); 4] = [
        ("No such file", |_| {}),
        ("expected a line of cksum", |path| fs::write(path, "").expect("an empty file")),
        ("not a regular file", |path| drop(run_well(command("mkfifo").arg(path)))),
        ("expected a line of cksum", |path| {
            fs::File::create(path).expect("a file").set_len(1 << 30).expect("a length");
        }),
    ];
    for (words, make) in cases {
        let setup = Setup::new().library(library(), Some(parameters()));
        fs::remove_file(setup.checksum()).expect("the checksum goes");
        make(&setup.checksum());
        let words = ["its checksum cannot be read from ", words];
        drop(starts_without_us(setup, "OFFHOOK_BUILD_REFUSED", &words));
    }
}

#[test]
fn a_build_that_cannot_be_read() {
    refused(
        |_, path| {
            let folder = path.parent().expect("a folder");
            std::os::unix::fs::symlink(folder.join("kea-0.so"), path).expect("a link to nowhere");
        },
        &["cannot be used: No such file"],
    );
    refused(|_, path| fs::create_dir(path).expect("a folder"), &["it is not a regular file"]);
    refused(|_, path| drop(run_well(command("mkfifo").arg(path))), &["it is not a regular file"]);
    refused(|_, path| fs::write(path, "#!/bin/sh\n").expect("a text"), &["not a shared library"]);
}

#[test]
fn a_build_without_the_permission_to_read_it() {
    let setup = with_build(|_, path| {
        fs::write(path, content()).expect("a build");
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).expect("a mode");
    });
    let setup = bound_by_modes(setup);
    drop(starts_without_us(setup, "OFFHOOK_BUILD_REFUSED", &["Permission denied"]));
}

/// A symbol that every Kea has, spelt as none has it.
fn with_a_missing_symbol() -> Vec<u8> {
    changed(
        "_ZN3isc5hooks13LibraryHandle15registerCallout",
        "_ZN3isc5hooks13LibraryHandle15registerCallou9",
    )
}

#[test]
fn a_build_with_a_missing_symbol() {
    let build = with_a_missing_symbol();
    refused(
        |_, path| fs::write(path, build).expect("a build"),
        &["undefined symbol: _ZN3isc5hooks13LibraryHandle15registerCallou9"],
    );
}

#[test]
fn a_library_that_is_none_of_offhook_s() {
    refused(
        |_, path| {
            fs::copy(other_library(), path).expect("a library");
        },
        &["it is not a build of offhook"],
    );
}

/// Any shared library of this machine: what the tests themselves are linked to.
fn other_library() -> PathBuf {
    let maps = fs::read_to_string("/proc/self/maps").expect("what is mapped");
    let path = maps.lines().filter_map(|line| line.split_whitespace().last());
    let found = path.filter(|path| path.contains("/libc.so")).map(PathBuf::from).next();
    found.expect("a C library")
}

#[test]
fn a_build_that_comes_later_is_used_after_a_reload() {
    let whole = content();
    // Its checksum is there already: either may be installed first.
    let kea = damaged_build(|_, _| {}).start();
    expect_line(&kea, "OFFHOOK_BUILD_MISSING", &[]);
    fs::write(kea.setup.build(), whole).expect("a build");
    kea.reload().ok();
    assert_eq!(serves(&kea).as_deref(), Some(URL));
}

#[test]
fn a_build_that_goes_away_stays_in_use_until_a_restart() {
    let kea = Setup::offhook(POLICY).start();
    fs::remove_file(kea.setup.build()).expect("the build goes");
    kea.reload().ok();
    assert_eq!(serves(&kea).as_deref(), Some(URL));
    let kea = kea.restart();
    assert_eq!(serves(&kea), None);
    expect_line(&kea, "OFFHOOK_BUILD_MISSING", &[]);
}

#[test]
fn a_check_fails_where_a_start_does_not() {
    let setup = with_build(|_, _| {});
    if can_check() {
        let checked = setup.check();
        let printed = printed(&checked);
        assert!(!checked.status.success(), "expected -T to fail, found\n{printed}");
        assert!(printed.contains("OFFHOOK_BUILD_MISSING"), "expected the reason, found\n{printed}");
    }
    expect_line(&setup.start(), "OFFHOOK_BUILD_MISSING", &[]);
}

#[test]
fn twice_in_the_configuration() {
    let setup = Setup::offhook(POLICY).library(library(), Some(parameters()));
    let kea = setup.start();
    expect_line(
        &kea,
        "OFFHOOK_LOAD_REFUSED",
        &["the library is loaded already", "hooks-libraries"],
    );
    kea.reload().ok();
    assert_eq!(serves(&kea).as_deref(), Some(URL));
}
