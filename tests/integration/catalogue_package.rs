//! An installed catalogue: packed and signed by the command line, read by a real Kea, by the command line and by the
//! companion of dnsmasq; and whatever is wrong with it, phones get what they got without it.

use crate::peers::folder::Folder;
use crate::peers::kea::{Kea, Setup};
use crate::peers::phone::{Phone, Relay};
use crate::peers::process;
use crate::peers::product::{command_line, companion};
use minisign::KeyPair;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Output;

const POLICY: &str = r#"{ "systems": [{ "system": "url", "url": "http://p.example.com/" }] }"#;

const ACME: &str = r#"
name = "ACME telephones"
[sources]
manual = "a page"
[url]
schemes = ["http"]
[[option-60]]
starts = "acme-tel"
source = "manual"
[[tell]]
what = "url"
code = 66
text = "{{url}}"
source = "manual"
"#;

struct Installed {
    folder: Folder,
}

impl Installed {
    /// A catalogue with one more maker, of this day, signed with the key that the machine trusts.
    fn new(edition: &str) -> Installed {
        let folder = Folder::new();
        let keys = KeyPair::generate_unencrypted_keypair().expect("a pair of keys");
        let public = keys.pk.to_box().expect("a public key").to_string();
        fs::write(folder.join("catalogue.pub"), public).unwrap();
        let secret = keys.sk.to_box(None).expect("a secret key").to_string();
        fs::write(folder.join("secret.key"), &secret).unwrap();
        let vendor = folder.make("own").join("vendors/acme/vendor.toml");
        fs::create_dir_all(vendor.parent().unwrap()).unwrap();
        fs::write(vendor, ACME).unwrap();
        let installed = Installed { folder };
        let place = |name: &str| installed.folder.join(name).display().to_string();
        let (own, key, out) = (place("own"), place("secret.key"), place("catalogue.json"));
        let packed = process::run(process::command(command_line()).args([
            "vendors",
            "pack",
            &own,
            "--edition",
            edition,
            "--key",
            &key,
            "--output",
            &out,
        ]));
        let said = String::from_utf8_lossy(&packed.stdout).into_owned();
        assert!(packed.status.success() && said.contains("1 files of"), "{packed:?}");
        let middle = secret.lines().last().unwrap();
        assert!(!format!("{packed:?}").contains(middle), "no key is printed");
        installed
    }

