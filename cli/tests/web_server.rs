//! `offhook web-server nginx` in a real nginx: who gets a phone's files, and who does not.
//!
//! Each test has its own nginx on its own free port of loopback, in one process that ends with it.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test fails by panic")]

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use offhook_core::token::{MasterKey, Minter};
use offhook_core::{Mac, builtin};

const KEY: &str = "5b1f0d0a4f7c4f0e9d6a1c2b3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f607";
const OLD_KEY: &str = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
const PHONE: &str = "0015650a0b0c";
const OTHER: &str = "0015650a0b0d";

const LIST: &str = "mac,user,password,display-name,model
0015650a0b0c,1001,geheim-1,Zoe,T46S
0015650a0b0d,1002,geheim-2,Bob,T46S
0004f20a0b0e,1003,geheim-3,Eve,VVX450
";

struct Web {
    folder: tempfile::TempDir,
    port: u16,
    nginx: Option<Child>,
}

impl Drop for Web {
    fn drop(&mut self) {
        if let Some(nginx) = &mut self.nginx {
            let _ = nginx.kill();
            let _ = nginx.wait();
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl Web {
    /// A tree by this policy (`PORT` and `DIR` in it filled in), and an nginx that serves it.
    fn start(policy: &str, more: &[&str]) -> Web {
        // Another process may take the port in between: then once more.
        for _ in 0..5 {
            let mut web =
                Web { folder: tempfile::tempdir().unwrap(), port: free_port(), nginx: None };
            web.write("key", KEY);
            web.write("old-key", OLD_KEY);
            web.policy(policy);
            fs::write(web.path("list.csv"), LIST).unwrap();
            web.certificates();
            web.offhook(&["generate", "--phones", "list.csv", "--out", "tree"]);
            web.configure(more);
            if web.run() {
                return web;
            }
        }
        panic!("nginx does not start");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o640)).unwrap();
    }

    fn policy(&self, text: &str) {
        let dir = self.folder.path().display().to_string();
        let text = text.replace("PORT", &self.port.to_string()).replace("DIR", &dir);
        fs::write(self.path("policy.json"), text).unwrap();
    }

    fn offhook(&self, arguments: &[&str]) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
            .current_dir(self.folder.path())
            .args(arguments)
            .args(["--policy", "policy.json"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn configure(&self, more: &[&str]) {
        let log = self.path("phones.log").display().to_string();
        let secrets = self.path("secrets.conf").display().to_string();
        let mut arguments = vec!["web-server", "nginx", "--root", "tree", "--log", &log];
        arguments.extend(["--certificate", "server.pem", "--certificate-key", "server.key"]);
        arguments.extend(["--secrets", &secrets]);
        arguments.extend(more);
        let dir = format!("{}/", self.folder.path().display());
        let block = self.offhook(&arguments);
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

    fn run(&mut self) -> bool {
        let conf = self.path("nginx.conf");
        let child = Command::new("nginx")
            .args(["-e", "stderr", "-c"])
            .arg(&conf)
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.path("stderr")).unwrap())
            .spawn()
            .expect("nginx (scripts/deps demo)");
        let child = self.nginx.insert(child);
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            if child.try_wait().unwrap().is_some() {
                let said = fs::read_to_string(self.path("stderr")).unwrap();
                assert!(said.contains("Address already in use"), "nginx: {said}");
                self.nginx = None;
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("nginx does not answer");
    }

    /// Another policy, tree and configuration for the same port.
    fn restart(&mut self, policy: &str, more: &[&str]) {
        if let Some(mut nginx) = self.nginx.take() {
            nginx.kill().unwrap();
            nginx.wait().unwrap();
        }
        self.policy(policy);
        self.offhook(&["generate", "--phones", "list.csv", "--out", "tree"]);
        self.configure(more);
        assert!(self.run());
    }

    /// A server's certificate, an authority of a maker, two phones' certificates by it and one by
    /// somebody else, all made now.
    fn certificates(&self) {
        let script = r#"set -e
          new() { openssl req -quiet -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "$@" 2>/dev/null \
            || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "$@"; }
          new -keyout server.key -out server.pem -subj /CN=localhost
          new -keyout maker.key -out maker.pem -subj "/O=Maker/CN=Manufacturing CA"
          new -keyout foreign-ca.key -out foreign-ca.pem -subj "/O=Maker/CN=Manufacturing CA"
          leaf() { openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $1.key -out $1.csr -subj "$2"
            openssl x509 -req -in $1.csr -CA $3.pem -CAkey $3.key -CAcreateserial -days 2 -out $1.pem; }
          leaf phone "/OU=Equipment/CN=00:15:65:0A:0B:0C" maker
          leaf other "/CN=0015650a0b0d/OU=Equipment" maker
          leaf foreign "/CN=0015650a0b0c" foreign-ca"#;
        let done =
            Command::new("sh").arg("-c").arg(script).current_dir(self.folder.path()).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// The status and body of a request, sent to the letter.
    fn get(&self, path: &str, more: &[&str]) -> (u16, String) {
        let output = Command::new("curl")
            .args(["-sk", "--path-as-is", "--max-time", "10", "-w", "\n%{http_code}"])
            .args(more)
            .arg(format!("https://localhost:{}{path}", self.port))
            .args(["--resolve", &format!("localhost:{}:127.0.0.1", self.port)])
            .current_dir(self.folder.path())
            .output()
            .expect("curl");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.parse().unwrap_or(0), body.to_owned())
    }

    fn status(&self, path: &str) -> u16 {
        self.get(path, &[]).0
    }
}

fn token(key: &str, epoch: &str, address: bool, mac: &str) -> String {
    let key = MasterKey::from_text(key.as_bytes()).unwrap();
    let minter = Minter::of(&key, epoch, address);
    let token = minter.mint(Mac::parse(mac).unwrap(), Some(Ipv4Addr::LOCALHOST)).unwrap();
    String::from_utf8(token.0.to_vec()).unwrap()
}

fn refused(status: u16) -> bool {
    matches!(status, 403 | 404)
}

const FLAT: &str = r#"{
  "systems": [{ "system": "files", "url": "https://localhost:PORT/phones/" }],
  "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/30"] } }]
}"#;

