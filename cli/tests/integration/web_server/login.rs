//! A name and a password for all phones (HTTP authentication), as docs/files.md says how: its own command is run.

use std::fs;
use std::process::Command;

use super::web::{FLAT, KEY, PHONE, Web, refused, token};

const PASSWORD: &str = "pr0v-s3cret";

/// The page's script for `sed`, for a file of passwords of the test's own.
fn script(passwords: &str) -> String {
    let page = include_str!("../../../../docs/files.md");
    let (_, section) = page.split_once("### A name and a password").expect("the section");
    let (_, script) = section.split_once("sed '").expect("its command");
    let (script, _) = script.split_once("'\n").expect("its end");
    script.replace("/etc/nginx/phones.htpasswd", passwords)
}

fn start(policy: &str) -> Web {
    let mut web = Web::bare();
    web.policy(policy);
    let list =
        format!("mac,user,password,model,server\n{PHONE},1001,geheim-1,T46S,sip.example.com\n");
    fs::write(web.path("list.csv"), list).unwrap();
    web.offhook(&["generate", "--phones", "list.csv", "--out", "tree"]);
    // A phone wants the host in it: the address, for a name may be one of IPv6 too, which the site is not.
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    openssl.args(["-nodes", "-days", "2", "-subj", "/CN=localhost"]);
    openssl.args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "server.key"]);
    let made = openssl.args(["-out", "server.pem"]).current_dir(web.folder.path()).output();
    assert!(made.expect("openssl (make deps)").status.success());
    // As `htpasswd` writes it.
    let hash = Command::new("openssl").args(["passwd", "-apr1", PASSWORD]).output().unwrap();
    let hash = String::from_utf8(hash.stdout).unwrap();
    let passwords = web.path("phones.htpasswd");
    fs::write(&passwords, format!("phones:{hash}")).unwrap();
    let script = script(&passwords.display().to_string());
    // Another process may take the port in between: then once more.
    for _ in 0..5 {
        web.configure(&[]);
        let mut sed = Command::new("sed");
        sed.arg(&script).arg("offhook.conf").current_dir(web.folder.path());
        let block = String::from_utf8(sed.output().unwrap().stdout).unwrap();
        assert!(block.contains("auth_basic \"phones\";"), "{block}");
        web.include(&block);
        if web.run() {
            return web;
        }
        web.other_port();
        web.policy(policy);
    }
    panic!("nginx does not start");
}

#[test]
fn a_phone_needs_the_name_and_the_password_beside_all_else() {
    let web = start(FLAT);
    let file = format!("/phones/{PHONE}.cfg");
    let right = format!("phones:{PASSWORD}");
    let login = |login: &str, more: &[&str]| {
        let words = [&["-u", login], more].concat();
        web.get(&file, &words)
    };
    assert_eq!(web.status(&file), 401);
    for wrong in ["phones:wrong", "phones:", &format!("other:{PASSWORD}"), ":"] {
        assert_eq!(login(wrong, &[]).0, 401, "{wrong}");
    }
    let (status, body) = login(&right, &[]);
    assert_eq!(status, 200);
    assert!(body.contains("account.1.password = geheim-1"));
    // What is not the catalogue's stays closed, and so do other networks.
    assert!(refused(web.get("/phones/.offhook/manifest", &["-u", &right]).0));
    assert_eq!(login(&right, &["--interface", "127.0.0.9"]).0, 403);
    let log = fs::read_to_string(web.path("phones.log")).unwrap();
    assert!(!log.contains(PASSWORD) && log.contains(" 401 ") && log.contains(" 200 "), "{log}");
    // The emulator reads them from a file; without them it says what is missing.
    fs::write(web.path("password"), format!("{PASSWORD}\n")).unwrap();
    let emulate = |more: &[&str]| {
        let url = format!("https://127.0.0.1:{}/phones/", web.port);
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        command.current_dir(web.folder.path()).env_remove("OFFHOOK_PASSWORD");
        command.args(["emulate", "--vendor", "yealink", "--mac", PHONE, "--url", &url]);
        let output = command.args(["--ca", "server.pem"]).args(more).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    };
    let (well, told) = emulate(&["--user", "phones", "--password-file", "password"]);
    assert!(well && told.contains("user 1001"), "{told}");
    assert!(!told.contains(PASSWORD), "{told}");
    let (well, told) = emulate(&[]);
    assert!(!well && told.contains("the server requests a name and a password"), "{told}");
}

#[test]
fn a_token_is_needed_beside_them() {
    let web = start(
        r#"{ "systems": [{ "system": "files", "url": "https://localhost:PORT/p/{{mac}}/{{token}}/" }],
             "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/30"] } }],
             "file-access": { "token": { "key-file": "DIR/key" } } }"#,
    );
    let right = format!("phones:{PASSWORD}");
    let token = token(KEY, "", false, PHONE);
    let path = |token: &str| format!("/p/{PHONE}/{token}/{PHONE}.cfg");
    assert_eq!(web.get(&path(&token), &["-u", &right]).0, 200);
    assert_eq!(web.status(&path(&token)), 401);
    let wrong: String = token.chars().rev().collect();
    assert_eq!(web.get(&path(&wrong), &["-u", &right]).0, 403);
}
