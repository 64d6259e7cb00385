//! The certificates that makers put into their phones, here made with openssl for the occasion.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use super::web::{KEY, OTHER, PHONE, Web, refused, token};

const FOLDER: &str = "0f9a6c1d2e3b4a5f60718293a4b5c6d7";

const POLICY: &str = r#"{
  "systems": [{ "system": "files", "url": "https://localhost:PORT/{{random-folder}}/BELOW" }],
  "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/8"] } }],
  "file-access": {
    "random-folder": "0f9a6c1d2e3b4a5f60718293a4b5c6d7", TOKEN
    "client-certificates": { "authorities": "DIR/maker.pem" }
  }
}"#;

fn policy(below: &str, token: &str) -> String {
    POLICY.replace("BELOW", below).replace("TOKEN", token)
}

#[test]
fn a_phones_certificate_opens_its_own_folder_and_no_other() {
    for (below, own, others) in [
        ("{{mac}}/", format!("/{FOLDER}/{PHONE}/"), format!("/{FOLDER}/{OTHER}/")),
        ("", format!("/{FOLDER}/"), format!("/{FOLDER}/")),
    ] {
        let web = Web::start(&policy(below, ""), &[]);
        web.certify("foreign", &format!("/CN={PHONE}"), "foreign-ca");
        let (mine, theirs) = (format!("{own}{PHONE}.cfg"), format!("{others}{OTHER}.cfg"));
        assert_eq!(web.status_for("phone", &mine), 200, "{below}");
        assert_eq!(web.status_for("other", &theirs), 200);
        assert_eq!(web.status_for("phone", &theirs), 403);
        assert_eq!(web.status_for("other", &mine), 403);
        // By an authority that only calls itself the maker's, by itself only, or without any certificate.
        assert_eq!(web.status_for("foreign", &mine), 403);
        assert_eq!(web.status_for("server", &mine), 403);
        assert_eq!(web.status(&mine), 403);
        // The certificate does not help who has to guess the folder.
        let guess = mine.replace(FOLDER, "phones");
        assert_eq!(web.status_for("phone", &guess), 404);
        if below.is_empty() {
            let common = format!("{own}000000000000.cfg");
            assert_eq!(
                web.status_for("phone", &common),
                200,
                "a file that belongs to no phone is open"
            );
            assert_eq!(web.status(&common), 403, "that is, every phone's");
        }
        let log = fs::read_to_string(web.path("phones.log")).unwrap();
        assert!(log.contains(&format!("{PHONE} 200 ")), "{log}");
        assert!(log.contains(&format!("{PHONE} 403 ")), "{log}");
    }
}

/// Every maker writes the subject in its own way.
#[test]
fn the_address_is_found_however_its_maker_writes_it() {
    let web = Web::start(&policy("{{mac}}/", ""), &[]);
    let own = format!("/{FOLDER}/{PHONE}/{PHONE}.cfg");
    let subjects = [
        // Yealink's; Cisco's MPP, whose L is a serial number that looks like an address.
        ("/CN=0015650a0b0c/OU=Yealink Equipment", 200),
        ("/OU=CP-8841-3PCC/L=88012BA01234/ST=0015650a0b0c", 200),
        ("/CN=0015650A0B0C", 200),
        ("/CN=00:15:65:0a:0b:0c/O=Maker", 200),
        ("/CN=00-15-65-0A-0B-0C", 200),
        ("/O=Maker/CN=CP-8841-3PCC-SEP0015650A0B0C", 200),
        ("/CN=SPA-841, 88012BA01234, 0015650a0b0c", 200),
        ("/CN=0015650a0b0c (T46S)", 200),
        ("/O=Maker/OU=T46S+CN=0015650a0b0c", 200),
        // Another phone's, no phone's, a part of something longer, the wrong element, a name within a name.
        ("/CN=0015650a0b0d", 403),
        ("/CN=T46S", 403),
        ("/O=Maker", 403),
        ("/CN=0015650a0b0", 403),
        ("/CN=0015650a0b0c0d", 403),
        ("/CN=a0015650a0b0c", 403),
        ("/OU=0015650a0b0c/CN=T46S", 403),
        ("/OU=x,CN=0015650a0b0c/CN=T46S", 403),
        (r"/OU=x\+CN=0015650a0b0c/CN=T46S", 403),
        ("/CN=T46S/ST=x 0015650a0b0c", 403),
    ];
    for (number, (subject, expected)) in subjects.iter().enumerate() {
        let name = format!("subject-{number}");
        web.certify(&name, subject, "maker");
        assert_eq!(web.status_for(&name, &own), *expected, "{subject}");
    }
}

/// Folder, token and certificate at once: each must be right, whatever the others are.
#[test]
fn three_steps_are_three_locks() {
    let rule = r#""token": { "key-file": "DIR/key", "epoch": "2026-11" },"#;
    let web = Web::start(&policy("{{mac}}/{{token}}/", rule), &[]);
    let path = |folder: &str, mac: &str, whose: &str| {
        let token = token(KEY, "2026-11", false, whose);
        format!("/{folder}/{mac}/{token}/{mac}.cfg")
    };
    assert_eq!(web.status_for("phone", &path(FOLDER, PHONE, PHONE)), 200);
    assert_eq!(web.status_for("other", &path(FOLDER, OTHER, OTHER)), 200);
    assert_eq!(web.status_for("other", &path(FOLDER, PHONE, PHONE)), 403, "its certificate");
    assert_eq!(web.status_for("phone", &path(FOLDER, PHONE, OTHER)), 403, "its token");
    assert_eq!(web.status_for("phone", &path(FOLDER, OTHER, OTHER)), 403);
    assert!(refused(web.status_for("phone", &path("phones", PHONE, PHONE))), "its folder");
    assert_eq!(web.status(&path(FOLDER, PHONE, PHONE)), 403, "no certificate");
    assert!(refused(web.status_for("phone", &format!("/{FOLDER}/{PHONE}/{PHONE}.cfg"))));
}

/// A session that began at one server of a port must not be taken up at another, whose phones show other
/// certificates.
#[test]
fn no_session_is_taken_up_again() {
    let web = Web::start(&policy("{{mac}}/", ""), &[]);
    for protocol in ["-tls1_2", "-tls1_3"] {
        let connect = |session: &[&str]| {
            let at = format!("localhost:{}", web.port);
            let words = ["s_client", "-connect", &at, protocol, "-ign_eof"];
            let certificate = ["-cert", "phone.pem", "-key", "phone.key"];
            let mut client = Command::new("openssl")
                .args([&words[..], &certificate, session].concat())
                .current_dir(web.folder.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let question = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n";
            client.stdin.take().unwrap().write_all(question).unwrap();
            let said = client.wait_with_output().unwrap().stdout;
            String::from_utf8_lossy(&said).into_owned()
        };
        let first = connect(&["-sess_out", "session"]);
        assert!(first.contains("404 Not Found"), "{protocol}: {first}");
        if web.path("session").exists() {
            let again = connect(&["-sess_in", "session"]);
            assert!(!again.contains("\nReused, "), "{protocol}: {again}");
            assert!(again.contains("\nNew, "), "{protocol}: {again}");
            fs::remove_file(web.path("session")).unwrap();
        }
    }
}
