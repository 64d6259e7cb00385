//! `offhook emulate` from outside: names, passwords, and what is never printed.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic, in its helpers too")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

const PASSWORD: &str = "Fern7Hill";
/// A token as offhook's own URLs have it.
const TOKEN: &str = "AbqJ8z0xTfK2m9LwYc4Vd7Rs";

/// A web server that wants `phone` and the password by Basic, until the test's process ends.
fn server() -> String {
    use base64::Engine;
    let login = base64::prelude::BASE64_STANDARD.encode(format!("phone:{PASSWORD}"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let lines = lines.map_while(Result::ok).take_while(|line| !line.is_empty());
            let allowed = lines.filter(|line| line.ends_with(&login)).count() > 0;
            let body = "<c reg.1.address=\"1001\" reg.1.auth.password=\"Wold6Dale\" \
                        reg.1.server.1.address=\"pbx.example.com\"/>";
            let (status, body) = if allowed { ("200 OK", body) } else { ("401 No", "") };
            let head = format!(
                "HTTP/1.1 {status}\r\nWWW-Authenticate: Basic realm=\"phones\"\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes());
        }
    });
    host
}

fn emulate(words: &[&str], password: Option<&str>, input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.args(["emulate", "--vendor", "polycom", "--mac", "00:04:f2:ab:cd:ef"]).args(words);
    command.env_remove("OFFHOOK_PASSWORD").stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(password) = password {
        command.env("OFFHOOK_PASSWORD", password);
    }
    let mut process = command.spawn().unwrap();
    // A process that does not read its input may have ended by now.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

/// Everything that was printed.
fn printed(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8(text).unwrap();
    for secret in [PASSWORD, "Wold6Dale", TOKEN] {
        assert!(!text.contains(secret), "{secret} was printed: {text}");
    }
    text
}

#[test]
fn the_password_comes_from_the_environment_a_file_or_the_url() {
    let host = server();
    let url = format!("http://{host}/{TOKEN}/x.cfg");
    let words = ["--url", &url, "--user", "phone"];
    let by_environment = emulate(&words, Some(PASSWORD), "");
    let by_input = emulate(&[&words[..], &["--password-file", "-"]].concat(), None, "Fern7Hill\n");
    let in_url = format!("http://phone:{PASSWORD}@{host}/{TOKEN}/x.cfg");
    let by_url = emulate(&["--url", &in_url], None, "");
    let in_json = emulate(&["--url", &in_url, "--json"], None, "");
    for output in [by_environment, by_input, by_url, in_json] {
        let text = printed(&output);
        assert!(output.status.success(), "{text}");
        assert!(text.contains("user 1001 at pbx.example.com:5060 by UDP"), "{text}");
        assert!(text.contains("/***/x.cfg"), "{text}");
    }
}

#[test]
fn a_password_that_is_missing_or_wrong_is_said_and_not_shown() {
    let host = server();
    let url = format!("http://{host}/x.cfg");
    let words = ["--url", &url, "--user", "phone"];
    let missing = emulate(&words, None, "");
    assert_eq!(missing.status.code(), Some(1));
    assert!(printed(&missing).contains("environment variable OFFHOOK_PASSWORD"));
    let wrong = emulate(&words, Some("Holt4Lea"), "");
    let text = printed(&wrong);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(text.contains("401: the server does not accept the password of \"phone\""), "{text}");
    assert!(!text.contains("Holt4Lea"), "{text}");
    let model = emulate(&["--url", &url, "--model", "../x"], None, "");
    assert_eq!(model.status.code(), Some(1));
    assert!(printed(&model).contains("expected a model"));
}

/// The catalogue's examples need not have the model.
#[test]
fn any_model_in_any_usual_spelling_has_its_own_files() {
    for (vendor, typed, file) in [
        ("snom", "D735", "snomD735.htm"),
        ("snom", "snomD735", "snomD735.htm"),
        ("snom", "d785", "snomD785.htm"),
        ("cisco-spa", "504G", "spa504G.cfg"),
        ("cisco-spa", "spa525G2", "spa525G2.cfg"),
        ("cisco-mpp", "8841", "8841-3PCC.xml"),
        ("cisco-mpp", "CP-8841-3PCC", "8841-3PCC.xml"),
        ("panasonic", "hdv130", "KX-HDV130.cfg"),
        ("avaya", "J179", "J100Supgrade.txt"),
        ("gigaset", "N610", "7c2f80ca21e4.xml"),
        ("yealink", "T46S", "001565010203.boot"),
    ] {
        let words = ["--vendor", vendor, "--model", typed, "--url", "http://127.0.0.1:1/"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        command.arg("emulate").args(words).args(["--timeout", "0.2", "--tries", "1"]);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let wanted = format!("GET http://127.0.0.1:1/{file}: ");
        assert!(text.contains(&wanted), "{vendor} {typed}: {text}");
    }
}

/// Whatever is before the host of a URL, or named like a secret behind it, is not shown.
#[test]
fn no_odd_url_shows_its_secrets() {
    for url in [
        "http://phone:Fern7Hill@127.0.0.1:x/",
        "http://phone:Fern7Hill/x@127.0.0.1:1/",
        "http://phone:a@Fern7Hill@127.0.0.1:1/",
        "phone:Fern7Hill@127.0.0.1:1",
        "tftp://phone:Fern7Hill@127.0.0.1:1/x/",
        "ftp://phone:Fern7Hill@127.0.0.1:1/x/",
        "http://127.0.0.1:1/x?pw=Fern7Hill&pin=Fern7Hill",
        "http://127.0.0.1:1/AbqJ8z0xTfK2m9LwYc4Vd7Rs%20/",
        "http://127.0.0.1:1/x/AbqJ8z0xTfK2m9LwYc4Vd7Rs;a/",
    ] {
        for vendor in ["polycom", "yealink"] {
            for json in [&[][..], &["--json"]] {
                let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
                command.args(["emulate", "--vendor", vendor, "--url", url]).args(json);
                let output = command.args(["--timeout", "0.2", "--tries", "1"]).output().unwrap();
                printed(&output);
            }
        }
    }
}
