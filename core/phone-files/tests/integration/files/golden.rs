//! What the files of each maker and family look like: with every field, and with none. They lie in
//! `golden/` of the vendor's folder; `BLESS=1` writes them anew, to be read by a person.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use offhook_phone_files::Makers;

use super::every::{kin, policy};
use super::writer::{Site, vendors};

fn folder(vendor: &str, case: &str) -> PathBuf {
    let vendors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalogue/vendors");
    vendors.join(vendor).join("golden").join(case)
}

fn there(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let file = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path()).expect("a golden file");
        (entry.file_name().to_string_lossy().into_owned(), text)
    };
    entries.map(|entry| file(entry.expect("an entry"))).collect()
}

#[test]
fn golden_files() {
    let bless = std::env::var_os("BLESS").is_some();
    let makers = Makers::new(&[]).expect("files.toml");
    let of_all: std::collections::BTreeSet<&str> =
        kin(&makers).iter().map(|kin| kin.vendor).collect();
    let with_files = vendors().map(|vendor| &*vendor.id);
    assert_eq!(of_all, with_files.collect(), "a maker with files needs an example in files.toml");
    for kin in kin(&makers) {
        let every = |field: &str| kin.has(field);
        let none = |_: &str| false;
        for case in ["every-field", "no-field"] {
            let wanted: &dyn Fn(&str) -> bool = if case == "no-field" { &none } else { &every };
            let case = format!("{}-{case}", kin.model);
            let files = Site::new(&policy(wanted)).write(&kin.list(wanted));
            let files = files.unwrap_or_else(|error| panic!("{} {case}: {error}", kin.vendor));
            let folder = folder(kin.vendor, &case);
            if bless {
                let _ = fs::remove_dir_all(&folder);
                fs::create_dir_all(&folder).expect("a folder");
                for (path, text) in &files {
                    fs::write(folder.join(path), text).expect("a file");
                }
            }
            assert_eq!(files, there(&folder), "{} {case}: BLESS=1 writes it anew", kin.vendor);
        }
    }
}

/// Every XML file by a parser that is not ours.
#[test]
fn golden_xml_is_well_formed() {
    let makers = Makers::new(&[]).expect("files.toml");
    let mut read = 0;
    for kin in kin(&makers) {
        for case in ["every-field", "no-field"] {
            for (path, text) in there(&folder(kin.vendor, &format!("{}-{case}", kin.model))) {
                if text.starts_with('<') {
                    roxmltree::Document::parse(&text)
                        .unwrap_or_else(|error| panic!("{} {path}: {error}", kin.vendor));
                    read += 1;
                }
            }
        }
    }
    assert!(read > 40, "{read}");
}
