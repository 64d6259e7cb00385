//! One site on loopback: Kea with the hook, nginx as `offhook web-server` configures it, Kamailio with the line of
//! examples/, and phones in software that speak from their leased addresses.

use crate::peers::kea::{Kea, Setup};
use crate::peers::phone_files::PhoneFiles;
use crate::peers::process;
use crate::peers::product::command_line;
use crate::peers::registrar::{PASSWORD, Registrar};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU8, Ordering};

pub struct Site<R = Registrar> {
    pub kea: Kea,
    pub web: PhoneFiles,
    pub registrar: R,
    relays: AtomicU8,
}

/// A phone of the list.
pub struct Listed {
    pub mac: String,
    pub vendor: &'static str,
    pub model: &'static str,
    pub user: String,
    pub password: String,
}

impl Listed {
    pub fn new(vendor: &'static str, model: &'static str, mac: &str, user: u32) -> Listed {
        let (mac, password) = (mac.to_owned(), PASSWORD.to_owned());
        Listed { mac, vendor, model, user: user.to_string(), password }
    }
}

impl<R> Site<R> {
    /// A site whose phones register at this port of 127.0.0.1.
    pub fn of(phones: &[Listed], port: u16, registrar: R) -> Site<R> {
        let policy = json!({
            "systems": [{ "system": "files", "url": "http://127.0.0.1:PORT/phones/" }],
            "sites": [{ "name": "branch-7", "match": { "networks": ["127.1.0.0/16"] } }],
            "phone-settings": { "server": "127.0.0.1", "port": port, "transport": "udp" },
        });
        let mut list = "mac,vendor,model,user,password\n".to_owned();
        for Listed { mac, vendor, model, user, password } in phones {
            list += &format!("{mac},{vendor},{model},{user},{password}\n");
        }
        let web = PhoneFiles::start(&policy.to_string(), &list);
        let setup = Setup::new().kea_library("libdhcp_lease_cmds.so", None);
        let kea = setup.offhook_with(json!({ "policy-file": web.policy() })).start();
        Site { kea, web, registrar, relays: AtomicU8::new(1) }
    }

    pub fn web_log(&self) -> PathBuf {
        self.web.folder.join("phones.log")
    }

    /// `offhook emulate` as this site's relay, from the leased address.
    pub fn emulate(&self, words: &[&str]) -> Command {
        let mut command = process::command(command_line());
        command.args(["emulate", "--json", "--own-address"]);
        command.args(["--server", &format!("127.0.0.1:{}", self.kea.port())]);
        // A relay of its own, for several run at a time.
        let relay = self.relays.fetch_add(1, Ordering::Relaxed);
        command.args(["--relay", &format!("127.1.3.{relay}:{}", self.kea.client_port())]);
        command.args(words);
        command
    }

    pub fn boot(&self, phone: &Listed, words: &[&str]) -> Output {
        let own = ["--vendor", phone.vendor, "--model", phone.model, "--mac", &phone.mac];
        process::run(&mut self.emulate(&[&own[..], words].concat()))
    }
}

impl Site {
    pub fn start(phones: &[Listed]) -> Site {
        let registrar = Registrar::of_users("^1[0-9]{3,4}$");
        Site::of(phones, registrar.port, registrar)
    }

    /// `offhook report` over everything of this site.
    pub fn report(&self, words: &[&str]) -> Command {
        let mut command = process::command(command_line());
        command.arg("report").arg("--kea").arg(self.kea.socket());
        command.arg("--web-log").arg(self.web_log());
        command.arg("--sip-log").arg(self.registrar.log_file());
        command.args(words);
        command
    }

    /// The report's data.
    pub fn data(&self) -> Value {
        let text = process::run_well(
            self.report(&["--json"])
                .arg("--policy")
                .arg(self.web.policy())
                .arg("--phones")
                .arg(self.web.folder.join("phones.csv")),
        );
        serde_json::from_str(&text).expect("the report's JSON")
    }
}
