//! What this workspace builds: found, or built by cargo, and never installed.
//!
//! There are two variants of the hook library: the one that users get, and one with the feature
//! `fault-injection`, which fails on purpose. They have the same file name, so they are built into
//! different target folders. `OFFHOOK_HOOK`, `OFFHOOK_HOOK_FAULTS`, `OFFHOOK_CLI` and
//! `OFFHOOK_DNSMASQ` name files that are there already.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::process;

/// The library as users get it.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<Found> = OnceLock::new();
    must(LIBRARY.get_or_init(|| find("OFFHOOK_HOOK", &PRODUCTS, HOOK, None)))
}

/// The library that fails on purpose.
pub fn faulty_library() -> &'static Path {
    static LIBRARY: OnceLock<Found> = OnceLock::new();
    let faults = Some("offhook-kea/fault-injection");
    must(LIBRARY.get_or_init(|| find("OFFHOOK_HOOK_FAULTS", &KEA, HOOK, faults)))
}

/// The command line.
pub fn command_line() -> &'static Path {
    static PROGRAM: OnceLock<Found> = OnceLock::new();
    must(PROGRAM.get_or_init(|| find("OFFHOOK_CLI", &PRODUCTS, "offhook", None)))
}

/// The dnsmasq companion.
pub fn companion() -> &'static Path {
    static PROGRAM: OnceLock<Found> = OnceLock::new();
    must(PROGRAM.get_or_init(|| find("OFFHOOK_DNSMASQ", &PRODUCTS, COMPANION, None)))
}

const OF_THIS_TEST: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME"];

const COMPANION: &str = "offhook-dnsmasq";

/// Everything that tests start, always built by one command: what two programs share would be compiled once for
/// each of them otherwise, because cargo gives a dependency the features that the named packages want together.
const PRODUCTS: [&str; 4] = ["offhook-kea-loader", "offhook-kea", "offhook", COMPANION];

/// What Kea opens: the loader. The build for the Kea of this machine is made with it.
const KEA: [&str; 2] = ["offhook-kea-loader", "offhook-kea"];
const HOOK: &str = "libdhcp_offhook.so";

/// The build beside a loader, where cargo has made both.
pub fn build_beside(loader: &Path) -> Option<PathBuf> {
    Some(loader.with_file_name("liboffhook_kea.so")).filter(|build| build.is_file())
}

/// The line beside a build that the loader compares it with, written once for each file.
pub fn checksum(build: &Path) -> String {
    static KNOWN: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let line = known.entry(build.to_path_buf());
    line.or_insert_with(|| process::run_well(process::command("sha256sum").arg(build))).clone()
}

/// The file, or why there is none: found out once, told to every test that wants it.
type Found = Result<PathBuf, String>;

fn must(found: &'static Found) -> &'static Path {
    found.as_deref().unwrap_or_else(|why| panic!("{why}"))
}

fn find(variable: &str, packages: &[&str], file: &str, feature: Option<&str>) -> Found {
    if let Some(path) = std::env::var_os(variable) {
        let path = PathBuf::from(path);
        let missing = format!("expected a file at {variable}={}", path.display());
        return if path.is_file() { Ok(path) } else { Err(missing) };
    }
    // The test itself is `target/debug/deps/integration-...`.
    let test = std::env::current_exe().expect("this test's file");
    let mut target = test.ancestors().nth(3).expect("the target folder").to_path_buf();
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
    if let Some(feature) = feature {
        target.push(feature.rsplit('/').next().unwrap_or(feature));
        build.args(["--features", feature]);
    }
    build.arg("--target-dir").arg(&target);
    let output = build.output().map_err(|error| format!("cannot run {build:?}: {error}"))?;
    if output.status.success() {
        return Ok(target.join("debug").join(file));
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("expected {build:?} to succeed, found\n{errors}"))
}
