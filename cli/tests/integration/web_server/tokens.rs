//! A token for each phone.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::web::{KEY, OLD_KEY, OTHER, PHONE, Web, refused, token};

const TOKENS: &str = r#"{
  "systems": [{ "system": "files", "url": "https://localhost:PORT/p/{{mac}}/{{token}}/" }],
  "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/8"] } }],
  "file-access": { "token": { "key-file": "DIR/key", "address": true, "epoch": "2026-11" } }
}"#;

#[test]
fn a_token_opens_its_own_phones_folder_and_no_other() {
    let mut web = Web::start(TOKENS, &[]);
    let good = token(KEY, "2026-11", true, PHONE);
    let (status, body) = web.get(&format!("/p/{PHONE}/{good}/{PHONE}.cfg"), &[]);
    assert_eq!(status, 200);
    assert!(body.contains("geheim-1"));
    assert_eq!(web.status(&format!("/p/{PHONE}/{good}/{PHONE}.boot")), 200);
    let polycom = "0004f20a0b0e";
    let its = token(KEY, "2026-11", true, polycom);
    assert_eq!(web.status(&format!("/p/{polycom}/{its}/{polycom}.cfg")), 200);
    let cut = &good[..good.len() - 1];
    let mut bent = good.clone();
    bent.replace_range(2..3, if good.get(2..3) == Some("A") { "B" } else { "A" });
    for (what, path) in [
        ("another phone's folder", format!("/p/{OTHER}/{good}/{OTHER}.cfg")),
        ("another phone's file", format!("/p/{PHONE}/{good}/{OTHER}.cfg")),
        ("no token", format!("/p/{PHONE}/{PHONE}.cfg")),
        ("an empty token", format!("/p/{PHONE}//{PHONE}.cfg")),
        ("a cut token", format!("/p/{PHONE}/{cut}/{PHONE}.cfg")),
        ("a longer token", format!("/p/{PHONE}/{good}A/{PHONE}.cfg")),
        ("a bent token", format!("/p/{PHONE}/{bent}/{PHONE}.cfg")),
        ("a token in another case", format!("/p/{PHONE}/{}/{PHONE}.cfg", good.to_uppercase())),
        ("an old epoch", format!("/p/{PHONE}/{}/{PHONE}.cfg", token(KEY, "2026-10", true, PHONE))),
        (
            "another key",
            format!("/p/{PHONE}/{}/{PHONE}.cfg", token(OLD_KEY, "2026-11", true, PHONE)),
        ),
        (
            "no address in it",
            format!("/p/{PHONE}/{}/{PHONE}.cfg", token(KEY, "2026-11", false, PHONE)),
        ),
        ("upper case", format!("/p/{}/{good}/{PHONE}.cfg", PHONE.to_uppercase())),
        ("double slash", format!("/p/{PHONE}/{good}//{PHONE}.cfg")),
        ("..", format!("/p/{PHONE}/{good}/../../{OTHER}/{PHONE}.cfg")),
        (".. that ends where it may", format!("/p/{PHONE}/{good}/x/../{PHONE}.cfg")),
        (".. escaped", format!("/p/{PHONE}/{good}/%2e%2e/{PHONE}.cfg")),
        ("a listing", format!("/p/{PHONE}/{good}/")),
        ("a token in the place of a file", format!("/p/{PHONE}/{good}")),
        ("the tree without tokens", format!("/p/{OTHER}/{OTHER}.cfg")),
        ("offhook's notes", "/p/.offhook/manifest".to_owned()),
    ] {
        let status = web.status(&path);
        assert!(refused(status), "{what}: {status}");
    }
    let (status, _) =
        web.get(&format!("/p/{PHONE}/{good}/{PHONE}.cfg"), &["--interface", "127.0.0.2"]);
    assert_eq!(status, 403, "another address");
    // No log has a token in it, whatever was requested.
    for name in ["phones.log", "phones.error", "error.log", "stderr"] {
        let log = fs::read_to_string(web.path(name)).unwrap_or_default();
        assert!(!log.contains(&good) && !log.contains(&bent), "{name}: {log}");
    }
    assert!(fs::read_to_string(web.path("phones.log")).unwrap().contains(&format!("{PHONE} 200")));
    let mode = fs::metadata(web.path("secrets.conf")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // While two keys and two epochs are valid, all four tokens are; without them only the new one.
    let rotating = TOKENS
        .replace("DIR/key", "DIR/old-key")
        .replace(
            "\"epoch\"",
            "\"previous-key-file\": \"DIR/key\", \"previous-epoch\": \"2026-11\", \"epoch\"",
        )
        .replace("\"epoch\": \"2026-11\"", "\"epoch\": \"2026-12\"");
    web.restart(&rotating, &[]);
    let file = |token: &str| format!("/p/{PHONE}/{token}/{PHONE}.cfg");
    for (key, epoch) in
        [(OLD_KEY, "2026-12"), (OLD_KEY, "2026-11"), (KEY, "2026-12"), (KEY, "2026-11")]
    {
        assert_eq!(web.status(&file(&token(key, epoch, true, PHONE))), 200, "{epoch}");
    }
    assert!(refused(web.status(&file(&token(KEY, "2026-10", true, PHONE)))));
    let rotated = rotating
        .replace("\"previous-key-file\": \"DIR/key\", \"previous-epoch\": \"2026-11\", ", "");
    web.restart(&rotated, &[]);
    assert_eq!(web.status(&file(&token(OLD_KEY, "2026-12", true, PHONE))), 200);
    assert!(refused(web.status(&file(&good))));
}
