//! Provisioning trees as others build them (see trees/): the emulator does with each what a phone of
//! that maker and model would do, file by file.
//!
//! `BLESS=1` prints the requests that a tree sees now, for a person to hold against the maker's documents.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may panic, in its helpers too"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use offhook_catalogue::Mac;
use offhook_core::builtin::built_in;
use offhook_emulate::journey::{Files, Journey, Start};
use offhook_emulate::phone::{Choice, Phone};
use offhook_emulate::report::{Outcome, Report};
use serde::Deserialize;

/// One tree.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Tree {
    about: String,
    source: String,
    /// How people report it, if the tree is broken.
    broken: Option<String>,
    vendor: String,
    model: String,
    mac: String,
    #[serde(default)]
    path: String,
    login: Option<String>,
    #[serde(default)]
    login_in_url: bool,
    #[serde(default)]
    page_for_missing: bool,
    #[serde(default)]
    latin_1: bool,
    files: BTreeMap<String, String>,
    #[serde(default)]
    status: BTreeMap<String, u16>,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Expected {
    /// Each request in its order, with the status of its answer.
    requests: Vec<String>,
    /// What the step begins with, or has in it.
    configuration: Option<String>,
    /// Parts of the steps that fail.
    #[serde(default)]
    failed: Vec<String>,
}

/// A web server for one tree; it ends with the test's process.
struct Web {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Web {
    fn serve(tree: &Tree) -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let bytes = |text: &String| match tree.latin_1 {
            true => text.chars().map(|sign| u8::try_from(u32::from(sign)).unwrap()).collect(),
            false => text.clone().into_bytes(),
        };
        let files: BTreeMap<String, Vec<u8>> =
            tree.files.iter().map(|(name, text)| (name.clone(), bytes(text))).collect();
        let (status, page) = (tree.status.clone(), tree.page_for_missing);
        let login = tree.login.as_deref().map(|login| format!("Basic {}", base64(login)));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = |name: &str, authorization: Option<&str>| {
                    if login.is_some() && authorization != login.as_deref() {
                        return (401, Vec::new());
                    }
                    match (status.get(name), files.get(name)) {
                        (Some(status), _) => (*status, Vec::new()),
                        (None, Some(bytes)) => (200, bytes.clone()),
                        (None, None) if page => {
                            (200, b"<!DOCTYPE html><html><body>Not found</body></html>".to_vec())
                        }
                        (None, None) => (404, Vec::new()),
                    }
                };
                let _ = one(stream, &answer, &seen);
            }
        });
        Web { port, requests }
    }
}

/// Status and body for a name and the value of `Authorization`.
type Answer<'a> = dyn Fn(&str, Option<&str>) -> (u16, Vec<u8>) + 'a;

fn one(stream: TcpStream, answer: &Answer<'_>, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let name = first.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
    let mut authorization = None;
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("authorization: ") {
            authorization = line.get(line.len() - value.len()..).map(str::to_owned);
        }
    }
    let (status, body) = answer(&name, authorization.as_deref());
    // Before the answer: the phone may be done as soon as it has it.
    seen.lock().unwrap().push(format!("{name} {status}"));
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nWWW-Authenticate: Basic realm=\"phones\"\r\n\
         Connection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)?;
    stream.shutdown(Shutdown::Write)
}

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(text)
}

fn trees() -> Vec<(String, Tree)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees");
    let mut trees: Vec<(String, Tree)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let tree = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            (name, tree)
        })
        .collect();
    trees.sort_by(|(one, _), (other, _)| one.cmp(other));
    trees
}

fn boot(tree: &Tree) -> (Report, Vec<String>) {
    let web = Web::serve(tree);
    let choice = Choice {
        model: (!tree.model.is_empty()).then(|| tree.model.clone()),
        mac: Some(Mac::parse(&tree.mac).expect("an address")),
    };
    let phone = Phone::new(built_in(), &tree.vendor, &choice).unwrap();
    let login = match (&tree.login, tree.login_in_url) {
        (Some(login), true) => format!("{login}@"),
        _ => String::new(),
    };
    let url = format!("http://{login}127.0.0.1:{}/{}", web.port, tree.path);
    let journey = Journey {
        start: Start::Url(url),
        files: Some(Files {
            patience: Duration::from_secs(10),
            authority: None,
            credentials: None,
        }),
        from_own_address: false,
        waiting: None,
        registration: None,
    };
    let report = journey.go(&phone, &mut |_| {});
    let requests = web.requests.lock().unwrap().clone();
    (report, requests)
}

/// What is not as expected.
fn wrong(tree: &Tree, report: &Report, requests: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    if *requests != *tree.expected.requests {
        wrong.push(format!("expected requests {:#?}, found {requests:#?}", tree.expected.requests));
    }
    let failed: Vec<&str> = report
        .steps
        .iter()
        .filter(|step| step.outcome == Outcome::Failed)
        .map(|step| step.text.as_str())
        .collect();
    for part in &tree.expected.failed {
        if !failed.iter().any(|text| text.contains(part.as_str())) {
            wrong.push(format!("expected a failure with {part:?}, found {failed:#?}"));
        }
    }
    if tree.expected.failed.is_empty() && !failed.is_empty() {
        wrong.push(format!("expected no failure, found {failed:#?}"));
    }
    if tree.broken.is_some() && failed.is_empty() {
        wrong.push("expected that the fault is found".to_owned());
    }
    if let Some(expected) = &tree.expected.configuration {
        let step = report.step("configuration").expect("the step");
        let outcome = match step.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::NotReached => "not-reached",
        };
        let found = format!("{outcome}: {}", step.text);
        if !found.contains(expected.as_str()) {
            wrong.push(format!("expected {expected:?}, found {found:?}"));
        }
    }
    wrong
}

#[test]
fn the_emulator_does_what_a_phone_would_do() {
    let trees = trees();
    let broken = trees.iter().filter(|(_, tree)| tree.broken.is_some()).count();
    assert!(trees.len() >= 60 && broken >= 15, "{} trees, {broken} broken", trees.len());
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/emulate.md");
    let counted = format!("{} provisioning trees\nas others build them, {broken} of", trees.len());
    assert!(fs::read_to_string(page).unwrap().contains(&counted), "docs/emulate.md: {counted}");
    let bless = std::env::var_os("BLESS").is_some();
    let mut all = Vec::new();
    for (name, tree) in &trees {
        assert!(!tree.about.is_empty() && !tree.source.is_empty(), "{name}: about and source");
        let (report, requests) = boot(tree);
        if bless {
            println!("{name}: {requests:?}");
        }
        let printed = format!("{report:?}");
        for secret in tree.files.values().flat_map(|text| passwords(text)) {
            assert!(!printed.contains(secret), "{name}: the password {secret} was printed");
        }
        let wrong = wrong(tree, &report, &requests);
        if !wrong.is_empty() {
            all.push(format!("{name} ({}): {}", tree.about, wrong.join("\n  ")));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// The trees' passwords are two words with a digit between.
fn passwords(text: &str) -> impl Iterator<Item = &str> {
    text.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let capitals = word.bytes().filter(u8::is_ascii_uppercase).count();
        (8..=10).contains(&word.len()) && digits == 1 && capitals == 2 && !word.contains("SIP")
    })
}