    fn variables(&self) -> [(&'static str, PathBuf); 2] {
        [
            ("OFFHOOK_CATALOGUE", self.folder.join("catalogue.json")),
            ("OFFHOOK_CATALOGUE_KEY", self.folder.join("catalogue.pub")),
        ]
    }

    fn kea(&self) -> Kea {
        let mut setup = Setup::offhook(POLICY);
        setup.wrapper = vec!["env".to_owned()];
        let words = self.variables().map(|(name, path)| format!("{name}={}", path.display()));
        setup.wrapper.extend(words);
        setup.start()
    }

    fn run(&self, program: &std::path::Path, words: &[&str]) -> Output {
        let mut command = process::command(program);
        process::run(command.args(words).envs(self.variables()))
    }
}

fn acme() -> Phone {
    Phone::new("02:00:00:00:ac:02").class("acme-tel 200").wants(&[1, 3, 66])
}

fn snom() -> Phone {
    Phone::new("00:04:13:00:ac:02").class("snomD735").wants(&[1, 3, 66])
}

fn state(kea: &Kea) -> Value {
    kea.command("phone-status-get", None).arguments["catalogue"].clone()
}

#[test]
fn a_real_kea_the_command_line_and_dnsmasq_s_companion_know_its_maker() {
    let installed = Installed::new("2999-01-01");
    let kea = installed.kea();
    let relay = Relay::of(&kea);
    for phone in [acme(), snom()] {
        let (_, ack) = relay.boot(&phone);
        assert_eq!(ack.option(66), Some(&b"http://p.example.com/"[..]));
    }
    let found = state(&kea);
    assert_eq!(found["edition"], "2999-01-01");
    assert_eq!((&found["installed"], &found["unusable"]), (&json!(true), &Value::Null));

    let policy = installed.folder.join("policy.json");
    fs::write(&policy, POLICY).unwrap();
    let policy = policy.display().to_string();
    let client = ["--mac", "02:00:00:00:ac:02", "--vendor-class", "acme-tel 200"];
    let words = [&["explain", "--policy", &policy][..], &client].concat();
    let explained = installed.run(command_line(), &words);
    let text = String::from_utf8_lossy(&explained.stdout);
    assert!(text.contains("acme") && text.contains("http://p.example.com/"), "{explained:?}");
    let out = installed.folder.make("rendered").join("phones.conf");
    let shown = out.display().to_string();
    let rendered = installed.run(companion(), &["render", "--policy", &policy, "--out", &shown]);
    assert!(rendered.status.success(), "{rendered:?}");
    assert!(fs::read_to_string(&out).unwrap().contains("oh-acme"), "the maker's tag");
}

#[test]
fn a_changed_one_is_left_alone_and_the_log_says_so() {
    let installed = Installed::new("2999-01-01");
    let place = installed.folder.join("catalogue.json");
    fs::write(&place, fs::read_to_string(&place).unwrap().replace("acme-tel", "evil-tel")).unwrap();
    let kea = installed.kea();
    let line = kea.wait_for_log("OFFHOOK_CATALOGUE_UNUSABLE");
    assert!(line.contains("WARN") && line.contains("the signature in"), "{line}");
    let relay = Relay::of(&kea);
    let (_, ack) = relay.boot(&snom());
    assert_eq!(ack.option(66), Some(&b"http://p.example.com/"[..]), "the program's own catalogue");
    let (_, ack) = relay.boot(&acme());
    assert_eq!(ack.option(66), None);
    let found = state(&kea);
    assert_eq!(found["installed"], json!(false));
    assert!(found["unusable"].as_str().unwrap().contains("signature"), "{found}");

    let listed = installed.run(command_line(), &["vendors"]);
    let said = String::from_utf8_lossy(&listed.stderr);
    assert!(listed.status.success() && said.contains("the signature in"), "{listed:?}");
    assert!(!String::from_utf8_lossy(&listed.stdout).contains("acme"));
}

#[test]
fn the_debian_package_has_signed_data_alone() {
    let installed = Installed::new("2999-01-01");
    let make = || {
        let folder = installed.folder.make("package");
        let key = installed.folder.join("secret.key");
        let mut command =
            process::command(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/catalogue"));
        command.args(["--edition", "2999-01-02", "--key"]).arg(key).arg("--out").arg(&folder);
        process::run_well(command.env("OFFHOOK_CLI", command_line()));
        folder.join("offhook-catalogue_2999.01.02_all.deb")
    };
    let package = make();
    let listed = process::run_well(process::command("dpkg-deb").arg("-c").arg(&package));
    let files = listed.lines().filter(|line| line.starts_with('-')).count();
    assert_eq!(files, 5, "data, signature, public key, copyright and changelog: {listed}");
    let tree = installed.folder.make("unpacked");
    process::run_well(process::command("dpkg-deb").arg("-x").arg(&package).arg(&tree));
    // With the package's own public key, in the place of the administrator's.
    for name in ["catalogue.json", "catalogue.json.minisig", "catalogue.pub"] {
        let from = tree.join("usr/lib/offhook").join(name);
        fs::copy(from, installed.folder.join(name)).unwrap();
    }
    let kea = installed.kea();
    let found = state(&kea);
    assert_eq!((&found["edition"], &found["installed"]), (&json!("2999-01-02"), &json!(true)));
    let (_, ack) = Relay::of(&kea).boot(&snom());
    assert_eq!(ack.option(66), Some(&b"http://p.example.com/"[..]));
}
