//! Compiles `vendors/*/vendor.toml` and `systems/*.toml` into Rust statics, so that the built-in
//! catalogue needs no parsing and no allocation at start. A mistake in a folder fails the build with
//! file and line.

// The same reading code is part of the library; only a part of it is used here.
#![allow(dead_code, unused_imports, unreachable_pub)]

use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "src/catalogue/mod.rs"]
mod catalogue;
#[path = "src/error.rs"]
mod error;
#[path = "src/mac.rs"]
mod mac;
#[path = "src/reader.rs"]
mod reader;
#[path = "src/text.rs"]
mod text;
#[path = "src/tree.rs"]
mod tree;
#[path = "src/value.rs"]
mod value;

use catalogue::Tables;
use catalogue::record::{Emit, Statics};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed=catalogue/vendors");
    println!("cargo::rerun-if-changed=catalogue/systems");
    println!("cargo::rerun-if-changed=catalogue/other-devices");
    println!("cargo::rerun-if-changed=src/catalogue");
    match compile(&root) {
        Ok(tables) => {
            let mut statics = Statics::default();
            let expression = tables.emit(&mut statics);
            let source = format!(
                "{}pub(crate) static TABLES: Tables = {expression};\n{}",
                statics.source,
                texts(&root)
            );
            if let Err(error) = fs::write(out.join("catalogue.rs"), source) {
                println!("cargo::error=cannot write the compiled catalogue: {error}");
            }
        }
        Err(mistakes) => {
            for line in mistakes {
                println!("cargo::error={line}");
            }
        }
    }
}

fn compile(root: &Path) -> Result<Tables, Vec<String>> {
    let mut wrong = Vec::new();
    let (mut vendors, mut systems) = (Vec::new(), Vec::new());
    for folder in entries(&root.join("catalogue/vendors")) {
        let file = folder.join("vendor.toml");
        if !folder.is_dir() || !file.exists() {
            continue;
        }
        let id = name_of(&folder);
        let read = |text: &str| catalogue::source::vendor(&id, text);
        collect(
            &file,
            &format!("core/catalogue/vendors/{id}/vendor.toml"),
            read,
            &mut vendors,
            &mut wrong,
        );
    }
    for file in entries(&root.join("catalogue/systems")) {
        if file.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let id = name_of(&file.with_extension(""));
        let read = |text: &str| catalogue::system_source::system(&id, text);
        collect(
            &file,
            &format!("core/catalogue/systems/{id}.toml"),
            read,
            &mut systems,
            &mut wrong,
        );
    }
    let mut others = Vec::new();
    collect(
        &root.join("catalogue/other-devices/signs.toml"),
        "core/catalogue/other-devices/signs.toml",
        catalogue::other_devices::other_devices,
        &mut others,
        &mut wrong,
    );
    let Some(other_devices) = others.pop().filter(|_| wrong.is_empty()) else {
        return Err(wrong);
    };
    let tables = Tables::build(vendors, systems, other_devices);
    tables.map_err(|mistakes| mistakes.0.iter().map(ToString::to_string).collect())
}

/// The examples, as they stand in their files: read only by whoever wants to run one.
fn texts(root: &Path) -> String {
    let list = |name: &str, files: Vec<(String, PathBuf)>| {
        let entries: String = files
            .iter()
            .map(|(id, path)| format!("    ({id:?}, include_str!({path:?})),\n"))
            .collect();
        let count = files.len();
        format!("pub(crate) static {name}: [(&str, &str); {count}] = [\n{entries}];\n")
    };
    let vendors = entries(&root.join("catalogue/vendors"))
        .into_iter()
        .map(|folder| (name_of(&folder), folder.join("examples.toml")))
        .filter(|(_, file)| file.exists());
    let systems = entries(&root.join("catalogue/systems"))
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "toml"))
        .map(|file| (name_of(&file.with_extension("")), file));
    let templates = entries(&root.join("catalogue/vendors")).into_iter().flat_map(|folder| {
        let files = entries(&folder).into_iter();
        let files = files.filter(|file| file.extension().is_some_and(|ext| ext == "j2"));
        files.map(move |file| (format!("{}/{}", name_of(&folder), name_of(&file)), file))
    });
    list("VENDOR_EXAMPLES", vendors.collect())
        + &list("SYSTEM_TEXTS", systems.collect())
        + &list("TEMPLATES", templates.collect())
}

fn collect<T>(
    path: &Path,
    shown: &str,
    read: impl Fn(&str) -> Result<T, error::Mistakes>,
    good: &mut Vec<T>,
    wrong: &mut Vec<String>,
) {
    match fs::read_to_string(path) {
        Ok(text) => match read(&text) {
            Ok(value) => good.push(value),
            Err(mistakes) => {
                wrong.extend(mistakes.in_file(shown).0.iter().map(ToString::to_string));
            }
        },
        Err(error) => wrong.push(format!("{shown}: {error}")),
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
