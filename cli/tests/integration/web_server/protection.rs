//! A file is protected by the rule of the place that it was written for, whatever URL leads there.

use std::fs;
use std::process::Command;

use super::web::{FLAT, KEY, OTHER, PHONE, Web, refused, token};

const FOLDER: &str = "0f9a6c1d-2e3b-4a5f-6071-8293a4b5c6d7";

/// The same policy for check, generate and both servers: whether each took it, and what it said.
fn verdicts(systems: &str, access: &str) -> Vec<(&'static str, bool, String)> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("key"), KEY).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
    fs::set_permissions(path("key"), mode).unwrap();
    let access = access.replace("KEY", &path("key"));
    let policy = format!(r#"{{ "systems": [{systems}], "file-access": {{ {access} }} }}"#);
    fs::write(path("policy.json"), policy).unwrap();
    fs::write(path("list.csv"), "mac,user,password,model\n0004f20a0b0e,1,geheim,VVX450\n").unwrap();
    let run = |what: &'static str, arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
            .current_dir(folder.path())
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (what, output.status.success(), said)
    };
    let (tree, secrets) = (path("tree"), path("secrets"));
    let server = |server: &'static str| {
        let policy = ["web-server", server, "--policy", "policy.json", "--root", &tree];
        run(server, &[&policy[..], &["--secrets", &secrets]].concat())
    };
    vec![
        run("check", &["check", "policy.json"]),
        run(
            "generate",
            &["generate", "--policy", "policy.json", "--phones", "list.csv", "--out", &tree],
        ),
        server("nginx"),
        server("caddy"),
    ]
}

#[test]
fn two_places_of_unequal_protection_that_lead_to_one_file_are_refused_by_all() {
    let token = r#""token": { "key-file": "KEY" }"#;
    let random = format!(r#""random-folder": "{FOLDER}""#);
    let certificates = r#""client-certificates": { "authorities": "/ca.pem" }"#;
    for (weak, strong, access) in [
        ("{{mac}}/", "{{mac}}/{{token}}/", token),
        ("open/{{mac}}/", "{{mac}}/{{token}}/", token),
        ("open/", "{{random-folder}}/", &random),
        ("{{model}}/", "{{mac}}/{{token}}/", token),
        ("{{random-folder}}/{{mac}}/", "{{mac}}/{{token}}/", &format!("{random}, {token}")),
        ("{{model}}/", "{{mac}}/", certificates),
    ] {
        let systems = format!(
            r#"{{ "system": "files", "url": "https://p.example.com/phones/{weak}", "for": ["polycom", "panasonic"] }},
               {{ "system": "files", "url": "https://p.example.com/phones/{strong}", "for": ["yealink"] }}"#
        );
        for (command, taken, said) in verdicts(&systems, access) {
            assert!(!taken, "{command} takes {weak} beside {strong}");
            for part in ["systems[0]", "systems[1]", "both lead to the file", weak, strong] {
                let part = part.replace("{{random-folder}}", FOLDER);
                assert!(said.contains(&part), "{command}: no {part:?} in {said}");
            }
        }
    }
    // Each in folders of its own: taken. Caddy cannot check a token, whatever else.
    for (weak, strong, access) in [
        ("{{vendor}}/{{mac}}/", "{{vendor}}/{{mac}}/{{token}}/", token),
        ("open/{{vendor}}/", "{{random-folder}}/{{vendor}}/", &random),
    ] {
        let systems = format!(
            r#"{{ "system": "files", "url": "https://p.example.com/phones/{weak}", "for": ["polycom", "panasonic"] }},
               {{ "system": "files", "url": "https://p.example.com/phones/{strong}" }}"#
        );
        for (command, taken, said) in verdicts(&systems, access) {
            assert_eq!(taken, command != "caddy" || access != token, "{command}: {said}");
        }
    }
}

const APART: &str = r#"{
  "systems": [
    { "system": "files", "url": "https://localhost:PORT/p/{{vendor}}/{{mac}}/", "for": ["polycom"] },
    { "system": "files", "url": "https://localhost:PORT/p/{{vendor}}/{{mac}}/{{token}}/" }
  ],
  "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/8"] } }],
  "file-access": { "token": { "key-file": "DIR/key" } }
}"#;

#[test]
fn a_place_without_a_token_opens_its_own_makers_folders_and_no_other() {
    let web = Web::start(APART, &[]);
    let polycom = "0004f20a0b0e";
    assert_eq!(web.status(&format!("/p/polycom/{polycom}/{polycom}.cfg")), 200);
    let good = token(KEY, "", false, PHONE);
    assert_eq!(web.status(&format!("/p/yealink/{PHONE}/{good}/{PHONE}.cfg")), 200);
    for path in [
        format!("/p/yealink/{PHONE}/{PHONE}.cfg"),
        format!("/p/polycom/{PHONE}/{PHONE}.cfg"),
        format!("/p/polycom/{polycom}/../../yealink/{PHONE}/{PHONE}.cfg"),
        format!("/p/{PHONE}/{PHONE}.cfg"),
        format!("/p/yealink/{OTHER}/{good}/{OTHER}.cfg"),
    ] {
        assert!(refused(web.status(&path)), "{path}");
    }
    // What the catalogue does not have is not served, even if it is there.
    fs::write(web.path(&format!("tree/polycom/{polycom}/notes.txt")), "x").unwrap();
    assert_eq!(web.status(&format!("/p/polycom/{polycom}/notes.txt")), 403);
}

