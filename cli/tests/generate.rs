//! `offhook generate` on a real file system: what is written, what is left alone, what is refused, and
//! what is there when it is killed.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panic")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

const POLICY: &str = r#"{
  "systems": [{ "system": "files", "url": "https://provision.example.com/phones/" }],
  "sites": [{ "name": "branch-7", "match": { "networks": ["10.7.0.0/16"] }, "voice-vlan": { "id": 7 } }],
  "phone-settings": { "server": "pbx.example.com", "transport": "tls" }
}"#;

const PHONES: &str = "\
mac,vendor,model,user,password,display-name,settings.features.x
00:15:65:01:02:03,yealink,T46S,1001,geheim-1,Zoë,sehr-geheim
00:15:65:01:02:03,,,1002,geheim-2,\"Two, Lines\",
0004f2010203,,VVX410,1003,geheim-3,O'Neil,
";

struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new(policy: &str, phones: &str) -> Site {
        let site = Site { folder: tempfile::tempdir().unwrap() };
        fs::write(site.path("policy.json"), policy).unwrap();
        site.list(phones);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn list(&self, phones: &str) {
        fs::write(self.path("phones"), phones).unwrap();
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        command.current_dir(self.folder.path()).args(["generate", "--policy", "policy.json"]);
        command.args(["--phones", "phones", "--out", "out"]).args(more);
        command
    }

    fn run(&self, more: &[&str]) -> Output {
        self.command(more).output().unwrap()
    }

    fn good(&self, more: &[&str]) -> String {
        let output = self.run(more);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn bad(&self, more: &[&str]) -> String {
        let output = self.run(more);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    /// Every file of the tree, offhook's own notes apart.
    fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        files(&self.path("out"))
    }
}

fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
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

#[test]
fn a_second_run_touches_nothing() {
    let site = Site::new(POLICY, PHONES);
    assert_eq!(site.good(&[]), "2 phones, 4 files: 4 written, 0 as they were, 0 removed\n");
    let stamp = |path: &str| {
        let found = fs::metadata(site.path(path)).unwrap();
        (found.ino(), found.mtime_nsec(), found.ctime_nsec(), found.mode() & 0o7777)
    };
    let paths = ["out", "out/.offhook", "out/.offhook/manifest", "out/001565010203.cfg"];
    let before: Vec<_> = paths.iter().map(|path| stamp(path)).collect();
    assert_eq!(site.good(&[]), "2 phones, 4 files: 0 written, 4 as they were, 0 removed\n");
    assert_eq!(before, paths.iter().map(|path| stamp(path)).collect::<Vec<_>>());
    let modes: Vec<u32> = before.iter().map(|stamp| stamp.3).collect();
    assert_eq!(modes, [0o750, 0o700, 0o600, 0o640]);

    // One phone changes: its file is another, the others stay the same ones.
    site.list(&PHONES.replace("O'Neil", "O'Brien"));
    let polycom = stamp("out/0004f2010203.cfg");
    assert_eq!(site.good(&[]), "2 phones, 4 files: 1 written, 3 as they were, 0 removed\n");
    assert_ne!(stamp("out/0004f2010203.cfg"), polycom);
    assert_eq!(stamp("out/001565010203.cfg"), before[3]);
    // Somebody's hand in a file, or its mode, is put right.
    fs::write(site.path("out/001565010203.cfg"), "tampered").unwrap();
    fs::set_permissions(site.path("out/001565010203.boot"), fs::Permissions::from_mode(0o666))
        .unwrap();
    assert!(site.good(&[]).contains("2 written"));
    assert!(!site.tree()["001565010203.cfg"].starts_with(b"tampered"));
}

#[test]
fn lists_of_either_kind_and_from_a_pipe_give_the_same_tree() {
    let csv = Site::new(POLICY, PHONES);
    csv.good(&[]);
    let json = Site::new(
        POLICY,
        r#"[ // a comment
          { "mac": "0015.6501.0203", "vendor": "yealink", "model": "T46S",
            "settings": { "features.x": "sehr-geheim" },
            "lines": [ { "user": 1001, "password": "geheim-1", "display-name": "Zoë" },
                       { "user": "1002", "password": "geheim-2", "display-name": "Two, Lines" } ] },
          { "mac": "00-04-F2-01-02-03", "model": "VVX410",
            "lines": [ { "user": "1003", "password": "geheim-3", "display-name": "O'Neil" } ] } ]"#,
    );
    json.good(&[]);
    assert_eq!(csv.tree(), json.tree());
    let piped = Site::new(POLICY, "");
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.current_dir(piped.folder.path());
    command.args(["generate", "--policy", "policy.json", "--phones", "-", "--out", "out"]);
    let input = fs::File::open(csv.path("phones")).unwrap();
    assert!(command.stdin(input).output().unwrap().status.success());
    assert_eq!(csv.tree(), piped.tree());
}

