//! What each vendor's folder says that its files look like (`files.toml`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use offhook_catalogue::Vendor;
use serde_json::{Value, json};

use crate::writer::{under, vendors};

fn folder(vendor: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalogue/vendors").join(vendor)
}

#[test]
fn golden_files() {
    // `BLESS=<vendor>` prints what comes out, to be read by a person and put into files.toml.
    let bless = std::env::var("BLESS").ok();
    let chosen = |vendor: &&Vendor| bless.as_deref().is_none_or(|id| id == &*vendor.id);
    for vendor in vendors().filter(chosen) {
        let path = folder(&vendor.id).join("files.toml");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
            panic!("{}: {error}: a template needs an example", path.display())
        });
        let examples: Value = toml::from_str(&text).expect("TOML");
        let mut used = BTreeMap::new();
        let mut models: Vec<String> = Vec::new();
        for example in examples["example"].as_array().expect("examples") {
            let name = format!("{}: {}", vendor.id, example["name"]);
            let mut phones = example["phone"].clone();
            for phone in phones.as_array_mut().expect("phones") {
                phone["vendor"] = json!(&*vendor.id);
            }
            let found = under(&example["policy"], |write| write(&phones))
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            models.extend(
                phones
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|phone| phone["model"].as_str().unwrap_or_default().to_owned()),
            );
            let blessing = bless.is_some();
            if blessing {
                for (path, text) in &found {
                    println!("\"{path}\" = '''\n{text}'''");
                }
            }
            let expected =
                example["files"].as_object().unwrap_or_else(|| panic!("{name}: no files"));
            let expected: BTreeMap<String, String> = expected
                .iter()
                .map(|(path, text)| (path.clone(), text.as_str().unwrap().to_owned()))
                .collect();
            if !blessing {
                assert_eq!(found, expected, "{name}");
            }
            for path in found.keys() {
                used.insert(path.clone(), ());
            }
        }
        let templates = vendor.files.iter().filter(|file| !file.template.is_empty()).count();
        assert!(used.len() >= templates, "{}: an example for every template", vendor.id);
        // One for each family of models that has files of its own.
        let written = vendor.files.iter().filter(|file| !file.template.is_empty());
        for head in written.flat_map(|file| file.models.iter()) {
            let shown = models.iter().any(|model| model.starts_with(&**head));
            assert!(shown, "{}: no example of a model {head}...", vendor.id);
        }
    }
}
