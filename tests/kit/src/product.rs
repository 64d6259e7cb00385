//! What this workspace builds: found, or built by cargo, and never installed.
//!
//! There are two variants of the build for Kea: the one that users get, and that of the package
//! `offhook-kea-faulty`, which fails on purpose. `OFFHOOK_HOOK` (the loader), `OFFHOOK_HOOK_FAULTS` (that other
//! build), `OFFHOOK_CLI` and `OFFHOOK_DNSMASQ` name files that are there already; `OFFHOOK_BUILT` says that cargo has
//! made all of them together with this test.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::process;

/// The library as users get it.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<Found> = OnceLock::new();
    must(LIBRARY.get_or_init(|| find("OFFHOOK_HOOK", &PRODUCTS, HOOK)))
}

/// The library that fails on purpose: the same loader, with the other build beside it.
pub fn faulty_library() -> &'static Path {
    static LIBRARY: OnceLock<Found> = OnceLock::new();
    must(LIBRARY.get_or_init(|| {
        let packages = [&PRODUCTS[..], &["offhook-kea-faulty"]].concat();
        let build = find("OFFHOOK_HOOK_FAULTS", &packages, "liboffhook_kea_faulty.so")?;
        let folder = build.with_file_name("faulty");
        let pair = [(library(), folder.join(HOOK)), (&build, folder.join(BUILD))];
        let linked = fs::create_dir_all(&folder).and_then(|()| {
            // Another run may be doing the same.
            pair.iter().try_for_each(|(file, name)| replace_link(file, name))
        });
        linked.map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(folder.join(HOOK))
    }))
}

fn replace_link(file: &Path, name: &Path) -> std::io::Result<()> {
    let new = name.with_extension(format!("{}", std::process::id()));
    symlink(file, &new)?;
    fs::rename(new, name)
}

/// The command line.
pub fn command_line() -> &'static Path {
    static PROGRAM: OnceLock<Found> = OnceLock::new();
    must(PROGRAM.get_or_init(|| find("OFFHOOK_CLI", &PRODUCTS, "offhook")))
}

/// The dnsmasq companion.
pub fn companion() -> &'static Path {
    static PROGRAM: OnceLock<Found> = OnceLock::new();
    must(PROGRAM.get_or_init(|| find("OFFHOOK_DNSMASQ", &PRODUCTS, COMPANION)))
}

const OF_THIS_TEST: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME"];

const COMPANION: &str = "offhook-dnsmasq";

/// Everything that tests start, always built by one command: what two programs share would be compiled once for
/// each of them otherwise, because cargo gives a dependency the features that the named packages want together.
const PRODUCTS: [&str; 4] = ["offhook-kea-loader", "offhook-kea", "offhook", COMPANION];

/// What Kea opens: the loader.
const HOOK: &str = "libdhcp_offhook.so";
/// The build for the Kea of this machine, made with it.
const BUILD: &str = "liboffhook_kea.so";

/// The build beside a loader, where cargo has made both.
pub fn build_beside(loader: &Path) -> Option<PathBuf> {
    Some(loader.with_file_name(BUILD)).filter(|build| build.is_file())
}

/// The line beside a build that the loader compares it with, written once for each file.
pub fn checksum(build: &Path) -> String {
    static KNOWN: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let line = known.entry(build.to_path_buf());
    line.or_insert_with(|| process::run_well(process::command("cksum").arg(build))).clone()
}

/// The file, or why there is none: found out once, told to every test that wants it.
type Found = Result<PathBuf, String>;

fn must(found: &'static Found) -> &'static Path {
    found.as_deref().unwrap_or_else(|why| panic!("{why}"))
}

fn find(variable: &str, packages: &[&str], file: &str) -> Found {
    if let Some(path) = std::env::var_os(variable) {
        let path = PathBuf::from(path);
        let missing = format!("expected a file at {variable}={}", path.display());
        return if path.is_file() { Ok(path) } else { Err(missing) };
    }
    // The test itself is `target/debug/deps/integration-...`.
    let test = std::env::current_exe().expect("this test's file");
    let target = test.ancestors().nth(3).expect("the target folder");
    let made = target.join("debug").join(file);
    if std::env::var_os("OFFHOOK_BUILT").is_some() {
        let missing = format!("OFFHOOK_BUILT is set, and there is no {}", made.display());
        return if made.is_file() { Ok(made) } else { Err(missing) };
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).args(["build", "--quiet"]);
    build.args(packages.iter().flat_map(|package| ["-p", package]));
    // What cargo says of this test would change what some build scripts are built for, and so build
    // the same crates anew each time.
    let ours = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    for name in ours.filter(|name| OF_THIS_TEST.iter().any(|head| name.starts_with(head))) {
        build.env_remove(name);
    }
    build.arg("--target-dir").arg(target);
    let output = build.output().map_err(|error| format!("cannot run {build:?}: {error}"))?;
    if output.status.success() {
        return Ok(made);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("expected {build:?} to succeed, found\n{errors}"))
}
