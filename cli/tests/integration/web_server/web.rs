//! A tree and a server for it, in a folder that goes with them.
//!
//! Each has its own port of loopback, and one process that ends with it.

use std::ffi::OsString;
use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use offhook_core::Mac;
use offhook_core::token::{MasterKey, Minter};
use offhook_test_kit::port::Port;
use offhook_test_kit::process::listens;

pub const KEY: &str = "5b1f0d0a4f7c4f0e9d6a1c2b3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f607";
pub const OLD_KEY: &str = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
pub const PHONE: &str = "0015650a0b0c";
pub const OTHER: &str = "0015650a0b0d";

/// An elliptic curve's key, which is made at once.
const KEY_ARGUMENTS: [&str; 5] =
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

const LIST: &str = "mac,user,password,display-name,model
0015650a0b0c,1001,geheim-1,Zoe,T46S
0015650a0b0d,1002,geheim-2,Bob,T46S
0004f20a0b0e,1003,geheim-3,Eve,VVX450
";

pub const FLAT: &str = r#"{
  "systems": [{ "system": "files", "url": "https://localhost:PORT/phones/" }],
  "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/30"] } }]
}"#;

pub struct Web {
    pub folder: tempfile::TempDir,
    pub port: u16,
    /// The last of them is `port`.
    held: Vec<Port>,
    pub server: Option<Child>,
}

impl Drop for Web {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Web {
    /// A tree by this policy (`PORT` and `DIR` in it filled in), and an nginx that serves it.
    pub fn start(policy: &str, more: &[&str]) -> Web {
        Web::start_with(policy, LIST, &[], more)
    }

    /// The same for other phones, some of them by vendors of the test's own.
    pub fn start_with(policy: &str, list: &str, overlay: &[(&str, &str)], more: &[&str]) -> Web {
        Web::try_start(policy, list, overlay, more).expect("offhook generate writes the tree")
    }

    /// `None` if `offhook generate` writes no tree.
    pub fn try_start(
        policy: &str,
        list: &str,
        overlay: &[(&str, &str)],
        more: &[&str],
    ) -> Option<Web> {
        // Another process may take the port in between: then once more.
        for _ in 0..5 {
            let mut web = Web::bare();
            web.policy(policy);
            fs::write(web.path("list.csv"), list).unwrap();
            for (name, text) in overlay {
                let path = web.path("overlay").join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            let generate = ["generate", "--phones", "list.csv", "--out", "tree"];
            if !web.command(&generate).output().unwrap().status.success() {
                return None;
            }
            web.configure(more);
            if web.run() {
                return Some(web);
            }
        }
        panic!("nginx does not start");
    }

    /// A folder with keys and certificates, and neither a tree nor a server.
    pub fn bare() -> Web {
        let mut web =
            Web { folder: tempfile::tempdir().unwrap(), port: 0, held: Vec::new(), server: None };
        web.other_port();
        web.certificates();
        web.write("key", KEY);
        web.write("old-key", OLD_KEY);
        web
    }

    /// From now on at another port; those before stay this value's own.
    pub fn other_port(&mut self) {
        let port = Port::new();
        self.port = port.number();
        self.held.push(port);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o640)).unwrap();
    }

    pub fn policy(&self, text: &str) {
        let dir = self.folder.path().display().to_string();
        let text = text.replace("PORT", &self.port.to_string()).replace("DIR", &dir);
        fs::write(self.path("policy.json"), text).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        command.current_dir(self.folder.path()).args(arguments).args(["--policy", "policy.json"]);
        if self.path("overlay").exists() {
            command.args(["--vendors-directory", "overlay"]);
        }
        command
    }

