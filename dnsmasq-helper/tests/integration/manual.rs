//! The man pages and completions that the package ships.

// What cannot be set up fails the test.
#![allow(clippy::expect_used)]

use std::fs;
use std::process::Command;

#[test]
fn every_command_has_a_page_and_bash_takes_the_completions() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = env!("CARGO_BIN_EXE_offhook-dnsmasq");
    let made = Command::new(program).arg("manual").arg(folder.path()).output().expect("it runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    for page in ["offhook-dnsmasq", "offhook-dnsmasq-doctor", "offhook-dnsmasq-render"] {
        let path = folder.path().join(format!("man1/{page}.1"));
        let text = fs::read_to_string(&path).expect(page);
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
    let hidden = folder.path().join("man1/offhook-dnsmasq-manual.1");
    assert!(!hidden.exists(), "it is for packagers, and hidden");

    let completions = folder.path().join("completions");
    let bash = completions.join("bash/offhook-dnsmasq.bash");
    let read = Command::new("bash").arg("-n").arg(&bash).output().expect("bash");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    for file in ["zsh/_offhook-dnsmasq", "fish/offhook-dnsmasq.fish"] {
        assert!(
            fs::read_to_string(completions.join(file)).expect(file).contains("doctor"),
            "{file}"
        );
    }
}
