//! No two modules of a crate import each other, directly or by way of others: a reader can begin at the
//! bottom. A module may name its own parent, and a crate's root names all its modules.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree};

/// `plan::names` as its parts.
type Module = Vec<String>;

/// Every path that a file names, tests left out.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

fn of_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| {
                list.tokens.to_string().split(|c: char| !c.is_alphanumeric()).any(|w| w == "test")
            })
    })
}

impl<'a> Visit<'a> for Paths {
    fn visit_item(&mut self, item: &'a Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !of_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        if !of_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        expand(&item.tree, &mut Vec::new(), &mut self.0);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }
}

/// `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expand(tree: &UseTree, before: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            expand(&path.tree, before, all);
            before.pop();
        }
        UseTree::Group(group) => {
            for item in &group.items {
                expand(item, before, all);
            }
        }
        UseTree::Name(name) => all.push([&before[..], &[name.ident.to_string()]].concat()),
        UseTree::Rename(name) => all.push([&before[..], &[name.ident.to_string()]].concat()),
        UseTree::Glob(_) => all.push(before.clone()),
    }
}

/// Which of the crate's modules a path in `from` leads to, if it is not `from` itself or above it.
fn target(path: &[String], from: &Module, modules: &BTreeSet<Module>) -> Option<Module> {
    let first = path.first()?;
    let mut full: Module = match first.as_str() {
        "crate" => path[1..].to_vec(),
        "super" | "self" => {
            let up = path.iter().take_while(|part| *part == "super").count();
            let rest = path.iter().skip_while(|part| *part == "super" || *part == "self");
            from[..from.len().checked_sub(up)?].iter().chain(rest).cloned().collect()
        }
        _ if modules.contains(&[&from[..], std::slice::from_ref(first)].concat()) => {
            [&from[..], path].concat()
        }
        _ => return None,
    };
    while !full.is_empty() && !modules.contains(&full) {
        full.pop();
    }
    (!full.is_empty() && !from.starts_with(&full)).then_some(full)
}

/// Groups of modules that reach each other.
fn circles(files: &BTreeMap<Module, String>) -> Vec<Vec<String>> {
    let modules: BTreeSet<Module> = files.keys().cloned().collect();
    let imports = |from: &Module| {
        let file =
            syn::parse_file(&files[from]).unwrap_or_else(|error| panic!("{from:?}: {error}"));
        let mut paths = Paths::default();
        paths.visit_file(&file);
        paths.0.iter().filter_map(|path| target(path, from, &modules)).collect::<BTreeSet<_>>()
    };
    let edges: BTreeMap<&Module, BTreeSet<Module>> =
        files.keys().map(|module| (module, imports(module))).collect();
    let reached = |from: &Module| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(module) = open.pop() {
            for next in &edges[&module] {
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        seen
    };
    let reach: BTreeMap<&Module, BTreeSet<Module>> =
        files.keys().map(|module| (module, reached(module))).collect();
    let mut groups = BTreeSet::new();
    for (module, seen) in reach.iter().filter(|(module, seen)| seen.contains(**module)) {
        let back = seen.iter().filter(|other| reach[*other].contains(*module));
        groups.insert(back.map(|part| part.join("::")).collect::<Vec<_>>());
    }
    groups.into_iter().collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => sources(&path, found),
            false if path.extension().is_some_and(|name| name == "rs") => found.push(path),
            false => {}
        }
    }
}

/// The modules of a crate but for its root and its tests.
fn modules_of(krate: &Path) -> BTreeMap<Module, String> {
    let src = krate.join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    let named = paths.into_iter().filter_map(|path| {
        let inside = path.strip_prefix(&src).expect("a file of src").with_extension("");
        let mut module: Module =
            inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if module.last().is_some_and(|name| name == "mod") {
            module.pop();
        }
        let root =
            matches!(module.iter().map(String::as_str).collect::<Vec<_>>()[..], ["lib" | "main"]);
        let test = module.iter().any(|part| part == "tests" || part == "test");
        (!root && !test).then(|| (module, fs::read_to_string(path).expect("a source file")))
    });
    named.collect()
}

fn crates() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = fs::read_to_string(root.join("Cargo.toml")).expect("Cargo.toml");
    let manifest: toml::Table = manifest.parse().expect("TOML");
    let members = manifest["workspace"]["members"].as_array().expect("members");
    let folders = members.iter().map(|member| root.join(member.as_str().expect("a folder")));
    // kea-hook/faulty is compiled from kea-hook's sources.
    folders.filter(|folder| !folder.ends_with("kea-hook/faulty")).collect()
}

#[test]
fn imports_run_downwards() {
    let crates = crates();
    assert!(crates.len() > 5, "expected the workspace's members, found {crates:?}");
    let found: Vec<String> = crates
        .iter()
        .flat_map(|krate| {
            let circles = circles(&modules_of(krate)).into_iter();
            circles.map(|circle| format!("{}: {}", krate.display(), circle.join(", ")))
        })
        .collect();
    assert!(found.is_empty(), "expected no circle of imports, found\n{}", found.join("\n"));
}

#[test]
fn a_circle_is_seen() {
    let found = |files: &[(&str, &str)]| {
        let file = |(name, text): &(&str, &str)| {
            (name.split("::").map(str::to_owned).collect(), (*text).to_owned())
        };
        circles(&files.iter().map(file).collect())
    };
    let circle = [
        ("plan", "mod names; use names::Name;"),
        ("plan::names", "use crate::{policy, text::{Live, Piece}};"),
        ("policy", "fn f() -> super::token::Rule { super::token::Rule }"),
        ("token", "use crate::plan::{self, names::Name};"),
        ("text", "pub struct Live;"),
    ];
    assert_eq!(found(&circle), [["plan", "plan::names", "policy", "token"]]);
    // Tests may look upwards, a child may name its parent, and other crates' modules are not ours.
    let none = [
        ("plan", "mod names; use names::Name; use std::policy::X;"),
        ("plan::names", "use super::Maker;"),
        (
            "policy",
            "#[cfg(test)] mod tests { use crate::plan; } #[cfg(all(test, unix))] use crate::plan;",
        ),
        ("plan::own", "use crate::policy;"),
    ];
    assert_eq!(found(&none), [[""; 0]; 0]);
}