#[test]
fn a_plain_tree_is_served_and_nothing_else() {
    let web = Web::start(FLAT, &[]);
    let (status, body) = web.get(&format!("/phones/{PHONE}.cfg"), &["-D", "headers"]);
    assert_eq!(status, 200);
    assert!(body.contains("account.1.password = geheim-1"));
    let headers = fs::read_to_string(web.path("headers")).unwrap().to_ascii_lowercase();
    assert!(headers.contains("content-type: text/plain; charset=utf-8"), "{headers}");
    assert!(headers.contains("accept-ranges: bytes"), "{headers}");
    assert!(!headers.contains("nginx/"), "{headers}");
    let (status, part) = web.get(&format!("/phones/{PHONE}.cfg"), &["-r", "0-8"]);
    assert_eq!((status, part.as_str()), (206, "#!version"));
    assert_eq!(web.status("/phones/000000000000.cfg"), 200);
    for path in [
        "/phones/",
        "/phones",
        "/",
        "/phones/.offhook/manifest",
        "/phones/.offhook/",
        &format!("/phones//{PHONE}.cfg"),
        &format!("//phones/{PHONE}.cfg"),
        &format!("/phones/../phones/{PHONE}.cfg"),
        &format!("/phones/x/../{PHONE}.cfg"),
        &format!("/phones/%2e%2e/phones/{PHONE}.cfg"),
        "/phones/%30015650a0b0c.cfg",
        "/phones/../policy.json",
        "/phones/..%2fpolicy.json",
        "/policy.json",
        &format!("/phones/{}.cfg", PHONE.to_uppercase()),
        &format!("/PHONES/{PHONE}.cfg"),
        &format!("/phones/{PHONE}"),
        &format!("/phones/{PHONE}.cfg/"),
        &format!("/phones/{PHONE}.cfg%00"),
        "/phones/\\..\\policy.json",
    ] {
        let status = web.status(path);
        assert!(refused(status) || status == 400, "{path}: {status}");
    }
    // Uploads.
    for method in ["PUT", "POST", "DELETE", "MKCOL"] {
        let (status, _) = web.get(&format!("/phones/{PHONE}.cfg"), &["-X", method, "-d", "x"]);
        assert_eq!(status, 405, "{method}");
    }
    // From outside of the sites' networks.
    let (status, _) = web.get(&format!("/phones/{PHONE}.cfg"), &["--interface", "127.0.0.9"]);
    assert_eq!(status, 403);
    // A link in the tree is not followed.
    std::os::unix::fs::symlink(web.path("policy.json"), web.path("tree/link.cfg")).unwrap();
    assert!(refused(web.status("/phones/link.cfg")));
    let log = fs::read_to_string(web.path("phones.log")).unwrap();
    assert!(log.contains(&format!(" 127.0.0.1 {PHONE} 200 ")), "{log}");
    assert!(log.contains(" 127.0.0.1 - 200 ") && log.contains("GET 000000000000.cfg"), "{log}");
}