#[test]
fn every_mistake_is_told_with_its_row_and_nothing_is_written() {
    let list = "\
mac,vendor,model,site,user,password,display-name,port
00:15:65:01:02:03,yealink,T46S,branch-7,1001,geheim,Zoe,5060
00:15:65:01:02,yealink,,,1002,geheim,Zoe,
00:15:65:01:02:04,yelink,,,1003,geheim,Zoe,
00:15:65:01:02:05,yealink,../../x,,1004,geheim,Zoe,
00:15:65:01:02:06,yealink,,branch-8,1005,geheim,Zoe,
00:15:65:01:02:07,yealink,,,1006,geheim,Zoe,99999
00:15:65:01:02:08,yealink,,,1001,geheim,Zoe,
00:15:65:01:02:09,yealink,,,1007,geheim,\"Zoe
sip_server = evil\",
00:15:65:01:02:0a,yealink,,,1008,geheim
02:00:00:00:00:01,,,,1009,geheim,Zoe,
";
    let site = Site::new(POLICY, list);
    let told = site.bad(&[]);
    for expected in [
        "phones: row 3: mac: expected a hardware address, found \"00:15:65:01:02\"",
        "phones: row 4: vendor: there is no vendor \"yelink\"; did you mean \"yealink\"?",
        "phones: row 5: model: expected a model's name",
        "phones: row 6: site: the policy has no site \"branch-8\"; did you mean \"branch-7\"?",
        "phones: row 7: port: expected a whole number from 1 to 65535, found \"99999\"",
        "phones: row 8: user: user \"1001\" stands in row 2 already",
        "phones: row 9: display-name: the character U+000A cannot stand in a phone's file",
        "phones: row 11: expected 8 columns as in the first row, found 6",
        "phones: row 12: vendor: \"vendor\" is missing, and the address is no single maker's",
        "9 mistakes; nothing was written",
    ] {
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    }
    assert!(!told.contains("geheim"), "{told}");
    assert!(!site.path("out").exists());
    // The good ones only, if that is wanted: the two with one user are neither.
    let good = "02:aa:00:00:00:01,snom,D735,,2001,geheim,Zoe,\n";
    site.list(&(list.to_owned() + good));
    let told = site.bad(&["--keep-going"]);
    assert!(told.contains("what they are about was left out"), "{told}");
    assert_eq!(
        site.tree().keys().collect::<Vec<_>>(),
        ["snomD735-02AA00000001.htm", "snomD735.htm"]
    );
    // As JSON too.
    site.list(
        r#"[{ "mac": "00:15:65:01:02:03", "lines": [{ "user": "1", "passwort": "geheim" }] },
            { "mac": "00:15:65:01:02:03", "lines": [{ "port": "x" }] }, 7]"#,
    );
    let told = site.bad(&["--json"]);
    for expected in [
        "row 1: lines[0].passwort: unknown key; did you mean \"password\"?",
        "row 2: lines[0].port: expected a whole number",
        "row 2: lines[0]: \"user\" is missing",
        "row 3: expected an object, found the number 7",
    ] {
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    }
    let refused = site.run(&["--json"]);
    let summary: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!((summary["written"].as_u64(), summary["left-out"].as_u64()), (Some(0), Some(3)));
}

