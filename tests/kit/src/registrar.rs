//! A real SIP registrar (Kamailio) on loopback, with one user and a configuration of its own.

use crate::folder::Folder;
use crate::process::{Process, command_as, wait_for};
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// The user it knows, and the password.
pub const USER: &str = "1001";
pub const PASSWORD: &str = "strong-secret-here";
/// The line for each answer that offhook report reads.
const REGISTER_LOG: &str = include_str!("../../../examples/kamailio-register-log.cfg");

/// A running registrar; ends with its test.
pub struct Registrar {
    process: Process,
    pub port: u16,
    folder: Folder,
}

impl Registrar {
    /// Answers 403 to a wrong password and 404 to a stranger, by UDP and TCP.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Registrar {
        Registrar::of_users(&format!("^{USER}$"))
    }

    /// The same for every user whose name matches; all have the one password.
    pub fn of_users(users: &str) -> Registrar {
        Registrar::start(users, None)
    }

    /// The same by TLS instead of TCP, with `server.pem` and `server.key` of this folder.
    pub fn over_tls(certificates: &Path) -> Registrar {
        Registrar::of_users_over_tls(&format!("^{USER}$"), certificates)
    }

    /// By TLS, for every user whose name matches.
    pub fn of_users_over_tls(users: &str, certificates: &Path) -> Registrar {
        Registrar::start(users, Some(certificates))
    }

    fn start(users: &str, certificates: Option<&Path>) -> Registrar {
        for _ in 0..10 {
            if let Some(registrar) = Registrar::try_start(free_port(), users, certificates) {
                return registrar;
            }
        }
        panic!("ten ports in a row were taken");
    }

    fn try_start(port: u16, users: &str, certificates: Option<&Path>) -> Option<Registrar> {
        let folder = Folder::new();
        let modules =
            ["ctl", "xlog", "tm", "sl", "pv", "textops", "siputils", "usrloc", "registrar", "auth"];
        let control = folder.join("ctl").display().to_string();
        let modules: String = modules.map(|name| format!("loadmodule \"{name}.so\"\n")).concat();
        let stream = match certificates {
            None => format!("listen=tcp:127.0.0.1:{port}\n"),
            Some(folder) => {
                let folder = folder.display();
                format!(
                    "enable_tls=yes\nlisten=tls:127.0.0.1:{port}\nloadmodule \"tls.so\"\n\
                     modparam(\"tls\", \"tls_method\", \"TLSv1.2+\")\n\
                     modparam(\"tls\", \"certificate\", \"{folder}/server.pem\")\n\
                     modparam(\"tls\", \"private_key\", \"{folder}/server.key\")\n"
                )
            }
        };
        let configuration = folder.write(
            "kamailio.cfg",
            format!(
                r#"#!KAMAILIO
debug=2
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
listen=udp:127.0.0.1:{port}
{stream}{modules}
modparam("usrloc", "db_mode", 0)
modparam("ctl", "binrpc", "unix:{control}")
request_route {{
  if (!is_method("REGISTER")) {{ sl_send_reply("405", "Method Not Allowed"); exit; }}
  if ($au == $null) {{ www_challenge("offhook", "1"); exit; }}
  if (!($au =~ "{users}")) {{ sl_send_reply("404", "Not Found"); exit; }}
  if (!pv_www_authenticate("offhook", "{PASSWORD}", "0")) {{
    if ($rc == -2) {{ sl_send_reply("403", "Forbidden"); exit; }}
    www_challenge("offhook", "1");
    exit;
  }}
  save("location");
  xlog("L_WARN", "REGISTERED $au by $proto as $ua\n");
  exit;
}}
{REGISTER_LOG}
"#
            ),
        );
        let log = folder.join("kamailio.log");
        // Its workers end with it only if it is asked to end; a group of their own finds them all.
        let mut command = command_as(None, "TERM", "kamailio");
        command.arg("-f").arg(configuration).args(["-DD", "-E", "-m", "32", "-M", "8"]);
        command.arg("-Y").arg(folder.make("run")).arg("-P").arg(folder.join("pid"));
        command.process_group(0);
        let mut process = Process::start("kamailio", &mut command, &log);
        let up = wait_for("Kamailio starts or ends", Duration::from_secs(20), || {
            match process.finished() {
                Some(_) => Some(false),
                None => answers(port).then_some(true),
            }
        });
        if up {
            return Some(Registrar { process, port, folder });
        }
        let text = fs::read_to_string(&log).unwrap_or_default();
        assert!(text.contains("Address already in use"), "Kamailio ended: {text}");
        None
    }

    /// Where kamcmd reaches it.
    pub fn control(&self) -> String {
        format!("unix:{}", self.folder.join("ctl").display())
    }

    /// Where its log is.
    pub fn log_file(&self) -> std::path::PathBuf {
        self.folder.join("kamailio.log")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("kamailio.log")).unwrap_or_default()
    }
}

impl Drop for Registrar {
    /// Kamailio ends its workers itself, but a signal may come while it holds the lock that its own
    /// handler wants. Processes of its group that are left then are killed.
    fn drop(&mut self) {
        self.process.signal("TERM");
        let end = Instant::now() + Duration::from_secs(10);
        while self.process.finished().is_none() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        let group = format!("-{}", self.process.id());
        let _ = super::process::run(Command::new("kill").args(["-KILL", "--", &group]));
        self.process.kill();
    }
}

/// Whether a SIP server answers there: anything but REGISTER is answered with 405.
fn answers(port: u16) -> bool {
    let Ok(socket) = UdpSocket::bind("127.0.0.1:0") else { return false };
    let own = socket.local_addr().expect("an address");
    let text = format!(
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK1\r\n\
         From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>\r\nCall-ID: 1\r\n\
         CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    );
    let mut buffer = [0; 2000];
    socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    socket.send_to(text.as_bytes(), ("127.0.0.1", port)).is_ok()
        && socket.recv(&mut buffer).is_ok_and(|_| buffer.starts_with(b"SIP/2.0 405"))
}

/// A port that is free by UDP and TCP at this moment.
fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = tcp.local_addr().expect("its number").port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
