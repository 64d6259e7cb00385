//! The hook library itself: found or built, never installed.
//!
//! Two variants: the one that users get, and one with the feature `fault-injection`, which fails on purpose. They have
//! the same file name, so they are built into different target folders. `OFFHOOK_HOOK` and `OFFHOOK_HOOK_FAULTS` name
//! libraries that are there already (the matrix of Kea releases builds its own).

use super::kea::Setup;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

const FILE: &str = "libdhcp_offhook.so";

/// The library as users get it.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<Found> = OnceLock::new();
    must(LIBRARY.get_or_init(|| find("OFFHOOK_HOOK", &[])))
}

/// The library that fails on purpose.
pub fn faulty_library() -> &'static Path {
    static LIBRARY: OnceLock<Found> = OnceLock::new();
    must(LIBRARY.get_or_init(|| find("OFFHOOK_HOOK_FAULTS", &["fault-injection"])))
}

/// The library, or why there is none: found out once, told to every test that wants it.
type Found = Result<PathBuf, String>;

fn must(found: &'static Found) -> &'static Path {
    found.as_deref().unwrap_or_else(|why| panic!("{why}"))
}

fn find(variable: &str, features: &[&str]) -> Found {
    if let Some(path) = std::env::var_os(variable) {
        let path = PathBuf::from(path);
        let missing = format!("expected a library at {variable}={}", path.display());
        return if path.is_file() { Ok(path) } else { Err(missing) };
    }
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut target = tmp.parent().expect("the target folder").to_path_buf();
    features.iter().for_each(|feature| target.push(feature));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet", "-p", "offhook-kea"]);
    build.arg("--target-dir").arg(&target);
    features.iter().for_each(|feature| {
        build.args(["--features", feature]);
    });
    let output = build.output().map_err(|error| format!("cannot run {build:?}: {error}"))?;
    if output.status.success() {
        return Ok(target.join("debug").join(FILE));
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    Err(format!("expected {build:?} to build the hook, found\n{errors}"))
}

impl Setup {
    /// A Kea with the hook and this policy (JSON).
    pub fn offhook(policy: &str) -> Setup {
        let policy: Value = serde_json::from_str(policy)
            .unwrap_or_else(|error| panic!("expected a policy in JSON: {error}\n{policy}"));
        Setup::new().offhook_with(json!({ "policy": policy }))
    }

    /// Loads the hook with these parameters.
    pub fn offhook_with(self, parameters: Value) -> Setup {
        self.library(library(), Some(parameters))
    }

    /// Loads the hook with the policy in a file of the setup's folder.
    pub fn offhook_file(self, policy: &str) -> Setup {
        let file = self.folder.write("policy.json", policy);
        self.offhook_with(json!({ "policy-file": file }))
    }
}
