//! Kea's control channel from the client's side: a UNIX socket, or HTTP(S).
//!
//! Knows how commands travel, not what they mean.

/// Lists that come page by page.
pub mod pages;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use offhook_core::catalogue::url::{UrlParts, masked};
use offhook_core::text::printable;

use crate::input::{Failure, error_line, text_of, wrong};

/// How to reach a Kea.
#[derive(clap::Args)]
pub struct Access {
    /// Name for Kea's basic authentication
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// A file that holds the password (every user can read a password on a command line)
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The certificate authority of an https:// Kea, in PEM
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Access {
    /// For a command whose own arguments have other names.
    pub fn new(
        user: Option<String>,
        password_file: Option<PathBuf>,
        ca: Option<PathBuf>,
    ) -> Access {
        Access { user, password_file, ca }
    }
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
/// No answer of Kea's is longer: a page of leases, each with all that a client may send.
const LARGEST: u64 = 128 << 20;

impl Kea {
    /// `target` is a socket's path, or a URL.
    pub fn new(target: &str, access: &Access) -> Result<Kea, Failure> {
        let way = if target.starts_with("http://") || target.starts_with("https://") {
            warn_of_plain_password(target, access)?;
            Way::Http { agent: Box::new(agent(access)?), authorization: authorization(access)? }
        } else {
            Way::Socket(PathBuf::from(target))
        };
        Ok(Kea { target: target.to_owned(), way })
    }

    /// For people: a name and password in a URL are stars.
    pub fn shown(&self) -> String {
        masked(&self.target).into_owned()
    }

    /// Sends a command; `arguments` null for none. The answer's `arguments`, null if it has none;
    /// result 3 (nothing found) is not an error.
    pub fn ask(&self, command: &str, arguments: Value) -> Result<Value, Failure> {
        let mut request = json!({ "command": command });
        if !arguments.is_null() {
            request["arguments"] = arguments;
        }
        // What a server says may hold anything, and goes to a terminal.
        let failed = |error: String| {
            wrong(format!("{}: {command}: {}", self.shown(), printable(error.as_bytes())))
        };
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
        "libdhcp_offhook.so, which must be in its \"hooks-libraries\". If it does, Kea's log says why it \
         does nothing (OFFHOOK_BUILD_MISSING, OFFHOOK_BUILD_REFUSED)"
    } else {
        "Kea's own libdhcp_lease_cmds.so, which must be in its \"hooks-libraries\""
    }
}

fn over_socket(path: &PathBuf, request: &Value) -> std::io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.to_string().as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    bounded(stream)
}

/// An answer of at most [`LARGEST`] bytes.
fn bounded(from: impl Read) -> std::io::Result<String> {
    let mut answer = String::new();
    from.take(LARGEST + 1).read_to_string(&mut answer)?;
    if answer.len() as u64 > LARGEST {
        return Err(std::io::Error::other(format!(
            "an answer of more than {} MiB: this is not Kea",
            LARGEST >> 20
        )));
    }
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
    // One byte more than is accepted, so that a longer answer is noticed here.
    let body = bounded(response.body_mut().with_config().limit(LARGEST + 2).reader());
    match (status.as_u16(), body) {
        (401, _) => Err("401: it wants a name and a password (--user, --password-file)".to_owned()),
        (200, Ok(body)) => Ok(body),
        (200, Err(error)) => Err(error.to_string()),
        // Another host would be asked, and believed.
        (300..=399, _) => Err(format!(
            "HTTP status {}: the server leads elsewhere, and Kea never does: name the URL of Kea itself",
            status.as_u16()
        )),
        (status, body) => {
            let body: String = body.unwrap_or_default().chars().take(MOST_OF_AN_ERROR).collect();
            Err(format!("HTTP status {status} {body}"))
        }
    }
}

/// As much of an error page as helps.
const MOST_OF_AN_ERROR: usize = 500;

/// Warns about a password that can be read on the way.
fn warn_of_plain_password(target: &str, access: &Access) -> Result<(), Failure> {
    let url = UrlParts::parse(target).map_err(|error| wrong(format!("--kea: {error}")))?;
    let here = url.host == "localhost"
        || url.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if url.has_scheme("http") && !here && (access.user.is_some() || url.user_info.is_some()) {
        error_line(format!(
            "warning: {url}: name and password are sent in the clear, and any listener on the way \
             reads them: use https"
        ));
    }
    Ok(())
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
        .max_redirects(0)
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