#[test]
fn what_is_not_ours_is_never_touched() {
    let site = Site::new(POLICY, PHONES);
    site.good(&[]);
    fs::write(site.path("out/notes.txt"), "mine").unwrap();
    fs::write(site.path("out/001565aaaaaa.cfg"), "mine").unwrap();
    site.list(&PHONES.lines().take(3).map(|line| format!("{line}\n")).collect::<String>());
    assert!(site.good(&[]).contains("0 removed"), "only with --prune");
    assert!(site.good(&["--prune", "--dry-run"]).contains("--- 0004f2010203.cfg (removed)"));
    assert!(site.tree().contains_key("0004f2010203.cfg"), "a dry run removes nothing");
    assert!(site.good(&["--prune"]).contains("2 removed"));
    assert_eq!(
        site.tree().keys().collect::<Vec<_>>(),
        ["001565010203.boot", "001565010203.cfg", "001565aaaaaa.cfg", "notes.txt"]
    );
    // A phone whose file somebody else wrote.
    let taken = "mac,user,password\n00:15:65:aa:aa:aa,1001,geheim\n";
    site.list(taken);
    let told = site.bad(&["--prune"]);
    assert!(
        told.contains("001565aaaaaa.cfg: a file stands there that offhook did not write"),
        "{told}"
    );
    assert_eq!(site.tree()["001565aaaaaa.cfg"], b"mine");
    assert!(site.tree().contains_key("001565010203.cfg"), "nothing is pruned with a mistake");
    site.bad(&["--keep-going"]);
    assert_eq!(site.tree()["001565aaaaaa.cfg"], b"mine");
    site.good(&["--adopt"]);
    assert_ne!(site.tree()["001565aaaaaa.cfg"], b"mine");
}

#[test]
fn no_name_and_no_link_leads_out_of_the_tree() {
    let policy = POLICY.replace("/phones/", "/phones/{{site}}/{{mac}}/");
    let policy = policy.replace("branch-7", "../../branch");
    let list = "mac,user,site\n00:15:65:01:02:03,1001,../../branch\n";
    let site = Site::new(&policy, list);
    assert!(site.bad(&[]).contains("has a name that not every server hands out"));
    assert!(!site.path("out").exists());

    let site = Site::new(&POLICY.replace("/phones/", "/phones/{{vendor}}/"), PHONES);
    fs::create_dir_all(site.path("out")).unwrap();
    fs::create_dir(site.path("elsewhere")).unwrap();
    symlink(site.path("elsewhere"), site.path("out/yealink")).unwrap();
    assert!(site.bad(&[]).contains("follows no links below the tree's root"));
    assert!(files(&site.path("elsewhere")).is_empty());
    // Nor when it removes: the folder is swapped for a link behind our back.
    fs::remove_file(site.path("out/yealink")).unwrap();
    site.good(&[]);
    fs::rename(site.path("out/yealink"), site.path("moved")).unwrap();
    symlink(site.path("moved"), site.path("out/yealink")).unwrap();
    site.list("mac,user\n0004f2010203,1003\n");
    assert!(site.bad(&["--prune"]).contains("follows no links"));
    assert_eq!(files(&site.path("moved")).len(), 2);
    // A link in the place of a file is replaced, never written through.
    let site = Site::new(POLICY, PHONES);
    fs::create_dir_all(site.path("out")).unwrap();
    fs::write(site.path("victim"), "mine").unwrap();
    symlink(site.path("victim"), site.path("out/001565010203.cfg")).unwrap();
    assert!(site.bad(&[]).contains("a folder or a link stands there"));
    assert_eq!(fs::read(site.path("victim")).unwrap(), b"mine");
}

