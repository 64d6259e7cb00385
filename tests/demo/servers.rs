//! The real servers of the demo, on loopback and without root: Kea with the hook and one without,
//! dnsmasq with what the companion rendered, nginx, Kamailio.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::cast::{FILES, PASCOM, PORTSIP_SITE, SITES, Site};
use crate::peers::dnsmasq::{self, Dnsmasq};
use crate::peers::folder::Folder;
use crate::peers::kea::{Kea, Setup};
use crate::peers::port::Port;
use crate::peers::process::{self, Process, wait_for};
use crate::peers::product::command_line;
use crate::peers::registrar::{PASSWORD, Registrar};
use crate::peers::web;

const POLICY: &str = include_str!("../../examples/demo.json");
/// Every phone is a user of its own: 1000 and its place.
const USERS: &str = "^10[0-9][0-9]$";

pub struct Servers {
    pub kea: Kea,
    /// The same without the hook.
    pub bare: Kea,
    pub dnsmasq: Dnsmasq,
    pub files: Files,
    pub registrar: Registrar,
    _nginx: Process,
    _ports: [Port; 2],
}

/// What is written, and where.
pub struct Files {
    pub places: Places,
    folder: Folder,
}

/// Where things are this time.
pub struct Places {
    /// The telephone system of the sites that have one: an address that is the demo's alone.
    pub pbx: Ipv4Addr,
    /// The port of the system at "portsip"; that of pascom is the maker's.
    pub portsip: u16,
    /// Of our own files.
    pub tls: u16,
    pub registrar: u16,
}

const PASCOM_PORT: u16 = 8880;

impl Places {
    /// `PBX`, `PORTSIP` and `TLS` filled in.
    pub fn fill(&self, text: &str) -> String {
        text.replace("PBX", &self.pbx.to_string())
            .replace("PORTSIP", &format!("{}:{}", self.pbx, self.portsip))
            .replace("TLS", &self.tls.to_string())
    }

    /// examples/demo.json for this machine.
    fn policy(&self) -> String {
        let mut policy = POLICY.to_owned();
        for (there, here) in [
            ("10.0.0.5", "PBX"),
            ("pbx.example.com:8888", "PORTSIP"),
            ("provision.example.com", "127.0.0.1:TLS"),
            ("sip.example.com", "127.0.0.1"),
            ("5060", &self.registrar.to_string()),
        ] {
            assert!(policy.contains(there), "examples/demo.json: expected {there} in it");
            policy = policy.replace(there, &self.fill(here));
        }
        policy
    }
}

/// The address of a site's relay.
pub fn relay(site: &Site) -> Ipv4Addr {
    Ipv4Addr::new(127, site.number, 0, 1)
}

impl Servers {
    pub fn start() -> Servers {
        let registrar = Registrar::of_users(USERS);
        let ports = [Port::new(), Port::new()];
        let places = Places {
            pbx: pbx(),
            portsip: ports[0].number(),
            tls: ports[1].number(),
            registrar: registrar.port,
        };
        let folder = Folder::new();
        web::certificates(&folder);
        let policy = folder.write("policy.json", places.policy());
        let subnets = SITES.map(|site| {
            let n = site.number;
            json!({ "id": n, "subnet": format!("127.{n}.0.0/16"),
                "pools": [{ "pool": format!("127.{n}.100.1 - 127.{n}.199.254") }] })
        });
        let lease_cmds = "libdhcp_lease_cmds.so";
        let setup = || Setup::new().kea_library(lease_cmds, None);
        let kea = || setup().edit(|dhcp4| dhcp4["subnet4"] = json!(subnets));
        let ranges = SITES.map(|site| {
            let n = site.number;
            format!("set:oh_at-{},127.{n}.100.1,127.{n}.199.254,255.255.0.0,1h", site.name)
        });
        let dnsmasq = dnsmasq::Setup::new().ranges(&ranges.each_ref().map(String::as_str));
        let dnsmasq = dnsmasq.offhook(&places.policy()).start();
        let files = Files { places, folder };
        files.write();
        Servers {
            kea: kea().offhook_with(json!({ "policy-file": policy })).start(),
            bare: kea().start(),
            dnsmasq,
            _nginx: files.serve(),
            _ports: ports,
            files,
            registrar,
        }
    }
}

impl Files {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The policy's own files with this password for the Polycom; what `offhook generate` said.
    pub fn generate(&self, password: &str) -> String {
        self.folder.write("phones.csv", list(&FILES, password));
        self.offhook(&["generate", "--policy", "policy.json", "--phones", "phones.csv"], "tree")
    }

