//! A server that only calls itself Kea: it is not believed, and does no harm.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

/// Answers one request with these bytes, and says what it was asked.
fn once(answer: Vec<u8>) -> (String, JoinHandle<Option<String>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().ok()?;
        let mut asked = vec![0; 4096];
        let length = stream.read(&mut asked).ok()?;
        let _ = stream.write_all(&answer);
        asked.truncate(length);
        String::from_utf8(asked).ok()
    });
    (url, thread)
}

/// Answers every request, each with the text for its number, until the test's process ends.
fn for_ever(answer: impl Fn(usize) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { return };
            // All of it: a connection that is closed before takes the answer with it.
            let (mut asked, mut part) = (Vec::new(), [0; 4096]);
            while !asked.ends_with(b"]}") {
                match stream.read(&mut part) {
                    Ok(length @ 1..) => asked.extend_from_slice(&part[..length]),
                    _ => break,
                }
            }
            let body = format!(r#"[{{"result":0,"arguments":{}}}]"#, answer(number));
            let _ = stream.write_all(&with_head("200 OK\r\nConnection: close", body.as_bytes()));
        }
    });
    url
}

fn phones(url: &str, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.args(["phones", "--kea", url]).args(more).output().unwrap()
}

fn with_head(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut answer = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    answer.extend_from_slice(body);
    answer
}

#[test]
fn no_redirect_is_followed() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Elsewhere", "308 Elsewhere"] {
        let (elsewhere, other) = once(with_head("200 OK", br#"[{"result":0,"arguments":{}}]"#));
        let (url, asked) = once(with_head(&format!("{status}\r\nLocation: {elsewhere}"), b""));
        let output = phones(&url, &[]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("name the URL of Kea itself"), "{said}");
        assert!(asked.join().unwrap().is_some());
        assert!(!other.is_finished(), "{status}: the other host was asked");
    }
}

#[test]
fn what_the_server_says_cannot_steer_a_terminal() {
    let evil = "\u{1b}]0;owned\u{7}";
    let json = |text: &str| serde_json::to_string(text).unwrap();
    let error = format!(r#"[{{"result":1,"text":{}}}]"#, json(evil));
    let lease = format!(
        r#"[{{"result":0,"arguments":{{"leases":[{{"ip-address":"10.0.0.7","hw-address":{0},"user-context":
        {{"offhook":{{"vendor":{0},"model":{0},"firmware":{0},"site":{0}}}}}}}]}}}}]"#,
        json(evil)
    );
    let page = with_head("500 No\r\nContent-Type: text/html", evil.as_bytes());
    for answer in [
        with_head("200 OK", error.as_bytes()),
        with_head("200 OK", lease.as_bytes()),
        page,
        with_head("200 OK", evil.as_bytes()),
    ] {
        let (url, _asked) = once(answer);
        let output = phones(&url, &[]);
        let said = [output.stdout, output.stderr].concat();
        assert!(!said.contains(&0x1b) && !said.contains(&7), "{}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn an_answer_is_bounded_packed_or_not() {
    let (url, _asked) = once(with_head("200 OK", &vec![b' '; 140 << 20]));
    let said = String::from_utf8(phones(&url, &[]).stderr).unwrap();
    assert!(said.contains("an answer of more than 128 MiB"), "{said}");
    // A small file on the wire that would become a large one: nothing is unpacked.
    let packed = Command::new("sh")
        .args(["-c", "head -c 200000000 /dev/zero | gzip -9"])
        .stdout(Stdio::piped())
        .output()
        .unwrap();
    let (url, asked) = once(with_head("200 OK\r\nContent-Encoding: gzip", &packed.stdout));
    let output = phones(&url, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!asked.join().unwrap().unwrap().to_ascii_lowercase().contains("gzip"));
}

#[test]
fn a_password_in_the_clear_is_told_of_and_none_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "geheim").unwrap();
    let access = ["--user", "me", "--password-file", file.to_str().unwrap()];
    for (url, more, warned) in [
        ("http://kea.invalid/", &access[..], true),
        ("http://me:geheim@kea.invalid/", &[], true),
        ("https://kea.invalid/", &access, false),
        ("http://kea.invalid/", &[], false),
        ("http://127.0.0.1:1/", &access, false),
    ] {
        let said = String::from_utf8(phones(url, more).stderr).unwrap();
        assert_eq!(said.contains("are sent in the clear"), warned, "{url}: {said}");
        assert!(!said.contains("geheim"), "{said}");
    }
}

/// A list that never ends, goes back, or stays where it is.
#[test]
fn pages_without_an_end_are_not_read_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.json");
    std::fs::write(&policy, "{}").unwrap();
    let seen = |url: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        let output = command.arg("check").arg(&policy).args(["--seen", url]).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let phone = |number: usize| format!("00:15:65:00:{:02x}:{:02x}", number >> 8, number & 255);
    let next = move |number: usize| format!(r#"{{"phones":[],"next":"{}"}}"#, phone(number));
    let (code, said) = seen(&for_ever(next));
    assert!(code == Some(1) && said.contains("more than 2000 pages: this is not Kea"), "{said}");
    // Two pages that lead to each other.
    let (code, said) = seen(&for_ever(move |number| next(number % 2)));
    assert!(code == Some(1) && said.contains("a list that does not go on"), "{said}");
    // A page of leases that is always full.
    let lease = r#"{"ip-address":"10.0.0.7"}"#;
    let page = format!(r#"{{"leases":[{}]}}"#, [lease; 5_000].join(","));
    let output = phones(&for_ever(move |_| page.clone()), &[]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("lease4-get-page: a list that does not go on"), "{said}");
}
