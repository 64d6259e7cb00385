//! The README's sessions run as they are written, and its policy is the example's.

use std::path::Path;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn the_readmes_sessions_print_what_it_says() {
    std::env::set_current_dir(root()).expect("the workspace");
    trycmd::TestCases::new()
        .register_bin("offhook", Path::new(env!("CARGO_BIN_EXE_offhook")))
        .case("README.md");
}

#[test]
fn the_readmes_policy_is_the_example() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let example = std::fs::read_to_string(root().join("examples/offhook.json")).expect("example");
    let block = readme.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
    assert_eq!(block, Some(&*example));
}
