//! The C++ part is written as `.clang-format` says. Checked with Debian 12's clang-format (`scripts/deps test`
//! installs it there): other versions break some lines differently.

use std::process::Command;

use crate::files::{root, texts};

#[test]
fn the_shim_is_formatted() {
    let version = Command::new("clang-format").arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    if !version.as_deref().is_ok_and(|text| text.contains("version 14.")) {
        eprintln!("not checked: expected clang-format 14, found {version:?}");
        return;
    }
    let files = texts().into_iter().map(|(path, _)| path);
    let files: Vec<String> =
        files.filter(|path| path.ends_with(".cc") || path.ends_with(".h")).collect();
    assert!(files.len() > 15, "expected the shim's files, found {files:?}");
    let checked = Command::new("clang-format")
        .args(["--dry-run", "-Werror"])
        .args(&files)
        .current_dir(root())
        .output()
        .expect("clang-format runs");
    assert!(
        checked.status.success(),
        "expected the format of .clang-format (clang-format -i FILE), found\n{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}
