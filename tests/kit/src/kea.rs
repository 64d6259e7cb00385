//! A real kea-dhcp4 on loopback, and the configuration it starts with.
//!
//! No root, no fixed port, nothing outside its own folder. What differs between Kea's releases
//! is in `Setup::new` and `Version`, so that a test says only what it is about.

mod version;

use crate::control::{self, Reply};
use crate::folder::Folder;
use crate::process::{self, Process, wait_for};
use crate::product;
use crate::socket::bind;
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

pub use version::{Version, distribution_hooks, guard};

/// A server that has not started yet: its folder and its configuration.
pub struct Setup {
    pub folder: Folder,
    /// The value of "Dhcp4"; edit it before the start.
    pub dhcp4: Value,
    /// Environment and words in front of the daemon (valgrind), if any.
    pub wrapper: Vec<String>,
    /// How long the start may take.
    pub patience: Duration,
    client: Option<UdpSocket>,
    client_port: u16,
    runs: u32,
}

/// Why a server did not start.
#[derive(Debug)]
pub struct Refused {
    pub log: String,
}

impl Setup {
    /// A Kea with one subnet and no hook.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Setup {
        let folder = Folder::new();
        let socket = json!({
            "socket-type": "unix",
            "socket-name": folder.make("run").join("kea.sock"),
        });
        let mut dhcp4 = json!({
            "interfaces-config": { "interfaces": ["lo"], "dhcp-socket-type": "udp" },
            "lease-database": {
                "type": "memfile",
                "persist": true,
                "name": folder.make("data").join("leases.csv"),
                "lfc-interval": 0,
            },
            "multi-threading": {
                "enable-multi-threading": true,
                "thread-pool-size": 4,
                "packet-queue-size": 256,
            },
            "valid-lifetime": 3600,
            "subnet4": [{
                "id": 1,
                "subnet": "127.1.0.0/16",
                "pools": [{ "pool": "127.1.100.1 - 127.1.199.254" }],
            }],
            "hooks-libraries": [],
            "loggers": [{
                "name": "kea-dhcp4",
                "severity": "INFO",
                "output_options": [{ "output": "stdout", "flush": true }],
            }],
        });
        match Version::installed().has_lists() {
            true => {
                dhcp4["control-sockets"] = json!([socket]);
                // By default 3.0 leaves a lease that is renewed early as it was, and tells its
                // remaining time.
                dhcp4["cache-threshold"] = json!(0.0);
            }
            false => dhcp4["control-socket"] = socket,
        }
        folder.make("hooks");
        let client = bind(FIRST_RELAY, free_port());
        let client_port = client.local_addr().expect("a local address").port();
        Setup {
            folder,
            dhcp4,
            wrapper: Vec::new(),
            patience: Duration::from_secs(20),
            client: Some(client),
            client_port,
            runs: 0,
        }
    }

    /// Loads one of Kea's own libraries.
    pub fn kea_library(self, name: &str, parameters: Option<Value>) -> Setup {
        self.library(&distribution_hooks().join(name), parameters)
    }

    /// Loads a library. All of them are seen through one folder: Kea 3.0 takes file names only,
    /// from one place.
    pub fn library(mut self, library: &Path, parameters: Option<Value>) -> Setup {
        let mut entry = json!({ "library": self.place(library) });
        if let Some(parameters) = parameters {
            entry["parameters"] = parameters;
        }
        let list = self.dhcp4["hooks-libraries"].as_array_mut().expect("a list of libraries");
        list.push(entry);
        self
    }

    /// How the configuration names a library. offhook's is the loader, and the build for this Kea is
    /// placed as `make install` does.
    pub fn place(&self, library: &Path) -> String {
        let name = library.file_name().unwrap_or_else(|| panic!("no file: {}", library.display()));
        let link = self.folder.join("hooks").join(name);
        if !link.exists() {
            symlink(library, &link).expect("a link to the library");
            if let Some(build) = product::build_beside(library) {
                self.folder.make("hooks/offhook");
                fs::write(self.checksum(), product::checksum(&build)).expect("its checksum");
                symlink(build, self.build()).expect("a link to the build");
            }
        }
        match Version::installed().has_lists() {
            true => name.to_string_lossy().into_owned(),
            false => link.to_string_lossy().into_owned(),
        }
    }

    /// The build of offhook for this Kea.
    pub fn build(&self) -> PathBuf {
        let Version(major, minor, patch) = Version::installed();
        self.folder.join("hooks/offhook").join(format!("kea-{major}.{minor}.{patch}.so"))
    }

    /// What the loader compares that build with.
    pub fn checksum(&self) -> PathBuf {
        let mut name = self.build().into_os_string();
        name.push(".cksum");
        PathBuf::from(name)
    }

    pub fn edit(mut self, change: impl FnOnce(&mut Value)) -> Setup {
        change(&mut self.dhcp4);
        self
    }

    /// Another client port, for servers that answer the same client (HA): the port of `other`.
    pub fn same_clients_as(mut self, other: &Setup) -> Setup {
        self.client = None;
        self.client_port = other.client_port;
        self
    }

    pub fn configuration(&self) -> PathBuf {
        self.folder.join("kea.json")
    }

    pub fn write_configuration(&self) {
        let text = serde_json::to_string_pretty(&json!({ "Dhcp4": self.dhcp4 })).expect("JSON");
        self.folder.write("kea.json", text);
    }

    fn daemon(&self, name: &str) -> Command {
        let mut words = self.wrapper.iter().map(String::as_str).chain([name]);
        let mut command = process::command(words.next().expect("a program"));
        command.args(words);
        self.environment(&mut command);
        command
    }

    /// Points a daemon of Kea at this folder.
    pub fn environment(&self, command: &mut Command) {
        command
            .env("KEA_PIDFILE_DIR", self.folder.join("run"))
            .env("KEA_LOCKFILE_DIR", self.folder.join("run"))
            .env("KEA_CONTROL_SOCKET_DIR", self.folder.join("run"))
            .env("KEA_DHCP_DATA_DIR", self.folder.join("data"))
            .env("KEA_LOG_FILE_DIR", self.folder.path())
            // Where Kea 3.0 looks for the files of two of its own libraries.
            .env("KEA_HOOK_SCRIPTS_PATH", self.folder.path())
            .env("KEA_LEGAL_LOG_DIR", self.folder.path())
            .env("KEA_HOOKS_PATH", self.folder.join("hooks"));
    }

    /// `kea-dhcp4 -T`: the configuration with its hooks loaded, but no socket opened.
    pub fn check(&self) -> Output {
        self.write_configuration();
        process::run(self.daemon("kea-dhcp4").arg("-T").arg(self.configuration()))
    }

    #[track_caller]
    pub fn start(self) -> Kea {
        match self.try_start() {
            Ok(kea) => kea,
            Err(refused) => panic!("expected Kea to start, found\n{}", refused.log),
        }
    }

    /// Starts; distinguishes a port that was taken meanwhile from a configuration that Kea refuses.
    pub fn try_start(mut self) -> Result<Kea, Refused> {
        self.write_configuration();
        for _ in 0..10 {
            let port = free_port();
            self.runs += 1;
            let log = self.folder.join(&format!("kea-{}.log", self.runs));
            let mut command = self.daemon("kea-dhcp4");
            command.arg("-c").arg(self.configuration());
            command.arg("-p").arg(port.to_string()).arg("-P").arg(self.client_port.to_string());
            let mut process = Process::start("kea-dhcp4", &mut command, &log);
            let up = wait_for("Kea starts or refuses", self.patience, || {
                let text = fs::read_to_string(&log).unwrap_or_default();
                match () {
                    () if text.contains("DHCPSRV_OPEN_SOCKET_FAIL") => Some(Start::PortTaken),
                    () if text.contains("DHCP4_STARTED") => Some(Start::Up),
                    () => process.finished().map(|_| Start::Refused),
                }
            });
            match up {
                Start::Up => {
                    return Ok(Kea { running: Running { process, log }, port, setup: self });
                }
                Start::PortTaken => process.kill(),
                Start::Refused => {
                    let log = fs::read_to_string(&log).unwrap_or_default();
                    return Err(Refused { log });
                }
            }
        }
        panic!("ten ports in a row were taken");
    }
}

