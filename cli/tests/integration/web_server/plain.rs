//! A tree without further protection: networks, and nothing but its files.

use std::fs;

use offhook_test_kit::port::Port;

use super::web::{FLAT, PHONE, Web, refused};

#[test]
fn a_plain_tree_is_served_and_nothing_else() {
    let web = Web::start(FLAT, &[]);
    let (status, body) = web.get(&format!("/phones/{PHONE}.cfg"), &["-D", "headers"]);
    assert_eq!(status, 200);
    assert!(body.contains("account.1.password = geheim-1"));
    let headers = fs::read_to_string(web.path("headers")).unwrap().to_ascii_lowercase();
    assert!(headers.contains("content-type: text/plain; charset=utf-8"), "{headers}");
    assert!(headers.contains("accept-ranges: bytes"), "{headers}");
    assert!(!headers.contains("nginx/"), "{headers}");
    let (status, part) = web.get(&format!("/phones/{PHONE}.cfg"), &["-r", "0-8"]);
    assert_eq!((status, part.as_str()), (206, "#!version"));
    assert_eq!(web.status("/phones/000000000000.cfg"), 200);
    for path in [
        "/phones/",
        "/phones",
        "/",
        "/phones/.offhook/manifest",
        "/phones/.offhook/",
        &format!("/phones//{PHONE}.cfg"),
        &format!("//phones/{PHONE}.cfg"),
        &format!("/phones/../phones/{PHONE}.cfg"),
        &format!("/phones/x/../{PHONE}.cfg"),
        &format!("/phones/%2e%2e/phones/{PHONE}.cfg"),
        "/phones/%30015650a0b0c.cfg",
        "/phones/../policy.json",
        "/phones/..%2fpolicy.json",
        "/policy.json",
        &format!("/phones/{}.cfg", PHONE.to_uppercase()),
        &format!("/PHONES/{PHONE}.cfg"),
        &format!("/phones/{PHONE}"),
        &format!("/phones/{PHONE}.cfg/"),
        &format!("/phones/{PHONE}.cfg%00"),
        "/phones/\\..\\policy.json",
    ] {
        let status = web.status(path);
        assert!(refused(status) || status == 400, "{path}: {status}");
    }
    // Uploads.
    for method in ["PUT", "POST", "DELETE", "MKCOL"] {
        let (status, _) = web.get(&format!("/phones/{PHONE}.cfg"), &["-X", method, "-d", "x"]);
        assert_eq!(status, 405, "{method}");
    }
    // From outside of the sites' networks.
    let (status, _) = web.get(&format!("/phones/{PHONE}.cfg"), &["--interface", "127.0.0.9"]);
    assert_eq!(status, 403);
    // A link in the tree is not followed.
    std::os::unix::fs::symlink(web.path("policy.json"), web.path("tree/link.cfg")).unwrap();
    assert!(refused(web.status("/phones/link.cfg")));
    let log = fs::read_to_string(web.path("phones.log")).unwrap();
    assert!(log.contains(&format!(" 127.0.0.1 {PHONE} 200 ")), "{log}");
    assert!(log.contains(" 127.0.0.1 - 200 ") && log.contains("GET 000000000000.cfg"), "{log}");
}

/// Plain HTTP only where the policy's URL says so, or beside HTTPS by choice; under the same rules.
#[test]
fn plain_http_is_a_choice() {
    let web = Web::start(&FLAT.replace("https", "http"), &[]);
    let file = |port: u16| format!("http://localhost:{port}/phones/{PHONE}.cfg");
    assert_eq!(web.fetch(&file(web.port), &[]).0, 200);
    assert_eq!(web.fetch(&file(web.port), &["--interface", "127.0.0.9"]).0, 403);
    assert_eq!(web.get(&format!("/phones/{PHONE}.cfg"), &[]).0, 0, "no TLS there");

    // Port 80 is not ours here.
    let mut web = Web::start(FLAT, &[]);
    web.stop();
    web.configure(&["--plain-http"]);
    let (conf, held) = (web.path("offhook.conf"), Port::new());
    let plain = held.number();
    let block = fs::read_to_string(&conf).unwrap();
    assert_eq!(block.matches("    listen 80;").count(), 1, "{block}");
    assert!(block.contains("any listener on the wire reads the phones' passwords"));
    fs::write(&conf, block.replace("listen 80;", &format!("listen {plain};"))).unwrap();
    assert!(web.run());
    assert_eq!(web.status(&format!("/phones/{PHONE}.cfg")), 200);
    assert_eq!(web.fetch(&file(plain), &[]).0, 200);
    assert!(refused(web.fetch(&format!("http://localhost:{plain}/phones/"), &[]).0));
    assert_eq!(web.fetch(&file(plain), &["--interface", "127.0.0.9"]).0, 403);
}
