//! More than ten thousand odd requests with valid tokens in them, at nginx and at Caddy: no log has a token.

use std::fs;
use std::process::Command;

use super::chances::Chances;
use super::odd_requests::{Odd, send};
use super::web::{KEY, OTHER, PHONE, Web, token};

const REQUESTS: usize = 9_000;
/// At a port for TLS: requests in the clear, broken handshakes, and requests in TLS.
const BY_TLS: usize = 500;

const TOKENS: &str = r#"{
  "systems": [
    { "system": "files", "url": "http://localhost:PORT/p/{{vendor}}/{{mac}}/", "for": ["panasonic"] },
    { "system": "files", "url": "http://localhost:PORT/p/{{vendor}}/{{mac}}/{{token}}/" }
  ],
  "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/8"] } }],
  "file-access": { "token": { "key-file": "DIR/key" } }
}"#;

/// Caddy checks no tokens; what is secret in its URLs is the random folder.
const FOLDER: &str = "0f9a6c1d-2e3b-4a5f-6071-8293a4b5c6d7";
const RANDOM: &str = r#"{
  "systems": [{ "system": "files", "url": "http://localhost:PORT/{{random-folder}}/phones/" }],
  "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/8"] } }],
  "file-access": { "random-folder": "0f9a6c1d-2e3b-4a5f-6071-8293a4b5c6d7" }
}"#;

fn no_token_in(web: &Web, tokens: &[String], names: &[&str]) {
    for name in names {
        let log = fs::read(web.path(name)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        for token in tokens {
            // Nor nearly all of it.
            let most = &token[..token.len() - 2];
            let found = log.lines().find(|line| line.contains(most));
            assert_eq!(found, None, "{name}");
        }
    }
}

fn has_lines(web: &Web, name: &str, expected: &str) {
    let log = fs::read_to_string(web.path(name)).unwrap();
    let lines = log.lines().count();
    assert!(log.contains(expected) && lines > REQUESTS / 10, "{lines} lines, and no {expected:?}");
}

/// The same at a port for TLS.
fn try_tls(web: &Web, odd: &mut Odd<'_>, own: &str) {
    let mut connections = odd.connections(BY_TLS);
    connections.extend(odd.not_quite_tls(BY_TLS));
    send(web.port, &connections);
    // And in TLS, as curl sends what it is given.
    let token = &odd.tokens[0];
    let odd_paths = |number: usize| match number % 5 {
        0 => own.to_owned(),
        1 => format!("/p/yealink/{PHONE}/{token}/{number}"),
        2 => format!("/{token}/phones/%zz{token}"),
        3 => format!("/{token}{number}?{token}"),
        _ => format!("/p/yealink/{PHONE}/{token}//{token}"),
    };
    let paths: Vec<String> = (0..BY_TLS).map(odd_paths).collect();
    let answers = web.get_all(&paths, &["-A".to_owned(), format!("Phone {token}")]);
    assert!(answers.iter().filter(|(status, _)| *status == 200).count() >= BY_TLS / 5);
}

#[test]
fn no_log_of_nginx_has_a_token_whatever_is_around_it() {
    const LOGS: [&str; 4] = ["phones.log", "phones.error", "error.log", "stderr"];
    let mut web = Web::start(TOKENS, &["--rate", "0"]);
    let tokens = [token(KEY, "", false, PHONE), token(KEY, "", false, OTHER)];
    let hosts = ["localhost", "localhost", "{T}", "{T}.example.com", "local host"];
    let mut odd = Odd { chances: Chances::new(), tokens: &tokens, hosts: &hosts };
    let served = send(web.port, &odd.connections(REQUESTS));
    assert!(served > 20, "{served} requests got a file: the tokens are not valid ones");
    has_lines(&web, "phones.log", &format!("{PHONE} 200 "));
    no_token_in(&web, &tokens, &LOGS);
    web.restart(&TOKENS.replace("http:", "https:"), &["--rate", "0"]);
    let own = format!("/p/yealink/{PHONE}/{}/{PHONE}.cfg", tokens[0]);
    try_tls(&web, &mut odd, &own);
    no_token_in(&web, &tokens, &LOGS);
}

/// What nginx logs as critical repeats the request too: here it may not open one file more.
#[test]
fn no_log_of_nginx_has_a_token_when_it_can_open_no_file() {
    let web = Web::start(TOKENS, &["--rate", "0"]);
    let id = web.server.as_ref().unwrap().id();
    let mine = token(KEY, "", false, PHONE);
    let url = format!("http://localhost:{}/p/yealink/{PHONE}/{mine}/{PHONE}.cfg", web.port);
    assert_eq!(web.fetch(&url, &[]).0, 200);
    // The connections of before are closed when nginx comes to it.
    let counts = (0..40).map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(25));
        fs::read_dir(format!("/proc/{id}/fd")).unwrap().count()
    });
    let open = counts.min().unwrap();
    // One is for the connection.
    let failed = (open + 1..open + 8).any(|most| {
        let limit = Command::new("prlimit")
            .args(["--pid", &id.to_string(), &format!("--nofile={most}:")])
            .status();
        assert!(limit.unwrap().success(), "prlimit");
        web.fetch(&url, &["--max-time", "20"]).0 == 500
    });
    assert!(failed, "expected a file that cannot be opened");
    for name in ["phones.log", "phones.error", "error.log", "stderr"] {
        let log = fs::read_to_string(web.path(name)).unwrap_or_default();
        assert!(!log.contains(&mine), "{name}: {log}");
    }
    let log = fs::read_to_string(web.path("phones.log")).unwrap();
    assert!(log.contains(&format!("{PHONE} 500 ")), "{log}");
}

#[test]
fn no_log_of_caddy_has_a_token_whatever_is_around_it() {
    const LOGS: [&str; 2] = ["caddy.log", "caddy.stderr"];
    let mut web = Web::start(RANDOM, &[]);
    web.restart_as_caddy(&[]);
    let tokens = [FOLDER.to_owned(), token(KEY, "", false, PHONE)];
    // A request for a host that no site of Caddy's has would be logged by Caddy itself.
    let host = format!("localhost:{}", web.port);
    let hosts = [host.as_str(), &host, &host, "{T}", "{T}.example.com"];
    let mut odd = Odd { chances: Chances::new(), tokens: &tokens, hosts: &hosts };
    let served = send(web.port, &odd.connections(REQUESTS));
    assert!(served > 20, "{served} requests got a file");
    has_lines(&web, "caddy.log", &format!("\"uri\":\"{PHONE}.cfg\""));
    no_token_in(&web, &tokens, &LOGS);
    web.restart(&RANDOM.replace("http:", "https:"), &[]);
    web.restart_as_caddy(&[]);
    try_tls(&web, &mut odd, &format!("/{FOLDER}/phones/{PHONE}.cfg"));
    no_token_in(&web, &tokens, &LOGS);
}
