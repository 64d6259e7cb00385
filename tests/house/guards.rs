//! Every function that Kea's side calls catches panics, and `unsafe` is only where it is meant to be.

use syn::{Item, ItemFn};
use toml::Table;

use crate::files::texts;

/// Whether a function is exported under its own name.
fn is_exported(function: &ItemFn) -> bool {
    function.attrs.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => {
            list.path.is_ident("unsafe") && list.tokens.to_string().contains("no_mangle")
        }
        _ => false,
    })
}

/// The exports of a file, each with whether its body calls a guard.
fn exports(text: &str) -> Vec<(String, bool)> {
    let file = syn::parse_file(text).expect("Rust");
    let functions = file.items.iter().filter_map(|item| match item {
        Item::Fn(function) if is_exported(function) => Some(function),
        _ => None,
    });
    let guarded = |function: &ItemFn| {
        let mut calls = Calls(false);
        syn::visit::visit_block(&mut calls, &function.block);
        (function.sig.ident.to_string(), calls.0)
    };
    functions.map(guarded).collect()
}

/// Exports that need none: one returns a constant, the other only calls the build, whose own exports are
/// guarded.
const NEED_NONE: [&str; 2] = ["multi_threading_compatible", "unload"];

/// Whether a call of `guard` was met, or of `look`, which guards what it is given.
struct Calls(bool);

impl<'a> syn::visit::Visit<'a> for Calls {
    fn visit_expr_call(&mut self, call: &'a syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func {
            let name = path.path.segments.last().map(|part| part.ident.to_string());
            self.0 |= matches!(name.as_deref(), Some("guard" | "look" | "catch_unwind"));
        }
        syn::visit::visit_expr_call(self, call);
    }
}

#[test]
fn every_export_catches_panics() {
    let mut all = 0;
    let mut bare = Vec::new();
    for (path, text) in texts() {
        // The build's own entry only calls the shim, which is C++ and catches its exceptions itself.
        let entry = path == "kea-hook/src/ffi/entry.rs";
        if path.starts_with("kea-hook/")
            && path.ends_with(".rs")
            && !path.contains("/tests")
            && !entry
        {
            for (name, guarded) in exports(&text) {
                all += 1;
                if !guarded && !NEED_NONE.contains(&&*name) {
                    bare.push(format!("{path}: {name}"));
                }
            }
        }
    }
    assert!(all > 20, "expected the hook's and the loader's exports, found {all}");
    assert!(
        bare.is_empty(),
        "expected a panic guard in every export, none in\n{}",
        bare.join("\n")
    );
}

#[test]
fn a_bare_export_is_seen() {
    let bare = "#[unsafe(no_mangle)] extern \"C\" fn f() -> u8 { 1 }";
    assert_eq!(exports(bare), [("f".to_owned(), false)]);
    let guarded = "#[unsafe(no_mangle)] extern \"C\" fn f() -> u8 { guard(None, 0, || 1) }";
    assert_eq!(exports(guarded), [("f".to_owned(), true)]);
}

/// Where a file may have `unsafe` code: Kea's side and, for the name of `main`, the dnsmasq companion (CONTRIBUTING.md).
const MAY_BE_UNSAFE: [&str; 4] = [
    "dnsmasq-helper/src/start.rs",
    "kea-hook/loader/src/dynamic.rs",
    "kea-hook/loader/src/entry.rs",
    "kea-hook/src/ffi.rs",
];

#[test]
fn unsafe_code_is_only_where_it_is_meant_to_be() {
    let permission = ["allow", "(unsafe_code)"].concat();
    let mut found: Vec<String> = texts()
        .into_iter()
        .filter(|(path, text)| path.ends_with(".rs") && text.contains(&permission))
        .map(|(path, _)| path)
        .collect();
    found.sort();
    assert_eq!(found, MAY_BE_UNSAFE);
}

/// A package that has such a file cannot take the workspace's lints as they are, so it repeats them.
#[test]
fn a_package_with_unsafe_code_has_the_workspaces_lints_else() {
    let read = |text: &str| text.parse::<Table>().expect("TOML");
    let manifests: Vec<(String, Table)> = texts()
        .into_iter()
        .filter(|(path, _)| path.ends_with("Cargo.toml"))
        .map(|(path, text)| (path, read(&text)))
        .collect();
    let (_, root) = manifests.iter().find(|(path, _)| path == "Cargo.toml").expect("the root's");
    let workspace = root["workspace"]["lints"].as_table().expect("the workspace's lints");
    let own: Vec<&(String, Table)> = manifests
        .iter()
        .filter(|(_, table)| {
            table.get("lints").and_then(|lints| lints.get("rust")?.get("unsafe_code")?.as_str())
                == Some("deny")
        })
        .collect();
    assert_eq!(own.len(), 4, "the hook, its faulty twin, the loader, the companion");
    for (path, table) in own {
        for (tool, lints) in workspace {
            for (lint, level) in lints.as_table().expect("lints") {
                if lint != "unsafe_code" && level.as_str() != Some("allow") {
                    let found = table["lints"].get(tool).and_then(|lints| lints.get(lint));
                    assert_eq!(found, Some(level), "{path}: {tool}::{lint}");
                }
            }
        }
    }
}
