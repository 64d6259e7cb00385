//! `docs/kea-releases.md` names a test for every difference: each must be there.

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_it_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/kea-releases.md")).expect("the page");
    let names: Vec<&str> = page.split('`').filter(|word| word.contains("::")).collect();
    assert!(names.len() > 10, "expected the tests' names on the page, found {names:?}");
    for name in names.iter().filter(|name| **name != "file::test") {
        let (file, test) = name.split_once("::").expect("file::test");
        let source = root.join("tests/integration").join(file).with_extension("rs");
        let source = fs::read_to_string(source).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(source.contains(&format!("#[test]\nfn {test}()")), "{name} is not there");
    }
}