const TOKENS: &str = r#"{
  "systems": [{ "system": "files", "url": "https://localhost:PORT/p/{{mac}}/{{token}}/" }],
  "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/8"] } }],
  "file-access": { "token": { "key-file": "DIR/key", "address": true, "epoch": "2026-11" } }
}"#;

#[test]
fn a_token_opens_its_own_phones_folder_and_no_other() {
    let mut web = Web::start(TOKENS, &[]);
    let good = token(KEY, "2026-11", true, PHONE);
    let (status, body) = web.get(&format!("/p/{PHONE}/{good}/{PHONE}.cfg"), &[]);
    assert_eq!(status, 200);
    assert!(body.contains("geheim-1"));
    assert_eq!(web.status(&format!("/p/{PHONE}/{good}/{PHONE}.boot")), 200);
    let polycom = "0004f20a0b0e";
    let its = token(KEY, "2026-11", true, polycom);
    assert_eq!(web.status(&format!("/p/{polycom}/{its}/000000000000.cfg")), 200);
    let cut = &good[..good.len() - 1];
    let mut bent = good.clone();
    bent.replace_range(2..3, if good.get(2..3) == Some("A") { "B" } else { "A" });
    for (what, path) in [
        ("another phone's folder", format!("/p/{OTHER}/{good}/{OTHER}.cfg")),
        ("another phone's file", format!("/p/{PHONE}/{good}/{OTHER}.cfg")),
        ("no token", format!("/p/{PHONE}/{PHONE}.cfg")),
        ("an empty token", format!("/p/{PHONE}//{PHONE}.cfg")),
        ("a cut token", format!("/p/{PHONE}/{cut}/{PHONE}.cfg")),
        ("a longer token", format!("/p/{PHONE}/{good}A/{PHONE}.cfg")),
        ("a bent token", format!("/p/{PHONE}/{bent}/{PHONE}.cfg")),
        ("a token in another case", format!("/p/{PHONE}/{}/{PHONE}.cfg", good.to_uppercase())),
        ("an old epoch", format!("/p/{PHONE}/{}/{PHONE}.cfg", token(KEY, "2026-10", true, PHONE))),
        (
            "another key",
            format!("/p/{PHONE}/{}/{PHONE}.cfg", token(OLD_KEY, "2026-11", true, PHONE)),
        ),
        (
            "no address in it",
            format!("/p/{PHONE}/{}/{PHONE}.cfg", token(KEY, "2026-11", false, PHONE)),
        ),
        ("upper case", format!("/p/{}/{good}/{PHONE}.cfg", PHONE.to_uppercase())),
        ("double slash", format!("/p/{PHONE}/{good}//{PHONE}.cfg")),
        ("..", format!("/p/{PHONE}/{good}/../../{OTHER}/{PHONE}.cfg")),
        (".. that ends where it may", format!("/p/{PHONE}/{good}/x/../{PHONE}.cfg")),
        (".. escaped", format!("/p/{PHONE}/{good}/%2e%2e/{PHONE}.cfg")),
        ("a listing", format!("/p/{PHONE}/{good}/")),
        ("a token in the place of a file", format!("/p/{PHONE}/{good}")),
        ("the tree without tokens", format!("/p/{OTHER}/{OTHER}.cfg")),
        ("offhook's notes", "/p/.offhook/manifest".to_owned()),
    ] {
        let status = web.status(&path);
        assert!(refused(status), "{what}: {status}");
    }
    let (status, _) =
        web.get(&format!("/p/{PHONE}/{good}/{PHONE}.cfg"), &["--interface", "127.0.0.2"]);
    assert_eq!(status, 403, "another address");
    // No log has a token in it, whatever was asked for.
    for name in ["phones.log", "phones.error", "error.log", "stderr"] {
        let log = fs::read_to_string(web.path(name)).unwrap_or_default();
        assert!(!log.contains(&good) && !log.contains(&bent), "{name}: {log}");
    }
    assert!(fs::read_to_string(web.path("phones.log")).unwrap().contains(&format!("{PHONE} 200")));
    let mode = fs::metadata(web.path("secrets.conf")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // While two keys and two epochs are valid, all four tokens are; without them only the new one.
    let rotating = TOKENS
        .replace("DIR/key", "DIR/old-key")
        .replace(
            "\"epoch\"",
            "\"previous-key-file\": \"DIR/key\", \"previous-epoch\": \"2026-11\", \"epoch\"",
        )
        .replace("\"epoch\": \"2026-11\"", "\"epoch\": \"2026-12\"");
    web.restart(&rotating, &[]);
    let file = |token: &str| format!("/p/{PHONE}/{token}/{PHONE}.cfg");
    for (key, epoch) in
        [(OLD_KEY, "2026-12"), (OLD_KEY, "2026-11"), (KEY, "2026-12"), (KEY, "2026-11")]
    {
        assert_eq!(web.status(&file(&token(key, epoch, true, PHONE))), 200, "{epoch}");
    }
    assert!(refused(web.status(&file(&token(KEY, "2026-10", true, PHONE)))));
    let rotated = rotating
        .replace("\"previous-key-file\": \"DIR/key\", \"previous-epoch\": \"2026-11\", ", "");
    web.restart(&rotated, &[]);
    assert_eq!(web.status(&file(&token(OLD_KEY, "2026-12", true, PHONE))), 200);
    assert!(refused(web.status(&file(&good))));
}

const CERTIFICATES: &str = r#"{
  "systems": [{ "system": "files", "url": "https://localhost:PORT/{{random-folder}}/FOLDER" }],
  "sites": [{ "name": "here", "match": { "networks": ["127.0.0.0/8"] } }],
  "file-access": {
    "random-folder": "0f9a6c1d2e3b4a5f60718293a4b5c6d7",
    "client-certificates": { "authorities": "DIR/maker.pem" }
  }
}"#;

