//! Walks a [`Tree`] and says of everything that is not as expected where it is, what was expected
//! and what was found. Knows no key by itself; never stops at the first mistake.

use std::collections::HashSet;

use crate::error::{Mistake, Mistakes};
use crate::tree::{Kind, Tree};

/// A node and the way to it. The way is only written out when there is a mistake to report, so that
/// a policy of 100,000 devices reads as fast as one of ten.
#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    /// The node.
    pub tree: &'a Tree,
    parent: Option<&'a Cursor<'a>>,
    step: Step<'a>,
    /// The value here may be a secret: mistakes repeat neither values nor unknown keys.
    quiet: bool,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    /// The entry of an object at this position, whose key is not repeated.
    Entry(usize),
    Item(usize),
}

/// A node that is an object, with its keys checked against the known ones.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    at: &'a Cursor<'a>,
    entries: &'a [(String, Tree)],
}

impl<'a> Cursor<'a> {
    /// The beginning of a document.
    pub fn root(tree: &'a Tree) -> Cursor<'a> {
        Cursor { tree, parent: None, step: Step::Root, quiet: false }
    }

    /// The root of a tree that holds secrets.
    pub fn quiet_root(tree: &'a Tree) -> Cursor<'a> {
        Cursor { quiet: true, ..Cursor::root(tree) }
    }

    fn child(&'a self, tree: &'a Tree, step: Step<'a>) -> Cursor<'a> {
        Cursor { tree, parent: Some(self), step, quiet: self.quiet }
    }

    /// The entry of an object whose key was not read.
    fn entry(&'a self, index: usize, key: &'a str, tree: &'a Tree) -> Cursor<'a> {
        self.child(tree, if self.quiet { Step::Entry(index) } else { Step::Key(key) })
    }

    /// `sites[2].match.networks[0]`
    pub fn place(&self) -> String {
        let mut place = self.parent.map(Cursor::place).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(key) => {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(key);
            }
            Step::Entry(index) => {
                let before = if place.is_empty() { "" } else { ", " };
                place.push_str(&format!("{before}key {}", index + 1));
            }
            Step::Item(index) => place.push_str(&format!("[{index}]")),
        }
        place
    }

    /// Reports a mistake at this place.
    pub fn mistake(&self, text: impl Into<String>, mistakes: &mut Mistakes) {
        let line = (self.tree.line > 0).then_some(self.tree.line);
        mistakes.0.push(Mistake { line, ..Mistake::new(self.place(), text) });
    }

    /// Reports `expected ..., found ...`.
    pub fn expected(&self, what: &str, mistakes: &mut Mistakes) {
        if self.quiet {
            return self
                .mistake(format!("expected {what}, found {}", self.tree.kind_name()), mistakes);
        }
        self.mistake(format!("expected {what}, found {}", self.tree.found()), mistakes);
    }

    /// Whether the value is JSON's `null`.
    pub fn is_null(&self) -> bool {
        self.tree.kind == Kind::Null
    }

    /// The object here; unknown keys and keys that are written twice are mistakes.
    pub fn table(&'a self, known: &[&str], mistakes: &mut Mistakes) -> Option<Table<'a>> {
        let table = self.any_table(mistakes)?;
        for (index, (key, value)) in table.entries.iter().enumerate() {
            if !known.contains(&key.as_str()) {
                let at = self.entry(index, key, value);
                at.mistake(format!("unknown key; {}", advice(key, known)), mistakes);
            }
        }
        Some(table)
    }

    /// The object here, whatever its keys are.
    pub fn any_table(&'a self, mistakes: &mut Mistakes) -> Option<Table<'a>> {
        let Kind::Table(entries) = &self.tree.kind else {
            self.expected("an object", mistakes);
            return None;
        };
        // Nearly all objects have a handful of keys, and there may be 100,000 of them.
        let mut seen = HashSet::new();
        for (index, (key, value)) in entries.iter().enumerate() {
            let twice = match index {
                0..8 => entries[..index].iter().any(|(other, _)| other == key),
                8 => {
                    seen.extend(entries[..8].iter().map(|(key, _)| key.as_str()));
                    !seen.insert(key.as_str())
                }
                _ => !seen.insert(key.as_str()),
            };
            if twice {
                let at = self.entry(index, key, value);
                at.mistake("this key is written twice; keep one of them", mistakes);
            }
        }
        Some(Table { at: self, entries })
    }

    /// The first members of the object here, whatever they are called.
    pub fn children(&'a self, most: usize, mut each: impl FnMut(&'a str, &Cursor<'a>)) {
        let Kind::Table(entries) = &self.tree.kind else { return };
        for (index, (key, tree)) in entries.iter().enumerate().take(most) {
            each(key, &self.entry(index, key, tree));
        }
    }

    /// The items of the list here.
    pub fn list(
        &'a self,
        what: &str,
        mistakes: &mut Mistakes,
    ) -> impl ExactSizeIterator<Item = Cursor<'a>> + use<'a> {
        let items: &[Tree] = match &self.tree.kind {
            Kind::List(items) => items,
            _ => {
                self.expected(&format!("a list of {what}"), mistakes);
                &[]
            }
        };
        items.iter().enumerate().map(|(index, tree)| self.child(tree, Step::Item(index)))
    }

    /// The text here; anything else is a mistake, with `what` as what was expected.
    pub fn text(&self, what: &str, mistakes: &mut Mistakes) -> Option<&'a str> {
        match &self.tree.kind {
            Kind::Text(text) => Some(text),
            _ => {
                self.expected(what, mistakes);
                None
            }
        }
    }

    /// The truth value here; anything else is a mistake.
    pub fn bool(&self, mistakes: &mut Mistakes) -> Option<bool> {
        match self.tree.kind {
            Kind::Bool(value) => Some(value),
            _ => {
                self.expected("true or false", mistakes);
                None
            }
        }
    }

    /// The whole number here; anything else, and one outside of the bounds, is a mistake.
    pub fn integer(&self, from: i64, to: i64, mistakes: &mut Mistakes) -> Option<i64> {
        match self.tree.kind {
            Kind::Integer(value) if (from..=to).contains(&value) => Some(value),
            _ => {
                self.expected(&format!("a whole number from {from} to {to}"), mistakes);
                None
            }
        }
    }

    /// The value of the word here; anything but one of `choices` is a mistake.
    pub fn one_of<T: Copy>(&self, choices: &[(&str, T)], mistakes: &mut Mistakes) -> Option<T> {
        let found = match &self.tree.kind {
            Kind::Text(text) => choices.iter().find(|(name, _)| name == text),
            _ => None,
        };
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            self.expected(&names.join(" or "), mistakes);
        }
        found.map(|(_, value)| *value)
    }

    /// A list of texts.
    pub fn texts(&'a self, what: &str, mistakes: &mut Mistakes) -> Vec<&'a str> {
        let items: Vec<_> = self.list(what, mistakes).collect();
        items.iter().filter_map(|item| item.text(what, mistakes)).collect()
    }
}

impl<'a> Table<'a> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Cursor<'a>> {
        let (key, tree) = self.entries.iter().find(|(name, _)| name == key)?;
        Some(self.at.child(tree, Step::Key(key)))
    }

    /// All keys and values, in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Cursor<'a>)> + use<'a> {
        let at = self.at;
        let entries = self.entries.iter().enumerate();
        entries.map(move |(index, (key, tree))| (key.as_str(), at.entry(index, key, tree)))
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(name, _)| name == key)
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &str, what: &str, mistakes: &mut Mistakes) -> Option<Cursor<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.at.mistake(format!("\"{key}\" is missing: expected {what}"), mistakes);
        }
        found
    }

    /// The text of a key; see [`Cursor::text`].
    pub fn text(&self, key: &str, what: &str, mistakes: &mut Mistakes) -> Option<&'a str> {
        self.get(key)?.text(what, mistakes)
    }

    /// The truth value of a key; see [`Cursor::bool`].
    pub fn bool(&self, key: &str, mistakes: &mut Mistakes) -> Option<bool> {
        self.get(key)?.bool(mistakes)
    }

    /// The texts of a key: a list, or a single one.
    pub fn texts(&self, key: &str, what: &str, mistakes: &mut Mistakes) -> Vec<&'a str> {
        let Some(at) = self.get(key) else { return Vec::new() };
        let items: &[Tree] = match &at.tree.kind {
            Kind::List(items) => items,
            _ => {
                at.expected(&format!("a list of {what}"), mistakes);
                return Vec::new();
            }
        };
        let mut texts = Vec::with_capacity(items.len());
        for (index, tree) in items.iter().enumerate() {
            let item = at.child(tree, Step::Item(index));
            texts.extend(match &tree.kind {
                Kind::Text(text) => Some(text.as_str()),
                _ => {
                    item.expected(what, mistakes);
                    None
                }
            });
        }
        texts
    }
}

