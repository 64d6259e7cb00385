//! `docs/security.md` names a test for each line: each must be there.

use std::fs;
use std::path::Path;

#[test]
fn every_test_that_it_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/security.md")).expect("the page");
    let words: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    let named: Vec<_> = words.windows(2).filter(|pair| pair[0].ends_with(".rs")).collect();
    assert!(named.len() > 50, "expected the tests' names on the page, found {named:?}");
    for pair in named {
        let (file, test) = (pair[0], pair[1]);
        let source = fs::read_to_string(root.join(file));
        let source = source.unwrap_or_else(|error| panic!("{file}: {error}"));
        let marked = format!("#[test]\nfn {test}()");
        let inner = format!("#[test]\n    fn {test}()");
        let is_there = source.contains(&marked) || source.contains(&inner);
        assert!(is_there, "{file} has no test {test}, or one that is not run");
    }
    // A line of a table without a test is a promise without one.
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let head = line.contains("| test |");
        assert!(head || line.contains(".rs` `"), "no test: {line}");
    }
}
