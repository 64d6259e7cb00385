//! The README's dnsmasq steps, as they are written there, in a folder that plays the machine's root: what it
//! renders and configures, dnsmasq takes, and `doctor` has nothing against.

// What cannot be set up fails the test.
#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn section() -> String {
    let readme = fs::read_to_string(workspace().join("README.md")).expect("README.md");
    let rest = readme.split("## Use it with your dnsmasq").nth(1).expect("the section");
    rest.split("\n## ").next().expect("its end").to_owned()
}

/// The lines of the section's blocks of this kind.
fn blocks(section: &str, kind: &str) -> Vec<String> {
    let (mut lines, mut inside) = (Vec::new(), None);
    for line in section.lines().map(str::trim) {
        match (line.strip_prefix("```"), inside) {
            (Some(opened), None) => inside = Some(opened == kind),
            (Some(_), Some(_)) => inside = None,
            (None, Some(true)) => lines.push(line.to_owned()),
            (None, _) => {}
        }
    }
    lines
}

/// The command of the README that begins so, with the machine's folders under `root`.
fn run(section: &str, begins: &str, root: &Path) -> Output {
    let commands = blocks(section, "sh");
    let command = commands.iter().find(|line| line.starts_with(begins)).expect("a command");
    let mut words = command.split_whitespace();
    let program = match words.next() {
        Some("offhook-dnsmasq") => env!("CARGO_BIN_EXE_offhook-dnsmasq"),
        Some(other) => other,
        None => panic!("an empty command"),
    };
    let inside = |word: &str| match word.strip_prefix('/') {
        Some(path) => root.join(path).display().to_string(),
        None => word.to_owned(),
    };
    let mut command = Command::new(program);
    command.current_dir(workspace()).args(words.map(inside));
    if begins.ends_with("render") {
        command.arg("--state").arg(root.join("var/lib/offhook/dnsmasq"));
    }
    command.output().expect("the command runs")
}

fn said(output: &Output) -> String {
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}")
}

#[test]
fn the_readmes_dnsmasq_is_taken_by_dnsmasq_and_doctor() {
    let (section, folder) = (section(), tempfile::tempdir().expect("a folder"));
    let root = folder.path();
    for folder in ["etc/dnsmasq.d", "var/lib/offhook/dnsmasq"] {
        fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    // What the package has brought.
    let examples = root.join("usr/share/doc/offhook/examples");
    fs::create_dir_all(&examples).expect("a folder");
    fs::copy(workspace().join("examples/offhook.json"), examples.join("offhook.json"))
        .expect("the example");
    let installed = run(&section, "install -D", root);
    assert!(installed.status.success(), "{}", said(&installed));
    let rendered = run(&section, "offhook-dnsmasq render", root);
    assert!(rendered.status.success(), "{}", said(&rendered));
    assert!(said(&rendered).contains("put set:oh_at-branch-7 on your dhcp-range lines there"));
    assert!(root.join("var/lib/offhook/dnsmasq/book").exists());

    let program = env!("CARGO_BIN_EXE_offhook-dnsmasq");
    let lines = blocks(&section, "").join("\n") + "\n";
    let lines = lines.replace("/usr/bin/offhook-dnsmasq", program);
    let conf = root.join("etc/dnsmasq.conf");
    fs::write(&conf, &lines).expect("a configuration");
    let mut test = Command::new("dnsmasq");
    let taken = test
        .arg("--test")
        .arg(format!("--conf-file={}", conf.display()))
        .arg(format!("--conf-dir={}", root.join("etc/dnsmasq.d").display()))
        // Only the machine that it is for has this user.
        .arg("--dhcp-scriptuser=root")
        .output()
        .expect("dnsmasq is installed");
    assert!(taken.status.success(), "{}\n{lines}", said(&taken));

    let examined = run(&section, "offhook-dnsmasq doctor", root);
    assert!(said(&examined).contains("0 problems, 0 doubts"), "{}", said(&examined));
    assert!(examined.status.success());
}