/// `did you mean "x"? known here: ...`
pub fn advice(found: &str, known: &[&str]) -> String {
    let list = known.join(", ");
    let mut meant: Vec<&str> = known.iter().copied().filter(|name| part_of(found, name)).collect();
    if meant.is_empty() {
        meant.extend(nearest(found, known));
    }
    let names: Vec<String> = meant.iter().map(|name| format!("\"{name}\"")).collect();
    match names.is_empty() {
        true => format!("known here: {list}"),
        false => format!("did you mean {}? Known here: {list}", names.join(" or ")),
    }
}

/// Whether one word is a whole part of the other: `cisco` of `cisco-spa`.
fn part_of(found: &str, known: &str) -> bool {
    let has =
        |long: &str, short: &str| !short.is_empty() && long.split('-').any(|part| part == short);
    has(known, found) || (found.contains('-') && has(found, known))
}

/// The known word that is at most two edits away.
pub fn nearest<'k>(found: &str, known: &[&'k str]) -> Option<&'k str> {
    let near = known.iter().map(|name| (distance(found, name), *name));
    near.filter(|(distance, name)| *distance <= 2 && *distance < name.len())
        .min()
        .map(|(_, name)| name)
}

/// Edits (insert, delete, replace) between two short words.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let above = row[j + 1];
            let cost = usize::from(ca != *cb);
            row[j + 1] = (above + 1).min(row[j] + 1).min(diagonal + cost);
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_advice() {
        let tree = crate::json::from_json(r#"{"sites":[{"nmae":"x"}]}"#).unwrap();
        let mut mistakes = Mistakes::default();
        let root = Cursor::root(&tree);
        let table = root.table(&["sites"], &mut mistakes).unwrap();
        let sites = table.get("sites").unwrap();
        for site in sites.list("sites", &mut mistakes) {
            site.table(&["name", "match"], &mut mistakes);
        }
        assert_eq!(
            mistakes.to_string(),
            "sites[0].nmae: unknown key; did you mean \"name\"? Known here: name, match"
        );
    }
}
