//! Tokens by dnsmasq: the ones that Kea mints, so that one web server serves the phones of both; and
//! in no file that other users can read.

use crate::peers::dnsmasq::Setup;
use crate::peers::kea;
use crate::peers::packet::{Answer, DISCOVER};
use crate::peers::phone::{Phone, Relay};
use crate::peers::phone_files::PhoneFiles;
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The token in a system's URL, in a device's own option, and in a device's own system.
const POLICY: &str = r#"{
  "systems": [{ "system": "files", "url": "https://127.0.0.1:PORT/p/{{mac}}/{{token}}/" }],
  "file-access": { "token": { "key-file": "DIR/key", "epoch": "2026-11" } },
  "devices": [
    { "mac": "00:15:65:01:02:03" },
    { "mac": "00:04:f2:01:02:03", "vendor": "polycom" },
    { "mac": "00:04:13:01:02:03", "options": [{ "code": 67, "text": "own/{{token}}" }] },
    { "mac": "00:04:13:01:02:04", "systems": [{ "system": "files", "url": "https://own/{{mac}}/{{token}}/" }] },
    { "mac": "00:04:13:01:02:05", "systems": [{ "system": "files", "url": "https://own/{{mac}}/{{token}}/" }] }
  ]
}"#;

const LIST: &str = "mac,user,password,display-name,model
00:15:65:01:02:03,1001,geheim-1,Zoe,T46S
";

fn text(answer: &Answer, code: u8) -> String {
    let value = answer.option(code).unwrap_or_default();
    String::from_utf8_lossy(value).trim_end_matches('\0').to_owned()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn dnsmasq_hands_out_the_tokens_that_kea_mints_and_nginx_knows_them() {
    let web = PhoneFiles::start(POLICY, LIST);
    let policy = fs::read_to_string(web.policy()).expect("the policy");
    let setup = Setup::new().offhook_with(&policy, &["--known-devices-only"]);
    let rendered = fs::read_to_string(setup.rendered()).expect("a rendering");
    assert_eq!(mode(&setup.rendered()), 0o640, "who reads it reads tokens");
    // Made readable by mistake: the next rendering mends that, though nothing else changed.
    fs::set_permissions(setup.rendered(), fs::Permissions::from_mode(0o666)).expect("a mode");
    let output = setup.try_render(&policy, &["--known-devices-only"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("unchanged"), "{output:?}");
    assert_eq!(mode(&setup.rendered()), 0o640);
    let book = fs::read(setup.folder.join(".phones.conf.book")).expect("a book");
    let dnsmasq = setup.with_script().start();
    let kea = kea::Setup::new().offhook_with(json!({ "policy-file": web.policy() })).start();
    let (by_dnsmasq, by_kea) = (dnsmasq.relay(), Relay::of(&kea));

    let mut seen = Vec::new();
    for (mac, class) in [
        ("00:15:65:01:02:03", "yealink"),
        ("00:04:f2:01:02:03", "Polycom-VVX410"),
        ("00:04:13:01:02:03", "snomD735"),
        ("00:04:13:01:02:04", "snomD735"),
        ("00:04:13:01:02:05", "snomD735"),
    ] {
        let phone = Phone::new(mac).class(class);
        let (_, told) = by_dnsmasq.boot(&phone);
        let (_, expected) = by_kea.boot(&phone);
        for code in [66, 67, 160] {
            assert_eq!(text(&told, code), text(&expected, code), "{mac}: option {code}");
        }
        let url = text(&told, 66);
        let token = url.trim_end_matches('/').rsplit('/').next().expect("a token").to_owned();
        assert!(token.len() == 24 && !token.contains('*'), "{mac}: {url}");
        assert!(rendered.contains(&token), "{mac}");
        assert!(!seen.contains(&token), "{mac}: another phone's token");
        assert!(!book.windows(24).any(|part| part == token.as_bytes()), "{mac}: in the book");
        seen.push(token);
    }
    // What a client only claims gets none: an address of its own (DHCPINFORM), a subnet that it chooses.
    assert!(rendered.contains("dhcp-match=set:oh_claims,53,8b\n"), "{rendered}");
    let phone = Phone::new("00:15:65:01:02:03").class("yealink");
    let mut chosen = by_dnsmasq.question(&phone, DISCOVER);
    chosen.options.push((118, by_dnsmasq.address.octets().to_vec()));
    let offer = by_dnsmasq.ask(&chosen).expect("an offer");
    assert_eq!(offer.option(66), None, "the client chooses its subnet");
    let (_, ack) = by_dnsmasq.boot(&phone);
    let own = web.fetch(&format!("{}001565010203.cfg", text(&ack, 66)), [127, 0, 0, 1].into());
    assert!(own.status == 200 && own.body.contains("geheim-1"), "{own:?}");
    // A phone that the policy does not name goes without.
    let (_, stranger) = by_dnsmasq.boot(&Phone::new("00:15:65:09:09:09").class("yealink"));
    assert_eq!(stranger.option(66), None);
    for token in seen {
        assert!(!dnsmasq.log().contains(&token), "in dnsmasq's log");
    }
}

#[test]
fn what_hinders_a_token_is_said_with_an_advice() {
    let device = r#""devices": [{ "mac": "00:15:65:01:02:03" }]"#;
    let url = r#""systems": [{ "system": "url", "url": "http://x/{{token}}/" }]"#;
    for (name, access, mode, advice) in [
        (
            "bound to an address",
            r#""key-file": "KEY", "address": true"#,
            0o640,
            "take \"address\" out",
        ),
        ("a key for all to read", r#""key-file": "KEY""#, 0o644, "chmod 0640"),
        ("no key", r#""key-file": "/nowhere/key""#, 0o640, "/nowhere/key: cannot be read"),
    ] {
        let setup = Setup::new();
        let key = setup.folder.write("key", "0123456789abcdef0123456789abcdef");
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).expect("a mode");
        let access = access.replace("KEY", &key.display().to_string());
        let policy =
            format!(r#"{{ {url}, {device}, "file-access": {{ "token": {{ {access} }} }} }}"#);
        let output = setup.try_render(&policy, &["--known-devices-only"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(advice) && !setup.rendered().exists(), "{name}: {said}");
    }
    // For phones that are not listed there is no token beforehand.
    let setup = Setup::new();
    let key = setup.folder.write("key", "0123456789abcdef0123456789abcdef");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).expect("a mode");
    let key = key.display();
    let policy = format!(r#"{{ {url}, "file-access": {{ "token": {{ "key-file": "{key}" }} }} }}"#);
    let output = setup.try_render(&policy, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("{{token}} is known only when") && said.contains("\"devices\""),
        "{said}"
    );
}
