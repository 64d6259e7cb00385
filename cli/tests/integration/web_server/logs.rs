//! Ten thousand odd requests with valid tokens in them: no log has a token.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::process::Command;
use std::time::Duration;

use super::chances::Chances;
use super::web::{FLAT, KEY, OTHER, PHONE, Web, token};

const REQUESTS: usize = 10_000;

const TOKENS: &str = r#"{
  "systems": [
    { "system": "files", "url": "http://localhost:PORT/p/{{vendor}}/{{mac}}/", "for": ["panasonic"] },
    { "system": "files", "url": "http://localhost:PORT/p/{{vendor}}/{{mac}}/{{token}}/" }
  ],
  "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/8"] } }],
  "file-access": { "token": { "key-file": "DIR/key" } }
}"#;

/// Where in a request a token (`{T}`), another one (`{U}`) or the phone's address (`{M}`) may appear.
const PATHS: [&str; 34] = [
    "/p/yealink/{M}/{T}/{M}.cfg",
    "/p/yealink/{M}/{T}/{M}.boot",
    "/p/yealink/{M}/{U}/{M}.cfg",
    "/p/yealink/{M}/{T}",
    "/p/yealink/{M}/{T}.cfg",
    "/p/yealink/{M}/{T}{M}.cfg",
    "/p/yealink/{M}/{T};x",
    "/p/yealink/{M}/x{T}",
    "/p/yealink/{M}/{T}%20",
    "/p/yealink/{M}/{T}/{T}.cfg",
    "/p/yealink/{M}/{T}/{T}",
    "/p/yealink/{M}/{T}/{U}/{M}.cfg",
    "/p/yealink/{M}/{T}//{M}.cfg",
    "/p/yealink/{M}/{T}/../{M}.cfg",
    "/p/yealink/{M}/{T}/.{T}",
    "/p/yealink/{T}/{M}.cfg",
    "/p/panasonic/{M}/{T}.cfg",
    "/p/panasonic/{M}/Config{T}.cfg",
    "/p/panasonic/{M}/x{T}-y.cfg",
    "/p/panasonic/{M}/{T}_common.cfg",
    "/p/panasonic/{M}/Config000B0CAABBCC.cfg?{T}",
    "/p/{T}/{M}.cfg",
    "/{T}",
    "/{T}{U}",
    "/?{T}",
    "/phones/{M}.cfg?token={T}",
    "/phones/{T}.cfg",
    "/phones/snom{T}.htm",
    "/phones/snom{T}-000413AABBCC.htm",
    "/phones/{T}/{M}.cfg",
    "/phones/%54{T}",
    "http://{H}/p/yealink/{M}/{T}/{M}.cfg",
    "http://{H}/p/yealink/{M}/{T}/",
    "*{T}",
];

const METHODS: [&str; 8] = ["GET", "GET", "GET", "HEAD", "PUT", "{T}", "get", "PROPFIND"];

const HEADERS: [&str; 8] = [
    "",
    "Referer: http://localhost/p/yealink/{M}/{T}/\r\n",
    "User-Agent: Phone {T}\r\n",
    "User-Agent: x{T}x 00:15:65:0a:0b:0c\r\n",
    "{T}: {T}\r\n",
    "Authorization: Basic {T}\r\nCookie: t={T}\r\n",
    "X-Forwarded-For: {T}\r\nRange: bytes={T}\r\n",
    "Content-Length: {T}\r\n",
];

const VERSIONS: [&str; 6] = [" HTTP/1.1", " HTTP/1.1", " HTTP/1.0", "", " HTTP/{T}", " {T}"];

fn request(chances: &mut Chances, tokens: &[String], hosts: &[&str]) -> String {
    let (mac, mine, other) = (chances.one(&[PHONE, OTHER]), chances.below(2), chances.below(2));
    let host = chances.one(hosts);
    let mut path = chances.one(&PATHS).to_owned();
    if chances.one_in(200) {
        path.push_str(&"{T}".repeat(400));
    }
    let text = format!(
        "{} {path}{}\r\nHost: {host}\r\nConnection: close\r\n{}\r\n",
        chances.one(&METHODS),
        chances.one(&VERSIONS),
        chances.one(&HEADERS)
    );
    let text = text.replace("{H}", host);
    text.replace("{T}", &tokens[mine]).replace("{U}", &tokens[other]).replace("{M}", mac)
}

/// Sends all of them, and counts those that got a file.
fn send(web: &Web, tokens: &[String], hosts: &[&str]) -> usize {
    let mut chances = Chances::new();
    let mut served = 0;
    for _ in 0..REQUESTS {
        let request = request(&mut chances, tokens, hosts);
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, web.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        // A server may hang up before it has everything.
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        served += usize::from(answer.starts_with(b"HTTP/1.1 200"));
    }
    served
}

fn no_token_in(web: &Web, tokens: &[String], names: &[&str], expected: &str) {
    for name in names {
        let log = fs::read_to_string(web.path(name)).unwrap_or_default();
        for token in tokens {
            let found = log.lines().find(|line| line.contains(token.as_str()));
            assert_eq!(found, None, "{name}");
        }
    }
    let log = fs::read_to_string(web.path(names[0])).unwrap();
    let lines = log.lines().count();
    assert!(log.contains(expected) && lines > REQUESTS / 3, "{lines} lines, and no {expected:?}");
}

#[test]
fn no_log_of_nginx_has_a_token_whatever_is_around_it() {
    let web = Web::start(TOKENS, &["--rate", "0"]);
    let tokens = [token(KEY, "", false, PHONE), token(KEY, "", false, OTHER)];
    let hosts = ["localhost", "localhost", "{T}", "{T}.example.com", "local host"];
    let served = send(&web, &tokens, &hosts);
    assert!(served > 20, "{served} requests got a file: the tokens are not valid ones");
    let expected = format!("{PHONE} 200 ");
    no_token_in(&web, &tokens, &["phones.log", "phones.error", "error.log", "stderr"], &expected);
}

/// What nginx logs as critical repeats the request too: here it may not open one file more.
#[test]
fn no_log_of_nginx_has_a_token_when_it_can_open_no_file() {
    let web = Web::start(TOKENS, &["--rate", "0"]);
    let id = web.server.as_ref().unwrap().id();
    let mine = token(KEY, "", false, PHONE);
    let url = format!("http://localhost:{}/p/yealink/{PHONE}/{mine}/{PHONE}.cfg", web.port);
    assert_eq!(web.fetch(&url, &[]).0, 200);
    let open = fs::read_dir(format!("/proc/{id}/fd")).unwrap().count();
    // One is for the connection.
    let failed = (open + 1..open + 8).any(|most| {
        let limit = Command::new("prlimit")
            .args(["--pid", &id.to_string(), &format!("--nofile={most}:{most}")])
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
    let mut web = Web::start(&FLAT.replace("https", "http"), &[]);
    web.restart_as_caddy(&[]);
    let tokens = [token(KEY, "", false, PHONE), token(KEY, "", false, OTHER)];
    // A request for a host that no site of Caddy's has is logged by Caddy itself.
    let host = format!("localhost:{}", web.port);
    let served = send(&web, &tokens, &[&host]);
    assert!(served > 20, "{served} requests got a file");
    no_token_in(&web, &tokens, &["caddy.log", "caddy.stderr"], &format!("\"uri\":\"{PHONE}.cfg\""));
}
