//! What the library that Kea loads links, and what it must not: it runs inside a server.

use std::process::Command;

/// The command line's and the tests' alone: templates, lists, ciphers, flags, HTTP.
const NOT_IN_KEA: [&str; 9] =
    ["minijinja", "csv", "aes", "cbc", "clap", "ureq", "rustls", "regex", "offhook-phone-files"];

#[test]
fn the_library_that_kea_loads_links_no_template_list_or_cipher() {
    for package in ["offhook-kea", "offhook-kea-loader"] {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut tree = Command::new(cargo);
        tree.current_dir(env!("CARGO_MANIFEST_DIR"));
        tree.args(["tree", "--offline", "-p", package, "-e", "normal", "--prefix", "none"]);
        let output = tree.output().expect("cargo tree");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{tree:?}: {errors}");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let names: Vec<&str> =
            text.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert!(names.contains(&package) && names.len() > 3, "{package}: {text}");
        let found: Vec<&&str> = names.iter().filter(|name| NOT_IN_KEA.contains(name)).collect();
        assert!(found.is_empty(), "{package} links {found:?}");
    }
}
