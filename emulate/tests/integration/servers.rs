//! Servers that are hostile, slow, or want a password: what the emulator does with them.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic, in its helpers too")]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use md5::{Digest, Md5};
use offhook_catalogue::Mac;
use offhook_core::builtin::built_in;
use offhook_emulate::fetch::Credentials;
use offhook_emulate::journey::{Files, Journey, Start};
use offhook_emulate::phone::{Choice, Phone};
use offhook_emulate::report::Report;

/// What a server saw: the request's line and headers.
type Seen = Arc<Mutex<Vec<String>>>;

/// A server that answers each request by `answer`, until the test's process ends.
fn server(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    let seen: Seen = Arc::default();
    let own = Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = String::new();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
                request.push_str(&line);
                request.push('\n');
            }
            own.lock().unwrap().push(request.clone());
            answer(&request, &mut stream);
        }
    });
    (base, seen)
}

fn respond(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

fn boot_with(url: &str, seconds: u64, credentials: Option<Credentials>) -> Report {
    let mac = Some(Mac::parse("00:04:f2:ab:cd:ef").unwrap());
    let phone = Phone::new(built_in(), "polycom", &Choice { model: None, mac }).unwrap();
    let files = Files { patience: Duration::from_secs(seconds), authority: None, credentials };
    let journey = Journey {
        start: Start::Url(url.to_owned()),
        files: Some(files),
        registration: None,
        from_own_address: false,
        waiting: None,
    };
    journey.go(&phone, &mut |_| {})
}

fn boot(url: &str, seconds: u64) -> Report {
    boot_with(url, seconds, None)
}

/// The first request's step.
fn first(report: &Report) -> String {
    let step = report.steps.iter().find(|step| step.name.starts_with("GET")).expect("a request");
    format!("{:?}: {}", step.outcome, step.text)
}

const FILE: &[u8] =
    b"<c reg.1.address=\"1001\" reg.1.auth.password=\"Fern7Hill\" reg.1.server.1.address=\"h\"/>";

#[test]
fn what_a_file_becomes_is_bounded() {
    // Compressed without a request for it: not expanded, whatever its size would be.
    let (url, seen) = server(|_, stream| {
        respond(stream, "200 OK", "Content-Encoding: gzip\r\n", b"\x1f\x8b\x08\x00bomb");
    });
    assert!(first(&boot(&format!("{url}x.cfg"), 5)).contains("compressed by gzip"));
    let request = seen.lock().unwrap()[0].to_ascii_lowercase();
    assert!(!request.contains("accept-encoding"), "{request}");
    // Without an end.
    let (url, _) = server(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        while stream.write_all(&[b'#'; 65536]).is_ok() {}
    });
    assert!(first(&boot(&format!("{url}x.cfg"), 20)).contains("more than 8 MiB"));
    // Byte by byte: --timeout holds for the whole file.
    let (url, _) = server(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        while stream.write_all(b"#").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let begin = Instant::now();
    let found = first(&boot(&format!("{url}x.cfg"), 1));
    assert!(found.contains("no whole answer within --timeout"), "{found}");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[test]
fn redirects_are_counted_and_get_no_password() {
    let (url, _) = server(|request, stream| {
        let path = request.split(' ').nth(1).unwrap();
        respond(stream, "302 Found", &format!("Location: {path}x\r\n"), b"");
    });
    assert!(first(&boot(&format!("{url}x.cfg"), 5)).contains("more than 5 redirects"));
    // Another server requests the password that the first one has got.
    let wants = |stream: &mut TcpStream| {
        respond(stream, "401 No", "WWW-Authenticate: Basic realm=\"phones\"\r\n", b"");
    };
    let (other, other_seen) = server(move |_, stream| wants(stream));
    let to = other.replace("http://", "http://thief:x@");
    let (url, seen) = server(move |request, stream| match request.contains("uthorization: ") {
        true => respond(stream, "301 Moved", &format!("Location: {to}x.cfg\r\n"), b""),
        false => wants(stream),
    });
    let login = Credentials { user: "phone".to_owned(), password: "Fern7Hill".to_owned() };
    let report = boot_with(&format!("{url}x.cfg"), 5, Some(login));
    assert!(first(&report).contains("401: the server requests a name"), "{}", first(&report));
    assert_eq!(seen.lock().unwrap().len(), 2);
    let asked = other_seen.lock().unwrap().join("").to_ascii_lowercase();
    assert!(asked.contains("get /x.cfg") && !asked.contains("authorization"), "{asked}");
    // A relative one, and one to a file of this host.
    let (url, _) = server(|request, stream| match request.contains("/y.cfg") {
        true => respond(stream, "200 OK", "", FILE),
        false => respond(stream, "307 Go", "Location: /y.cfg\r\n", b""),
    });
    assert!(first(&boot(&format!("{url}p/x.cfg"), 5)).starts_with("Passed: 200"));
    let (url, _) = server(|_, stream| {
        respond(stream, "302 Found", "Location: file:///etc/passwd\r\n", b"");
    });
    assert!(first(&boot(&format!("{url}x.cfg"), 5)).contains("not http:// or https://"));
}

fn hex(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A digest as RFC 2617 3.2.2 has it, computed here once more.
#[test]
fn a_digest_is_answered_and_no_password_is_printed() {
    let (url, seen) = server(|request, stream| {
        let header = request.lines().find_map(|line| line.split_once("uthorization: "));
        let Some((_, header)) = header else {
            let asked = "WWW-Authenticate: Basic realm=\"b\"\r\nWWW-Authenticate: Digest realm=\"p\", \
                         nonce=\"n1\", qop=\"auth\"\r\n";
            return respond(stream, "401 No", asked, b"");
        };
        let get = |name: &str| {
            let (_, rest) = header.split_once(&format!("{name}=")).unwrap();
            rest.split(',').next().unwrap().trim().trim_matches('"').to_owned()
        };
        let path = request.split(' ').nth(1).unwrap();
        assert_eq!(get("uri"), path);
        let (one, two) = (hex("phone:p:Fern7Hill"), hex(&format!("GET:{path}")));
        let right = hex(&format!("{one}:n1:{}:{}:auth:{two}", get("nc"), get("cnonce")));
        match get("response") == right {
            true => respond(stream, "200 OK", "", FILE),
            false => respond(
                stream,
                "401 No",
                "WWW-Authenticate: Digest realm=\"p\", nonce=\"n1\"\r\n",
                b"",
            ),
        }
    });
    let login = |password: &str| {
        Some(Credentials { user: "phone".to_owned(), password: password.to_owned() })
    };
    let file = format!("{url}x.cfg?a=b");
    assert!(first(&boot_with(&file, 5, login("Fern7Hill"))).starts_with("Passed: 200"));
    let denied = first(&boot_with(&file, 5, login("wrong")));
    assert!(
        denied.contains("401: the server does not accept the password of \"phone\""),
        "{denied}"
    );
    // The phone as it is sold has a name of its own; a URL's counts before it.
    let in_url = file.replace("http://", "http://phone:Fern7Hill@");
    let report = boot(&in_url, 5);
    assert!(first(&report).starts_with("Passed: 200"), "{}", first(&report));
    let printed = format!("{report:?}");
    assert!(!printed.contains("Fern7Hill") && printed.contains("http://***@"), "{printed}");
    assert!(first(&boot(&file, 5)).contains("does not accept the password of \"PlcmSpIp\""));
    assert!(seen.lock().unwrap().iter().all(|request| !request.contains("Basic ")));
}

#[test]
fn foreign_text_is_escaped() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let url = format!("tftp://{}/x.cfg", socket.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((_, from)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(b"\x00\x05\x00\x01\x1b[2Jno\r\nsuch\x00", from);
        }
    });
    let found = first(&boot(&url, 2));
    assert!(found.contains("TFTP error 1 \\u{1b}[2Jno\\u{d}\\u{a}such"), "{found}");
    // What is in the file of a server: its names, and what it names.
    let (url, _) = server(|_, stream| {
        respond(stream, "200 OK", "", b"<a CONFIG_FILES=\"x&#x202e;y.cfg\"><b></c></a>");
    });
    let report = boot(&format!("{url}x.cfg"), 5);
    let printed = report.steps.iter().map(|step| format!("{} {}", step.name, step.text));
    for text in printed {
        assert!(text.chars().all(|sign| sign == ' ' || sign.is_ascii_graphic()), "{text:?}");
    }
}

#[test]
fn files_have_a_limit_together() {
    let big = Arc::new(vec![b'#'; 6 << 20]);
    let (url, seen) = server(move |request, stream| match request.contains("/big") {
        true => respond(stream, "200 OK", "", &[b"a = 1\n".as_slice(), &big].concat()),
        false => {
            let names: Vec<String> = (0..60).map(|number| format!("big{number}.cfg")).collect();
            let file = format!("<a CONFIG_FILES=\"{}\"/>", names.join(", "));
            respond(stream, "200 OK", "", file.as_bytes());
        }
    });
    let report = boot(&format!("{url}x.cfg"), 20);
    let files = report.step("files").expect("the step");
    assert_eq!(files.text, "more than 32 MiB in all files together");
    assert!(seen.lock().unwrap().len() < 10);
    // A file that names itself under ever new names.
    let (url, seen) = server(|request, stream| {
        let path = request.split(' ').nth(1).unwrap();
        let file = format!("<a CONFIG_FILES=\"{path}x, {path}y\"/>");
        respond(stream, "200 OK", "", file.as_bytes());
    });
    let report = boot(&format!("{url}x.cfg"), 20);
    assert_eq!(report.step("files").expect("the step").text, "more files than any phone follows");
    assert!(seen.lock().unwrap().len() <= 65);
}

/// Auerswald's phones try https, http and tftp for a host without a scheme.
#[test]
fn a_bare_host_is_tried_by_each_scheme_of_the_maker() {
    let (url, _) = server(|_, stream| respond(stream, "200 OK", "", b"<a><b>1</b></a>"));
    let host = url.trim_start_matches("http://");
    let phone = Phone::new(built_in(), "auerswald", &Choice::default()).unwrap();
    let patience = Duration::from_secs(2);
    let from = |start: String| {
        let files = Files { patience, authority: None, credentials: None };
        let journey = Journey {
            start: Start::Url(start),
            files: Some(files),
            registration: None,
            from_own_address: false,
            waiting: None,
        };
        journey.go(&phone, &mut |_| {})
    };
    // The port is http's; https has none of its own here, so the first scheme's server answers, and not by TLS.
    let report = from(format!("{host}x.xml"));
    assert!(first(&report).contains("does not speak TLS"), "{}", first(&report));
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let report = from(format!("{closed}/x.xml"));
    let tried = report
        .steps
        .iter()
        .any(|step| step.text.ends_with(&format!("tries tftp://{closed}/x.xml")));
    assert!(tried, "{report:?}");
}

/// An FTP server with one file, for the name and password of a Polycom phone as it is sold.
fn ftp_server() -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let seen: Seen = Arc::default();
    let own = Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let data = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = data.local_addr().unwrap().port();
            let _ = stream.write_all(b"220-welcome\r\n220 ready\r\n");
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for line in lines.map_while(Result::ok) {
                own.lock().unwrap().push(line.clone());
                let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
                let reply = match (word, rest) {
                    ("USER", _) => "331 more".to_owned(),
                    ("PASS", "PlcmSpIp") => "230 in".to_owned(),
                    ("PASS", _) => "530 no".to_owned(),
                    ("TYPE", _) => "200 binary".to_owned(),
                    ("EPSV", _) => format!("229 Entering (|||{port}|)"),
                    ("RETR", "0004f2abcdef.cfg") => {
                        let _ = stream.write_all(b"150 here\r\n");
                        let (mut to, _) = data.accept().unwrap();
                        let _ = to.write_all(FILE);
                        drop(to);
                        "226 done".to_owned()
                    }
                    ("RETR", _) => "550 no such file".to_owned(),
                    _ => "500 what".to_owned(),
                };
                if stream.write_all(format!("{reply}\r\n").as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    (host, seen)
}

/// A host without a scheme means FTP to a Polycom phone as it is sold, with the name and password that every
/// such phone has.
#[test]
fn a_polycom_phone_asks_a_bare_host_by_ftp() {
    let (host, seen) = ftp_server();
    let report = boot(&host, 5);
    let step = report.step("configuration").expect("the step");
    assert_eq!(step.text, "user 1001 at h:5060 by UDP, all from 0004f2abcdef.cfg", "{report:?}");
    let files = &report.step("files").expect("the step").text;
    assert!(files.contains("0004f2abcdef-directory.xml (FTP 550)"), "{files}");
    assert!(seen.lock().unwrap().contains(&"PASS PlcmSpIp".to_owned()));
    let login = Credentials { user: "phone".to_owned(), password: "wrong".to_owned() };
    let denied = first(&boot_with(&host, 5, Some(login)));
    assert!(denied.contains("does not accept the password of \"phone\""), "{denied}");
    // Nothing there that speaks FTP.
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(first(&boot(&closed.to_string(), 2)).starts_with("Failed"));
}
