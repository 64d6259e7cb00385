//! From the folders that phones are sent to, to the paths that a web server takes: no more than the
//! policy names, and none that two folders of unequal protection share.

use std::collections::{BTreeMap, BTreeSet};

use offhook_core::file_map::pattern::Pattern;
use offhook_core::file_map::place::Part;

/// Paths that a server takes for phones: any name of a level with any of the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Stands for the tree's root, `/` at both ends.
    pub base: String,
    pub levels: Vec<Level>,
    /// Position among [`super::layout::Layout::names`].
    pub names: usize,
    /// Neither a token nor the random folder is requested.
    pub is_open: bool,
}

/// What may appear between two slashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Token,
    Names(BTreeSet<Pattern>),
}

/// Folders, and the position of the names of their files.
pub type Rows = BTreeMap<Vec<Part>, usize>;

impl Location {
    pub fn has_token(&self) -> bool {
        self.levels.contains(&Level::Token)
    }

    /// Whether the folder says whose it is.
    pub fn has_mac(&self) -> bool {
        self.levels
            .iter()
            .any(|level| matches!(level, Level::Names(names) if names.iter().any(Pattern::has_lower_mac)))
    }

    /// Longer bases first, and what is fixed before what is not: a server takes the first that fits.
    pub fn order(&self) -> (std::cmp::Reverse<usize>, Vec<u8>) {
        (std::cmp::Reverse(self.base.len()), self.levels.iter().map(Level::width).collect())
    }
}

impl Level {
    fn width(&self) -> u8 {
        match self {
            Level::Token => 0,
            Level::Names(names) if names.iter().all(|name| name.fixed().is_some()) => 1,
            Level::Names(names) if names.iter().any(Pattern::has_model) => 3,
            Level::Names(_) => 2,
        }
    }
}

/// The same folders, as few products of names as can be: what is listed for one folder is never taken
/// for another.
pub fn products(rows: Rows) -> Vec<(Vec<Level>, usize)> {
    let mut done = Vec::new();
    let mut below: BTreeMap<Part, Rows> = BTreeMap::new();
    for (folder, names) in rows {
        match folder.split_first() {
            None => done.push((Vec::new(), names)),
            Some((first, rest)) => {
                below.entry(first.clone()).or_default().insert(rest.to_vec(), names);
            }
        }
    }
    // Parts with the same below them are one level; what a server must capture stays alone.
    let mut levels: BTreeMap<(Option<Part>, Rows), Level> = BTreeMap::new();
    for (part, rows) in below {
        match &part {
            Part::Token => {
                levels.insert((Some(part), rows), Level::Token);
            }
            Part::Name(name) => {
                let alone = name.has_lower_mac().then(|| part.clone());
                let level =
                    levels.entry((alone, rows)).or_insert_with(|| Level::Names(BTreeSet::new()));
                if let Level::Names(names) = level {
                    names.insert(name.clone());
                }
            }
        }
    }
    for ((_, rows), level) in levels {
        for (rest, names) in products(rows) {
            let mut all = vec![level.clone()];
            all.extend(rest);
            done.push((all, names));
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(folder: &str) -> Vec<Part> {
        let part = |part: &str| match part {
            "{{token}}" => Part::Token,
            part => Part::Name(Pattern::from_name(part).unwrap()),
        };
        folder.split('/').filter(|part| !part.is_empty()).map(part).collect()
    }

    fn shown(rows: &[(&str, usize)]) -> Vec<String> {
        let rows = rows.iter().map(|(folder, names)| (row(folder), *names)).collect();
        let level = |level: &Level| match level {
            Level::Token => "{{token}}".to_owned(),
            Level::Names(names) => {
                names.iter().map(ToString::to_string).collect::<Vec<_>>().join("|")
            }
        };
        let one = |(levels, names): (Vec<Level>, usize)| {
            format!("{}: {names}", levels.iter().map(level).collect::<Vec<_>>().join("/"))
        };
        products(rows).into_iter().map(one).collect()
    }

    #[test]
    fn folders_are_put_together_only_where_all_below_is_the_same() {
        assert_eq!(shown(&[("", 0)]), [": 0"]);
        assert_eq!(shown(&[("a", 0), ("b", 0), ("c", 1)]), ["a|b: 0", "c: 1"]);
        assert_eq!(
            shown(&[("s1/x", 0), ("s1/y", 1), ("s2/x", 0), ("s2/y", 1), ("s3/x", 0)]),
            ["s3/x: 0", "s1|s2/x: 0", "s1|s2/y: 1"]
        );
        assert_eq!(
            shown(&[("a/{{mac}}/{{token}}", 0), ("b/{{mac}}/{{token}}", 0)]),
            ["a|b/{{mac}}/{{token}}: 0"]
        );
        assert_eq!(shown(&[("a-{{mac}}", 0), ("b-{{mac}}", 0)]).len(), 2, "one capture each");
    }
}