#[test]
fn a_phones_certificate_opens_its_own_folder_and_no_other() {
    let secret = "/0f9a6c1d2e3b4a5f60718293a4b5c6d7";
    let certified = |name: &str| [format!("{name}.pem"), format!("{name}.key")];
    for (folder, own, others) in [
        ("{{mac}}/", format!("/{PHONE}/"), format!("/{OTHER}/")),
        ("", "/".to_owned(), "/".to_owned()),
    ] {
        let web = Web::start(&CERTIFICATES.replace("FOLDER", folder), &[]);
        let status = |path: &str, name: &str| {
            let [certificate, key] = certified(name);
            web.get(&format!("{secret}{path}"), &["--cert", &certificate, "--key", &key]).0
        };
        assert_eq!(status(&format!("{own}{PHONE}.cfg"), "phone"), 200, "{folder}");
        assert_eq!(status(&format!("{others}{OTHER}.cfg"), "other"), 200);
        assert_eq!(status(&format!("{others}{OTHER}.cfg"), "phone"), 403);
        assert_eq!(status(&format!("{own}{PHONE}.cfg"), "other"), 403);
        // By another authority, or none at all.
        assert_eq!(status(&format!("{own}{PHONE}.cfg"), "foreign"), 400);
        assert_eq!(web.status(&format!("{secret}{own}{PHONE}.cfg")), 400);
        // A guess at the folder helps nobody.
        let [certificate, key] = certified("phone");
        let (guessed, _) =
            web.get(&format!("/phones{own}{PHONE}.cfg"), &["--cert", &certificate, "--key", &key]);
        assert_eq!(guessed, 404);
        if folder.is_empty() {
            assert_eq!(
                status("/000000000000.cfg", "phone"),
                200,
                "what is no phone's is everybody's"
            );
        }
    }
}

