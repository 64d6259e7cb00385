//! A file that a comment or a page names is there, and so is what a page links to.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use crate::files::{comment, is_code, root, texts};

/// Endings of files that are worth a look.
const ENDINGS: [&str; 9] = [".rs", ".md", ".toml", ".h", ".cc", ".sh", ".j2", ".json", ".svg"];

/// CONTRIBUTING.md says how to make it.
const TO_BE_MADE: &str = "core/catalogue/vendors/example/vendor.toml";

/// Made by scripts/licences.
const WRITTEN_LATER: [&str; 1] = ["THIRD-PARTY.md"];

/// What looks like a file's path in a line. Not a URL, not a path of the machine's, and no placeholder.
fn named(line: &str) -> Vec<&str> {
    let part = |c: char| c.is_ascii_alphanumeric() || "/._-<>*{}$:~".contains(c);
    let tokens = line.split(|c: char| !part(c)).map(|token| token.trim_end_matches(['.', ':']));
    let is_file = |token: &&str| {
        let name = token.rsplit('/').next().unwrap_or_default();
        token.contains('/')
            && !token.contains(['<', '>', '*', '{', '}', '$', ':', '~'])
            && !token.starts_with(['/', '-'])
            && ENDINGS.iter().any(|end| name.len() > end.len() && name.ends_with(end))
            && !token
                .split('/')
                .any(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase()))
    };
    tokens.filter(is_file).collect()
}

/// Where links of a page lead, if that is in the repository.
fn links(line: &str) -> Vec<&str> {
    let ends = line.match_indices("](").map(|(at, _)| &line[at + 2..]);
    let targets = ends.filter_map(|rest| rest.split([')', ' ', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains(':')).collect()
}

/// The folders above a file, nearest first; the root is the last one.
fn above(path: &str) -> impl Iterator<Item = PathBuf> {
    let folder = root().join(path).parent().map(Path::to_owned);
    std::iter::successors(folder, |folder| folder.parent().map(Path::to_owned))
        .take_while(|folder| folder.starts_with(root()))
}

/// Whether a name is wrong: its first folder is somewhere above the file, and the file is not there.
fn is_missing(path: &str, name: &str) -> bool {
    let Some(Component::Normal(first)) = Path::new(name).components().next() else { return false };
    let mut bases = above(path).filter(|folder| folder.join(first).is_dir()).peekable();
    bases.peek().is_some() && !bases.any(|folder| folder.join(name).exists())
}

/// Pages and sources that a line names without a folder: some file of the repository must have the name.
fn bare(line: &str) -> impl Iterator<Item = &str> {
    let part = |c: char| c.is_ascii_alphanumeric() || "/._-<>*{}$:~".contains(c);
    let tokens =
        line.split(move |c: char| !part(c)).map(|token| token.trim_end_matches(['.', ':']));
    tokens.filter(|token| {
        let stem = token.strip_suffix(".md").or(token.strip_suffix(".rs")).unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        !stem.is_empty()
            && stem.starts_with(|c: char| c.is_ascii_alphanumeric())
            && stem.chars().all(plain)
    })
}

#[test]
fn named_files_exist() {
    let mut wrong = Vec::new();
    let all = texts();
    let names: HashSet<&str> =
        all.iter().filter_map(|(path, _)| path.rsplit('/').next()).chain(WRITTEN_LATER).collect();
    for (path, text) in all.clone() {
        // The catalogue cites other projects' files, and so does the substitute for one of Kea's headers.
        let cites = path.starts_with("core/catalogue/")
            || path.starts_with("kea-hook/shim/missing/")
            || path == "docs/vendors.md";
        if cites || path == "CHANGELOG.md" || path.starts_with("tests/house/") {
            continue;
        }
        for (at, line) in text.lines().enumerate() {
            let prose = if is_code(&path) { comment(line) } else { Some(line) };
            for name in prose.map(named).unwrap_or_default() {
                if TO_BE_MADE != name && is_missing(&path, name) {
                    wrong.push(format!("{path}:{}: {name}", at + 1));
                }
            }
            for name in prose.into_iter().flat_map(bare).filter(|name| !names.contains(name)) {
                wrong.push(format!("{path}:{}: {name}", at + 1));
            }
            if path.ends_with(".md") {
                let folder = root().join(&path);
                let folder = folder.parent().unwrap_or(root());
                for target in links(line).into_iter().filter(|target| !folder.join(target).exists())
                {
                    wrong.push(format!("{path}:{}: link to {target}", at + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "expected files that exist, found\n{}", wrong.join("\n"));
}

#[test]
fn a_missing_file_is_seen() {
    assert_eq!(named("as in docs/no-such-page.md."), ["docs/no-such-page.md"]);
    assert!(is_missing("README.md", "docs/no-such-page.md"));
    assert!(!is_missing("README.md", "docs/policy.md"));
    // Relative to a folder above.
    assert!(!is_missing("kea-hook/include/abi.h", "shim/messages.cc"));
    assert!(
        named("https://example.com/docs/x.md /etc/kea/x.json vendors/<id>/vendor.toml").is_empty()
    );
    assert_eq!(bare("every form of interfaces.md, x.y").collect::<Vec<_>>(), ["interfaces.md"]);
    assert_eq!(links("see [a](docs/a.md#b) and [c](https://example.com/)"), ["docs/a.md"]);
}
