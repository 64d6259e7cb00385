//! Lists the vendors' templates and what their files can say: a new one needs no other place to be named in.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let vendors = here.join("../catalogue/vendors");
    println!("cargo::rerun-if-changed={}", vendors.display());
    let (mut entries, mut files) = (String::new(), String::new());
    for folder in sorted(&vendors)?.into_iter().filter(|folder| folder.is_dir()) {
        for file in sorted(&folder)? {
            if name_of(&file) == "files.toml" {
                let (id, path) = (name_of(&folder), fs::canonicalize(&file)?);
                files.push_str(&format!("    ({id:?}, include_str!({path:?})),\n"));
            }
            if file.extension().is_some_and(|name| name == "j2") {
                let name = format!("{}/{}", name_of(&folder), name_of(&file));
                let path = fs::canonicalize(&file)?;
                entries.push_str(&format!("    ({name:?}, include_str!({path:?})),\n"));
            }
        }
    }
    let table = format!(
        "static TEMPLATES: &[(&str, &str)] = &[\n{entries}];\n\
         static FILES: &[(&str, &str)] = &[\n{files}];\n"
    );
    fs::write(out.join("templates.rs"), table)
}

fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