#[test]
fn a_dry_run_shows_changes_and_no_secret() {
    let site = Site::new(POLICY, PHONES);
    let new = site.good(&["--dry-run"]);
    assert!(new.contains("+account.1.password = ********"), "{new}");
    assert!(!site.path("out").exists());
    site.good(&[]);
    site.list(&PHONES.replace("geheim-2", "geheim-neu").replace("Zoë", "Zoe"));
    let changed = site.good(&["--dry-run"]);
    for line in ["-account.1.display_name = Zoë\n", "+account.1.display_name = Zoe\n"] {
        assert!(changed.contains(line), "{changed}");
    }
    assert!(changed.contains("1 would be written"), "{changed}");
    // A secret alone, and a file that somebody else changed: their secrets are nobody's business.
    site.list(&PHONES.replace("geheim-3", "geheim-neu"));
    let secret = site.good(&["--dry-run"]);
    assert!(secret.contains("0004f2010203.cfg (only secrets"), "{secret}");
    fs::write(site.path("out/0004f2010203.cfg"), "<x password=\"anders-geheim\"/>").unwrap();
    let tampered = site.good(&["--dry-run"]);
    assert!(tampered.contains("(changed by somebody else since; not shown)"), "{tampered}");
    for shown in [new, changed, secret, tampered] {
        assert!(!shown.contains("geheim"), "{shown}");
    }
}

#[test]
fn templates_of_ones_own_win_and_their_mistakes_have_a_place() {
    let site = Site::new(POLICY, PHONES);
    let folder = site.path("own/vendors/yealink");
    fs::create_dir_all(&folder).unwrap();
    let template = |text: &str| fs::write(folder.join("phone.cfg.j2"), text).unwrap();
    template(
        "#!version:1.0.0.1\n{% for line in lines %}\nx.{{ line.number }} = {{ line.user }}\n{% endfor %}\n",
    );
    site.good(&["--vendors-directory", "own"]);
    assert_eq!(site.tree()["001565010203.cfg"], b"#!version:1.0.0.1\nx.1 = 1001\nx.2 = 1002\n");
    for (text, expected) in [
        (
            "a\n{{ lines[0].pasword }}\n",
            "own/vendors/yealink/phone.cfg.j2:2: `lines[0].pasword` is undefined",
        ),
        ("{{ phonebook_url }}\n", "phone.cfg.j2:1: "),
        ("{{ lines[0].password|upper }}\n", "a secret can only be printed as it is"),
        ("{{ lines[0].password ~ '' }}\n", "a secret can only be printed as it is"),
        ("{{ lines }}\n", "cannot be printed: print what is in it"),
        ("{{ vendor|safe }}\n", "safe"),
        ("{% for %}\n", "own/vendors/yealink/phone.cfg.j2:1: "),
    ] {
        template(text);
        let told = site.bad(&["--vendors-directory", "own"]);
        assert!(told.contains(expected), "{text:?}: no {expected:?} in\n{told}");
        assert!(!told.contains("geheim"), "{told}");
        assert!(site.tree()["001565010203.cfg"].starts_with(b"#!version"), "nothing is written");
        assert!(!site.path("out/.offhook/new").exists());
    }
}

