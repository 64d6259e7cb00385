//! One idea of a valid policy: what `check` accepts, `generate` writes and `web-server` describes, for nginx and
//! for Caddy; both really serve it at the URL that the phone is sent. What one of them refuses, all refuse.
//!
//! Every odd part once in an otherwise usual policy, and some by chance together.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::chances::Chances;
use super::web::{PHONE, Web};

const SCHEMES: [&str; 5] = ["http://", "https://", "HTTP://", "tftp://", "http:/"];
const HOSTS: [&str; 16] = [
    "localhost",
    "LOCALHOST",
    "127.0.0.1",
    "[::1]",
    "[::0001]",
    "bücher.example",
    "Bu\u{308}cher.Example",
    "pbx_1.example",
    "a-b.example.",
    "a b",
    "10.0.0",
    "-x.example",
    "a+b.example",
    "user:S3cret@localhost",
    "{{site}}.example",
    "",
];
const PORTS: [&str; 5] = ["PORT", "0", "65536", "x", "PORT:"];
const PATHS: [&str; 44] = [
    "/phones/",
    "/phones",
    "/",
    "",
    "/a/b/c/",
    "/a.b/c+d/e_f-g/",
    "/PHONES/",
    "/{{vendor}}/",
    "/{{site}}/",
    "/p/{{mac}}/",
    "/{{site}}-x/{{vendor}}.d/{{mac}}",
    "/{{tenant}}/",
    "/{{unknown}}/",
    "/a b/",
    "/a%20b/",
    "/ä/",
    "/a/../b/",
    "/./",
    "/a//b/",
    "//",
    "/.hidden/",
    "/.well-known/",
    "/..a/",
    "/a./",
    "/x?y=/",
    "/x#y/",
    "/a;b/",
    "/a$b/",
    "/$uri/",
    "/a{b}/",
    "/{mac}/",
    "/{http.request.uri}/",
    "/a\"b/",
    "/a'b/",
    "/a`b/",
    "/a|b/",
    "/a*b/",
    "/*",
    "/a(b)/",
    "/a[b]/",
    "/a\\b/",
    "/a\nb/",
    "/~a/",
    "/a:b@c/",
];
/// Of the site, and of a variable.
const NAMES: [&str; 20] = [
    "here", "branch-7", "Branch.7", "7", "a+b", "a b", "Köln", "a/b", "..", ".", ".git", "a$b",
    "a;b", "{x}", "a\"b", "a'b", "a#b", "a%b", "a\tb", "a\\b",
];
/// Folders for the tree, and whether a server's configuration can name them.
const ROOTS: [(&str, bool); 19] = [
    ("tree", true),
    ("trée", true),
    ("木/枝", true),
    ("t.r-e_e+1@x:y", true),
    ("./tree/../tree", true),
    ("tree/", true),
    ("linked/tree", true),
    ("two trees", false),
    ("t$ree", false),
    ("t{r}ee", false),
    ("t;ree", false),
    ("t\"ree", false),
    ("t'ree", false),
    ("t`ree", false),
    ("t#ree", false),
    ("t\\ree", false),
    ("t*ree", false),
    ("t\tree", false),
    ("t,ree", false),
];

/// Positions in the lists above; 0 is the usual one.
#[derive(Debug, Clone, Copy, Default)]
struct Case {
    scheme: usize,
    host: usize,
    port: usize,
    path: usize,
    site: usize,
    tenant: usize,
    root: usize,
}

impl Case {
    /// Each odd part once, the names also where they are used.
    fn each() -> Vec<Case> {
        let usual = Case::default();
        let at = |path: &str| PATHS.iter().position(|other| *other == path).unwrap();
        let mut cases = vec![usual];
        cases.extend((1..SCHEMES.len()).map(|scheme| Case { scheme, ..usual }));
        cases.extend((1..HOSTS.len()).map(|host| Case { host, ..usual }));
        cases.extend((1..PORTS.len()).map(|port| Case { port, ..usual }));
        cases.extend((1..PATHS.len()).map(|path| Case { path, ..usual }));
        for path in [at("/phones/"), at("/{{site}}/")] {
            cases.extend((1..NAMES.len()).map(|site| Case { site, path, ..usual }));
        }
        let path = at("/{{tenant}}/");
        cases.extend((1..NAMES.len()).map(|tenant| Case { tenant, path, ..usual }));
        cases.extend((1..ROOTS.len()).map(|root| Case { root, ..usual }));
        cases
    }

