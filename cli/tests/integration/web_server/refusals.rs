//! What no server could check.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use offhook_core::builtin;

use super::web::KEY;

/// What cannot be checked is said before a server starts.
#[test]
fn what_no_server_could_check_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let told = |policy: &str, server: &str| {
        fs::write(folder.path().join("policy.json"), policy).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
            .current_dir(folder.path())
            .args(["web-server", server, "--policy", "policy.json", "--root", "tree"])
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let dir = folder.path().display().to_string();
    let policy = |url: &str, access: &str| {
        format!(
            r#"{{ "systems": [{{ "system": "files", "url": "{url}" }}], "file-access": {{ {access} }} }}"#
        )
    };
    let token = format!(r#""token": {{ "key-file": "{dir}/key" }}"#);
    fs::write(folder.path().join("key"), KEY).unwrap();
    for (mode, expected) in [(0o644, "chmod 0640"), (0o640, "--secrets FILE")] {
        fs::set_permissions(folder.path().join("key"), fs::Permissions::from_mode(mode)).unwrap();
        let (status, said) =
            told(&policy("https://p.example.com/{{mac}}/{{token}}/", &token), "nginx");
        assert_eq!(status, Some(1));
        assert!(said.contains(expected) && !said.contains(KEY), "{said}");
    }
    for (url, access, server, expected) in [
        ("https://p.example.com/x/{{token}}/", &*token, "nginx", "needs a part {{mac}}"),
        ("https://p.example.com/x/{{MAC}}/{{token}}/", &token, "nginx", "needs a part {{mac}}"),
        (
            "https://p.example.com/x/{{mac}}-{{token}}/",
            &token,
            "nginx",
            "must be alone between two slashes",
        ),
        (
            "https://p.example.com/{{mac}}/{{token}}/",
            "",
            "nginx",
            "{{token}} needs \"file-access\"",
        ),
        (
            "https://p.example.com/{{random-folder}}/",
            r#""random-folder": "guess-me""#,
            "nginx",
            "at least 22 random",
        ),
        ("https://p.example.com/{{mac}}/{{token}}/", &token, "caddy", "use nginx"),
        ("tftp://p.example.com/x/", "", "nginx", "serves http and https only"),
        (
            "http://p.example.com/x/",
            r#""client-certificates": { "authorities": "/ca.pem" }"#,
            "nginx",
            "only show a certificate over https",
        ),
    ] {
        let (status, said) = told(&policy(url, access), server);
        assert_eq!(status, Some(1), "{url}");
        assert!(said.contains(expected), "{url}: no {expected:?} in {said}");
    }
    let (status, _) = told(
        r#"{ "systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "a" }] }"#,
        "nginx",
    );
    assert_eq!(status, Some(1));
    // The catalogue's own addresses do not leak into it.
    assert!(builtin::built_in().vendors.len() > 10);
}
