//! A real dnsmasq on loopback, and the companion's rendering in it.
//!
//! No root and no fixed port. dnsmasq answers relays on the port that it listens on, so the test's
//! relay shares that port, on another address.

use crate::folder::Folder;
use crate::phone::Relay;
use crate::port::Port;
use crate::process::{self, Process, wait_for};
use crate::product;
use socket2::{Domain, Protocol, Socket, Type};
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

pub const RELAY: Ipv4Addr = Ipv4Addr::new(127, 1, 2, 3);

/// A server that has not started yet.
pub struct Setup {
    pub folder: Folder,
    /// Lines of its configuration; edit them before the start.
    pub lines: Vec<String>,
    state: PathBuf,
    port: u16,
    /// Holds the port's number against other tests: dnsmasq shares its UDP port with any process.
    #[allow(dead_code)]
    reserved: Port,
}

impl Setup {
    #[allow(clippy::new_without_default)]
    pub fn new() -> Setup {
        let folder = Folder::new();
        let reserved = free_port();
        let port = reserved.number();
        let me = |what| process::run_well(process::command("id").arg(what)).trim().to_owned();
        let path = |name: &str| folder.join(name).display().to_string();
        let lines = vec![
            "port=0".to_owned(),
            "interface=lo".to_owned(),
            "bind-interfaces".to_owned(),
            "no-ping".to_owned(),
            "no-resolv".to_owned(),
            "no-hosts".to_owned(),
            // Our own group too: the kernel forgets the parent death signal of who changes it.
            format!("user={}", me("-un")),
            format!("group={}", me("-gn")),
            format!("dhcp-alternate-port={port},{}", port.wrapping_add(1)),
            "dhcp-range=127.1.10.1,127.1.250.250,255.255.0.0,1h".to_owned(),
            "dhcp-lease-max=100000".to_owned(),
            format!("dhcp-leasefile={}", path("leases")),
            format!("pid-file={}", path("pid")),
        ];
        let state = folder.join("state");
        Setup { folder, lines, state, port, reserved }
    }

    pub fn line(mut self, line: impl Into<String>) -> Setup {
        self.lines.push(line.into());
        self
    }

    /// Replaces the range.
    pub fn ranges(mut self, ranges: &[&str]) -> Setup {
        self.lines.retain(|line| !line.starts_with("dhcp-range="));
        self.lines.extend(ranges.iter().map(|range| format!("dhcp-range={range}")));
        self
    }

    /// Where the script keeps its records.
    pub fn state(&self) -> PathBuf {
        self.state.clone()
    }

    /// Another folder than one beside the configuration; it must be there.
    #[allow(dead_code)]
    pub fn state_at(mut self, folder: &Path) -> Setup {
        self.state = folder.to_owned();
        self
    }

    /// With the companion as dhcp-script. Nothing in its call can name the state directory but the
    /// environment, so dnsmasq gets that.
    pub fn with_script(mut self) -> Setup {
        let me = process::run_well(process::command("id").arg("-un"));
        self.lines.push(format!("dhcp-script={}", product::companion().display()));
        self.lines.push(format!("dhcp-scriptuser={}", me.trim()));
        self
    }

    pub fn rendered(&self) -> PathBuf {
        self.folder.join("phones.conf")
    }

    /// Renders a policy; what the companion said.
    pub fn try_render(&self, policy: &str, more: &[&str]) -> Output {
        let policy = self.folder.write("policy.json", policy);
        let mut command = process::command(product::companion());
        command.arg("render").arg("--policy").arg(policy).arg("--out").arg(self.rendered());
        if !self.state.exists() {
            self.folder.make("state");
        }
        command.arg("--state").arg(&self.state);
        process::run(command.args(more))
    }

    /// With the rendering of a policy.
    #[track_caller]
    pub fn offhook(self, policy: &str) -> Setup {
        self.offhook_with(policy, &[])
    }

