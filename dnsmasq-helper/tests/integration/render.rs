//! `render`: what its own flags may bring into dnsmasq's configuration, and who may read what it writes.

// What cannot be set up fails the test.
#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

const POLICY: &str = r#"{
    "systems": [{ "system": "url", "url": "http://p.example.com/{{random-folder}}/" }],
    "file-access": { "random-folder": "R2Xu8aVV20JkaR2Xu8aVV20Jka" },
    "sites": [{ "name": "net", "match": { "networks": ["10.7.0.0/16"] }, "options": [{ "code": 66, "text": "x" }] },
              { "name": "port", "match": { "circuit-ids": ["ge-0/0/7"] } }]
}"#;

fn command(folder: &Path, policy: &str, more: &[&str]) -> Command {
    fs::write(folder.join("policy.json"), policy).expect("a policy");
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook-dnsmasq"));
    command.current_dir(folder).args(["render", "--no-test", "--policy", "policy.json"]);
    command.args(["--out", "phones.conf", "--state", "state"]).args(more);
    command
}

fn render(folder: &Path, policy: &str, more: &[&str]) -> Output {
    command(folder, policy, more).output().expect("the companion runs")
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().expect("a folder");
    // The reading end is closed before the first line is written.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output =
        command(folder.path(), POLICY, &[]).stdout(writer).output().expect("the companion runs");
    assert!(output.status.success(), "{output:?}");
    assert!(folder.path().join("phones.conf").exists());
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn a_range_tag_is_a_tag_and_its_site_is_the_policys() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("phones.conf");
    for (pair, code, expected) in [
        ("net=x\ndhcp-script=/srv/evil", 2, "cannot be a tag"),
        ("net=x\r", 2, "cannot be a tag"),
        ("net=a,b", 2, "cannot be a tag"),
        ("net=a b", 2, "cannot be a tag"),
        ("net=!a", 2, "cannot be a tag"),
        ("net=x,set:y", 2, "cannot be a tag"),
        ("net=oh_phone", 2, "begins as offhook's own"),
        ("net=oh-snom", 2, "begins as offhook's own"),
        ("nowhere=lan", 1, "found no such site"),
        ("port=lan", 1, "found one without"),
    ] {
        let output = render(folder.path(), POLICY, &["--range-tag", pair]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{pair:?}: {said}");
        assert!(said.contains(expected) && !out.exists(), "{pair:?}: {said}");
    }
    let output =
        render(folder.path(), POLICY, &["--range-tag", "net=lan7", "--range-tag", "net=lan8"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(out).expect("a rendering");
    assert!(text.contains("tag:lan7") && text.contains("tag:lan8"), "{text}");
}

#[test]
fn only_those_who_must_may_read_the_book_and_a_secret_rendering() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let book = path(".phones.conf.book");
    assert!(render(folder.path(), POLICY, &[]).status.success());
    assert_eq!((mode(&book), mode(&path("phones.conf"))), (0o640, 0o640));
    // Without the random folder every user may read the rendering: dnsmasq may run as any user.
    let open = POLICY.replace("/{{random-folder}}", "");
    assert!(render(folder.path(), &open, &[]).status.success());
    assert_eq!((mode(&book), mode(&path("phones.conf"))), (0o640, 0o644));
    // The script reads the book by its group, which the state directory has.
    fs::create_dir(path("state")).expect("a folder");
    if !nix::unistd::Uid::effective().is_root() {
        eprintln!("not root: the group was not tried");
        return;
    }
    std::os::unix::fs::chown(path("state"), Some(4711), Some(4712)).expect("another's folder");
    assert!(render(folder.path(), &open, &[]).status.success());
    let about = fs::metadata(path("state/book")).expect("the link leads to the book");
    assert_eq!((about.gid(), about.mode() & 0o777), (4712, 0o640));
}

#[test]
fn a_state_directory_that_is_a_link_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    symlink(&elsewhere, folder.path().join("state")).expect("a link");
    let output = render(folder.path(), POLICY, &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(fs::read_dir(&elsewhere).expect("a folder").count(), 0);
}

#[test]
fn what_dnsmasq_has_no_words_for_is_a_mistake() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = |policy: &str| {
        let output = render(folder.path(), policy, &[]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (policy, expected) in [
        (
            r#"{ "vendors": { "yealink": { "models": { "T4*": { "options": [{ "code": 66, "text": "x" }] } } } } }"#,
            "vendors.yealink.models: dnsmasq cannot tell a maker's models apart",
        ),
        (
            r#"{ "sites": [{ "name": "a", "match": { "interfaces": ["eth1"] }, "vendors": { "yealink":
                 { "models": { "T4*": { "voice-vlan": { "id": 5 } } } } } }] }"#,
            "sites[0].vendors.yealink.models: dnsmasq cannot tell a maker's models apart",
        ),
        (
            r#"{ "sites": [{ "name": "a", "match": { "circuit-ids": ["ge-0/0/*"] } }] }"#,
            "sites[0].match.circuit-ids[0]: \"ge-0/0/\"*: dnsmasq compares whole ids",
        ),
    ] {
        let (code, error) = said(policy);
        assert!(code == Some(1) && error.contains(expected), "{policy}: {error}");
    }
    // What models say of the phones' files alone is nothing to dnsmasq.
    let files = r#"{ "vendors": { "yealink": { "models": { "T4*": { "phone-settings": { "language": "de" } } } } } }"#;
    assert_eq!(said(files).0, Some(0), "{}", said(files).1);
}
