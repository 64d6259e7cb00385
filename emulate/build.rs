//! Writes the vendors' `phone.toml` files as one table of texts: a vendor is a folder, and nothing
//! else is to be touched for a new one.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let vendors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/catalogue/vendors");
    // The whole folder, so that a new file is seen too; a file that is not there would be "changed"
    // each time.
    println!("cargo::rerun-if-changed={}", vendors.display());
    let mut folders: Vec<PathBuf> = fs::read_dir(&vendors)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    folders.sort();
    let mut table = String::from("pub(super) const TEXTS: &[(&str, &str)] = &[\n");
    for folder in folders {
        let file = folder.join("phone.toml");
        let (Some(id), true) = (folder.file_name().and_then(|name| name.to_str()), file.is_file())
        else {
            continue;
        };
        table.push_str(&format!("    ({id:?}, include_str!({:?})),\n", fs::canonicalize(&file)?));
    }
    table.push_str("];\n");
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or(io::ErrorKind::NotFound)?;
    fs::write(out.join("characters.rs"), table)
}
