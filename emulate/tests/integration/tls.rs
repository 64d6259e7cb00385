//! Certificates as people make them, with a TLS server of the test's own.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic, in its helpers too")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use offhook_catalogue::Mac;
use offhook_core::builtin::built_in;
use offhook_emulate::journey::{Files, Journey, Start};
use offhook_emulate::phone::{Choice, Phone};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate and its key, in files that are gone after the test.
struct Made(PathBuf);

impl Made {
    /// As `openssl req -x509` makes it: self-signed, and an authority.
    fn new(subject: &str) -> Made {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("offhook-tls-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        let made = Made(folder);
        let output = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=phones", "-addext", &format!("subjectAltName={subject}")])
            .arg("-keyout")
            .arg(made.0.join("key"))
            .arg("-out")
            .arg(made.0.join("certificate"))
            .output()
            .expect("openssl");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        made
    }

    fn pem(&self) -> String {
        fs::read_to_string(self.0.join("certificate")).unwrap()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A server with this certificate that gives one answer to everything.
fn server(made: &Made, answer: &'static str) -> String {
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(made.pem().as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(made.0.join("key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/x.cfg", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut tls = StreamOwned::new(connection, stream);
            let mut buffer = [0; 4096];
            if tls.read(&mut buffer).is_ok() {
                let _ = tls.write_all(answer.as_bytes());
                tls.conn.send_close_notify();
                let _ = tls.flush();
            }
        }
    });
    url
}

fn first(url: &str, authority: Option<String>) -> String {
    let mac = Some(Mac::parse("00:04:f2:ab:cd:ef").unwrap());
    let phone = Phone::new(built_in(), "polycom", &Choice { model: None, mac }).unwrap();
    let files = Files { patience: Duration::from_secs(10), authority, credentials: None };
    let journey = Journey {
        start: Start::Url(url.to_owned()),
        files: Some(files),
        registration: None,
        from_own_address: false,
        waiting: None,
    };
    let report = journey.go(&phone, &mut |_| {});
    let step = report.steps.iter().find(|step| step.name.starts_with("GET")).expect("a request");
    format!("{:?}: {}", step.outcome, step.text)
}

const FILE: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 22\r\nConnection: close\r\n\r\n<a reg.1.address=\"1\"/>";

#[test]
fn a_self_signed_certificate_is_trusted_if_it_is_given() {
    let made = Made::new("IP:127.0.0.1");
    let url = server(&made, FILE);
    let found = first(&url, Some(made.pem()));
    assert!(found.starts_with("Passed: 200, 22 bytes"), "{found}");
    // Without it, and with another.
    let found = first(&url, None);
    assert!(found.contains("is an authority's own and is not installed in the phone"), "{found}");
    let other = Made::new("IP:127.0.0.1");
    let found = first(&url, Some(other.pem()));
    assert!(found.starts_with("Failed: the server's certificate is"), "{found}");
    assert!(!found.contains("Error("), "{found}");
    // It is for its names only, given or not.
    let made = Made::new("DNS:prov.example.com");
    let url = server(&made, FILE);
    let found = first(&url, Some(made.pem()));
    assert!(found.contains("is for another name than the one in the URL"), "{found}");
}

#[test]
fn nothing_goes_from_https_to_http() {
    let made = Made::new("IP:127.0.0.1");
    let moved = "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:9/x.cfg\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n";
    let found = first(&server(&made, moved), Some(made.pem()));
    assert!(found.contains("from https:// to http://127.0.0.1:9/x.cfg: not followed"), "{found}");
}
