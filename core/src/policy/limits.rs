//! How large a policy may be: checked before any work is done with it, since a server reads policies on the
//! thread that its packets wait for.

use crate::error::Mistakes;
use crate::reader::Cursor;
use crate::tree::Kind;

/// The whole text, in bytes.
pub(crate) const LARGEST: usize = if BOUND { 64 << 20 } else { usize::MAX };

/// A bench may ask what lies beyond.
const BOUND: bool = !cfg!(feature = "beyond-limits");

/// Each site is compiled for every maker.
const MOST_SITES: usize = if BOUND { 2_000 } else { usize::MAX };
const MOST_DEVICES: usize = if BOUND { 250_000 } else { usize::MAX };

/// Entries of any other list, and keys of any object.
const MOST_ENTRIES: usize = 1_000;

/// A text. The longest option has 65,535 bytes by RFC 3396 and no phone takes one over 1,000.
const LONGEST_TEXT: usize = 8 << 10;

/// A site's name is part of every lease's note.
pub(crate) const LONGEST_NAME: usize = 255;

/// A policy with more mistakes is not a policy; the rest is not looked for.
const MOST_MISTAKES: usize = 1_000;

pub(super) fn check_length(text: &str) -> Result<(), Mistakes> {
    match text.len() {
        ..=LARGEST => Ok(()),
        length => Err(Mistakes::one(
            "",
            format!("the policy has {length} bytes: expected at most {LARGEST}"),
        )),
    }
}

/// Reports everything that is too large, with its place.
pub(super) fn check(at: &Cursor<'_>, mistakes: &mut Mistakes) {
    walk(at, None, mistakes);
}

fn walk(at: &Cursor<'_>, key: Option<&str>, mistakes: &mut Mistakes) {
    if mistakes.0.len() >= MOST_MISTAKES {
        return;
    }
    match &at.tree.kind {
        Kind::Text(text) => limit(at, text.len(), LONGEST_TEXT, "bytes", mistakes),
        Kind::List(items) => {
            let most = match key {
                Some("sites") => MOST_SITES,
                Some("devices") => MOST_DEVICES,
                _ => MOST_ENTRIES,
            };
            limit(at, items.len(), most, "entries", mistakes);
            for item in at.list("", mistakes).take(most) {
                walk(&item, None, mistakes);
            }
        }
        Kind::Table(entries) => {
            limit(at, entries.len(), MOST_ENTRIES, "keys", mistakes);
            at.children(MOST_ENTRIES, |key, at| {
                limit(at, key.len(), LONGEST_NAME, "bytes in its name", mistakes);
                walk(at, Some(key), mistakes);
            });
        }
        Kind::Null | Kind::Bool(_) | Kind::Integer(_) | Kind::Float(_) => {}
    }
}

fn limit(at: &Cursor<'_>, found: usize, most: usize, what: &str, mistakes: &mut Mistakes) {
    if found > most {
        at.mistake(format!("expected at most {most} {what}, found {found}"), mistakes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::Tree;

    fn wrong(tree: &Tree) -> String {
        let mut mistakes = Mistakes::default();
        check(&Cursor::root(tree), &mut mistakes);
        mistakes.to_string()
    }

    fn list(count: usize) -> Tree {
        Tree::new(Kind::List(vec![Tree::new(Kind::Null); count]))
    }

    fn table(key: &str, value: Tree) -> Tree {
        Tree::new(Kind::Table(vec![(key.to_owned(), value)]))
    }

    #[test]
    fn what_is_too_large_is_told_with_its_place() {
        let text = |length| Tree::new(Kind::Text("x".repeat(length)));
        let vars: Vec<_> = (0..1001).map(|n| (format!("v{n}"), text(1))).collect();
        for (tree, expected) in [
            (table("sites", list(2001)), "sites: expected at most 2000 entries, found 2001"),
            (table("sites", list(2000)), ""),
            (
                table("devices", list(250_001)),
                "devices: expected at most 250000 entries, found 250001",
            ),
            (table("options", list(1001)), "options: expected at most 1000 entries, found 1001"),
            (
                table("vars", Tree::new(Kind::Table(vars))),
                "vars: expected at most 1000 keys, found 1001",
            ),
            (table("a", table("b", text(8193))), "a.b: expected at most 8192 bytes, found 8193"),
            (table("a", text(8192)), ""),
        ] {
            assert_eq!(wrong(&tree), expected);
        }
        let long = wrong(&table(&"k".repeat(256), list(0)));
        assert!(long.ends_with("expected at most 255 bytes in its name, found 256"), "{long}");
        assert!(check_length(&" ".repeat(LARGEST + 1)).is_err());
    }
}