enum Start {
    Up,
    PortTaken,
    Refused,
}

const FIRST_RELAY: Ipv4Addr = Ipv4Addr::new(127, 1, 2, 3);

/// A port that is free on every address of this host, at this moment.
pub fn free_port() -> u16 {
    let socket = bind(Ipv4Addr::UNSPECIFIED, 0);
    socket.local_addr().expect("a local address").port()
}

/// A running server; ends with its test.
pub struct Kea {
    running: Running,
    port: u16,
    pub setup: Setup,
}

/// The process and its log; on a failure the log's end is shown before the folder goes.
struct Running {
    process: Process,
    log: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let text = fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<_> = text.lines().collect();
            let from = lines.len().saturating_sub(60);
            eprintln!("--- the end of Kea's log\n{}\n---", lines[from..].join("\n"));
        }
    }
}

impl Kea {
    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn client_port(&self) -> u16 {
        self.setup.client_port
    }

    pub fn first_relay(&self) -> Ipv4Addr {
        FIRST_RELAY
    }

    /// The socket that keeps the client port ours as long as the server lives.
    pub fn first_socket(&self) -> UdpSocket {
        match &self.setup.client {
            Some(socket) => socket.try_clone().expect("a second handle of the relay's socket"),
            None => panic!("this server answers the relay of another; ask that one"),
        }
    }

