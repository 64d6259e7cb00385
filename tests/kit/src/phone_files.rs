//! A real nginx with the configuration that `offhook web-server` prints, over the tree that `offhook
//! generate` writes; and curl as the phone's side of HTTPS.

use crate::folder::{Folder, set_mode};
use crate::port::Port;
use crate::process::{self, Process, wait_for};
use crate::product::command_line;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub struct PhoneFiles {
    pub folder: Folder,
    /// Ends with the test.
    _nginx: Process,
    _port: Port,
}

/// An answer over HTTPS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub status: u16,
    pub body: String,
}

impl PhoneFiles {
    /// Serves the files of `list` (CSV) under `policy`, in which `PORT` stands for the server's port
    /// and `DIR` for a folder that holds the key `key`.
    pub fn start(policy: &str, list: &str) -> PhoneFiles {
        for _ in 0..10 {
            let folder = Folder::new();
            let held = Port::new();
            let port = held.number();
            // What only root could show: that the tree's group may read it. Here the user is one.
            folder.write("key", "5b1f0d0a4f7c4f0e9d6a1c2b3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f607");
            set_mode(&folder.join("key"), 0o640);
            let dir = folder.path().display().to_string();
            folder.write(
                "policy.json",
                policy.replace("PORT", &port.to_string()).replace("DIR", &dir),
            );
            folder.write("phones.csv", list);
            let mut certificate = process::command("openssl");
            certificate.args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]);
            certificate.args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=offhook"]);
            certificate.args(["-keyout", "server.key", "-out", "server.pem"]);
            process::run_well(certificate.current_dir(folder.path()));
            offhook(&folder, &["generate", "--phones", "phones.csv", "--out", "tree"]);
            let path = |name: &str| folder.join(name).display().to_string();
            let block = offhook(
                &folder,
                &[
                    "web-server",
                    "nginx",
                    "--root",
                    "tree",
                    "--allow",
                    "127.0.0.0/8",
                    "--log",
                    &path("phones.log"),
                    "--secrets",
                    &path("secrets.conf"),
                    "--certificate",
                    &path("server.pem"),
                    "--certificate-key",
                    &path("server.key"),
                ],
            );
            folder.write("offhook.conf", block);
            let temps = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|what| format!("{what}_temp_path {dir}/{what};"));
            let conf = format!(
                "daemon off; master_process off; pid {dir}/nginx.pid;\nevents {{}}\nhttp {{ {} \
                 access_log off; include {dir}/offhook.conf; }}\n",
                temps.join(" ")
            );
            let conf = folder.write("nginx.conf", conf);
            let log = folder.join("nginx.log");
            let mut nginx = process::command("nginx");
            nginx.args(["-e", "stderr", "-c"]).arg(conf);
            let mut process = Process::start("nginx", &mut nginx, &log);
            let up =
                wait_for(
                    "nginx answers or ends",
                    Duration::from_secs(20),
                    || match process::listens(process.id(), port) {
                        true => Some(true),
                        false => process.finished().map(|_| false),
                    },
                );
            if up {
                return PhoneFiles { folder, _nginx: process, _port: held };
            }
            let said = fs::read_to_string(&log).unwrap_or_default();
            assert!(said.contains("Address already in use"), "expected nginx to start: {said}");
        }
        panic!("ten ports in a row were taken");
    }

    pub fn policy(&self) -> PathBuf {
        self.folder.join("policy.json")
    }

    /// What the phone with this address gets.
    pub fn fetch(&self, url: &str, from: Ipv4Addr) -> Fetched {
        let mut curl = process::command("curl");
        curl.args(["-sk", "--path-as-is", "--max-time", "10", "-w", "\n%{http_code}"]);
        let text = process::run_well(curl.args(["--interface", &from.to_string()]).arg(url));
        let (body, status) = text.rsplit_once('\n').expect("a status");
        Fetched { status: status.parse().expect("a status"), body: body.to_owned() }
    }
}

fn offhook(folder: &Folder, arguments: &[&str]) -> String {
    let mut command = process::command(command_line());
    command.current_dir(folder.path()).args(arguments);
    process::run_well(command.arg("--policy").arg(Path::new("policy.json")))
}