    fn by_chance(chances: &mut Chances) -> Case {
        let mut odd = |length: usize| if chances.one_in(3) { chances.below(length) } else { 0 };
        Case {
            scheme: odd(2),
            host: odd(HOSTS.len()),
            port: 0,
            path: odd(PATHS.len()),
            site: odd(NAMES.len()),
            tenant: odd(NAMES.len()),
            root: odd(ROOTS.len()),
        }
    }

    fn url(self, port: u16) -> String {
        let port = PORTS[self.port].replace("PORT", &port.to_string());
        format!("{}{}:{port}{}", SCHEMES[self.scheme], HOSTS[self.host], PATHS[self.path])
    }

    fn policy(self, port: u16) -> Value {
        json!({
            "systems": [{ "system": "files", "url": self.url(port) }],
            "vars": { "tenant": NAMES[self.tenant] },
            "phone-settings": { "server": "sip.example.com" },
            "sites": [{ "name": NAMES[self.site], "match": { "networks": ["127.0.0.0/8"] } }],
        })
    }
}

/// What a phone requests, of whom, and what it must get.
struct Served {
    url: String,
    secret: String,
    case: Case,
    port: u16,
}

struct Trial {
    web: Web,
    number: usize,
    /// For one Caddy that serves all.
    caddy: String,
    served: Vec<Served>,
    /// How many were refused, by their first words.
    refused: BTreeMap<String, usize>,
}

impl Trial {
    fn new() -> Trial {
        let (caddy, served, refused) = (String::new(), Vec::new(), BTreeMap::new());
        Trial { web: Web::bare(), number: 0, caddy, served, refused }
    }

    fn run(&self, words: &[&str]) -> (bool, String, String) {
        let output = self.web.command(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, said) = (text(output.stdout), text(output.stderr));
        assert!(matches!(output.status.code(), Some(0 | 1)), "{words:?}: {said}");
        assert!(!said.contains("S3cret") && !out.contains("S3cret"), "{words:?}: {out}{said}");
        (output.status.success(), out, said)
    }

    fn try_one(&mut self, case: Case) {
        self.number += 1;
        // One Caddy serves them all at last.
        self.web.other_port();
        let policy = case.policy(self.web.port);
        fs::write(self.web.path("policy.json"), policy.to_string()).unwrap();
        let secret = format!("geheim-{}", self.number);
        let site = NAMES[case.site].replace('"', "\"\"");
        let list = format!("mac,model,site,user,password\n{PHONE},T46S,\"{site}\",1,{secret}\n");
        fs::write(self.web.path("list.csv"), list).unwrap();
        // A tree for each, so that one case does not serve another's files.
        let root = format!("{}/{}", self.number, ROOTS[case.root].0);
        if root.contains("linked") {
            // Any folder above the tree may be a link.
            let [real, linked] = ["real", "linked"].map(|name| format!("{}/{name}", self.number));
            fs::create_dir_all(self.web.path(&real)).unwrap();
            std::os::unix::fs::symlink("real", self.web.path(&linked)).unwrap();
        }
        fs::create_dir_all(self.web.path(&root)).unwrap();

        let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
            .current_dir(self.web.folder.path())
            .args(["check", "policy.json"])
            .output()
            .unwrap();
        let taken = output.status.success();
        let checked = String::from_utf8(output.stderr).unwrap();
        assert!(!checked.contains("S3cret"), "{case:?}: {checked}");
        let (written, _, said) = self.run(&["generate", "--phones", "list.csv", "--out", &root]);
        assert_eq!(taken, written, "{case:?} {policy}: check: {checked}\ngenerate: {said}");
        let log = self.web.path("phones.log").display().to_string();
        let [certificate, key] = ["server.pem", "server.key"].map(|name| self.web.path(name));
        let [certificate, key] = [certificate, key].map(|path| path.display().to_string());
        let describe = |server: &str| {
            let mut words = vec!["web-server", server, "--root", &root, "--log", &log];
            words.extend(["--certificate", &certificate, "--certificate-key", &key]);
            words.extend(["--allow", "127.0.0.0/8", "--allow", "::1/128"]);
            self.run(&words)
        };
        let (nginx, block, said) = describe("nginx");
        let (caddy, caddy_block, caddy_said) = describe("caddy");
        let by_web = !SCHEMES[case.scheme].starts_with("tftp");
        let can_serve = taken && by_web && ROOTS[case.root].1;
        assert_eq!((nginx, caddy), (can_serve, can_serve), "{case:?} {policy}: {said}{caddy_said}");
        if !can_serve {
            let why = match (taken, by_web) {
                // All say the same.
                (false, _) => checked.lines().next().unwrap_or_default(),
                (true, false) => "serves http and https only",
                (true, true) => "--root: ",
            };
            assert!(
                !why.is_empty() && said.contains(why) && caddy_said.contains(why),
                "{case:?}: {said}"
            );
            let kind: String = why.chars().filter(|c| c.is_ascii_lowercase()).take(40).collect();
            *self.refused.entry(kind).or_default() += 1;
            return;
        }
        let url = self.file_of(&policy);
        let served = Served { url, secret, case, port: self.web.port };
        self.web.include(&block);
        if self.web.run() {
            self.serves(&served, "nginx");
        }
        self.web.stop();
        self.caddy.push_str(&caddy_block);
        self.caddy.push('\n');
        self.served.push(served);
    }

