//! `make test` runs a part only where a part is enough: scripts/tested, in a checkout of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::files::root;
use crate::install::program;

struct Checkout {
    folder: tempfile::TempDir,
}

impl Checkout {
    /// With two makers, after everything has passed.
    fn tested() -> Checkout {
        let checkout = Checkout { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir_all(checkout.path("programs")).expect("a folder");
        program(&checkout.path("programs"), "dpkg-query", "kea-dhcp4-server\t2.6.3");
        let script = fs::read_to_string(root().join("scripts/tested")).expect("scripts/tested");
        for (path, text) in [
            ("scripts/tested", &*script),
            (".gitignore", "target/\nprograms/\n"),
            ("core/src/lib.rs", ""),
            ("core/catalogue/vendors/example-policy.json", "{}"),
            ("core/catalogue/vendors/acme/vendor.toml", "name = \"ACME\""),
            ("core/catalogue/vendors/acme/golden/A1/a b.cfg", "1"),
            ("core/catalogue/vendors/emca/vendor.toml", "name = \"EMCA\""),
            ("docs/vendors.md", "ACME, EMCA"),
        ] {
            checkout.write(path, text);
        }
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(checkout.path("scripts/tested"), executable).expect("a mode");
        checkout.run("git", &["init", "--quiet"]);
        checkout.run("git", &["add", "--all"]);
        checkout.run("scripts/tested", &["begin"]);
        checkout.run("scripts/tested", &["passed"]);
        checkout
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).expect("removed");
    }

    fn try_with(&self, variables: &[(&str, &str)], program: &str, words: &[&str]) -> Output {
        let path = std::env::var("PATH").unwrap_or_default();
        let program = if program.contains('/') { self.path(program) } else { program.into() };
        let mut command = Command::new(program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GIT_")) {
            command.env_remove(name);
        }
        command.args(words).current_dir(self.folder.path()).env_remove("CI");
        command.env_remove("CARGO_TARGET_DIR").envs(variables.iter().copied());
        let path = format!("{}:{path}", self.path("programs").display());
        command.env("PATH", path).output().expect("it runs")
    }

    fn run(&self, program: &str, words: &[&str]) -> String {
        let output = self.try_with(&[], program, words);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    #[track_caller]
    fn expect(&self, expected: &str) {
        assert_eq!(self.run("scripts/tested", &["what"]), expected);
    }
}

const NO_RECORD: &str = "everything: there is no record of a run in which everything passed";
const VENDOR: &str = "core/catalogue/vendors/acme/vendor.toml";

#[test]
fn a_change_in_makers_folders_is_tested_with_these_makers() {
    let checkout = Checkout::tested();
    checkout.write(VENDOR, "name = \"Acme\"");
    checkout.expect("makers: acme");
    checkout.write("docs/vendors.md", "Acme, EMCA");
    checkout.expect("makers: acme");
    checkout.write("core/catalogue/vendors/emca/golden/B2/new.cfg", "1");
    checkout.expect("makers: acme emca");
    checkout.write(VENDOR, "name = \"ACME\"");
    checkout.expect("makers: emca");
    checkout.remove("core/catalogue/vendors/emca/golden/B2/new.cfg");
    checkout.remove("core/catalogue/vendors/acme/golden/A1/a b.cfg");
    checkout.expect("makers: acme");
    // A commit of what is there changes nothing.
    checkout.run("git", &["add", "--all"]);
    checkout.expect("makers: acme");
    checkout.write("core/catalogue/vendors/newcomer/vendor.toml", "name = \"New\"");
    checkout.expect("makers: acme newcomer");
}

#[test]
fn every_other_change_is_tested_with_everything() {
    let checkout = Checkout::tested();
    checkout.expect("everything: nothing has changed since everything passed");
    checkout.write("docs/vendors.md", "by hand");
    let without = "everything: what is made of the makers' folders has changed, and they have not";
    checkout.expect(without);
    checkout.write(VENDOR, "name = \"Acme\"");
    for path in [
        "core/src/lib.rs",
        "core/src/new.rs",
        "core/catalogue/vendors/example-policy.json",
        "core/catalogue/vendors/new.toml",
        "tests/imports/one/dhcpd.conf",
        "docs/files.txt",
    ] {
        let before = fs::read_to_string(checkout.path(path)).ok();
        checkout.write(path, "changed");
        checkout.expect(&format!("everything: {path} has changed"));
        match before {
            Some(text) => checkout.write(path, &text),
            None => checkout.remove(path),
        }
    }
    checkout.expect("makers: acme");
    checkout.remove("core/src/lib.rs");
    checkout.expect("everything: core/src/lib.rs has changed");
    checkout.write("core/src/lib.rs", "");
    checkout.run("chmod", &["600", "core/src/lib.rs"]);
    checkout.expect("everything: core/src/lib.rs has changed");
    checkout.run("chmod", &["644", "core/src/lib.rs"]);
    fs::remove_dir_all(checkout.path("core/catalogue/vendors/emca")).expect("removed");
    checkout.expect("everything: the maker emca was removed");
}

#[test]
fn the_machine_ci_and_a_tarball_are_tested_with_everything() {
    let checkout = Checkout::tested();
    checkout.write(VENDOR, "name = \"Acme\"");
    let with = |name, value| {
        let output = checkout.try_with(&[(name, value)], "scripts/tested", &["what"]);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert_eq!(with("CI", "true"), "everything: CI is set\n");
    let changed =
        "everything: the machine's packages, the compiler or the environment have changed";
    assert_eq!(with("RUSTFLAGS", "-C opt-level=3").trim_end(), changed);
    program(&checkout.path("programs"), "dpkg-query", "kea-dhcp4-server\t3.0.0");
    checkout.expect(changed);
    program(&checkout.path("programs"), "dpkg-query", "kea-dhcp4-server\t2.6.3");
    checkout.expect("makers: acme");
    fs::rename(checkout.path(".git"), checkout.path("target/git")).expect("moved");
    checkout.expect("everything: this is not a git checkout");
}

#[test]
fn only_a_whole_run_without_a_change_meanwhile_is_recorded() {
    let checkout = Checkout::tested();
    checkout.remove("target/tested");
    checkout.expect(NO_RECORD);
    // Not begun.
    checkout.run("scripts/tested", &["passed"]);
    checkout.expect(NO_RECORD);
    checkout.run("scripts/tested", &["begin"]);
    checkout.write("core/src/lib.rs", "// changed while the tests ran");
    checkout.run("scripts/tested", &["passed"]);
    checkout.expect(NO_RECORD);
    // What runs for makers alone writes no record.
    let makefile = fs::read_to_string(root().join("Makefile")).expect("Makefile");
    let (_, part) = makefile.split_once("\ntest-makers:").expect("the target");
    let (part, _) = part.split_once("\n\n").expect("its end");
    assert!(!part.contains("scripts/tested"), "{part}");
    let part = fs::read_to_string(root().join("scripts/test-programs")).expect("the script");
    assert!(!part.contains("target/tested"), "{part}");
}
