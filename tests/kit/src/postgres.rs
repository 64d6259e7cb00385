//! A real PostgreSQL cluster, as Kea's lease database.
//!
//! It lives in its own folder and listens on a UNIX socket there only. PostgreSQL refuses to run as
//! root, so a test run by root gives the folder and the server to Debian's user `postgres`.

use crate::folder::{Folder, set_mode};
use crate::kea::{Setup, distribution_hooks};
use crate::process::{self, Process, wait_for};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const DATABASE: &str = "kea";
const USER: &str = "kea";

pub struct Postgres {
    // Declared first, so that it ends before its folder goes.
    process: Process,
    folder: Folder,
}

/// Killed, it would leave shared memory behind: only its own end takes that away.
impl Drop for Postgres {
    fn drop(&mut self) {
        let pg_ctl = programs().map(|programs| programs.join("pg_ctl"));
        let Some(pg_ctl) = pg_ctl.filter(|_| self.process.finished().is_none()) else { return };
        let mut stop = process::command_as(other_user(), "KILL", pg_ctl);
        stop.current_dir(self.folder.path());
        stop.args(["stop", "--silent", "--mode=fast", "--pgdata"]).arg(self.folder.join("data"));
        let stopped = process::run(&mut stop);
        if !stopped.status.success() {
            eprintln!("PostgreSQL: {}", String::from_utf8_lossy(&stopped.stderr));
        }
    }
}

/// Debian keeps the server's programs in a folder per release, outside every user's PATH.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|path| path.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop()
}

/// The user that a run by root hands the server to; `None` if root does not run the tests.
fn other_user() -> Option<(u32, u32)> {
    if fs::metadata("/proc/self").expect("/proc").uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd");
    let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut postgres = fields.filter(|fields| fields[0] == "postgres");
    let fields = postgres.next().expect("expected the user postgres, which Debian's package makes");
    Some((fields[2].parse().expect("a user id"), fields[3].parse().expect("a group id")))
}

impl Postgres {
    /// A cluster with Kea's schema in it.
    pub fn start() -> Postgres {
        let programs = programs().expect("expected PostgreSQL in /usr/lib/postgresql (make deps)");
        let user = other_user();
        let folder = Folder::new();
        if let Some((uid, gid)) = user {
            chown(folder.path(), Some(uid), Some(gid)).expect("the folder's owner");
            set_mode(folder.path(), 0o755);
        }
        let run = |program: &str| {
            let mut command = process::command_as(user, "QUIT", programs.join(program));
            command.current_dir(folder.path()).env("LC_ALL", "C");
            command
        };
        let data = folder.join("data");
        process::run_well(
            run("initdb")
                .args([
                    "--auth=trust",
                    "--no-sync",
                    "--encoding=UTF8",
                    "--username",
                    USER,
                    "--pgdata",
                ])
                .arg(&data),
        );
        let mut server = run("postgres");
        server.arg("-D").arg(&data).arg("-k").arg(folder.path());
        for setting in
            ["listen_addresses=", "fsync=off", "shared_buffers=16MB", "max_connections=40"]
        {
            server.arg("-c").arg(setting);
        }
        let process = Process::start("postgres", &mut server, &folder.join("postgres.log"));
        let postgres = Postgres { process, folder };
        let ready = || {
            process::run(&mut postgres.client(&programs.join("pg_isready")))
                .status
                .success()
                .then_some(())
        };
        wait_for("PostgreSQL is ready", Duration::from_secs(30), ready);
        process::run_well(postgres.client(&programs.join("createdb")).arg(DATABASE));
        postgres.initialise();
        postgres
    }

    /// One of PostgreSQL's client programs, told where the server is.
    fn client(&self, program: &Path) -> Command {
        let mut command = process::command(program);
        command.args(["--username", USER, "--host"]).arg(self.folder.path());
        command
    }

    fn initialise(&self) {
        let mut command = process::command("kea-admin");
        command.args(["db-init", "pgsql", "-u", USER, "-p", "none", "-n", DATABASE, "-h"]);
        process::run_well(command.arg(self.folder.path()));
    }

    /// One query, its answer as psql prints it without ornaments.
    pub fn query(&self, sql: &str) -> String {
        let mut command = self.client(Path::new("psql"));
        process::run_well(command.args(["-At", "-d", DATABASE, "-c", sql])).trim().to_owned()
    }

    /// Another database, for a test's own tables.
    pub fn create(&self, database: &str, sql: &str) {
        process::run_well(self.client(Path::new("createdb")).arg(database));
        let mut command = self.client(Path::new("psql"));
        process::run_well(command.args(["-q", "-d", database, "-c", sql]));
    }

    /// How clients find the server that are not told.
    pub fn environment(&self) -> [(&'static str, std::ffi::OsString); 2] {
        [("PGHOST", self.folder.path().into()), ("PGUSER", USER.into())]
    }

    /// Makes it the lease database of a server to come.
    pub fn serve(&self, setup: Setup) -> Setup {
        let host = self.folder.path().to_string_lossy().into_owned();
        let setup = setup.edit(|dhcp4| {
            dhcp4["lease-database"] = json!({
                "type": "postgresql",
                "name": DATABASE,
                "user": USER,
                "password": "none",
                "host": host,
            });
        });
        // Since 2.7 the backend is a hook library.
        match distribution_hooks().join("libdhcp_pgsql.so").exists() {
            true => setup.kea_library("libdhcp_pgsql.so", None),
            false => setup,
        }
    }
}
