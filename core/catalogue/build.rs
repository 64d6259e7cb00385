//! Lists the texts of the folders that are used as they are written: examples, `phone.toml` and
//! `notify.toml` of each vendor, and the systems' files. A new file needs no other place to be named in.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    println!("cargo::rerun-if-changed=vendors");
    println!("cargo::rerun-if-changed=systems");
    let vendors = entries(&here.join("vendors"))?;
    let of_vendors = |file: &str| {
        let named = vendors.iter().map(|folder| (name_of(folder), folder.join(file)));
        named.filter(|(_, file)| file.is_file()).collect::<Vec<_>>()
    };
    let systems = entries(&here.join("systems"))?.into_iter();
    let systems = systems.filter(|file| file.extension().is_some_and(|name| name == "toml"));
    let systems = systems.map(|file| (name_of(&file.with_extension("")), file)).collect();
    let source = table("VENDOR_EXAMPLES", of_vendors("examples.toml"))
        + &table("PHONES", of_vendors("phone.toml"))
        + &table("NOTIFIES", of_vendors("notify.toml"))
        + &table("SYSTEMS", systems);
    fs::write(out.join("texts.rs"), source)
}

fn table(name: &str, files: Vec<(String, PathBuf)>) -> String {
    let count = files.len();
    let entry = |(id, path): (String, PathBuf)| format!("    ({id:?}, include_str!({path:?})),\n");
    let entries: String = files.into_iter().map(entry).collect();
    format!("static {name}: [(&str, &str); {count}] = [\n{entries}];\n")
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
