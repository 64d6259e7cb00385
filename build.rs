//! Builds the C++ shim of the Kea hook against the Kea of this machine, and the Rust view of the one
//! page that both sides agree on.
//!
//! A hook library belongs to exactly one release of Kea: its headers decide which. They are looked
//! for in `KEA_INCLUDE_DIR`, then where distributions put them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

/// Kea's libraries that the shim uses, over all releases.
const OF_KEA: [&str; 11] = [
    "asiolink",
    "cc",
    "dhcp",
    "dhcp++",
    "dhcpsrv",
    "exceptions",
    "hooks",
    "log",
    "process",
    "stats",
    "util",
];
const USUAL: [&str; 3] = ["/usr/include/kea", "/usr/local/include/kea", "/opt/kea/include/kea"];
fn main() {
    // The library of the tests, kea-hook/faulty, is compiled from the same sources.
    let root = if Path::new("shim").is_dir() { Path::new("") } else { Path::new("..") };
    let shim = &root.join("shim");
    let page = &root.join("include/abi.h");
    println!("cargo::rerun-if-changed={}", shim.display());
    println!("cargo::rerun-if-changed={}", page.display());
    println!("cargo::rerun-if-env-changed=KEA_INCLUDE_DIR");
    println!("cargo::rerun-if-env-changed=BOOST_INCLUDE_DIR");
    let headers = headers();
    let release = Release::read(&headers);
    println!("cargo::rustc-env=OFFHOOK_KEA_VERSION={}", release.name);

    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").warnings(true).extra_warnings(true);
    // No warnings about headers that are not offhook's.
    build.flag("-isystem").flag(&headers);
    // Debian's kea-dev 2.2.0 lacks one header that lease_mgr.h needs.
    if !headers.join("dhcpsrv/cfg_globals.h").is_file() {
        build.flag("-isystem").flag(shim.join("missing"));
    }
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
    harden(&mut build);
    // It includes the others: Kea's headers, nearly all of what is compiled, are read once.
    build.file(shim.join("shim.cc"));
    build.compile("offhook_shim");
    // What the loader reads before it opens the library (kea-hook/loader/src/build_file.rs).
    println!(
        "cargo::rustc-env=OFFHOOK_LABEL=release={} number={} libraries={}",
        release.name,
        release.hooks_version,
        libraries(&build.get_compiler()).join(",")
    );

    // What was in force outlives an unload (kea-hook/src/hook.rs, Kept), so the library must stay.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // No Kea library is linked: kea-dhcp4 has them all loaded, under names that differ by release.
    contract(page);
}

/// A fault in the C++ ends the process instead of being used. The switches are noted in the library, where a
/// test looks for them.
fn harden(build: &mut cc::Build) {
    build.flag("-fstack-protector-strong").define("_GLIBCXX_ASSERTIONS", None);
    build.flag_if_supported("-frecord-gcc-switches");
    // It works in optimised code only, and a distribution's compiler may define it already.
    if env::var("OPT_LEVEL").is_ok_and(|level| level != "0") {
        build.flag("-U_FORTIFY_SOURCE").define("_FORTIFY_SOURCE", "2");
    }
}

/// Rust's view of the contract, from the page itself.
fn contract(page: &Path) {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("abi.rs");
    let written = bindgen::Builder::default()
        .header(page.to_string_lossy())
        .allowlist_item("(offhook|OFFHOOK)_.*")
        .use_core()
        .ctypes_prefix("::libc")
        .derive_debug(false)
        .generate()
        .map_err(|error| error.to_string())
        .and_then(|bindings| bindings.write_to_file(&out).map_err(|error| error.to_string()));
    if let Err(error) = written {
        stop(&format!("bindgen could not read {}: {error}", page.display()));
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
    /// `2.2.0`
    name: String,
    /// 20200 for 2.2.0, as a rule.
    hooks_version: u32,
}

impl Release {
    /// Kea keeps the number in a C++ constant, which neither the preprocessor nor bindgen can use. The
    /// release has a macro of its own, because the number does not always follow it: 3.3.0 still has the
    /// number of 3.2.0.
    fn read(headers: &Path) -> Release {
        let path = marker(headers);
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path)
            .unwrap_or_else(|error| stop(&format!("{}: {error}", path.display())));
        let number = text
            .lines()
            .find_map(|line| line.split_once("KEA_HOOKS_VERSION =")?.1.trim().strip_suffix(';'))
            .and_then(|number| number.trim().parse().ok());
        let Some(hooks_version) = number else {
            stop(&format!("{} does not say KEA_HOOKS_VERSION", path.display()))
        };
        let files = ["config.h", "kea_version.h"].map(|name| headers.join(name));
        let name = files.iter().find_map(|file| {
            let text = fs::read_to_string(file).ok()?;
            println!("cargo::rerun-if-changed={}", file.display());
            text.lines().find_map(|line| {
                let value = line.strip_prefix("#define PACKAGE_VERSION ")?.trim().trim_matches('"');
                let digits = value.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit());
                (digits && value.split('.').count() == 3).then(|| value.to_owned())
            })
        });
        let usual = || {
            let (major, minor) = (hooks_version / 10_000, hooks_version / 100 % 100);
            format!("{major}.{minor}.{}", hooks_version % 100)
        };
        Release { name: name.unwrap_or_else(usual), hooks_version }
    }
}

/// The sonames of Kea's libraries beside these headers: `libkea-hooks.so.57`. Looked for in `KEA_LIB_DIR`,
/// then where the compiler looks; what is not there is left out.
fn libraries(compiler: &cc::Tool) -> Vec<String> {
    println!("cargo::rerun-if-env-changed=KEA_LIB_DIR");
    let folder = env::var_os("KEA_LIB_DIR").map(PathBuf::from);
    let place = |file: &str| match &folder {
        Some(folder) => folder.join(file),
        None => {
            let mut ask = Command::new(compiler.path());
            let output = ask.arg(format!("-print-file-name={file}")).output();
            let told = output.map(|output| output.stdout).unwrap_or_default();
            PathBuf::from(String::from_utf8_lossy(&told).trim())
        }
    };
    let soname = |name: &&str| {
        let file = format!("libkea-{name}.so");
        // A link to the file with the whole version: libkea-hooks.so.57.0.0.
        let whole = fs::canonicalize(place(&file)).ok()?;
        let version = whole.file_name()?.to_str()?.strip_prefix(&file)?.strip_prefix('.')?;
        Some(format!("{file}.{}", version.split('.').next()?))
    };
    OF_KEA.iter().filter_map(soname).collect()
}

fn stop(text: &str) -> ! {
    println!("cargo::error={text}");
    exit(1)
}
