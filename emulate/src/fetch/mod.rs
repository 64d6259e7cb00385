//! Gets a phone's files, as its maker's phone asks for them: TFTP, HTTP and HTTPS.
//!
//! Knows how files travel, not what stands in them.

mod tftp;

use std::time::Duration;

/// What became of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The file, and how the server put it (`200`).
    Found { bytes: Vec<u8>, how: String },
    /// The server has no such file, or does not give it to this phone (404, 403, TFTP's "not found").
    Missing(String),
    /// No file and no clean no: no connection, a broken transfer, a server's fault.
    Failed(String),
}

/// A phone's client.
pub struct Fetcher {
    agent: ureq::Agent,
    user_agent: Option<String>,
    patience: Duration,
}

/// No phone's file is larger, firmware apart; what comes beyond is not read.
const LARGEST: u64 = 32 << 20;

impl Fetcher {
    /// `authority`: the certificates (PEM) that HTTPS servers are trusted by; none: the public ones.
    pub fn new(
        user_agent: Option<String>,
        patience: Duration,
        authority: Option<&str>,
    ) -> Result<Fetcher, String> {
        let mut tls = ureq::tls::TlsConfig::builder();
        if let Some(pem) = authority {
            let certificate = ureq::tls::Certificate::from_pem(pem.as_bytes())
                .map_err(|error| error.to_string())?;
            tls = tls.root_certs(ureq::tls::RootCerts::new_with_certs(&[certificate]));
        }
        let config = ureq::Agent::config_builder()
            .tls_config(tls.build())
            .timeout_global(Some(patience))
            .http_status_as_error(false)
            // What the phone sends, and nothing of the library's own.
            .user_agent("")
            .accept("*/*")
            .build();
        Ok(Fetcher { agent: config.into(), user_agent, patience })
    }

    pub fn get(&self, url: &str) -> Fetched {
        match url.split_once("://") {
            Some(("http" | "https", _)) => self.over_http(url),
            Some(("tftp", rest)) => tftp::get(rest, self.patience),
            Some((scheme, _)) => {
                Fetched::Failed(format!("{scheme} is not spoken here (tftp, http and https are)"))
            }
            None => Fetched::Failed("expected a URL".to_owned()),
        }
    }

    fn over_http(&self, url: &str) -> Fetched {
        let mut request = self.agent.get(url);
        if let Some(user_agent) = &self.user_agent {
            request = request.header("User-Agent", user_agent);
        }
        let mut response = match request.call() {
            Ok(response) => response,
            Err(error) => return Fetched::Failed(error.to_string()),
        };
        let status = response.status().as_u16();
        match status {
            200 => match response.body_mut().with_config().limit(LARGEST).read_to_vec() {
                Ok(bytes) => Fetched::Found { bytes, how: status.to_string() },
                Err(error) => Fetched::Failed(error.to_string()),
            },
            401 | 403 | 404 | 410 => Fetched::Missing(status.to_string()),
            _ => Fetched::Failed(format!("HTTP status {status}")),
        }
    }
}
