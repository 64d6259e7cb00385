//! The repository's own text files, as the tests of this folder read them.

use std::fs;
use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What is built, measured, or not offhook's text.
const LEFT_OUT: [&str; 7] =
    ["target", ".git", "docs/figures", "Cargo.lock", "LICENSE", "THIRD-PARTY.md", "fuzz/corpus"];

/// Every text file below the root, by its path there.
pub fn texts() -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(root(), &mut found);
    assert!(found.len() > 300, "expected the repository's files, found {}", found.len());
    found
}

fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        let inside = path.strip_prefix(root()).expect("below the root").to_string_lossy();
        if LEFT_OUT.contains(&&*inside) || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            // A build folder of another package (fuzz, a worktree), or an editor's own.
            if !path.join("CACHEDIR.TAG").exists() && !path.join(".git").exists() {
                walk(&path, found);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.push((inside.into_owned(), text));
        }
    }
}

/// Whether a file is Rust or C++, so that only its comments and messages are prose.
pub fn is_code(path: &str) -> bool {
    [".rs", ".cc", ".h"].iter().any(|end| path.ends_with(end))
}

/// What comes after `//` in a line, or a line of a C comment.
pub fn comment(line: &str) -> Option<&str> {
    let trimmed = line.trim_start();
    let c = trimmed.strip_prefix("* ").or_else(|| trimmed.strip_prefix("/* "));
    c.or_else(|| trimmed.strip_prefix("//"))
        .or_else(|| line.split_once(" // ").map(|(_, text)| text))
}
