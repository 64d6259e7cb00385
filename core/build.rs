//! Compiles `vendors/*/vendor.toml` and `systems/*.toml` into Rust statics, so that the built-in
//! catalogue needs no parsing and no allocation at start. A mistake in a folder fails the build with
//! file and line.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use offhook_catalogue::overlay::{self, OverlayFile};
use offhook_catalogue::record::{Emit, Statics};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    println!("cargo::rerun-if-changed=catalogue/vendors");
    println!("cargo::rerun-if-changed=catalogue/systems");
    println!("cargo::rerun-if-changed=catalogue/other-devices");
    println!("cargo::rerun-if-changed=catalogue/unlisted");
    let mut files = Vec::new();
    for folder in entries(&root.join("catalogue/vendors"))? {
        files.extend(read(&root, &folder.join("vendor.toml"))?);
    }
    for file in entries(&root.join("catalogue/systems"))? {
        files.extend(read(&root, &file)?);
    }
    for file in ["other-devices/signs.toml", "unlisted/signs.toml", "unlisted/answer.toml"] {
        files.extend(read(&root, &root.join("catalogue").join(file))?);
    }
    match overlay::from_files(&files) {
        Ok(tables) => {
            let mut statics = Statics::default();
            let expression = tables.emit(&mut statics);
            let source =
                format!("{}pub(crate) static TABLES: Tables = {expression};\n", statics.source);
            fs::write(out.join("catalogue.rs"), source)
        }
        Err(mistakes) => {
            for mistake in mistakes.0 {
                println!("cargo::error={mistake}");
            }
            Ok(())
        }
    }
}

/// The file under the name by which mistakes in it are reported, if it is there.
fn read(root: &Path, path: &Path) -> io::Result<Option<OverlayFile>> {
    if !path.is_file() {
        return Ok(None);
    }
    let shown = path.strip_prefix(root).unwrap_or(path);
    let path_shown = format!("core/{}", shown.display());
    Ok(Some(OverlayFile::new(path_shown, fs::read_to_string(path)?)))
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