    pub fn offhook(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn configure(&self, more: &[&str]) {
        let log = self.path("phones.log").display().to_string();
        let secrets = self.path("secrets.conf").display().to_string();
        let mut arguments = vec!["web-server", "nginx", "--root", "tree", "--log", &log];
        arguments.extend(["--certificate", "server.pem", "--certificate-key", "server.key"]);
        arguments.extend(["--secrets", &secrets]);
        arguments.extend(more);
        self.include(&self.offhook(&arguments));
    }

    /// An nginx.conf around what `offhook web-server nginx` printed.
    pub fn include(&self, block: &str) {
        let dir = format!("{}/", self.folder.path().display());
        let block =
            block.replace("ssl_certificate server", &format!("ssl_certificate {dir}server"));
        let block = block
            .replace("ssl_certificate_key server", &format!("ssl_certificate_key {dir}server"));
        assert!(!block.contains(KEY) && !block.contains("geheim"));
        fs::write(self.path("offhook.conf"), block).unwrap();
        let main = format!(
            "daemon off;\nmaster_process off;\npid {dir}nginx.pid;\nerror_log {dir}error.log;\n\
             events {{}}\nhttp {{\n  client_body_temp_path {dir}body;\n  proxy_temp_path {dir}proxy;\n  \
             fastcgi_temp_path {dir}fastcgi;\n  uwsgi_temp_path {dir}uwsgi;\n  \
             scgi_temp_path {dir}scgi;\n  access_log off;\n  include {dir}offhook.conf;\n}}\n"
        );
        fs::write(self.path("nginx.conf"), main).unwrap();
    }

    pub fn run(&mut self) -> bool {
        let conf = self.path("nginx.conf");
        let child = Command::new("nginx")
            .args(["-e", "stderr", "-c"])
            .arg(&conf)
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.path("stderr")).unwrap())
            .spawn()
            .expect("nginx (scripts/deps demo)");
        let child = self.server.insert(child);
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            if listens(child.id(), self.port) {
                return true;
            }
            if child.try_wait().unwrap().is_some() {
                let said = fs::read_to_string(self.path("stderr")).unwrap();
                assert!(said.contains("Address already in use"), "nginx: {said}");
                self.server = None;
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("nginx does not answer");
    }

    /// A Caddy in the place of nginx, for the same tree.
    pub fn restart_as_caddy(&mut self, more: &[&str]) {
        self.stop();
        let dir = self.folder.path().display().to_string();
        let file = |name: &str| format!("{dir}/{name}");
        let (log, certificate, key) = (file("caddy.log"), file("server.pem"), file("server.key"));
        let mut arguments = vec!["web-server", "caddy", "--root", "tree", "--log", &log];
        arguments.extend(["--certificate", &certificate, "--certificate-key", &key]);
        arguments.extend(more);
        self.run_caddy(&self.offhook(&arguments));
    }

