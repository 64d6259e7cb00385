use std::net::UdpSocket;

use super::*;
use crate::account::Transport;
use crate::digest::Credentials;

fn account(user: &str, password: &str) -> Account {
    Account {
        line: 1,
        domain: "biloxi.com".to_owned(),
        server: "biloxi.com".to_owned(),
        port: 5060,
        transport: Transport::Udp,
        user: user.to_owned(),
        login: Credentials { user: user.to_owned(), password: password.to_owned() },
        password_in: "x.cfg".to_owned(),
    }
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
    // A port that is bound here and not read.
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
    let wanted = Wanted {
        user_agent: None,
        patience,
        status: 200,
        authority: None,
        from: None,
        stays: None,
    };
    let outcome = register(&account, &wanted, &mut log);
    assert_eq!(outcome, Outcome::Failed);
    let steps = log.finish();
    assert!(steps[0].text.ends_with("by UDP: no answer within 50ms"), "{}", steps[0].text);
    assert!(!format!("{account:?}{steps:?}").contains("secret"));
}
