//! A headless Chromium with a page of this host's own, driven by the DevTools protocol over two pipes:
//! messages are JSON, each ended by a NUL.

use crate::folder::Folder;
use crate::process::{self, Process, wait_for};
use base64::Engine as _;
use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// A running browser with one page; ends with its test.
pub struct Browser {
    _process: Process,
    to: File,
    from: BufReader<File>,
    session: String,
    last: u64,
    /// What the page's console said of errors, and scripts that failed.
    pub errors: Vec<String>,
    _folder: Folder,
}

impl Browser {
    /// A page of this size; a telephone's is 400 wide.
    pub fn open(page: &Path, width: u32, height: u32, dark: bool) -> Browser {
        let folder = Folder::new();
        let (into, out) = (folder.join("in"), folder.join("out"));
        process::run_well(process::command("mkfifo").arg(&into).arg(&out));
        // Its two pipes are the descriptors 3 and 4.
        let mut command = process::command("sh");
        command.args(["-c", "exec \"$@\" 3<\"$IN\" 4>\"$OUT\"", "sh", "chromium", "--headless"]);
        command.env("IN", &into).env("OUT", &out).env("HOME", folder.path());
        // As root it has no sandbox of its own; the page is our own.
        command.args([
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
        ]);
        command.args(["--disable-extensions", "--disable-background-networking"]);
        command.arg("--remote-debugging-pipe");
        command.arg(format!("--user-data-dir={}", folder.make("profile").display()));
        command.arg("about:blank");
        let process = Process::start("chromium", &mut command, &folder.join("log"));
        let to = OpenOptions::new().write(true).open(&into).expect("the browser's pipe");
        let from = File::open(&out).expect("the browser's pipe");
        let from = BufReader::new(from);
        let session = String::new();
        let errors = Vec::new();
        let mut browser =
            Browser { _process: process, to, from, session, last: 0, errors, _folder: folder };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let arguments = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.ask("Target.attachToTarget", arguments);
        browser.session = attached["sessionId"].as_str().expect("a session").to_owned();
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            browser.ask(domain, json!({}));
        }
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        browser.ask("Emulation.setDeviceMetricsOverride", size);
        if dark {
            let dark = json!([{ "name": "prefers-color-scheme", "value": "dark" }]);
            browser.ask("Emulation.setEmulatedMedia", json!({ "features": dark }));
        }
        browser.ask("Page.navigate", json!({ "url": format!("file://{}", page.display()) }));
        browser
    }

    /// The result of a command; what is reported meanwhile is looked at.
    pub fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let id = self.last;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("the browser listens");
        loop {
            let message = self.receive();
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.note(&message);
        }
    }

    fn receive(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.from.read_until(0, &mut bytes).expect("the browser speaks");
        assert_eq!(bytes.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&bytes).expect("a message in JSON")
    }

    fn note(&mut self, message: &Value) {
        let parameters = &message["params"];
        let is_error = match message["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => true,
            "Runtime.consoleAPICalled" => parameters["type"] == "error",
            "Log.entryAdded" => parameters["entry"]["level"] == "error",
            _ => false,
        };
        if is_error {
            self.errors.push(parameters.to_string());
        }
    }

    /// The value of an expression in the page.
    #[track_caller]
    pub fn value(&mut self, expression: &str) -> Value {
        let arguments =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let result = self.ask("Runtime.evaluate", arguments);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result:#}");
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true; how long that took.
    #[track_caller]
    pub fn wait_until(&mut self, expression: &str, patience: Duration) -> Duration {
        let start = Instant::now();
        wait_for(expression, patience, || (self.value(expression) == true).then_some(()));
        start.elapsed()
    }

    /// What is seen, as a PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let result = self.ask("Page.captureScreenshot", json!({ "format": "png" }));
        let text = result["data"].as_str().expect("a picture");
        base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
    }
}
