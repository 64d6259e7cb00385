//! Two network namespaces with a cable between them: the servers in the one, the relay in the other.
//!
//! The command starts itself again inside namespaces of its own, so that nothing of the host's network is
//! touched and everything ends with it.

use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use offhook_edge::command::{Failure, wrong};

/// The server's end of the cable.
pub const INTERFACE: &str = "oh-server";
const OURS: &str = "oh-relay";
/// Addresses of the cable (RFC 2544 keeps 198.18.0.0/15 for trials).
pub const SERVER: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
const RELAY: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);
/// The environment's mark of the inner run.
const INSIDE: &str = "OFFHOOK_IMPORT_PROVES";

const NAMESPACES: [&str; 5] = ["--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// Whether this is the inner run.
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// A command that finds the daemons' folders even where an ordinary user's PATH lacks them.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin"));
    command.stdin(Stdio::null());
    command
}

/// Runs this very command again inside namespaces.
pub fn enter() -> Result<(), Failure> {
    let tried = |more: &[&str]| {
        let mut test = command("unshare");
        test.args(more).args(["--net", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
        test.status().is_ok_and(|status| status.success())
    };
    let more: &[&str] = if tried(&[]) {
        &[]
    } else if tried(&["--user", "--map-root-user"]) {
        &["--user", "--map-root-user"]
    } else {
        return Err(wrong(
            "--prove starts servers in network namespaces of its own, and this user may make none: run it as root, \
             on a machine where util-linux' unshare works",
        ));
    };
    let program = std::env::current_exe()?;
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let mut inner = command("unshare");
    inner.args(more).args(NAMESPACES).arg(program).args(words).env(INSIDE, "1");
    match inner.status()?.success() {
        true => Ok(()),
        false => Err(Failure::Found),
    }
}

/// The namespace of the servers; ends with this value.
pub struct Network {
    holder: Child,
}

impl Network {
    pub fn new(relays: &[Ipv4Addr]) -> Result<Network, Failure> {
        run(command("ip").args(["link", "set", "lo", "up"]))?;
        let holder = command("unshare").args(["--net", "sleep", "100000"]).spawn()?;
        let network = Network { holder };
        network.wait()?;
        run(command("ip").args(["link", "add", OURS, "type", "veth", "peer", "name", INTERFACE]))?;
        run(command("ip").args(["link", "set", INTERFACE, "netns", &network.id()]))?;
        run(command("ip").args(["addr", "add", &format!("{RELAY}/30"), "dev", OURS]))?;
        run(command("ip").args(["link", "set", OURS, "up"]))?;
        for relay in relays {
            run(command("ip").args(["addr", "add", &format!("{relay}/32"), "dev", "lo"]))?;
        }
        let inside = |words: &[&str]| run(network.inside("ip").args(words));
        inside(&["link", "set", "lo", "up"])?;
        inside(&["addr", "add", &format!("{SERVER}/30"), "dev", INTERFACE])?;
        inside(&["link", "set", INTERFACE, "up"])?;
        inside(&["route", "add", "default", "via", &RELAY.to_string()])?;
        Ok(network)
    }

    fn id(&self) -> String {
        self.holder.id().to_string()
    }

    /// A command in the servers' namespace.
    pub fn inside(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut inside = command("nsenter");
        inside.arg(format!("--net=/proc/{}/ns/net", self.id())).arg("--").arg(program);
        inside
    }

    /// Until the holder has its own namespace.
    fn wait(&self) -> Result<(), Failure> {
        let space = |id: &str| std::fs::read_link(Path::new("/proc").join(id).join("ns/net")).ok();
        let end = Instant::now() + Duration::from_secs(20);
        while space(&self.id()) == space("self") {
            if Instant::now() > end {
                return Err(wrong("--prove: no network namespace in 20 s"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Runs to the end; what it said is the error.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.output().map_err(|error| wrong(format!("--prove: cannot run {name}: {error}")))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(wrong(format!("--prove: {name} failed: {}", said.trim())))
        }
    }
}
