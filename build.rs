//! Builds the C++ shim of the Kea hook against the Kea of this machine, and the Rust view of the one
//! page that both sides agree on.
//!
//! A hook library belongs to exactly one release of Kea: its headers decide which. They are looked
//! for in `KEA_INCLUDE_DIR`, then where distributions put them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::exit;

const USUAL: [&str; 3] = ["/usr/include/kea", "/usr/local/include/kea", "/opt/kea/include/kea"];
const SHIM: [&str; 8] =
    ["callouts", "classes", "commands", "hook", "leases", "load", "messages", "statistics"];

fn main() {
    let shim = Path::new("shim");
    println!("cargo::rerun-if-changed=shim");
    println!("cargo::rerun-if-changed=include/abi.h");
    println!("cargo::rerun-if-env-changed=KEA_INCLUDE_DIR");
    println!("cargo::rerun-if-env-changed=BOOST_INCLUDE_DIR");
    let headers = headers();
    let release = Release::read(&headers);
    println!("cargo::rustc-env=OFFHOOK_KEA_VERSION={}", release.name());

    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").warnings(true).extra_warnings(true);
    // Someone else's headers are not ours to warn about.
    build.flag("-isystem").flag(&headers);
    if let Some(boost) = env::var_os("BOOST_INCLUDE_DIR") {
        build.flag("-isystem").flag(boost);
    }
    build.define("OFFHOOK_KEA_HOOKS_VERSION", release.hooks_version.to_string().as_str());
    if env::var_os("CARGO_FEATURE_FAULT_INJECTION").is_some() {
        build.define("OFFHOOK_FAULT_INJECTION", None);
    }
    if env::var_os("OFFHOOK_WERROR").is_some() {
        build.warnings_into_errors(true);
    }
    println!("cargo::rerun-if-env-changed=OFFHOOK_WERROR");
    build.files(SHIM.map(|name| shim.join(name).with_extension("cc")));
    build.compile("offhook_shim");

    // What was in force outlives an unload (kea-hook/src/hook.rs, Kept), so the library must stay.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // No Kea library is linked: kea-dhcp4 has them all loaded, under names that differ by release.
    contract();
}

/// Rust's view of the contract, from the page itself.
fn contract() {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("abi.rs");
    let written = bindgen::Builder::default()
        .header("include/abi.h")
        .allowlist_item("(offhook|OFFHOOK)_.*")
        .use_core()
        .derive_debug(false)
        .generate()
        .map_err(|error| error.to_string())
        .and_then(|bindings| bindings.write_to_file(&out).map_err(|error| error.to_string()));
    if let Err(error) = written {
        stop(&format!("bindgen could not read include/abi.h: {error}"));
    }
}

/// The folder of Kea's headers.
fn headers() -> PathBuf {
    let given = env::var_os("KEA_INCLUDE_DIR").map(PathBuf::from);
    let found = match &given {
        Some(folder) => Some(folder.clone()),
        None => USUAL.iter().map(PathBuf::from).find(|folder| marker(folder).is_file()),
    };
    match found {
        Some(folder) if marker(&folder).is_file() => folder,
        Some(folder) => stop(&format!(
            "KEA_INCLUDE_DIR is {}, but there is no hooks/hooks.h in it",
            folder.display()
        )),
        None => stop(&format!(
            "Kea's headers are not in {}. Install them (Debian: kea-dev, libboost-dev), or name \
             their folder in KEA_INCLUDE_DIR",
            USUAL.join(", ")
        )),
    }
}

fn marker(folder: &Path) -> PathBuf {
    folder.join("hooks/hooks.h")
}

/// Which Kea the headers are of.
struct Release {
    /// 20200 for 2.2.0.
    hooks_version: u32,
}

impl Release {
    /// Kea keeps the number in a C++ constant, which neither the preprocessor nor bindgen can use.
    fn read(headers: &Path) -> Release {
        let path = marker(headers);
        println!("cargo::rerun-if-changed={}", path.display());
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| stop(&format!("{}: {error}", path.display())));
        let number = text
            .lines()
            .find_map(|line| line.split_once("KEA_HOOKS_VERSION =")?.1.trim().strip_suffix(';'))
            .and_then(|number| number.trim().parse().ok());
        match number {
            Some(hooks_version) => Release { hooks_version },
            None => stop(&format!("{} does not say KEA_HOOKS_VERSION", path.display())),
        }
    }

    /// `2.2.0`
    fn name(&self) -> String {
        let number = self.hooks_version;
        format!("{}.{}.{}", number / 10_000, number / 100 % 100, number % 100)
    }
}

fn stop(text: &str) -> ! {
    println!("cargo::error={text}");
    exit(1)
}
