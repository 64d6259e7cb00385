//! A real Asterisk as registrar and as the one that sends NOTIFY. Debian 12 and 13 have none, unstable has one:
//! the test runs where `asterisk` is installed.

use crate::nudge::{Stays, free_port, nudge, outcomes};
use crate::peers::folder::Folder;
use crate::peers::process::{self, Process};
use crate::peers::product::command_line;
use crate::peers::registrar::PASSWORD;
use crate::site::{Listed, Site};
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// What `offhook nudge --via asterisk` names.
const SECTIONS: &str = include_str!("../../examples/pjsip_notify.conf");
const MODULES: [&str; 14] = [
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "res_timing_timerfd",
    "res_statsd",
    "res_http_websocket",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_session",
    "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_registrar",
    "res_pjsip_notify",
];

struct Asterisk {
    _process: Process,
    folder: Folder,
    port: u16,
}

impl Asterisk {
    fn start(users: &[&str], sends: bool) -> Asterisk {
        let (folder, port) = (Folder::new(), free_port());
        let mut directories = "[directories]\n".to_owned();
        for (key, name) in [
            ("astetcdir", "etc"),
            ("astvarlibdir", "lib"),
            ("astdbdir", "db"),
            ("astkeydir", "keys"),
            ("astspooldir", "spool"),
            ("astrundir", "run"),
            ("astlogdir", "log"),
        ] {
            writeln!(directories, "{key} => {}", folder.make(name).display()).expect("text");
        }
        folder.write("etc/asterisk.conf", directories);
        let modules = MODULES.map(|module| format!("load = {module}.so\n")).concat();
        folder.write("etc/modules.conf", format!("[modules]\nautoload = no\n{modules}"));
        folder.write(
            "etc/logger.conf",
            "[logfiles]\nmessages.log => notice,warning,error,verbose(3)\n",
        );
        folder.write("etc/pjsip_notify.conf", SECTIONS);
        let mut pjsip =
            format!("[udp]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:{port}\n");
        if sends {
            pjsip +=
                "[default_outbound_endpoint]\ntype = endpoint\ntransport = udp\ncontext = none\n";
        }
        for user in users {
            write!(
                pjsip,
                "[{user}]\ntype = endpoint\nauth = {user}\naors = {user}\ncontext = none\n\
                 [{user}]\ntype = auth\nauth_type = userpass\nusername = {user}\npassword = {PASSWORD}\n\
                 [{user}]\ntype = aor\nmax_contacts = 1\nremove_existing = yes\n"
            )
            .expect("text");
        }
        folder.write("etc/pjsip.conf", pjsip);
        // The program of this name that finds this Asterisk, as an operator's finds the host's own.
        let wrapper = folder.write(
            "bin-asterisk",
            format!(
                "#!/bin/sh\nexec {} -C {} \"$@\"\n",
                real().display(),
                folder.join("etc/asterisk.conf").display()
            ),
        );
        let bin = folder.make("bin").join("asterisk");
        fs::rename(wrapper, &bin).expect("the wrapper");
        crate::peers::folder::set_mode(&bin, 0o755);
        let mut command = process::command(&bin);
        let process = Process::start("asterisk", command.arg("-f"), &folder.join("asterisk.out"));
        let asterisk = Asterisk { _process: process, folder, port };
        process::wait_for("Asterisk is up", PATIENCE, || {
            let output = process::run(asterisk.command().args(["-rx", "pjsip show transports"]));
            String::from_utf8_lossy(&output.stdout).contains(&port.to_string()).then_some(())
        });
        asterisk
    }

    fn bin(&self) -> PathBuf {
        self.folder.join("bin")
    }

    fn command(&self) -> Command {
        process::command(self.bin().join("asterisk"))
    }

    fn log_file(&self) -> PathBuf {
        self.folder.join("log/messages.log")
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_file()).unwrap_or_default()).into_owned()
    }
}

/// The installed program.
fn real() -> PathBuf {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut folders =
        path.split(':').chain(["/usr/sbin"]).map(|folder| Path::new(folder).join("asterisk"));
    folders.find(|program| program.is_file()).expect("asterisk")
}

#[test]
fn its_log_is_read_and_it_sends_the_notify() {
    if !process::installed("asterisk") {
        eprintln!("asterisk is not installed: not tried (Debian 12 and 13 have none)");
        return;
    }
    let well = Listed::new("yealink", "T46S", "00:15:65:00:00:01", 1001);
    let mut wrong = Listed::new("snom", "D735", "00:04:13:00:00:02", 1002);
    wrong.password = "not-the-one".to_owned();
    let stranger = Listed::new("fanvil", "X4U", "0c:38:3e:00:00:04", 1009);
    let phones = [well, wrong, stranger];
    let asterisk = Asterisk::start(&["1001", "1002"], true);
    let site = Site::of(&phones, asterisk.port, asterisk);
    let [well, wrong, stranger] = &phones;
    for refused in [wrong, stranger] {
        assert!(!site.boot(refused, &["--register"]).status.success(), "{}", refused.user);
    }
    let port = free_port();
    let stays = Stays::start(&site, well, port, &[]);
    process::wait_for("the phone registers", PATIENCE, || {
        site.registrar.log().contains("Added contact 'sip:1001@").then_some(())
    });
    let report = |of: &Listed| {
        let mut command = process::command(command_line());
        command.args(["report", "--json", "--kea"]).arg(site.kea.socket());
        command
            .arg("--web-log")
            .arg(site.web_log())
            .arg("--sip-log")
            .arg(site.registrar.log_file());
        command
            .arg("--policy")
            .arg(site.web.policy())
            .arg("--phones")
            .arg(site.web.folder.join("phones.csv"));
        let data: Value = serde_json::from_str(&process::run_well(&mut command)).expect("JSON");
        let phones = data["phones"].as_array().expect("phones").iter();
        let phone =
            phones.clone().find(|phone| phone["mac"] == of.mac.as_str()).expect("the phone");
        (phone["stage"].clone(), phone["registrations"].clone())
    };
    let log = site.registrar.log();
    let (stage, registrations) = report(well);
    assert_eq!(stage, "registered", "{registrations:#}\n{log}");
    for refused in [wrong, stranger] {
        let (stage, registrations) = report(refused);
        assert_eq!(stage, "refused", "{registrations:#}\n{log}");
        assert!(
            registrations[0]["reason"].as_str().is_some_and(|reason| !reason.is_empty()),
            "{registrations:#}"
        );
    }
    let by = |asterisk: &Asterisk| {
        let mut command = nudge(&site, port, &["--go", "--vendor", "yealink", "--via", "asterisk"]);
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}:/usr/sbin", asterisk.bin().display()));
        command
    };
    // Without the endpoint Asterisk would say that it sends, and send nothing.
    let output = process::run(&mut by(&Asterisk::start(&[], false)));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("it has no endpoint \"default_outbound_endpoint\""), "{said}");
    let (found, code) = outcomes(&mut by(&site.registrar));
    assert_eq!(
        (found[0].1.as_str(), code),
        ("fetched", Some(0)),
        "{found:?}\n{}",
        site.registrar.log()
    );
    let report = stays.ended();
    let steps = report["steps"].as_array().expect("steps");
    let notify = steps.iter().find(|step| step["name"] == "SIP NOTIFY").expect("its NOTIFY");
    assert!(
        notify["text"]
            .as_str()
            .is_some_and(|text| text.starts_with("\"check-sync;reboot=false\" from 127.0.0.1")),
        "{notify:#}"
    );
}
