//! Caddy.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::web::{FLAT, PHONE, Web, refused};

/// The same tree from a real Caddy, which knows networks and folders but neither tokens nor whose
/// certificate it is shown.
#[test]
fn caddy_serves_a_plain_tree_and_nothing_else() {
    let mut web = Web::start(FLAT, &[]);
    web.stop();
    let dir = web.folder.path().display().to_string();
    let file = |name: &str| format!("{dir}/{name}");
    let block = web.offhook(&[
        "web-server",
        "caddy",
        "--root",
        "tree",
        "--log",
        &file("caddy.log"),
        "--certificate",
        &file("server.pem"),
        "--certificate-key",
        &file("server.key"),
    ]);
    let global =
        format!("{{\n\tadmin off\n\tauto_https off\n\tstorage file_system {dir}/caddy\n}}\n");
    fs::write(web.path("Caddyfile"), global + &block).unwrap();
    let child = Command::new("caddy")
        .args(["run", "--adapter", "caddyfile", "--config", &file("Caddyfile")])
        .env("HOME", &dir)
        .env("XDG_DATA_HOME", &dir)
        .env("XDG_CONFIG_HOME", &dir)
        .stdout(Stdio::null())
        .stderr(fs::File::create(web.path("caddy.stderr")).unwrap())
        .spawn()
        .expect("caddy (scripts/deps test)");
    let child = web.server.insert(child);
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect((Ipv4Addr::LOCALHOST, web.port)).is_err() {
        let said = || fs::read_to_string(web.folder.path().join("caddy.stderr")).unwrap();
        assert!(child.try_wait().unwrap().is_none(), "caddy: {}", said());
        assert!(Instant::now() < until, "caddy does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (status, body) = web.get(&format!("/phones/{PHONE}.cfg"), &["-D", "headers"]);
    assert_eq!(status, 200);
    assert!(body.contains("account.1.password = geheim-1"));
    let headers = fs::read_to_string(web.path("headers")).unwrap().to_ascii_lowercase();
    assert!(headers.contains("content-type: text/plain; charset=utf-8"), "{headers}");
    let (status, part) = web.get(&format!("/phones/{PHONE}.cfg"), &["-r", "0-8"]);
    assert_eq!((status, part.as_str()), (206, "#!version"));
    // Caddy cleans a path before it looks at it, so "//" and "x/.." are the file itself here.
    for path in [
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