    /// A Caddy with what `offhook web-server caddy` printed.
    pub fn run_caddy(&mut self, block: &str) {
        let dir = self.folder.path().display().to_string();
        let file = |name: &str| format!("{dir}/{name}");
        let global = format!(
            "{{\n\tadmin off\n\tauto_https off\n\tstorage file_system {dir}/caddy\n{}}}\n",
            own_log(block)
        );
        fs::write(self.path("Caddyfile"), global + block).unwrap();
        let child = Command::new("caddy")
            .args(["run", "--adapter", "caddyfile", "--config", &file("Caddyfile")])
            .env("HOME", &dir)
            .env("XDG_DATA_HOME", &dir)
            .env("XDG_CONFIG_HOME", &dir)
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.path("caddy.stderr")).unwrap())
            .spawn()
            .expect("caddy (scripts/deps test)");
        let child = self.server.insert(child);
        let until = Instant::now() + Duration::from_secs(20);
        while !listens(child.id(), self.port) {
            let said = || fs::read_to_string(self.folder.path().join("caddy.stderr")).unwrap();
            assert!(child.try_wait().unwrap().is_none(), "caddy: {}", said());
            assert!(Instant::now() < until, "caddy does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// Another policy, tree and configuration for the same port.
    pub fn restart(&mut self, policy: &str, more: &[&str]) {
        self.stop();
        self.policy(policy);
        self.offhook(&["generate", "--phones", "list.csv", "--out", "tree"]);
        self.configure(more);
        assert!(self.run());
    }

    /// A server's certificate, a maker's authority, and one that only calls itself the same. Made once, with their
    /// phones', and written for each test.
    fn certificates(&self) {
        static MADE: OnceLock<Vec<(OsString, Vec<u8>)>> = OnceLock::new();
        let made = MADE.get_or_init(|| {
            self.new_certificates();
            let entries = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap());
            entries.map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap())).collect()
        });
        for (name, content) in made {
            fs::write(self.folder.path().join(name), content).unwrap();
        }
    }

    fn new_certificates(&self) {
        let new = |name: &str, subject: &str| {
            let [key, certificate] = [format!("{name}.key"), format!("{name}.pem")];
            let files = ["-keyout", &key, "-out", &certificate, "-subj", subject, "-days", "2"];
            self.openssl(&[&["req", "-x509"], &KEY_ARGUMENTS[..], &files[..]].concat());
        };
        new("server", "/CN=localhost");
        new("maker", "/O=Maker/CN=Manufacturing CA");
        new("foreign-ca", "/O=Maker/CN=Manufacturing CA");
        self.certify("phone", "/OU=Equipment/CN=00:15:65:0A:0B:0C", "maker");
        self.certify("other", "/CN=0015650a0b0d/OU=Equipment", "maker");
    }

    /// A phone's certificate, `<name>.pem` and `<name>.key`, with this subject by this authority.
    pub fn certify(&self, name: &str, subject: &str, authority: &str) {
        let [key, request, certificate] =
            ["key", "csr", "pem"].map(|ending| format!("{name}.{ending}"));
        let files = ["-keyout", &key, "-out", &request, "-subj", subject];
        self.openssl(&[&["req", "-new"], &KEY_ARGUMENTS[..], &files[..]].concat());
        let [ca, ca_key] = ["pem", "key"].map(|ending| format!("{authority}.{ending}"));
        let mut sign = vec!["x509", "-req", "-in", &request, "-CA", &ca, "-CAkey", &ca_key];
        sign.extend(["-CAcreateserial", "-days", "2", "-out", &certificate]);
        self.openssl(&sign);
    }

    fn openssl(&self, arguments: &[&str]) {
        let done = Command::new("openssl").args(arguments).current_dir(self.folder.path()).output();
        let done = done.expect("openssl (make deps)");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// The status for the owner of a certificate of [`Web::certify`].
    pub fn status_for(&self, name: &str, path: &str) -> u16 {
        let [certificate, key] = ["pem", "key"].map(|ending| format!("{name}.{ending}"));
        self.get(path, &["--cert", &certificate, "--key", &key]).0
    }

    /// The status and body of a request, sent exactly as written.
    pub fn get(&self, path: &str, more: &[&str]) -> (u16, String) {
        self.fetch(&format!("https://localhost:{}{path}", self.port), more)
    }

    /// The same from another port, or without TLS.
    pub fn fetch(&self, url: &str, more: &[&str]) -> (u16, String) {
        let output = Command::new("curl")
            .args(["-sk", "--path-as-is", "--max-time", "10", "-w", "\n%{http_code}"])
            .args(more)
            .args(["-4", url])
            .current_dir(self.folder.path())
            .output()
            .expect("curl");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse().unwrap_or(0), body.to_owned())
    }

    /// The statuses and bodies of many requests, by one curl, sent exactly as written.
    pub fn get_all(&self, paths: &[String], more: &[String]) -> Vec<(u16, String)> {
        const END: &str = "~~~end~~~";
        let url = |path: &String| format!("url = \"https://localhost:{}{path}\"\n", self.port);
        fs::write(self.path("urls"), paths.iter().map(url).collect::<String>()).unwrap();
        let output = Command::new("curl")
            .args(["-sk", "-4", "-g", "--http1.1", "--path-as-is", "--max-time", "60"])
            .args(["-w", &format!("{END}%{{http_code}}\n"), "-K", "urls"])
            .args(more)
            .current_dir(self.folder.path())
            .output()
            .expect("curl");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut answers = Vec::new();
        let mut rest = text.as_str();
        while let Some((body, after)) = rest.split_once(END) {
            let (status, next) = after.split_once('\n').unwrap();
            answers.push((status.parse().unwrap_or(0), body.to_owned()));
            rest = next;
        }
        assert_eq!(answers.len(), paths.len());
        answers
    }

    pub fn status(&self, path: &str) -> u16 {
        self.get(path, &[]).0
    }
}

/// The global options that `offhook web-server caddy` requests in a comment.
fn own_log(block: &str) -> String {
    let lines = block.lines().skip_while(|line| *line != "# {").skip(1);
    let lines = lines.take_while(|line| *line != "# }").filter_map(|line| line.strip_prefix('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

pub fn token(key: &str, epoch: &str, address: bool, mac: &str) -> String {
    let key = MasterKey::from_text(key.as_bytes()).unwrap();
    let minter = Minter::of(&key, epoch, address);
    let token = minter.mint(Mac::parse(mac).unwrap(), Some(Ipv4Addr::LOCALHOST)).unwrap();
    String::from_utf8(token.0.to_vec()).unwrap()
}

pub fn refused(status: u16) -> bool {
    matches!(status, 403 | 404)
}
