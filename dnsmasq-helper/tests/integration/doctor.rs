//! `doctor` beside a real rendering: each trouble is found, and a sound configuration has none.

// The helpers are tests' too: what cannot be set up fails the test.
#![allow(clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

const POLICY: &str = r#"{
    "systems": [{ "system": "url", "url": "http://192.0.2.1/phones/" }],
    "sites": [{ "name": "lab", "match": { "networks": ["10.7.0.0/16"] },
                "options": [{ "code": 160, "text": "http://192.0.2.7/" }] }],
    "vendors": { "cisco-spa": { "ignore": true } },
    "devices": [{ "mac": "00:15:65:aa:bb:cc", "options": [{ "code": 66, "text": "http://lab/x" }] }]
}"#;

struct Site {
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Site {
        Site::of(POLICY)
    }

    fn of(policy: &str) -> Site {
        let site = Site { folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir(site.path("d")).expect("a folder");
        fs::write(site.path("policy.json"), policy).expect("a policy");
        let rendered = Command::new(env!("CARGO_BIN_EXE_offhook-dnsmasq"))
            .args(["render", "--no-test", "--policy"])
            .arg(site.path("policy.json"))
            .arg("--out")
            .arg(site.path("d/50-phones.conf"))
            .arg("--state")
            .arg(site.path("state"))
            .output()
            .expect("render");
        assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
        // A program that is there, for lines that name one.
        fs::copy("/bin/true", site.path("script")).expect("a script");
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What doctor says of a main file with these lines, as `weight place text`.
    fn doctor(&self, lines: &str) -> Vec<String> {
        let lines = lines.replace("FOLDER", &self.folder.path().display().to_string());
        fs::write(self.path("main.conf"), lines).expect("a configuration");
        let output = Command::new(env!("CARGO_BIN_EXE_offhook-dnsmasq"))
            .args(["doctor", "--json", "--dnsmasq", "no-such-dnsmasq", "--conf"])
            .arg(self.path("main.conf"))
            .output()
            .expect("doctor");
        let found: Vec<Value> = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        let problems = found.iter().any(|finding| finding["weight"] == "problem");
        assert_eq!(output.status.code(), Some(i32::from(problems)), "{found:?}");
        let text = |finding: &Value, key: &str| finding[key].as_str().expect("a text").to_owned();
        let lines = |finding: &Value| {
            assert!(!text(finding, "advice").is_empty());
            let words = ["weight", "place", "text"].map(|key| text(finding, key));
            words.join(" ").replace(&format!("{}/", self.folder.path().display()), "")
        };
        found.iter().map(lines).collect()
    }
}

const SOUND: &str = "conf-dir=FOLDER/d
dhcp-range=set:oh_at-lab,10.7.0.10,10.7.0.99
no-ping
dhcp-script=FOLDER/script
dhcp-scriptuser=nobody
pid-file=FOLDER/none.pid
dhcp-boot=tag:!oh_phone,pxelinux.0
dhcp-option=66,elsewhere
dhcp-host=00:15:65:aa:bb:cc,10.7.0.9
";

#[test]
fn a_sound_configuration_has_nothing_to_find() {
    assert_eq!(Site::new().doctor(SOUND), Vec::<String>::new());
}

#[test]
fn each_trouble_is_found_with_its_place() {
    let site = Site::new();
    for (line, expected) in [
        ("dhcp-boot=pxelinux.0", "problem main.conf:10 dhcp-boot without a tag"),
        ("dhcp-boot=tag:red,pxelinux.0", "problem main.conf:10 dhcp-boot for red"),
        ("dhcp-option=tag:red,66,x", "problem main.conf:10 option 66 for red"),
        ("dhcp-option=red,66,x", "problem main.conf:10 option 66 for red"),
        ("dhcp-option=tag:red,option:tftp-server,x", "problem main.conf:10 option 66 for red"),
        ("dhcp-option-force=tag:red,160,x", "problem main.conf:10 option 160 for red"),
        // Nothing gives a client this tag.
        ("dhcp-option=tag:blue,66,x", "doubt main.conf:10 option 66 for blue"),
        ("dhcp-boot=tag:blue,pxelinux.0", "doubt main.conf:10 dhcp-boot for blue"),
        ("dhcp-option=encap:160,1,x", "problem main.conf:10 a part of option 160"),
        (
            "dhcp-host=00:15:65:aa:bb:cc,ignore",
            "problem main.conf:10 00:15:65:aa:bb:cc is a device of the policy and is ignored",
        ),
        (
            "dhcp-host=00:15:65:aa:bb:cc,set:red",
            "doubt main.conf:10 00:15:65:aa:bb:cc is a device of the policy and gets tags",
        ),
        ("dhcp-ignore=tag:!known", "doubt main.conf:10 no client with !known gets an answer"),
        ("dhcp-mac=set:oh_phone,02:*:*:*:*:*", "problem main.conf:10 sets oh_phone"),
        ("dhcp-mac=oh_phone,02:*:*:*:*:*", "problem main.conf:10 sets oh_phone"),
        ("dhcp-vendorclass=oh_phone,MSFT", "problem main.conf:10 sets oh_phone"),
        ("dhcp-userclass=oh_phone,x", "problem main.conf:10 sets oh_phone"),
        ("dhcp-circuitid=oh_site0,x", "problem main.conf:10 sets oh_site0"),
        ("dhcp-name-match=oh_phone,pc*", "problem main.conf:10 sets oh_phone"),
        ("dhcp-match=oh_phone,option:client-arch,7", "problem main.conf:10 sets oh_phone"),
        ("leasefile-ro", "doubt main.conf:10 leasefile-ro"),
        ("dhcp-script=FOLDER/gone", "problem main.conf:10 dhcp-script"),
        ("dhcp-scriptuser=root", "problem main.conf:10 the script runs as root"),
        ("dhcp-lease-max=0", "problem main.conf:10 1 devices in the policy"),
        ("conf-script=FOLDER/script", "doubt main.conf:10 not read"),
        ("conf-file=FOLDER/gone.conf", "doubt main.conf:10 not read"),
    ] {
        let red = "dhcp-mac=set:red,00:15:65:*:*:*";
        let found = site.doctor(&format!("{SOUND}{line}\n{red}\n"));
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert!(found[0].starts_with(expected), "{line}: expected {expected:?}, found {found:?}");
    }
}

/// Lines that trouble no phone, as routers and dnsmasq.conf.example write them.
#[test]
fn lines_that_reach_no_phone_are_not_found() {
    let site = Site::new();
    let sound = SOUND.replace("dhcp-range=", "dhcp-range=set:lan,10.6.0.10,10.6.0.99\ndhcp-range=");
    for line in [
        // Only clients whose option 60 contains the text get these.
        "dhcp-option=vendor:ubnt,1,192.0.2.1",
        "dhcp-option=vendor:PXEClient,1,0.0.0.0",
        "dhcp-option=vendor:MSFT,2,1i",
        "dhcp-option=encap:175, 190, \"iscsi-client0\"",
        "dhcp-option-force=208,f1:00:74:7e",
        // The range's tag is looked at last.
        "dhcp-option=tag:lan,66,x",
        "dhcp-option=lan,option:tftp-server,x",
        "dhcp-option=tag:lan,3,10.6.0.1",
        "dhcp-vendorclass=set:pc,MSFT\ndhcp-option=tag:pc,66,x",
        "dhcp-match=set:efi,option:client-arch,7\ndhcp-boot=tag:efi,ipxe.efi",
        "dhcp-option=tag:!oh_phone,66,x",
        "dhcp-option=option6:dns-server,[::]",
    ] {
        assert_eq!(site.doctor(&format!("{sound}{line}\n")), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn openwrts_lines_with_bare_tags_are_understood() {
    let pascom = r#"{ "systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "a" }],
                      "options": [{ "code": 43, "hex": "0104c0000201" }] }"#;
    let site = Site::of(pascom);
    let sound = SOUND.replace("set:oh_at-lab", "set:lan").replace("dhcp-option=66,elsewhere", "");
    for (line, expected) in [
        ("dhcp-option=lan,vendor:,1,192.0.2.3", "problem main.conf:10 a part of option 43"),
        ("dhcp-option=lan,encap:43,1,192.0.2.3", "problem main.conf:10 a part of option 43"),
        ("dhcp-option=lan,67,x", "doubt main.conf:10 option 67: phones of audiocodes, snom read"),
    ] {
        let found = site.doctor(&format!("{sound}{line}\n"));
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert!(found[0].starts_with(expected), "{line}: expected {expected:?}, found {found:?}");
    }
}

/// Only these lines send 67 or 43 here, and some phones read them beside their URL in 66.
#[test]
fn an_option_that_phones_may_follow_instead_is_found() {
    let pascom = r#"{ "systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "a" }],
                      "vendors": { "auerswald": { "ignore": true } } }"#;
    let site = Site::of(pascom);
    let sound = SOUND.replace("set:oh_at-lab,", "");
    for (line, expected) in [
        ("dhcp-option=option:bootfile-name,x", Some("option 67: phones of snom read it before")),
        ("dhcp-option-force=tag:red,67,x", Some("option 67: phones of snom read it before")),
        ("dhcp-option=encap:43,66,x", Some("option 43, sub-option 66: phones of snom read")),
        ("dhcp-option=43,01:04:0a:00:00:05", Some("option 43: phones of grandstream read")),
        ("dhcp-option=tag:!oh-snom,67,x", None),
        ("dhcp-option=tag:!oh_phone,67,x", None),
        ("dhcp-option=encap:43,1,x", None),
        ("dhcp-option=42,192.0.2.1", None),
    ] {
        let found = site.doctor(&format!("{sound}{line}\n"));
        assert_eq!(found.len(), usize::from(expected.is_some()), "{line}: {found:?}");
        if let Some(expected) = expected {
            let expected = format!("doubt main.conf:10 {expected}");
            assert!(
                found[0].starts_with(&expected),
                "{line}: expected {expected}, found {found:?}"
            );
        }
    }
}

#[test]
fn what_is_missing_is_found_too() {
    let site = Site::new();
    for (without, expected) in [
        ("no-ping\n", "doubt no-ping"),
        ("dhcp-scriptuser=nobody\n", "problem main.conf:4 the script runs as root"),
        ("set:oh_at-lab,", "problem dhcp-range no dhcp-range sets oh_at-lab"),
        ("conf-dir=FOLDER/d\n", "problem the configuration nothing in it was rendered"),
    ] {
        let found = site.doctor(&SOUND.replace(without, ""));
        assert_eq!(found.len(), 1, "without {without:?}: {found:?}");
        assert!(found[0].starts_with(expected), "without {without:?}: {found:?}");
    }
    let bare = SOUND.replace("dhcp-script=FOLDER/script\ndhcp-scriptuser=nobody\n", "");
    let found = site.doctor(&bare);
    assert!(found.len() == 1 && found[0].starts_with("doubt dhcp-script not set"), "{found:?}");
}

#[test]
fn a_hosts_file_that_kills_old_ones_is_found() {
    let site = Site::new();
    fs::write(site.path("hosts"), "# phones\n02:00:00:00:00:01,set:red\n").expect("a file");
    let found = site.doctor(&format!("{SOUND}dhcp-hostsfile=FOLDER/hosts\n"));
    assert!(
        found.len() == 1 && found[0].starts_with("problem hosts:2 set: in a hosts"),
        "{found:?}"
    );
}

/// The process that dnsmasq forks for its script is killed, as the kernel does when memory is short.
#[test]
fn a_dead_helper_is_found() {
    if !nix::unistd::Uid::effective().is_root() {
        // Only as root does dnsmasq start a process for its script.
        eprintln!("not root: not tried");
        return;
    }
    let site = Site::new();
    let leases = site.path("leases");
    let mut dnsmasq = Command::new("unshare");
    dnsmasq.args(["--net", "sh", "-ec", "ip link set lo up; exec dnsmasq \"$@\"", "sh"]);
    dnsmasq.args(["--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--interface=lo"]);
    dnsmasq.args(["--user=root", "--dhcp-script=/bin/true", "--dhcp-range=127.0.0.10,127.0.0.20"]);
    dnsmasq.arg(format!("--pid-file={}", site.path("none.pid").display()));
    dnsmasq.arg(format!("--dhcp-leasefile={}", leases.display()));
    let mut dnsmasq = dnsmasq.stderr(std::process::Stdio::null()).spawn().expect("unshare");
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let id = dnsmasq.id();
    let children = || {
        let path = format!("/proc/{id}/task/{id}/children");
        fs::read_to_string(path).unwrap_or_default().trim().to_owned()
    };
    while children().is_empty() || !site.path("none.pid").exists() {
        assert!(
            std::time::Instant::now() < patience
                && dnsmasq.try_wait().is_ok_and(|end| end.is_none()),
            "dnsmasq does not start in a namespace of its own"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let alive = site.doctor(SOUND);
    Command::new("kill").args(["-9", &children()]).status().expect("kill");
    while !children().is_empty() && std::time::Instant::now() < patience {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let dead = site.doctor(SOUND);
    dnsmasq.kill().expect("the dnsmasq of this test");
    dnsmasq.wait().expect("its end");
    assert_eq!(alive, Vec::<String>::new());
    assert!(dead.len() == 1 && dead[0].starts_with("problem none.pid dnsmasq runs"), "{dead:?}");
}

#[test]
fn a_log_that_would_hold_tokens_is_found() {
    let site = Site::new();
    let logging = format!("{SOUND}log-dhcp\n");
    assert_eq!(site.doctor(&logging), Vec::<String>::new());
    // As `render` leaves a file with tokens in it.
    let rendered = site.path("d/50-phones.conf");
    fs::set_permissions(rendered, fs::Permissions::from_mode(0o640)).expect("a mode");
    let found = site.doctor(&logging);
    assert!(found.len() == 1 && found[0].starts_with("doubt main.conf:10 log-dhcp"), "{found:?}");
}

#[test]
fn two_renderings_are_one_too_many() {
    let site = Site::new();
    let text = fs::read_to_string(site.path("d/50-phones.conf")).expect("the rendering");
    fs::write(site.path("d/60-copy.conf"), text).expect("a copy");
    let found = site.doctor(SOUND);
    assert!(found.iter().any(|line| line.contains("two renderings are read")), "{found:?}");
}