/// Whose file it is, the catalogue's names say, and not the URL.
#[test]
fn a_certificate_opens_its_own_phones_file_whatever_stands_around_the_address() {
    let policy = r#"{
      "systems": [
        { "system": "files", "url": "https://localhost:PORT/{{random-folder}}/a/", "for": ["face", "panasonic"] },
        { "system": "files", "url": "https://localhost:PORT/{{random-folder}}/b/" }
      ],
      "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/8"] } }],
      "file-access": { "random-folder": "FOLDER", "client-certificates": { "authorities": "DIR/maker.pem" } }
    }"#;
    let vendor = r#"
name = "Face"
[sources]
own = "a test"
[[mac]]
prefixes = ["02:fa:ce"]
source = "own"
[url]
takes = "base"
[[tell]]
what = "url"
code = 66
text = "{{url}}"
source = "own"
[[file]]
name = "face{{mac}}.cfg"
scope = "device"
format = "text"
template = "phone.cfg.j2"
escape = "line"
source = "own"
"#;
    let overlay = [
        ("vendors/face/vendor.toml", vendor),
        ("vendors/face/phone.cfg.j2", "password = {{ lines[0].password }}\n"),
    ];
    let list = "mac,vendor,model,user,password\n0015650a0b0c,face,A1,1,geheim-1\n\
                0015650a0b0d,face,A1,2,geheim-2\n00:0b:0c:00:00:01,yealink,T46S,3,geheim-3\n";
    let web = Web::start_with(&policy.replace("FOLDER", FOLDER), list, &overlay, &[]);
    let at = |below: &str| format!("/{FOLDER}/{below}");
    assert_eq!(web.status_for("phone", &at(&format!("a/face{PHONE}.cfg"))), 200);
    assert_eq!(web.status_for("phone", &at(&format!("a/face{OTHER}.cfg"))), 403);
    assert_eq!(web.status_for("other", &at(&format!("a/face{OTHER}.cfg"))), 200);
    // Another maker's file of the same tree: its name fits {{model}}.cfg of the first place.
    for place in ["a", "b"] {
        assert_eq!(web.status_for("phone", &at(&format!("{place}/000b0c000001.cfg"))), 403);
    }
    let log = fs::read_to_string(web.path("phones.log")).unwrap();
    assert!(log.contains(&format!("{OTHER} 403 ")) && !log.contains("8293a4b5c6d7"), "{log}");
}

/// A name that no server could tell apart is refused.
#[test]
fn names_that_do_not_say_whose_file_it_is_are_refused() {
    let policy = r#"{ "systems": [{ "system": "files", "url": "https://p.example.com/x/BELOW", "for": ["face"] }],
      "file-access": { "client-certificates": { "authorities": "/ca.pem" } } }"#;
    for (name, below, expected) in [
        ("{{model}}{{mac}}{{model}}.cfg", "", 1),
        ("{{model}}{{mac}}{{model}}.cfg", "{{mac}}/", 0),
        ("phone.cfg", "", 1),
        ("{{model}}-{{MAC}}.cfg", "", 0),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let vendor = format!(
            "name = \"Face\"\n[sources]\nown = \"a test\"\n[[mac]]\nprefixes = [\"02:fa:ce\"]\n\
             source = \"own\"\n[url]\ntakes = \"base\"\n[[tell]]\nwhat = \"url\"\n\
             code = 66\ntext = \"{{{{url}}}}\"\nsource = \"own\"\n[[file]]\nname = \"{name}\"\nscope = \"device\"\n\
             format = \"text\"\nsource = \"own\"\n"
        );
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("vendors/face")).unwrap();
        fs::write(path("vendors/face/vendor.toml"), vendor).unwrap();
        fs::write(path("policy.json"), policy.replace("BELOW", below)).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
            .current_dir(folder.path())
            .args(["check", "policy.json", "--vendors-directory", "."])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(expected), "{name} in {below:?}: {said}");
        assert_eq!(expected == 1, said.contains("does not say whose file it is"), "{said}");
    }
}

/// The administrator's own links above the tree are theirs; one below it is not followed.
#[test]
fn a_tree_behind_a_link_is_served() {
    let mut web = Web::start(FLAT, &[]);
    web.stop();
    fs::create_dir(web.path("real")).unwrap();
    fs::rename(web.path("tree"), web.path("real/tree")).unwrap();
    std::os::unix::fs::symlink("real/tree", web.path("tree")).unwrap();
    web.offhook(&["generate", "--phones", "list.csv", "--out", "tree"]);
    web.configure(&[]);
    assert!(web.run());
    assert_eq!(web.status(&format!("/phones/{PHONE}.cfg")), 200);
    std::os::unix::fs::symlink(web.path("policy.json"), web.path("tree/aastra.cfg")).unwrap();
    assert_eq!(web.status("/phones/aastra.cfg"), 403);
}