    /// The file's URL, out of what the phone is sent by DHCP.
    fn file_of(&self, policy: &Value) -> String {
        let words = ["explain", "--mac", PHONE, "--ip", "127.0.0.9", "--json"];
        let (_, out, said) = self.run(&words);
        let sent: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{said}"));
        let options = sent["options"].as_array().unwrap();
        let option = options.iter().find(|option| option["code"] == 66);
        let url = option.and_then(|option| option["text"].as_str());
        format!("{}{PHONE}.cfg", url.unwrap_or_else(|| panic!("no URL: {policy} {sent}")))
    }

    /// The phone gets its file, and no client gets more.
    fn serves(&self, served: &Served, server: &str) {
        let (folder, _) = served.url.rsplit_once('/').unwrap();
        let urls = ["", "/.offhook/manifest", "/../policy.json", "/x/"];
        let mut command = Command::new("curl");
        let to = if served.url.contains("[:") { "::[::1]:" } else { "::127.0.0.1:" };
        command.args(["-skg", "--path-as-is", "--max-time", "60", "--connect-to", to]);
        command.args(["-w", "\n%{http_code}\n"]).arg(&served.url);
        for url in urls {
            command.arg(format!("{folder}{url}"));
        }
        let output = command.output().expect("curl");
        let text = String::from_utf8(output.stdout).unwrap();
        let (file, rest) = text.split_once("\n200\n").unwrap_or_else(|| {
            let said =
                ["stderr", "caddy.stderr"].map(|name| fs::read_to_string(self.web.path(name)));
            panic!("{server}: {:?} at {}: {text}\n{said:?}", served.case, served.url)
        });
        assert!(file.contains(&format!("account.1.password = {}", served.secret)), "{file}");
        assert!(!rest.contains("\n200\n") && !rest.contains("geheim"), "{server}: {rest}");
    }
}

#[test]
fn what_is_accepted_is_written_and_served_and_what_is_refused_is_refused_by_all() {
    let mut trial = Trial::new();
    let mut chances = Chances::new();
    let mut cases = Case::each();
    cases.extend((0..chances.rounds(12)).map(|_| Case::by_chance(&mut chances)));
    for case in &cases {
        trial.try_one(*case);
    }
    // Caddy is slow to start, and serves any number of hosts and ports.
    let block = std::mem::take(&mut trial.caddy);
    trial.web.port = trial.served[0].port;
    trial.web.run_caddy(&block);
    for served in &trial.served {
        trial.serves(served, "Caddy");
    }
    let refused: usize = trial.refused.values().sum();
    println!("{} cases: {} served, {refused} refused", cases.len(), trial.served.len());
    assert!(trial.served.len() > 30 && refused > 60, "{:?}", trial.refused);
    assert!(trial.refused.len() > 15, "few kinds of mistakes: {:?}", trial.refused);
}
