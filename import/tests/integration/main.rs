//! Every folder of `tests/imports`: a configuration, the policy that must come out of it, and what is not
//! taken over. A folder is data; this is the only test.

// What cannot be set up fails the test.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use offhook_core::{Engine, Host, builtin, check};
use offhook_import::{Format, Import};
use serde_json::{Value, json};

/// The file of each format.
const INPUTS: [(&str, Format); 5] = [
    ("dhcpd.conf", Format::Dhcpd),
    ("kea.json", Format::Kea),
    ("dnsmasq.conf", Format::Dnsmasq),
    ("netsh.txt", Format::Netsh),
    ("export.xml", Format::Netsh),
];

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/imports");
    let mut folders: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn input(folder: &Path) -> (PathBuf, Format) {
    let found = INPUTS
        .iter()
        .map(|(name, format)| (folder.join(name), *format))
        .find(|(path, _)| path.exists());
    found.unwrap_or_else(|| panic!("{}: expected one of {INPUTS:?}", folder.display()))
}

/// What must come out, as the folder's `expect.json` has it.
fn outcome(import: &Import) -> Value {
    let file = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    let notes =
        import.notes.iter().map(|note| format!("{}: {}", file(&note.at.to_string()), note.reason));
    let differences = import.differences.iter().map(|one| {
        let old = one.old.as_deref().unwrap_or("nothing");
        let new = one.new.as_deref().unwrap_or("nothing");
        let site = one.site.as_ref().map(|site| format!(" at {site}")).unwrap_or_default();
        format!("{}{site}, {}: {old} -> {new} ({} phones)", one.vendor, one.what, one.phones)
    });
    json!({
        "policy": import.policy,
        "not-taken-over": notes.collect::<Vec<_>>(),
        "differences": differences.collect::<Vec<_>>(),
    })
}

#[test]
fn every_configuration_becomes_its_policy() {
    let folders = folders();
    assert!(folders.len() >= 30, "expected at least 30 configurations, found {}", folders.len());
    let tables = builtin::shared();
    let mut wrong = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let (path, format) = input(&folder);
        assert!(
            folder.join("remarks.md").exists(),
            "{name}: expected remarks.md: after what it was made"
        );
        let old =
            offhook_import::read(format, &path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let import = offhook_import::import(Arc::clone(&tables), &old)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let found = outcome(&import);
        let engine = Engine::new(Arc::clone(&tables), &import.policy.to_string(), Host::ANY);
        let engine =
            engine.unwrap_or_else(|mistakes| panic!("{name}: the policy has mistakes: {mistakes}"));
        check::doubts(&engine, check::Makers::All);
        let expected = folder.join("expect.json");
        // To write a new folder's file; read what comes out before it is committed.
        if std::env::var_os("OFFHOOK_WRITE_EXPECTATIONS").is_some() {
            fs::write(&expected, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
        }
        let text = fs::read_to_string(&expected).unwrap_or_default();
        let expected: Value = serde_json::from_str(&text).unwrap_or_default();
        for key in ["policy", "not-taken-over", "differences"] {
            if found[key] != expected[key] {
                wrong.push(format!(
                    "{name}: {key}\n  expected {}\n  found    {}",
                    expected[key], found[key]
                ));
            }
        }
    }
    let advice = "OFFHOOK_WRITE_EXPECTATIONS=1 writes them anew; read what has changed";
    assert!(wrong.is_empty(), "{}\n{advice}", wrong.join("\n"));
}

/// Input from elsewhere: deep nesting, circles and half files end with a message, not with a crash.
#[test]
fn hostile_input_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str, format: Format, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let text = offhook_import::read(format, &path).expect_err("a refusal").to_string();
        assert!(text.contains(name), "{text}");
        text
    };
    let deep = "group { ".repeat(5_000);
    assert!(refused("deep.conf", Format::Dhcpd, &deep).contains("inside one another"));
    assert!(
        refused("open.conf", Format::Dhcpd, "subnet 10.0.0.0 netmask 255.0.0.0 {\n")
            .contains("never ends")
    );
    assert!(refused("close.conf", Format::Dhcpd, "}\n").contains("closes no block"));
    assert!(refused("text.conf", Format::Dhcpd, "option x \"\n").contains("expected \""));
    assert!(
        refused("self.conf", Format::Dhcpd, "include \"self.conf\";").contains("includes itself")
    );
    assert!(refused("x.json", Format::Kea, "{ \"Dhcp6\": {} }").contains("Dhcp4"));
    assert!(refused("deep.json", Format::Kea, &"[".repeat(10_000)).contains("JSON"));
    assert!(refused("x.txt", Format::Netsh, "ipconfig\n").contains("netsh"));
    assert!(refused("x.xml", Format::Netsh, "<a/>").contains("DHCPServer"));
    assert!(refused("empty.conf", Format::Dnsmasq, "# nothing\n").contains("no setting"));
    // A condition that goes too deep is a line that is not taken over.
    let path = folder.path().join("cond.conf");
    let cond = format!(
        "if {}exists host-name{} {{ option tftp-server-name \"x\"; }}",
        "(".repeat(3_000),
        ")".repeat(3_000)
    );
    fs::write(&path, cond).unwrap();
    let old = offhook_import::read(Format::Dhcpd, &path).unwrap();
    assert!(
        old.notes.iter().any(|note| note.reason.contains("cannot be judged")),
        "{:?}",
        old.notes
    );
}

/// A password in a URL reaches the policy, and nothing that people read.
#[test]
fn passwords_are_in_the_policy_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dhcpd.conf");
    let text = "class \"a\" { match if substring(hardware, 1, 3) = 00:15:65;\n option tftp-server-name \"http://u:s3cret@h/\"; }\n\
                class \"b\" { match if substring(hardware, 1, 3) = 00:04:13;\n option tftp-server-name \"http://u:s3cret@h/\" 7; }\n";
    fs::write(&path, text).unwrap();
    let old = offhook_import::read(Format::Dhcpd, &path).unwrap();
    let import = offhook_import::import(builtin::shared(), &old).unwrap();
    assert!(import.policy.to_string().contains("s3cret"));
    let shown = format!("{:?} {:?}", import.notes, import.differences);
    assert!(!shown.contains("s3cret"), "{shown}");
}
