//! The commands over HTTP, with basic authentication and TLS: by kea-dhcp4 itself since 3.0, by the control agent before.

use crate::annotate::FILES;
use crate::peers::control::Reply;
use crate::peers::kea::{Kea, Setup, Version};
use crate::peers::pair::free_address;
use crate::peers::process::{self, Process, wait_for};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const NAME: &str = "operator";
const PASSWORD: &str = "a secret of the test";

/// A server that may be asked over HTTP(S); the agent, where there is one, ends with it.
struct Reachable {
    kea: Kea,
    _agent: Option<Process>,
    url: String,
}

fn listener(folder: &Path, address: &str, tls: bool) -> (Value, Value) {
    let authentication = json!({
        "type": "basic", "realm": "offhook",
        "clients": [{ "user": NAME, "password": PASSWORD }],
    });
    let certificates = match tls {
        true => json!({
            "trust-anchor": folder.join("cert.pem"), "cert-file": folder.join("cert.pem"),
            "key-file": folder.join("key.pem"), "cert-required": false,
        }),
        false => json!({}),
    };
    (authentication, json!({ "address": address, "certificates": certificates }))
}

fn merge(target: &mut Value, more: &Value) {
    for (key, value) in more.as_object().expect("an object") {
        target[key] = value.clone();
    }
}

fn certificate(folder: &Path, host: &str) {
    let mut command = process::command("openssl");
    command
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=kea"]);
    command.arg("-addext").arg(format!("subjectAltName=IP:{host}"));
    command.arg("-keyout").arg(folder.join("key.pem")).arg("-out").arg(folder.join("cert.pem"));
    process::run_well(&mut command);
}

fn start(tls: bool) -> Reachable {
    let address = free_address();
    let (host, port) = address.split_once(':').expect("an address and a port");
    let port: u16 = port.parse().expect("a port");
    let setup = Setup::offhook(FILES);
    let folder = setup.folder.path().to_path_buf();
    if tls {
        certificate(&folder, host);
    }
    let (authentication, rest) = listener(&folder, &address, tls);
    let scheme = if tls { "https" } else { "http" };
    let url = format!("{scheme}://{address}/");
    if Version::installed().has_lists() {
        let mut socket = json!({ "socket-type": scheme, "socket-address": host, "socket-port": port,
            "authentication": authentication });
        merge(&mut socket, &rest["certificates"]);
        let setup = setup.edit(|dhcp4| {
            dhcp4["control-sockets"].as_array_mut().expect("sockets").push(socket);
        });
        return Reachable { kea: setup.start(), _agent: None, url };
    }
    let kea = setup.start();
    let mut agent = json!({
        "http-host": host, "http-port": port, "authentication": authentication,
        "control-sockets": { "dhcp4": { "socket-type": "unix", "socket-name": kea.socket() } },
    });
    merge(&mut agent, &rest["certificates"]);
    let file = kea.setup.folder.write("agent.json", json!({ "Control-agent": agent }).to_string());
    let mut command = process::command("kea-ctrl-agent");
    command.arg("-c").arg(file);
    kea.setup.environment(&mut command);
    let agent = Process::start("kea-ctrl-agent", &mut command, &kea.setup.folder.join("agent.log"));
    Reachable { kea, _agent: Some(agent), url }
}

impl Reachable {
    /// The status of the HTTP answer and its body.
    fn post(&self, user: Option<&str>, body: &Value) -> Option<(u16, String)> {
        let mut curl = process::command("curl");
        curl.args([
            "--silent",
            "--show-error",
            "--max-time",
            "10",
            "--write-out",
            "\n%{http_code}",
        ]);
        if self.url.starts_with("https") {
            curl.arg("--cacert").arg(self.kea.setup.folder.join("cert.pem"));
        }
        curl.args(["--header", "Content-Type: application/json", "--data", &body.to_string()]);
        user.iter().for_each(|user| {
            curl.arg("--user").arg(user);
        });
        let output = process::run(curl.arg(&self.url));
        if !output.status.success() {
            return None;
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').expect("a status after the body");
        Some((status.parse().expect("a status"), body.to_owned()))
    }

    fn check(&self) {
        let question =
            |command: &str| json!({ "command": command, "service": ["dhcp4"], "arguments": {} });
        let user = format!("{NAME}:{PASSWORD}");
        let status = question("phone-status-get");
        wait_for("an answer over HTTP", Duration::from_secs(10), || self.post(None, &status));
        let ask = |user: Option<&str>, body: &Value| self.post(user, body).expect("an answer");
        assert_eq!(ask(None, &status).0, 401, "expected nobody in without a name");
        assert_eq!(
            ask(Some("operator:wrong"), &status).0,
            401,
            "expected a wrong secret to be refused"
        );
        for command in ["phone-status-get", "phone-vendor-list", "phone-policy-get"] {
            let (code, body) = ask(Some(&user), &question(command));
            assert_eq!(code, 200, "{command}: {body}");
            let body: Value = serde_json::from_str(&body).expect("JSON over HTTP");
            let over_http = Reply::read(command, &body);
            let over_unix = self.kea.command(command, None);
            assert_eq!(over_http.result, over_unix.result, "{command}: {body}");
            if command != "phone-status-get" {
                assert_eq!(over_http.arguments, over_unix.arguments, "{command}");
            }
        }
    }
}

#[test]
fn commands_by_http_with_a_name_and_a_secret() {
    start(false).check();
}

#[test]
fn commands_by_https_with_a_name_and_a_secret() {
    start(true).check();
}
