use std::net::UdpSocket;

use super::*;
use crate::account::Transport;

fn account(user: &str, password: &str) -> Account {
    Account {
        domain: "biloxi.com".to_owned(),
        server: "biloxi.com".to_owned(),
        port: 5060,
        transport: Transport::Udp,
        user: user.to_owned(),
        auth_user: user.to_owned(),
        password: password.to_owned(),
        password_in: "x.cfg".to_owned(),
    }
}

fn challenge(header: &str) -> Challenge {
    let text = format!("SIP/2.0 401 Unauthorized\r\n{header}\r\nContent-Length: 0\r\n\r\n");
    Challenge::of(&Response::read(text.as_bytes()).unwrap()).unwrap()
}

/// The examples of RFC 2617 3.5 and RFC 7616 3.9.1, whose method and URI are HTTP's.
#[test]
fn the_rfcs_own_examples() {
    let asked = challenge(
        "WWW-Authenticate: Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
         nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
    );
    let account = account("Mufasa", "Circle Of Life");
    let value = asked.answer_with(&account, "GET", "/dir/index.html", "0a4f113b");
    assert!(value.contains("response=\"6629fae49393a05397450978507c4ef1\""), "{value}");
    assert!(value.contains("opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""), "{value}");
    let asked = challenge(
        "WWW-Authenticate: Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", \
         algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"",
    );
    let account = Account { password: "Circle of Life".to_owned(), ..account };
    let value = asked.answer_with(
        &account,
        "GET",
        "/dir/index.html",
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    );
    let expected = "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"";
    assert!(value.contains(expected), "{value}");
}

#[test]
fn challenges_in_every_dress() {
    let asked = challenge("www-authenticate: digest nonce=\"a\\\"b,c\" , realm=\"r\", stale=TRUE");
    assert_eq!((asked.realm.as_str(), asked.stale, asked.by_proxy), ("r", true, false));
    let value = asked.answer_with(&account("u", "p"), "REGISTER", "sip:b", "x");
    assert!(value.contains("nonce=\"a\\\"b,c\""), "{value}");
    assert!(!value.contains("qop"), "{value}");
    let text = "SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"r\"\r\n\r\n";
    let error = Challenge::of(&Response::read(text.as_bytes()).unwrap()).unwrap_err();
    assert_eq!(error, "401 without a digest challenge by MD5 or SHA-256");
}

#[test]
fn a_stream_is_cut_into_messages() {
    let one = b"SIP/2.0 100 Trying\r\nContent-Length: 3\r\n\r\nabc".to_vec();
    assert_eq!(message::size(&one), Some(one.len()));
    assert_eq!(message::size(&one[..one.len() - 1]), None);
    assert_eq!(message::size(b"SIP/2.0 200 OK\r\n\r\nmore"), Some(18));
}

#[test]
fn what_is_no_sip_is_said_to_be_none() {
    for bytes in [&b""[..], b"HTTP/1.1 200 OK\r\n\r\n", b"SIP/2.0 x\r\n\r\n", b"\xff\xfe"] {
        assert!(Response::read(bytes).is_err());
    }
}

#[test]
fn a_registrar_that_is_not_there_fails_the_step_and_says_where() {
    // A port of ours that nobody reads.
    let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
    let account = Account {
        domain: "127.0.0.1".to_owned(),
        server: "127.0.0.1".to_owned(),
        port: taken.local_addr().unwrap().port(),
        ..account("1001", "secret")
    };
    let mut each = |_: &crate::report::Step| {};
    let mut log = Log::new(&mut each);
    let patience = Duration::from_millis(50);
    let wanted = Wanted { user_agent: None, patience, status: 200, authority: None };
    let outcome = register(&account, &wanted, &mut log);
    assert_eq!(outcome, Outcome::Failed);
    let steps = log.finish();
    assert!(steps[0].text.ends_with("by UDP: no answer within 50ms"), "{}", steps[0].text);
    assert!(!format!("{account:?}{steps:?}").contains("secret"));
}
