//! A folder with a policy, a list of phones, and the tree that is made of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub const POLICY: &str = r#"{
  "systems": [{ "system": "files", "url": "https://provision.example.com/phones/" }],
  "sites": [{ "name": "branch-7", "match": { "networks": ["10.7.0.0/16"] }, "voice-vlan": { "id": 7 } }],
  "phone-settings": { "server": "pbx.example.com", "transport": "tls" }
}"#;

pub const PHONES: &str = "\
mac,vendor,model,user,password,display-name,settings.features.x
00:15:65:01:02:03,yealink,T46S,1001,geheim-1,Zoë,sehr-geheim
00:15:65:01:02:03,,,1002,geheim-2,\"Two, Lines\",
0004f2010203,,VVX410,1003,geheim-3,O'Neil,
";

pub struct Site {
    pub folder: tempfile::TempDir,
}

impl Site {
    pub fn new(policy: &str, phones: &str) -> Site {
        Site::within(&std::env::temp_dir(), policy, phones)
    }

    /// In memory, where there is such a place: for thousands of files, and a process that is killed
    /// leaves there what it leaves on a disk.
    pub fn in_memory(policy: &str, phones: &str) -> Site {
        let memory = Path::new("/dev/shm");
        let usable = tempfile::tempdir_in(memory).is_ok();
        let temporary = std::env::temp_dir();
        Site::within(if usable { memory } else { &temporary }, policy, phones)
    }

    fn within(folder: &Path, policy: &str, phones: &str) -> Site {
        let site = Site { folder: tempfile::tempdir_in(folder).unwrap() };
        fs::write(site.path("policy.json"), policy).unwrap();
        site.list(phones);
        site
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn list(&self, phones: &str) {
        fs::write(self.path("phones"), phones).unwrap();
    }

    pub fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        command.current_dir(self.folder.path()).args(["generate", "--policy", "policy.json"]);
        command.args(["--phones", "phones", "--out", "out"]).args(more);
        command
    }

    pub fn run(&self, more: &[&str]) -> Output {
        self.command(more).output().unwrap()
    }

    pub fn good(&self, more: &[&str]) -> String {
        let output = self.run(more);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn bad(&self, more: &[&str]) -> String {
        let output = self.run(more);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    /// Every file of the tree, offhook's own notes apart.
    pub fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.path("out"))
    }
}

pub fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.file_name().is_some_and(|name| name == ".offhook") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}
