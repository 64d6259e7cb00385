//! A real nginx on loopback that serves a folder over HTTP and HTTPS, with certificates of the test's
//! own.

use crate::folder::{Folder, set_mode};
use crate::port::Port;
use crate::process::{self, Process, wait_for};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// A running web server; ends with its test.
pub struct Web {
    process: Process,
    http: Port,
    https: Port,
    folder: Folder,
}

impl Web {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Web {
        for _ in 0..10 {
            if let Some(web) = Web::try_start() {
                return web;
            }
        }
        panic!("ten ports in a row were taken");
    }

    fn try_start() -> Option<Web> {
        let folder = Folder::new();
        certificates(&folder);
        let root = folder.make("root");
        let (http, https) = (Port::new(), Port::new());
        let path = |name: &str| folder.join(name).display().to_string();
        let configuration = folder.write(
            "nginx.conf",
            format!(
                r#"daemon off; master_process off; worker_processes 1;
pid {pid}; error_log stderr warn;
events {{}}
http {{
  default_type text/plain;
  log_format phones '$request_method $uri $status "$http_user_agent"';
  access_log {access} phones;
  client_body_temp_path {temp}; proxy_temp_path {temp}; fastcgi_temp_path {temp};
  uwsgi_temp_path {temp}; scgi_temp_path {temp};
  server {{
    listen 127.0.0.1:{};
    listen 127.0.0.1:{} ssl;
    ssl_certificate {server}.pem; ssl_certificate_key {server}.key;
    root {root};
  }}
}}
"#,
                http.number(),
                https.number(),
                pid = path("pid"),
                access = path("access.log"),
                temp = folder.make("temp").display(),
                server = path("server"),
                root = root.display(),
            ),
        );
        // Workers of a server that root started may run as another user.
        for place in [folder.path().to_path_buf(), root] {
            set_mode(&place, 0o755);
        }
        let log = folder.join("nginx.log");
        let mut command = process::command("nginx");
        command.arg("-e").arg("stderr").arg("-c").arg(configuration).arg("-p").arg(folder.path());
        let mut process = Process::start("nginx", &mut command, &log);
        let up = wait_for("nginx starts or ends", Duration::from_secs(20), || {
            match process.finished() {
                Some(_) => Some(false),
                None => process::listens(process.id(), https.number()).then_some(true),
            }
        });
        if up {
            return Some(Web { process, http, https, folder });
        }
        let text = fs::read_to_string(&log).unwrap_or_default();
        assert!(text.contains("Address already in use"), "nginx ended: {text}");
        None
    }

    /// Puts a file where it is served; folders may appear in its name.
    pub fn put(&self, name: &str, content: &str) {
        let path = self.root().join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("a folder");
        }
        fs::write(path, content).expect("a file");
    }

    pub fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    pub fn http(&self) -> String {
        format!("http://127.0.0.1:{}/", self.http.number())
    }

    pub fn https(&self) -> String {
        format!("https://127.0.0.1:{}/", self.https.number())
    }

    /// The authority that the server's certificate is of.
    pub fn authority(&self) -> PathBuf {
        self.folder.join("authority.pem")
    }

    /// Requests so far: `GET /a.cfg 200 "user agent"`.
    pub fn requests(&self) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join("access.log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.process.end("TERM");
    }
}

/// An authority of the test's own, and a certificate of it for 127.0.0.1: `authority.pem`,
/// `server.pem` and `server.key`.
pub fn certificates(folder: &Folder) {
    let make = |name: &str, words: &[&str]| {
        let mut command = process::command("openssl");
        command.current_dir(folder.path());
        command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        command.args(["-nodes", "-days", "2", "-subj"]).arg(format!("/CN={name}")).args(words);
        command.arg("-keyout").arg(format!("{name}.key")).arg("-out").arg(format!("{name}.pem"));
        process::run_well(&mut command);
    };
    make("authority", &[]);
    let signed = ["-CA", "authority.pem", "-CAkey", "authority.key"];
    let server = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let address = ["-addext", "subjectAltName=IP:127.0.0.1"];
    make("server", &[&signed[..], &server[..], &address[..]].concat());
}
