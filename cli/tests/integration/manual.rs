//! The man pages and completions that packages ship: one page for each command that `--help` lists, and
//! completions that the shells themselves accept.

// What cannot be set up fails the test.
#![allow(clippy::expect_used)]

use std::fs;
use std::process::Command;

fn offhook(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_offhook")).args(words).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_command_has_a_page_and_the_shells_take_the_completions() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    offhook(&["manual", root.to_str().expect("a path in UTF-8")]);

    let help = offhook(&["--help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        // A long description goes on in a line that is indented further.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.contains(&"check"), "{help}");
    assert!(!commands.contains(&"manual"), "it is for packagers, and hidden");
    for command in commands {
        let page = root.join(format!("man1/offhook-{command}.1"));
        let text = fs::read_to_string(&page).expect("a page");
        assert!(text.contains(".SH SYNOPSIS"), "{}", page.display());
    }

    let bash = root.join("completions/bash/offhook.bash");
    let read = Command::new("bash").arg("-n").arg(&bash).output().expect("bash");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    for file in ["completions/zsh/_offhook", "completions/fish/offhook.fish"] {
        assert!(fs::read_to_string(root.join(file)).expect(file).contains("web-server"), "{file}");
    }
}