    /// The telephone system's files: generated too, and laid where that system has them.
    fn write(&self) {
        self.generate(PASSWORD);
        let base = self.places.fill("http://PBX:8880/p/acme/");
        let policy = json!({ "systems": [{ "system": "files", "url": base }],
            "phone-settings": { "server": "127.0.0.1", "port": self.places.registrar, "transport": "udp" } });
        self.folder.write("pbx.json", policy.to_string());
        for site in [&PASCOM, &PORTSIP_SITE] {
            let phones = format!("{}.csv", site.name);
            self.folder.write(&phones, list(site, PASSWORD));
            let words = ["generate", "--policy", "pbx.json", "--phones", &phones];
            self.offhook(&words, site.name);
        }
        let pascom = self.path("pascom");
        let copy = |from: &str, to: &str| {
            fs::copy(pascom.join(from), pascom.join(to)).expect("the file that was written");
        };
        copy("snom320-000413010203.htm", "000413010203");
    }

    fn offhook(&self, words: &[&str], out: &str) -> String {
        let mut command = process::command(command_line());
        command.current_dir(self.folder.path()).args(words).args(["--out", out]);
        process::run_well(&mut command).trim_end().to_owned()
    }

    fn serve(&self) -> Process {
        let mut command = process::command(command_line());
        command.current_dir(self.folder.path()).args(["web-server", "nginx", "--root", "tree"]);
        command.args(["--policy", "policy.json", "--allow", "127.0.0.0/8"]);
        command.arg("--log").arg(self.path("phones.log"));
        command.arg("--certificate").arg(self.path("server.pem"));
        command.arg("--certificate-key").arg(self.path("server.key"));
        self.folder.write("offhook.conf", process::run_well(&mut command));
        let dir = self.folder.path().display();
        let temps = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {dir}/{what};"));
        let pbx = self.places.pbx;
        let system = |port: u16, path: &str, site: &Site| {
            format!(
                "server {{ listen {pbx}:{port}; access_log {dir}/pbx.log combined; \
                 location {path} {{ alias {dir}/{}/; }} }}",
                site.name
            )
        };
        let conf = format!(
            "daemon off; master_process off; pid {dir}/nginx.pid;\nevents {{}}\nhttp {{ {} \
             access_log off; include {dir}/offhook.conf; {} {} }}\n",
            temps.join(" "),
            system(PASCOM_PORT, "/p/acme/", &PASCOM),
            system(self.places.portsip, "/provision/R2Xu8aVV20Jka/", &PORTSIP_SITE),
        );
        let conf = self.folder.write("nginx.conf", conf);
        let log = self.path("nginx.log");
        let mut command = process::command("nginx");
        let mut process =
            Process::start("nginx", command.args(["-e", "stderr", "-c"]).arg(conf), &log);
        wait_for("nginx answers", Duration::from_secs(20), || {
            if process.finished().is_some() {
                let said = fs::read_to_string(&log).unwrap_or_default();
                panic!("expected nginx to start (its ports free), found {said}");
            }
            process::listens(process.id(), self.places.tls).then_some(())
        });
        process
    }
}

/// The phones of a site as `offhook generate` reads them: those with a known form.
fn list(site: &Site, password: &str) -> String {
    let mut list = "mac,vendor,model,site,user,password,display-name\n".to_owned();
    let known = |vendor: &str| {
        let files =
            format!("{}/core/catalogue/vendors/{vendor}/files.toml", env!("CARGO_MANIFEST_DIR"));
        Path::new(&files).exists()
    };
    let site_name = if site.number == FILES.number { FILES.name } else { "" };
    for (place, phone) in site.phones.iter().enumerate().filter(|(_, phone)| known(phone.vendor)) {
        let (mac, vendor, model, user) = (phone.mac, phone.vendor, phone.model, 1001 + place);
        list += &format!("{mac},{vendor},{model},{site_name},{user},{password},Front Desk\n");
    }
    list
}

/// An address without a listener: pascom's port is the same everywhere.
fn pbx() -> Ipv4Addr {
    let [.., a, b, c] = std::process::id().to_be_bytes();
    let own = (0..200u8).map(|more| Ipv4Addr::new(127, 200 + more % 50, b ^ a, c));
    let free = |address: &Ipv4Addr| TcpListener::bind((*address, PASCOM_PORT)).is_ok();
    let found = own.into_iter().find(free);
    found.unwrap_or_else(|| {
        panic!("expected port {PASCOM_PORT} (pascom's) to be free, found it taken on this machine")
    })
}