/// The same tree from a real Caddy, which knows networks and folders but neither tokens nor whose
/// certificate it is shown.
#[test]
fn caddy_serves_a_plain_tree_and_nothing_else() {
    let mut web = Web::start(FLAT, &[]);
    if let Some(mut nginx) = web.nginx.take() {
        nginx.kill().unwrap();
        nginx.wait().unwrap();
    }
    let dir = web.folder.path().display().to_string();
    let file = |name: &str| format!("{dir}/{name}");
    let block = web.offhook(&[
        "web-server",
        "caddy",
        "--root",
        "tree",
        "--log",
        &file("caddy.log"),
        "--certificate",
        &file("server.pem"),
        "--certificate-key",
        &file("server.key"),
    ]);
    let global =
        format!("{{\n\tadmin off\n\tauto_https off\n\tstorage file_system {dir}/caddy\n}}\n");
    fs::write(web.path("Caddyfile"), global + &block).unwrap();
    let child = Command::new("caddy")
        .args(["run", "--adapter", "caddyfile", "--config", &file("Caddyfile")])
        .env("HOME", &dir)
        .env("XDG_DATA_HOME", &dir)
        .env("XDG_CONFIG_HOME", &dir)
        .stdout(Stdio::null())
        .stderr(fs::File::create(web.path("caddy.stderr")).unwrap())
        .spawn()
        .expect("caddy (scripts/deps test)");
    let child = web.nginx.insert(child);
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect((Ipv4Addr::LOCALHOST, web.port)).is_err() {
        let said = || fs::read_to_string(web.folder.path().join("caddy.stderr")).unwrap();
        assert!(child.try_wait().unwrap().is_none(), "caddy: {}", said());
        assert!(Instant::now() < until, "caddy does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (status, body) = web.get(&format!("/phones/{PHONE}.cfg"), &["-D", "headers"]);
    assert_eq!(status, 200);
    assert!(body.contains("account.1.password = geheim-1"));
    let headers = fs::read_to_string(web.path("headers")).unwrap().to_ascii_lowercase();
    assert!(headers.contains("content-type: text/plain; charset=utf-8"), "{headers}");
    let (status, part) = web.get(&format!("/phones/{PHONE}.cfg"), &["-r", "0-8"]);
    assert_eq!((status, part.as_str()), (206, "#!version"));
    // Caddy cleans a path before it looks at it, so "//" and "x/.." are the file itself here.
    for path in [
        "/phones/",
        "/",
        "/phones/.offhook/manifest",
        "/phones/../policy.json",
        "/phones/..%2fpolicy.json",
        "/policy.json",
        &format!("/phones/{}.cfg", PHONE.to_uppercase()),
    ] {
        let status = web.status(path);
        assert!(refused(status) || status == 400, "{path}: {status}");
    }
    assert_eq!(web.get(&format!("/phones/{PHONE}.cfg"), &["-X", "PUT", "-d", "x"]).0, 405);
    let (status, _) = web.get(&format!("/phones/{PHONE}.cfg"), &["--interface", "127.0.0.9"]);
    assert_eq!(status, 403);
}

/// What cannot be checked is said before a server starts.
#[test]
fn what_no_server_could_check_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let told = |policy: &str, server: &str| {
        fs::write(folder.path().join("policy.json"), policy).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
            .current_dir(folder.path())
            .args(["web-server", server, "--policy", "policy.json", "--root", "tree"])
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let dir = folder.path().display().to_string();
    let policy = |url: &str, access: &str| {
        format!(
            r#"{{ "systems": [{{ "system": "files", "url": "{url}" }}], "file-access": {{ {access} }} }}"#
        )
    };
    let token = format!(r#""token": {{ "key-file": "{dir}/key" }}"#);
    fs::write(folder.path().join("key"), KEY).unwrap();
    for (mode, expected) in [(0o644, "chmod 0640"), (0o640, "--secrets FILE")] {
        fs::set_permissions(folder.path().join("key"), fs::Permissions::from_mode(mode)).unwrap();
        let (status, said) =
            told(&policy("https://p.example.com/{{mac}}/{{token}}/", &token), "nginx");
        assert_eq!(status, Some(1));
        assert!(said.contains(expected) && !said.contains(KEY), "{said}");
    }
    for (url, access, server, expected) in [
        ("https://p.example.com/x/{{token}}/", &*token, "nginx", "needs a part {{mac}}"),
        ("https://p.example.com/x/{{MAC}}/{{token}}/", &token, "nginx", "needs a part {{mac}}"),
        (
            "https://p.example.com/x/{{mac}}-{{token}}/",
            &token,
            "nginx",
            "must stand alone between two slashes",
        ),
        (
            "https://p.example.com/{{mac}}/{{token}}/",
            "",
            "nginx",
            "{{token}} needs \"file-access\"",
        ),
        (
            "https://p.example.com/{{random-folder}}/",
            r#""random-folder": "guess-me""#,
            "nginx",
            "at least 22 random",
        ),
        ("https://p.example.com/{{mac}}/{{token}}/", &token, "caddy", "use nginx"),
        ("tftp://p.example.com/x/", "", "nginx", "serves http and https only"),
        (
            "http://p.example.com/x/",
            r#""client-certificates": { "authorities": "/ca.pem" }"#,
            "nginx",
            "only show a certificate over https",
        ),
    ] {
        let (status, said) = told(&policy(url, access), server);
        assert_eq!(status, Some(1), "{url}");
        assert!(said.contains(expected), "{url}: no {expected:?} in {said}");
    }
    let (status, _) = told(
        r#"{ "systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "a" }] }"#,
        "nginx",
    );
    assert_eq!(status, Some(1));
    // The catalogue's own addresses do not leak into it.
    assert!(builtin::built_in().vendors.len() > 10);
}
