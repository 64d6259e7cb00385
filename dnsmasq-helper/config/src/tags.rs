//! Tags as dnsmasq handles them: a client has a set of them, and a line requests some.

use std::collections::HashMap;

/// A tag's number: a rendering has thousands, and each is looked up for each client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(u32);

/// The names of all tags that are met.
#[derive(Debug, Default)]
pub struct Names {
    numbers: HashMap<String, Tag>,
    names: Vec<String>,
}

impl Names {
    /// The number of a name; a new one if it is not met yet.
    pub fn tag(&mut self, name: &str) -> Tag {
        if let Some(tag) = self.numbers.get(name) {
            return *tag;
        }
        let tag = Tag(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), tag);
        tag
    }

    /// The number of a name that has been met.
    pub fn find(&self, name: &str) -> Option<Tag> {
        self.numbers.get(name).copied()
    }

    /// The name of a number; empty if there is none.
    pub fn name(&self, tag: Tag) -> &str {
        self.names.get(tag.0 as usize).map_or("", String::as_str)
    }

    /// All of them, in the order in which they were met.
    pub fn iter(&self) -> impl Iterator<Item = (Tag, &str)> {
        (0u32..).map(Tag).zip(self.names.iter().map(String::as_str))
    }
}

/// What a client has.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TagSet(Vec<u64>);

impl TagSet {
    /// Gives the client a tag.
    pub fn insert(&mut self, tag: Tag) {
        let at = tag.0 as usize / 64;
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        if let Some(word) = self.0.get_mut(at) {
            *word |= 1 << (tag.0 % 64);
        }
    }

    /// Whether the client has a tag.
    pub fn has(&self, tag: Tag) -> bool {
        self.0.get(tag.0 as usize / 64).is_some_and(|word| word >> (tag.0 % 64) & 1 == 1)
    }
}

/// What a line asks of one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// The tag.
    pub tag: Tag,
    /// The client must not have it (`!tag`, and `#tag` of old).
    pub absent: bool,
    /// In `tag-if`, `tag:eth*` stands for every tag that begins so.
    pub prefix: Option<String>,
}

impl Test {
    /// `red`, `!red` or `#red`.
    pub fn of(word: &str, names: &mut Names) -> Test {
        let bare = word.strip_prefix(['!', '#']);
        Test { tag: names.tag(bare.unwrap_or(word)), absent: bare.is_some(), prefix: None }
    }

    /// The same in a `tag-if` line, where a `*` may appear at the end.
    pub fn wild(word: &str, names: &mut Names) -> Test {
        let mut test = Test::of(word, names);
        test.prefix = names.name(test.tag).strip_suffix('*').map(str::to_owned);
        test
    }

    fn holds(&self, tags: &TagSet, names: &Names) -> bool {
        let there = match &self.prefix {
            None => tags.has(self.tag),
            Some(prefix) => {
                names.iter().any(|(tag, name)| tags.has(tag) && name.starts_with(prefix))
            }
        };
        there != self.absent
    }
}

/// Whether all of them hold.
pub fn all_hold(tests: &[Test], tags: &TagSet, names: &Names) -> bool {
    tests.iter().all(|test| test.holds(tags, names))
}
