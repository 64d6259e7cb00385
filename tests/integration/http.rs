//! The commands over HTTP, with basic authentication and TLS: by kea-dhcp4 itself since 3.0, by the
//! control agent before.

use crate::annotate::{FILES, polycom};
use crate::peers::control::Reply;
use crate::peers::kea::{Kea, Setup, Version};
use crate::peers::pair::free_address;
use crate::peers::phone::Relay;
use crate::peers::process::{self, Process, wait_for};
use crate::peers::product::command_line;
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

/// What an HTTP listener of Kea's and of the agent's have in common.
fn protection(folder: &Path, tls: bool) -> Value {
    let mut protection = json!({ "authentication": {
        "type": "basic", "realm": "offhook",
        "clients": [{ "user": NAME, "password": PASSWORD }],
    } });
    if tls {
        protection["trust-anchor"] = json!(folder.join("authority.pem"));
        protection["cert-file"] = json!(folder.join("server.pem"));
        protection["key-file"] = json!(folder.join("server.key"));
        protection["cert-required"] = json!(false);
    }
    protection
}

fn merge(target: &mut Value, more: &Value) {
    for (key, value) in more.as_object().expect("an object") {
        target[key] = value.clone();
    }
}

/// An authority of the test's own, and a certificate of it for the server's address.
fn certificates(folder: &Path, host: &str) {
    let make = |name: &str, words: &[&str]| {
        let mut command = process::command("openssl");
        command
            .current_dir(folder)
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]);
        command.arg("-subj").arg(format!("/CN={name}")).args(words);
        command.arg("-keyout").arg(format!("{name}.key")).arg("-out").arg(format!("{name}.pem"));
        process::run_well(&mut command);
    };
    make("authority", &[]);
    let address = format!("subjectAltName=IP:{host}");
    let signed = ["-CA", "authority.pem", "-CAkey", "authority.key"];
    let server = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", &address];
    make("server", &[&signed[..], &server[..]].concat());
}

fn start(tls: bool) -> Reachable {
    let address = free_address();
    let (host, port) = address.split_once(':').expect("an address and a port");
    let port: u16 = port.parse().expect("a port");
    let setup = Setup::offhook(FILES).kea_library("libdhcp_lease_cmds.so", None);
    let folder = setup.folder.path().to_path_buf();
    if tls {
        certificates(&folder, host);
    }
    let protection = protection(&folder, tls);
    let scheme = if tls { "https" } else { "http" };
    let url = format!("{scheme}://{address}/");
    if Version::installed().has_lists() {
        let mut socket =
            json!({ "socket-type": scheme, "socket-address": host, "socket-port": port });
        merge(&mut socket, &protection);
        let setup = setup.edit(|dhcp4| {
            dhcp4["control-sockets"].as_array_mut().expect("sockets").push(socket);
        });
        return Reachable { kea: setup.start(), _agent: None, url };
    }
    let kea = setup.start();
    let mut agent = json!({
        "http-host": host, "http-port": port,
        "control-sockets": { "dhcp4": { "socket-type": "unix", "socket-name": kea.socket() } },
    });
    merge(&mut agent, &protection);
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
            curl.arg("--cacert").arg(self.kea.setup.folder.join("authority.pem"));
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

    /// `offhook phones`, by name and secret.
    fn phones(&self) -> Value {
        let folder = &self.kea.setup.folder;
        let secret = folder.write("secret", PASSWORD);
        let mut command = process::command(command_line());
        command.args(["phones", "--json", "--kea", &self.url, "--user", NAME, "--password-file"]);
        command.arg(secret);
        if self.url.starts_with("https") {
            command.arg("--ca").arg(folder.join("authority.pem"));
        }
        serde_json::from_str(&process::run_well(&mut command)).expect("JSON of offhook phones")
    }

    fn check(&self) {
        let question =
            |command: &str| json!({ "command": command, "service": ["dhcp4"], "arguments": {} });
        let user = format!("{NAME}:{PASSWORD}");
        let status = question("phone-status-get");
        wait_for("an answer over HTTP", Duration::from_secs(10), || self.post(None, &status));
        let ask = |user: Option<&str>, body: &Value| self.post(user, body).expect("an answer");
        assert_eq!(ask(None, &status).0, 401, "expected no access without a name");
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
        Relay::of(&self.kea).boot(&polycom());
        let phones = self.phones();
        assert_eq!(phones[0]["model"], "VVX410", "expected the phone's lease, found {phones}");
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