    pub fn id(&self) -> u32 {
        self.running.process.id()
    }

    pub fn alive(&mut self) -> bool {
        self.running.process.finished().is_none()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.running.log).unwrap_or_default()
    }

    /// The log's lines that carry this message id.
    pub fn log_lines(&self, id: &str) -> Vec<String> {
        self.log().lines().filter(|line| line.contains(id)).map(str::to_owned).collect()
    }

    /// Waits for a line with this message id, which may be written after the packet has gone out.
    #[track_caller]
    pub fn wait_for_log(&self, id: &str) -> String {
        wait_for(&format!("a line with {id} in Kea's log"), Duration::from_secs(10), || {
            self.log_lines(id).pop()
        })
    }

    pub fn socket(&self) -> PathBuf {
        self.setup.folder.join("run").join("kea.sock")
    }

    pub fn command(&self, name: &str, arguments: impl Into<Option<Value>>) -> Reply {
        control::command(&self.socket(), name, arguments.into())
    }

    /// Puts `setup.dhcp4` as it is now before the running server.
    pub fn reload(&self) -> Reply {
        self.setup.write_configuration();
        self.command("config-reload", None)
    }

    /// The newest value of a statistic; none if Kea does not know it.
    pub fn statistic(&self, name: &str) -> Option<i64> {
        let arguments = self.command("statistic-get", json!({ "name": name })).ok();
        arguments[name][0][0].as_i64()
    }

    #[track_caller]
    pub fn must_statistic(&self, name: &str) -> i64 {
        self.statistic(name).unwrap_or_else(|| panic!("expected a statistic {name}, found none"))
    }

    /// The lease of an address, as lease4-get gives it (wants libdhcp_lease_cmds).
    pub fn lease(&self, address: Ipv4Addr) -> Value {
        self.command("lease4-get", json!({ "ip-address": address.to_string() })).ok()
    }

    /// Ends it as the init system would, and hands its folder and configuration back.
    pub fn stop(mut self) -> Setup {
        let status = self.running.process.end("TERM");
        assert!(status.success(), "expected Kea to end well, found {status}\n{}", self.log());
        self.setup
    }

    pub fn restart(self) -> Kea {
        self.stop().start()
    }

    /// kill -9.
    pub fn crash(mut self) -> Setup {
        self.running.process.kill();
        self.setup
    }

    pub fn signal(&self, signal: &str) {
        self.running.process.signal(signal);
    }

    /// What the operating system counts for the process.
    pub fn footprint(&self) -> Footprint {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).expect("its status");
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key));
            let number = line.and_then(|rest| rest.split_whitespace().next());
            number
                .and_then(|text| text.parse().ok())
                .unwrap_or_else(|| panic!("no {key} in {status}"))
        };
        let open = fs::read_dir(format!("/proc/{}/fd", self.id())).expect("its files").flatten();
        // What is closed meanwhile has no name any more. A socket's is "socket:[number]".
        let names = open.filter_map(|file| fs::read_link(file.path()).ok());
        let (locks, mut files): (Vec<String>, Vec<String>) = names
            .map(|name| name.display().to_string())
            .map(|name| name.split_once(":[").map_or(name.clone(), |(kind, _)| kind.to_owned()))
            .partition(|name| name.ends_with("/logger_lockfile"));
        files.sort();
        Footprint {
            resident_kib: number("VmRSS:"),
            threads: number("Threads:"),
            files,
            loggers: locks.len(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint {
    pub resident_kib: usize,
    pub threads: usize,
    /// What each open file is, but for those of loggers.
    pub files: Vec<String>,
    /// Each logger keeps a lock file of its own open from the first line that it writes.
    pub loggers: usize,
}
