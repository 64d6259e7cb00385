//! Places that lead to one file, though one asks more of a request than the other; and names that do
//! not say whose file it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::pattern::{Atom, Pattern};
use super::{FileMap, Folder, Name};
use crate::catalogue::Tables;
use crate::plan::Wrong;

/// More of them are not listed one by one.
const MOST: usize = 20;

/// Pairs of places of unequal protection that can name one file.
pub(super) fn unequal(map: &FileMap, tables: &Tables) -> Vec<Wrong> {
    let protections: BTreeSet<_> = map.folders.iter().map(|folder| folder.protection).collect();
    if protections.len() < 2 {
        return Vec::new();
    }
    let mut finder = Finder::new(map, tables);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    // Folders whose first part is fixed meet only those of the same part, and those where it is not.
    let mut fixed: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut open: Vec<usize> = Vec::new();
    for (at, folder) in map.folders.iter().enumerate() {
        let first = folder.place.names().next().and_then(Pattern::fixed);
        let rivals: Vec<usize> = match first {
            Some(first) => fixed.get(first).into_iter().flatten().chain(&open).copied().collect(),
            None => (0..at).collect(),
        };
        match first {
            Some(first) => fixed.entry(first).or_default().push(at),
            None => open.push(at),
        }
        for rival in rivals {
            let Some(other) = map.folders.get(rival) else { continue };
            if other.protection == folder.protection
                || !seen.insert((&other.system_place, &folder.system_place))
            {
                continue;
            }
            match finder.common(rival, at) {
                Some(path) => wrong.push(mistake(other, folder, &path)),
                None => {
                    seen.remove(&(&other.system_place, &folder.system_place));
                }
            }
            if wrong.len() >= MOST {
                return wrong;
            }
        }
    }
    wrong
}

fn mistake(a: &Folder, b: &Folder, path: &str) -> Wrong {
    Wrong {
        place: b.system_place.clone(),
        value: format!(
            "{} requests {}, and {} (at {}) requests {}, but both lead to the file {path} of the tree: \
             a client with access by the one gets what the other protects. Protect both alike, or give each \
             folders of its own, with {{{{vendor}}}} or {{{{site}}}} in both URLs (a fixed word before \
             the first {{{{name}}}} is not a folder of the tree)",
            b.place, b.protection, a.place, a.system_place, a.protection
        ),
    }
}

/// Remembers what it has compared: the same makers meet at many sites.
struct Finder<'m> {
    folders: &'m [Folder],
    /// For each folder the number of its set of names.
    sets: Vec<usize>,
    names: Vec<BTreeSet<Name>>,
    known: HashMap<(Pattern, usize, Pattern, usize), Option<String>>,
}

impl<'m> Finder<'m> {
    fn new(map: &'m FileMap, tables: &Tables) -> Finder<'m> {
        let mut names: Vec<BTreeSet<Name>> = Vec::new();
        let mut known = HashMap::new();
        let mut sets = Vec::with_capacity(map.folders.len());
        for folder in &map.folders {
            sets.push(*known.entry(&folder.vendors).or_insert_with(|| {
                names.push(folder.names(tables));
                names.len() - 1
            }));
        }
        Finder { folders: &map.folders, sets, names, known: HashMap::new() }
    }

    /// A path that both folders can name, with the names of the catalogue.
    fn common(&mut self, a: usize, b: usize) -> Option<String> {
        let (folder_a, folder_b) = (self.path(a)?, self.path(b)?);
        let (head, tail_a, tail_b) = without_head(folder_a, folder_b);
        let (set_a, set_b) = (*self.sets.get(a)?, *self.sets.get(b)?);
        let (names_a, names_b) = (self.names.get(set_a)?, self.names.get(set_b)?);
        let found = self.known.entry((tail_a, set_a, tail_b, set_b)).or_insert_with_key(
            |(tail_a, _, tail_b, _)| {
                let paths = |tail: &Pattern, names: &BTreeSet<Name>| -> Vec<Pattern> {
                    // Those with passwords in them first.
                    let own = names.iter().filter(|name| name.own);
                    let names = own.chain(names.iter().filter(|name| !name.own));
                    names.map(|name| tail.joined(&name.pattern)).collect()
                };
                let others = paths(tail_b, names_b);
                let mut paths = paths(tail_a, names_a).into_iter();
                paths
                    .find(|path| others.iter().any(|other| path.overlaps(other)))
                    .map(|path| path.to_string())
            },
        );
        found.as_ref().map(|path| format!("{head}{path}"))
    }

    /// The folder, `/` behind each part.
    fn path(&self, at: usize) -> Option<Pattern> {
        let mut path = Pattern::default();
        for name in self.folders.get(at)?.place.names() {
            path = path.joined(name);
            path.push_text("/");
        }
        Some(path)
    }
}

/// Takes off what is fixed and the same in both, up to a slash.
fn without_head(a: Pattern, b: Pattern) -> (String, Pattern, Pattern) {
    let text = |pattern: &Pattern| match pattern.0.first() {
        Some(Atom::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let (text_a, text_b) = (text(&a), text(&b));
    let same = text_a.bytes().zip(text_b.bytes()).take_while(|(a, b)| a == b).count();
    let end = text_a.get(..same).and_then(|same| same.rfind('/')).map_or(0, |at| at + 1);
    let cut = |pattern: Pattern| {
        let mut atoms = pattern.0.into_iter();
        let mut rest = Pattern::default();
        match atoms.next() {
            Some(Atom::Text(text)) => rest.push_text(text.get(end..).unwrap_or_default()),
            Some(other) => rest.0.push(other),
            None => {}
        }
        rest.0.extend(atoms);
        rest
    };
    (text_a.get(..end).unwrap_or_default().to_owned(), cut(a), cut(b))
}

/// With certificates a server must tell from a file's name whose it is, wherever the folder does not.
pub(super) fn unknown_owners(map: &FileMap, tables: &Tables) -> Vec<Wrong> {
    let mut names: BTreeMap<Name, &Folder> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for folder in map.folders.iter().filter(|folder| !folder.place.has_owner()) {
        if seen.insert(&folder.vendors) {
            for name in folder.names(tables) {
                names.entry(name).or_insert(folder);
            }
        }
    }
    let mut wrong = Vec::new();
    for (at, (name, folder)) in names.iter().enumerate().filter(|(_, (name, _))| name.own) {
        let rivals = names.keys().enumerate().filter(|(other, rival)| match rival.own {
            true => *other > at,
            // A phone's name comes first where a common one has a model in it.
            false => rival.pattern.fixed().is_some_and(|text| !text.contains(NO_ADDRESS)),
        });
        let clash = rivals.map(|(_, rival)| rival).find(|rival| {
            name.pattern.overlaps(&rival.pattern) && !name.pattern.same_owner(&rival.pattern)
        });
        let text = match clash {
            Some(rival) => format!("{} and {}", name.pattern, rival.pattern),
            None if !name.pattern.same_owner(&name.pattern) => name.pattern.to_string(),
            None => continue,
        };
        wrong.push(Wrong {
            place: folder.system_place.clone(),
            value: format!(
                "{}: the name {text} does not say whose file it is, so no server can compare it with a \
                 phone's certificate: give each phone its folder, with {{{{mac}}}} in the URL",
                folder.place
            ),
        });
    }
    wrong
}

/// The address that no phone has.
const NO_ADDRESS: &str = "000000000000";
