//! Child processes that cannot outlive the test that made them.
//!
//! `Drop` kills by process id; should the test binary itself be killed, the kernel does it (the
//! parent death signal, set by util-linux' setpriv because no unsafe code may appear here). That
//! signal comes when the *thread* that started the child ends, so a process belongs to one test and
//! is never shared by a static.

use std::fs::{self, File};
use std::net::{Ipv4Addr, Ipv6Addr, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

pub struct Process {
    child: Child,
    name: String,
    /// By us: nothing to tell about.
    killed: bool,
}

/// A command that dies with its parent and finds the daemons' folders even where an ordinary user's
/// PATH lacks them.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    command_as(None, "KILL", program)
}

/// The same as another user (`uid`, `gid`), which only root may request.
pub fn command_as(
    user: Option<(u32, u32)>,
    death_signal: &str,
    program: impl AsRef<std::ffi::OsStr>,
) -> Command {
    let mut command = Command::new("setpriv");
    if let Some((uid, gid)) = user {
        command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).arg("--clear-groups");
    }
    command.args(["--pdeathsig", death_signal, "--"]).arg(program);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin"));
    command.stdin(Stdio::null());
    command
}

/// A command in namespaces of its own, `namespaces` as unshare(1) names them. Root may have them, and
/// so may, inside a user namespace, every process that the kernel lets make one (none in a chroot).
pub fn apart(namespaces: &[&str]) -> Command {
    let tried = run(command("unshare").args(namespaces).arg("true"));
    let mut apart = command("unshare");
    if !tried.status.success() {
        apart.args(["--user", "--map-root-user"]);
    }
    apart.args(namespaces);
    apart
}

/// Whether the tests try all that they can (`OFFHOOK_THOROUGH`; `.ci/run` sets it), or as much as a run at a desk can wait for.
pub fn thorough() -> bool {
    std::env::var_os("OFFHOOK_THOROUGH").is_some()
}

/// Whether a program is installed at all.
pub fn installed(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin")
        .split(':')
        .any(|folder| Path::new(folder).join(program).is_file())
}

/// Runs to the end and hands back what it printed.
pub fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"))
}

/// Runs to the end; anything but success is the test's failure.
pub fn run_well(command: &mut Command) -> String {
    let output = run(command);
    assert!(
        output.status.success(),
        "expected success of {command:?}, found {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What the processor did for a process so far, in seconds: all its threads, by the scheduler's own
/// count, which is finer than the ticks in `stat`.
pub fn processor_time(id: u32) -> f64 {
    let threads = fs::read_dir(format!("/proc/{id}/task")).expect("its threads");
    threads.map(|thread| thread_time(&thread.expect("a thread").path()).as_secs_f64()).sum()
}

/// The same for a process' first thread alone.
pub fn first_thread_time(id: u32) -> Duration {
    thread_time(Path::new(&format!("/proc/{id}/task/{id}")))
}

fn thread_time(thread: &Path) -> Duration {
    let text = fs::read_to_string(thread.join("schedstat")).expect("the scheduler's count");
    let first = text.split_whitespace().next().expect("a number");
    Duration::from_nanos(first.parse().expect("nanoseconds"))
}

/// Whether this very process takes connections at a TCP port of loopback. Who only connects may have reached the server
/// of another test, which took the port meanwhile.
pub fn listens(id: u32, port: u16) -> bool {
    let by_ipv4 = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    if by_ipv4.or_else(|_| TcpStream::connect((Ipv6Addr::LOCALHOST, port))).is_err() {
        return false;
    }
    // proc_pid_net(5): the local address, hexadecimal; 0A is LISTEN; the tenth word is the socket's inode.
    let ending = format!(":{port:04X}");
    let mut sockets = Vec::new();
    for table in ["tcp", "tcp6"] {
        let table = fs::read_to_string(format!("/proc/{id}/net/{table}")).unwrap_or_default();
        for row in table.lines() {
            let words: Vec<&str> = row.split_whitespace().collect();
            if words.len() > 9 && words[1].ends_with(&ending) && words[3] == "0A" {
                sockets.push(format!("socket:[{}]", words[9]));
            }
        }
    }
    let open = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
    open.filter_map(|entry| fs::read_link(entry.path()).ok())
        .any(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str()))
}

impl Process {
    /// Starts `command` with everything it prints going to the file `log`.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Process {
        let out = File::create(log).unwrap_or_else(|error| panic!("{}: {error}", log.display()));
        let err = out.try_clone().expect("a second handle of the log");
        command.stdout(out).stderr(err);
        let child =
            command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Process { child, name: name.to_owned(), killed: false }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn finished(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap_or_else(|error| panic!("state of {}: {error}", self.name))
    }

    pub fn signal(&self, signal: &str) {
        run_well(Command::new("kill").arg(format!("-{signal}")).arg(self.id().to_string()));
    }

    /// Asks it to end by `signal` and waits until it has.
    pub fn end(&mut self, signal: &str) -> ExitStatus {
        if let Some(status) = self.finished() {
            return status;
        }
        self.signal(signal);
        let start = Instant::now();
        loop {
            if let Some(status) = self.finished() {
                return status;
            }
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "expected {} to end within 30 s of SIG{signal}, it still runs",
                self.name
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn kill(&mut self) {
        self.killed = true;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            if let Some(signal) = status.signal().filter(|_| !self.killed) {
                eprintln!("{} had been ended by signal {signal}", self.name);
            }
            return;
        }
        self.kill();
    }
}

/// Polls `question` until it answers; panics with `what` after `patience`.
pub fn wait_for<T>(what: &str, patience: Duration, mut question: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        assert!(start.elapsed() < patience, "expected within {patience:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