/// Encrypted in the makers' own format: stock openssl reads it with the phone's password.
#[test]
fn files_that_only_their_phone_can_read() {
    let list = "mac,vendor,model,user,password
000b820a0b0c,grandstream,GRP2614,1001,geheim-1
000b820a0b0d,grandstream,GRP2614,1002,geheim-2
00562b0a0b0c,cisco-mpp,CP-8841-3PCC,1003,geheim-3
0015650a0b0c,yealink,T46S,1004,geheim-4
";
    let site = Site::new("{}", list);
    let key = site.path("key").display().to_string();
    let policy = |key: &str| {
        POLICY.trim_end().trim_end_matches('}').to_owned()
            + &format!(
                r#", "file-access": {{ "encryption": {{ "key-file": "{key}",
                     "for": ["grandstream", "cisco-mpp"] }} }} }}"#
            )
    };
    fs::write(site.path("policy.json"), policy(&key)).unwrap();
    fs::write(&key, "5b1f0d0a4f7c4f0e9d6a1c2b3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f607").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(site.bad(&[]).contains("file-access.encryption.key-file"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    site.good(&["--file-passwords", "passwords.csv"]);
    assert_eq!(fs::metadata(site.path("passwords.csv")).unwrap().mode() & 0o777, 0o600);
    let passwords = fs::read_to_string(site.path("passwords.csv")).unwrap();
    let password = |mac: &str| {
        let row = passwords.lines().find_map(|row| row.strip_prefix(mac)?.strip_prefix(','));
        row.unwrap_or_else(|| panic!("no password for {mac}")).to_owned()
    };
    assert_eq!(passwords.lines().count(), 4, "none for the Yealink, which has no such format");
    let decrypted = |file: &str, password: &str| {
        let mut openssl = Command::new("openssl");
        openssl.args(["enc", "-d", "-aes-256-cbc", "-md", "md5", "-pass"]);
        openssl.arg(format!("pass:{password}")).arg("-in").arg(site.path("out").join(file));
        let output = openssl.output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let one = password("00:0b:82:0a:0b:0c");
    let text = decrypted("cfg000b820a0b0c.xml", &one).expect("it decrypts");
    assert!(text.starts_with("<?xml") && text.contains("<P34>geheim-1</P34>"), "{text}");
    let two = password("00:0b:82:0a:0b:0d");
    assert_ne!(one, two);
    let wrong = decrypted("cfg000b820a0b0c.xml", &two);
    assert!(wrong.is_none_or(|text| !text.contains("geheim")));
    let mpp = decrypted("00562b0a0b0c.xml", &password("00:56:2b:0a:0b:0c")).expect("it decrypts");
    assert!(mpp.contains("<Password_1_>geheim-3</Password_1_>"), "{mpp}");
    let model = String::from_utf8(site.tree()["8841-3PCC.xml"].clone()).unwrap();
    assert!(model.contains("[--key $SA] https://provision.example.com/phones/$MA.xml"), "{model}");
    let all = site.tree();
    for name in ["cfg000b820a0b0c.xml", "cfg000b820a0b0d.xml", "00562b0a0b0c.xml"] {
        assert!(all[name].starts_with(b"Salted__"), "{name}");
        assert!(!String::from_utf8_lossy(&all[name]).contains("geheim"));
    }
    assert!(String::from_utf8_lossy(&all["0015650a0b0c.cfg"]).contains("geheim-4"));
    // The same content is the same file, so a second run writes nothing; nor does a dry run show it.
    assert!(site.good(&[]).contains("0 written"));
    site.list(&list.replace("geheim-1", "geheim-9"));
    let shown = site.good(&["--dry-run"]);
    assert!(shown.contains("cfg000b820a0b0c.xml") && !shown.contains("geheim"), "{shown}");
    // Nobody is promised what cannot be checked.
    fs::write(site.path("policy.json"), policy(&key).replace("cisco-mpp", "yealink")).unwrap();
    assert!(site.bad(&[]).contains("known for: cisco-mpp, cisco-spa, grandstream"));
}

#[test]
fn two_sites_in_one_folder_are_told_apart_or_refused() {
    let list =
        "mac,model,user,site\n0004f2010203,VVX410,1003,\n0004f2010204,VVX410,1004,branch-7\n";
    let site = Site::new(POLICY, list);
    let told = site.bad(&[]);
    assert!(
        told.contains("row 3: the file 000000000000.cfg would have to hold one thing"),
        "{told}"
    );
    fs::write(site.path("policy.json"), POLICY.replace("/phones/", "/phones/{{mac}}/")).unwrap();
    site.good(&[]);
    let tree = site.tree();
    assert_eq!(tree.len(), 4);
    assert_ne!(
        tree["0004f2010203/000000000000.cfg"], tree["0004f2010204/000000000000.cfg"],
        "branch-7 has a VLAN"
    );
}

/// Killed at any moment: every file that a phone could see is whole, and the next run completes it.
#[test]
fn killed_at_any_moment_no_file_is_half() {
    let list = |name: &str| {
        let row = |i: u32| format!("001565{i:06x},yealink,T46S,{i},pw{i},{name} {i}\n");
        "mac,vendor,model,user,password,display-name\n".to_owned()
            + &(0..3000).map(row).collect::<String>()
    };
    let site = Site::new(POLICY, &list("Old"));
    site.good(&[]);
    let old = site.tree();
    let whole = Site::new(POLICY, &list("New"));
    whole.good(&[]);
    let new = whole.tree();
    site.list(&list("New"));
    let mut seen_between = 0;
    for round in 0..20u64 {
        let mut child = site.command(&[]).stdout(Stdio::null()).spawn().unwrap();
        if round % 2 == 0 {
            std::thread::sleep(Duration::from_millis(2 + round * 18));
        } else {
            // Between the first file's arrival and the last one's.
            let first = site.path("out/001565000000.cfg");
            let stamp = || fs::symlink_metadata(&first).unwrap().ino();
            let before = stamp();
            while stamp() == before && child.try_wait().unwrap().is_none() {}
            std::thread::sleep(Duration::from_micros(round * 300));
        }
        let _ = child.kill();
        child.wait().unwrap();
        let now = site.tree();
        assert_eq!(now.len(), old.len());
        for (path, bytes) in &now {
            assert!(*bytes == old[path] || *bytes == new[path], "{path} is half");
        }
        seen_between += usize::from(now != old && now != new);
        if now == new {
            // Back to the old state, for another try.
            site.list(&list("Old"));
            site.good(&[]);
            site.list(&list("New"));
        }
    }
    assert!(seen_between > 0, "no kill came between two files");
    site.good(&[]);
    assert_eq!(site.tree(), new);
    assert!(site.good(&["--prune"]).contains("0 written, 6000 as they were, 0 removed"));
    let left: Vec<_> = fs::read_dir(site.path("out/.offhook")).unwrap().flatten().collect();
    let mut left: Vec<_> = left.iter().map(|entry| entry.file_name()).collect();
    left.sort();
    assert_eq!(left, ["lock", "manifest"]);
}

/// Killed before its first end, everything that it wrote is known as its own all the same.
#[test]
fn a_first_run_that_was_killed_leaves_nothing_that_prune_does_not_find() {
    let row = |i: u32| format!("001565{i:06x},{i}\n");
    let list = "mac,user\n".to_owned() + &(0..4000).map(row).collect::<String>();
    for round in 0..8u64 {
        let site = Site::new(POLICY, &list);
        let mut child = site.command(&[]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(20 + round * 40));
        let _ = child.kill();
        child.wait().unwrap();
        site.list("mac,user\n001565ffffff,1\n");
        site.good(&["--prune"]);
        assert_eq!(site.tree().len(), 2, "round {round}");
    }
}

#[test]
fn two_runs_at_once_do_not_mix() {
    let row = |i: u32| format!("001565{i:06x},{i}\n");
    let list = "mac,user\n".to_owned() + &(0..3000).map(row).collect::<String>();
    let site = Site::new(POLICY, &list);
    let runs: Vec<_> = (0..4)
        .map(|_| site.command(&[]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let mut done = 0;
    for run in runs {
        let output = run.wait_with_output().unwrap();
        done += usize::from(output.status.success());
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || told.contains("is at work there"), "{told}");
    }
    assert!(done >= 1);
    assert_eq!(site.tree().len(), 6000);
}

#[test]
fn phones_that_the_policy_sends_elsewhere_are_written_and_told_of() {
    let pascom =
        r#"{ "systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }] }"#;
    for (policy, doubt) in [
        (
            pascom,
            "doubt: the policy sends yealink phones to the system \"pascom\", not to \"files\"",
        ),
        ("{}", "doubt: no system of the policy serves yealink phones"),
    ] {
        let site =
            Site::new(policy, "mac,vendor,user,server\n001565010203,yealink,1,sip.example.com\n");
        let output = site.run(&[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.starts_with(doubt) && told.lines().count() == 1, "{told}");
        let files: Vec<String> = site.tree().into_keys().collect();
        assert_eq!(files, ["001565010203.boot", "001565010203.cfg"]);
    }
}
