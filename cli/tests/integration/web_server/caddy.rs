//! Caddy.

use std::fs;

use super::web::{FLAT, PHONE, Web, refused};

/// The same tree from a real Caddy, which knows networks and folders but neither tokens nor whose
/// certificate it is shown.
#[test]
fn caddy_serves_a_plain_tree_and_nothing_else() {
    let mut web = Web::start(FLAT, &[]);
    web.restart_as_caddy(&[]);
    let (status, body) = web.get(&format!("/phones/{PHONE}.cfg"), &["-D", "headers"]);
    assert_eq!(status, 200);
    assert!(body.contains("account.1.password = geheim-1"));
    let headers = fs::read_to_string(web.path("headers")).unwrap().to_ascii_lowercase();
    assert!(headers.contains("content-type: text/plain; charset=utf-8"), "{headers}");
    let (status, part) = web.get(&format!("/phones/{PHONE}.cfg"), &["-r", "0-8"]);
    assert_eq!((status, part.as_str()), (206, "#!version"));
    for path in [
        &format!("/phones//{PHONE}.cfg"),
        &format!("/phones/x/../{PHONE}.cfg"),
        &format!("/phones/%30{}.cfg", &PHONE[1..]),
        "/phones/",
        "/",
        "/phones/.offhook/manifest",
        "/phones/../policy.json",
        "/phones/..%2fpolicy.json",
        "/policy.json",
        &format!("/phones/{}.cfg", PHONE.to_uppercase()),
    ] {
        let status = web.status(path);
        assert!(refused(status) || status == 400, "{path}: {status}");
    }
    // Over HTTP/2 Caddy ends the stream before it has the body, and this curl then sees no answer.
    let upload = ["--http1.1", "-X", "PUT", "-d", "x"];
    assert_eq!(web.get(&format!("/phones/{PHONE}.cfg"), &upload).0, 405);
    let (status, _) = web.get(&format!("/phones/{PHONE}.cfg"), &["--interface", "127.0.0.9"]);
    assert_eq!(status, 403);
}