    #[track_caller]
    pub fn offhook_with(self, policy: &str, more: &[&str]) -> Setup {
        let output = self.try_render(policy, more);
        assert!(
            output.status.success(),
            "expected the companion to render, found\n{}\n{policy}",
            String::from_utf8_lossy(&output.stderr)
        );
        let line = format!("conf-file={}", self.rendered().display());
        self.line(line)
    }

    #[track_caller]
    pub fn start(self) -> Dnsmasq {
        self.folder.write("dnsmasq.conf", self.lines.join("\n") + "\n");
        let log = self.folder.join("log");
        let mut command = daemon();
        command.env("OFFHOOK_STATE", self.state());
        command.arg("--log-facility=-");
        command.arg(format!("--conf-file={}", self.folder.join("dnsmasq.conf").display()));
        let mut process = Process::start("dnsmasq", &mut command, &log);
        wait_for("dnsmasq starts", Duration::from_secs(20), || {
            let text = fs::read_to_string(&log).unwrap_or_default();
            assert!(process.finished().is_none(), "dnsmasq ended: {text}");
            // It says so after its sockets are open.
            text.contains("started, ").then_some(())
        });
        Dnsmasq { process: Server(process), setup: self }
    }
}

/// dnsmasq wants CAP_NET_ADMIN, whether it needs it or not. Who is not root has it in a user namespace
/// of its own; there it must not try to become another user (no script can be run then).
fn daemon() -> std::process::Command {
    if process::run_well(process::command("id").arg("-u")).trim() == "0" {
        let mut command = process::command("dnsmasq");
        command.arg("--keep-in-foreground");
        return command;
    }
    let mut command = process::command("unshare");
    command.args(["--user", "--map-root-user", "--", "dnsmasq", "--no-daemon"]);
    command
}

/// A port whose number no other test of this project has, free by UDP at this moment.
fn free_port() -> Port {
    loop {
        let port = Port::new();
        if UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port.number())).is_ok() {
            return port;
        }
    }
}

/// A running server; ends with its test.
pub struct Dnsmasq {
    process: Server,
    pub setup: Setup,
}

struct Server(Process);

/// dnsmasq's helper lives until the scripts that it has begun are done; they would write into a folder
/// that is gone.
impl Drop for Server {
    fn drop(&mut self) {
        let id = self.0.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        self.0.kill();
        let alive = |child: &&str| {
            fs::read(format!("/proc/{child}/cmdline")).is_ok_and(|words| !words.is_empty())
        };
        for _ in 0..250 {
            if !children.iter().any(|ids| ids.split_whitespace().any(|child| alive(&child))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Dnsmasq {
    /// Where it listens, and where it answers relays.
    pub fn port(&self) -> u16 {
        self.setup.port
    }

    /// The process; what measures it asks.
    #[allow(dead_code)]
    pub fn id(&self) -> u32 {
        self.process.0.id()
    }

    pub fn log(&self) -> String {
        // What clients send is in it as it is.
        let log = fs::read(self.setup.folder.join("log")).expect("dnsmasq's log");
        String::from_utf8_lossy(&log).into_owned()
    }

    pub fn relay(&self) -> Relay {
        self.relay_at(RELAY)
    }

    pub fn relay_at(&self, address: Ipv4Addr) -> Relay {
        let server = SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.setup.port);
        Relay::towards_any(shared(address, self.setup.port), address, server)
    }

    pub fn stop(mut self) -> Setup {
        self.process.0.end("TERM");
        self.setup
    }
}

/// A socket beside dnsmasq's own, which is open to company.
fn shared(address: Ipv4Addr, port: u16) -> UdpSocket {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).expect("a socket");
    socket.set_reuse_address(true).expect("SO_REUSEADDR");
    let address = SocketAddrV4::new(address, port);
    socket.bind(&address.into()).unwrap_or_else(|error| panic!("bind {address}: {error}"));
    socket.into()
}
