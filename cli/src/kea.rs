//! Kea's control channel from the client's side: a UNIX socket, or HTTP(S).
//!
//! Knows how commands travel, not what they mean.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::input::{Failure, text_of, wrong};

/// How to reach a Kea.
#[derive(clap::Args)]
pub struct Access {
    /// Name for Kea's basic authentication
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// A file that holds the password (a password on a command line is everybody's to read)
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The certificate authority of an https:// Kea, in PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// A Kea to ask.
pub struct Kea {
    target: String,
    way: Way,
}

enum Way {
    Socket(PathBuf),
    Http { agent: Box<ureq::Agent>, authorization: Option<String> },
}

/// Kea itself gives a control connection ten seconds.
const PATIENCE: Duration = Duration::from_secs(15);

impl Kea {
    /// `target` is a socket's path, or a URL.
    pub fn new(target: &str, access: &Access) -> Result<Kea, Failure> {
        let way = if target.starts_with("http://") || target.starts_with("https://") {
            Way::Http { agent: Box::new(agent(access)?), authorization: authorization(access)? }
        } else {
            Way::Socket(PathBuf::from(target))
        };
        Ok(Kea { target: target.to_owned(), way })
    }

    /// Sends a command; `arguments` null for none. The answer's `arguments`, null if it has none;
    /// result 3 (nothing found) is no error.
    pub fn ask(&self, command: &str, arguments: Value) -> Result<Value, Failure> {
        let mut request = json!({ "command": command });
        if !arguments.is_null() {
            request["arguments"] = arguments;
        }
        let failed = |error: String| wrong(format!("{}: {command}: {error}", self.target));
        let text = match &self.way {
            Way::Socket(path) => over_socket(path, &request).map_err(|e| failed(e.to_string()))?,
            Way::Http { agent, authorization } => {
                // The control agent of Kea before 3.1.8 wants to know whom it is for.
                request["service"] = json!(["dhcp4"]);
                over_http(agent, &self.target, authorization.as_deref(), &request)
                    .map_err(failed)?
            }
        };
        let answer: Value = serde_json::from_str(&text)
            .map_err(|error| failed(format!("its answer is not JSON: {error}")))?;
        // Over HTTP the answer is a list with one entry per service.
        let answer = match answer {
            Value::Array(mut answers) if !answers.is_empty() => answers.swap_remove(0),
            other => other,
        };
        match answer["result"].as_i64() {
            Some(0 | 3) => Ok(answer.get("arguments").cloned().unwrap_or(Value::Null)),
            Some(2) => Err(failed(format!(
                "{}. It is served by {}",
                answer["text"].as_str().unwrap_or("unknown command").trim_end_matches('.'),
                served_by(command)
            ))),
            _ => Err(failed(answer["text"].as_str().unwrap_or("no text in its answer").to_owned())),
        }
    }
}

/// Which library a Kea needs for a command, and what to do.
fn served_by(command: &str) -> &'static str {
    if command.starts_with("phone-") {
        "libdhcp_offhook.so, which must stand in its \"hooks-libraries\". If it does, Kea's log says why it \
         does nothing (OFFHOOK_BUILD_MISSING, OFFHOOK_BUILD_REFUSED)"
    } else {
        "Kea's own libdhcp_lease_cmds.so, which must stand in its \"hooks-libraries\""
    }
}

fn over_socket(path: &PathBuf, request: &Value) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.to_string().as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn over_http(
    agent: &ureq::Agent,
    url: &str,
    authorization: Option<&str>,
    request: &Value,
) -> Result<String, String> {
    let mut post = agent.post(url).header("Content-Type", "application/json");
    if let Some(authorization) = authorization {
        post = post.header("Authorization", authorization);
    }
    let mut response = post.send(request.to_string()).map_err(|error| error.to_string())?;
    let status = response.status();
    let body = response.body_mut().with_config().limit(256 << 20).read_to_string();
    match (status.as_u16(), body) {
        (401, _) => Err("401: it wants a name and a password (--user, --password-file)".to_owned()),
        (200, Ok(body)) => Ok(body),
        (200, Err(error)) => Err(error.to_string()),
        (status, body) => Err(format!("HTTP status {status} {}", body.unwrap_or_default())),
    }
}

fn agent(access: &Access) -> Result<ureq::Agent, Failure> {
    let mut tls = ureq::tls::TlsConfig::builder();
    if let Some(file) = &access.ca {
        let pem = text_of(file)?;
        let certificate = ureq::tls::Certificate::from_pem(pem.as_bytes())
            .map_err(|error| wrong(format!("{}: {error}", file.display())))?;
        tls = tls.root_certs(ureq::tls::RootCerts::new_with_certs(&[certificate]));
    }
    let config = ureq::Agent::config_builder()
        .tls_config(tls.build())
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .build();
    Ok(config.into())
}

/// RFC 7617.
fn authorization(access: &Access) -> Result<Option<String>, Failure> {
    let (Some(user), Some(file)) = (&access.user, &access.password_file) else { return Ok(None) };
    let password = text_of(file)?;
    let pair = format!("{user}:{}", password.trim_end_matches(['\r', '\n']));
    Ok(Some(format!("Basic {}", base64::Engine::encode(&BASE64, pair))))
}

const BASE64: base64::engine::GeneralPurpose = base64::engine::general_purpose::STANDARD;
