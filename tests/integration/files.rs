//! From the lease to the phone's own file: a real Kea mints, a real nginx checks.

use crate::peers::kea::Setup;
use crate::peers::packet::Answer;
use crate::peers::phone::{Phone, Relay};
use crate::peers::phone_files::PhoneFiles;
use serde_json::json;
use std::net::Ipv4Addr;

const POLICY: &str = r#"{
  "systems": [{ "system": "files", "url": "https://127.0.0.1:PORT/p/{{mac}}/{{token}}/" }],
  "file-access": { "token": { "key-file": "DIR/key", "address": true, "epoch": "2026-11" } }
}"#;

const LIST: &str = "mac,user,password,display-name,model
00:15:65:01:02:03,1001,geheim-1,Zoe,T46S
00:04:f2:01:02:03,1002,geheim-2,Bob,VVX410
";

fn url(ack: &Answer) -> String {
    let url = ack.option(66).unwrap_or_else(|| panic!("expected option 66, found none"));
    String::from_utf8(url.to_vec()).expect("a URL")
}

#[test]
fn two_keas_mint_the_same_token_and_nginx_knows_it() {
    let web = PhoneFiles::start(POLICY, LIST);
    let start = || {
        let setup = Setup::new().kea_library("libdhcp_lease_cmds.so", None);
        setup.offhook_with(json!({ "policy-file": web.policy() })).start()
    };
    let (kea, twin) = (start(), start());
    let yealink = Phone::new("00:15:65:01:02:03").class("yealink");
    let polycom = Phone::new("00:04:f2:01:02:03").class("Polycom-VVX410");
    let relay = Relay::of(&kea);
    let (offer, ack) = relay.boot(&yealink);
    let here = ack.yiaddr();
    let told = url(&ack);
    assert_eq!(url(&offer), told, "a token does not change from offer to lease");
    assert_eq!(url(&relay.renew(&yealink, here)), told, "nor when the lease is renewed");
    assert_eq!(url(&relay.inform(&yealink, here)), told, "nor for an inform");
    // Another server with the same policy and pool: the first lease is the same address.
    let (_, other) = Relay::of(&twin).boot(&yealink);
    assert_eq!((other.yiaddr(), url(&other)), (here, told.clone()));

    let own = web.fetch(&format!("{told}001565010203.cfg"), here);
    assert_eq!(own.status, 200);
    assert!(own.body.contains("account.1.password = geheim-1"));
    assert_eq!(web.fetch(&format!("{told}001565010203.boot"), here).status, 200);
    // The other phone's lease opens the other phone's folder; this one's does not.
    let (_, ack) = relay.boot(&polycom);
    let (theirs, there) = (url(&ack), ack.yiaddr());
    assert_eq!(ack.option(160), ack.option(66));
    assert_eq!(web.fetch(&format!("{theirs}0004f2010203.cfg"), there).status, 200);
    // It would request the common file only without its own, so none is written here.
    assert_eq!(web.fetch(&format!("{theirs}000000000000.cfg"), there).status, 404);
    assert_eq!(web.fetch(&format!("{told}001565010203.cfg"), there).status, 403);
    assert_eq!(web.fetch(&format!("{theirs}0004f2010203.cfg"), here).status, 403);
    let stolen = told.replace("001565010203", "0004f2010203");
    assert_eq!(web.fetch(&format!("{stolen}0004f2010203.cfg"), here).status, 403);

    // No token is shown: in no log, no list, no explanation.
    let token = told.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    assert_eq!(token.len(), 24);
    assert!(!kea.log().contains(&token), "expected no token in Kea's log");
    assert!(kea.log().contains("******"), "expected a masked one");
    let question = json!({ "hw-address": "00:15:65:01:02:03", "ip": here.to_string() });
    for (command, arguments) in [
        ("phone-explain", question),
        ("phone-list", json!({})),
        ("phone-list", json!({ "brief": true })),
        ("phone-get", json!({ "hw-address": "00:15:65:01:02:03" })),
        ("phone-policy-get", json!({})),
        ("phone-status-get", json!({})),
    ] {
        let said = kea.command(command, arguments).ok().to_string();
        assert!(!said.contains(&token), "{command} shows the token");
        assert!(!said.contains("5b1f0d0a"), "{command} shows the key");
    }
    assert!(!kea.lease(here).to_string().contains(&token), "the lease holds the token");
}

#[test]
fn a_key_that_others_may_read_is_refused_and_what_was_in_force_stays() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    let web = PhoneFiles::start(POLICY, LIST);
    let key = web.folder.join("key");
    let mode = |mode: u32| {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).expect("a mode");
    };
    let setup = || Setup::new().offhook_with(json!({ "policy-file": web.policy() }));
    mode(0o644);
    let log = setup().start().log();
    assert!(log.contains("file-access.token.key-file"), "{log}");
    assert!(log.contains("chmod 0640"), "{log}");
    assert!(log.contains("OFFHOOK_POLICY_REFUSED"), "{log}");
    mode(0o640);
    let kea = setup().start();
    let relay = Relay::of(&kea);
    let phone = Phone::new("00:15:65:01:02:03").class("yealink");
    let (_, ack) = relay.boot(&phone);
    fs::remove_file(&key).expect("the key is removed");
    let reply = kea.command("phone-policy-reload", json!({}));
    assert_ne!(reply.result, 0, "a policy without its key is refused");
    assert!(reply.text.contains("key-file"), "{}", reply.text);
    let again = relay.renew(&phone, ack.yiaddr());
    assert_eq!(url(&again), url(&ack), "what was in force stays in force");
    assert_ne!(ack.yiaddr(), Ipv4Addr::UNSPECIFIED);
}
