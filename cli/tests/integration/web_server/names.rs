//! Hosts that are not plain names of IPv4, and phones that know old TLS only.

use std::fs;
use std::process::Command;

use super::web::{FLAT, PHONE, Web};

#[test]
fn phones_come_by_either_protocol() {
    if fs::read_to_string("/proc/net/if_inet6").unwrap_or_default().is_empty() {
        return; // no IPv6 here
    }
    let web = Web::start(FLAT, &["--allow", "::1/128"]);
    let file = |host: &str| format!("https://{host}:{}/phones/{PHONE}.cfg", web.port);
    let by_ipv6 = ["--resolve", &format!("localhost:{}:[::1]", web.port), "-6"];
    let output = Command::new("curl")
        .args(["-skg", "-o", "/dev/null", "-w", "%{http_code}"])
        .args(by_ipv6)
        .arg(file("localhost"))
        .output()
        .unwrap();
    assert_eq!(output.stdout, b"200");
    assert_eq!(web.status(&format!("/phones/{PHONE}.cfg")), 200);
    let block = fs::read_to_string(web.path("offhook.conf")).unwrap();
    assert!(block.contains(&format!("listen [::]:{} ssl;", web.port)), "{block}");
    web.configure(&["--no-ipv6"]);
    assert!(!fs::read_to_string(web.path("offhook.conf")).unwrap().contains("[::]"));
}

#[test]
fn a_host_may_be_an_address_or_have_any_letters() {
    let folder = tempfile::tempdir().unwrap();
    let run = |host: &str| {
        let policy =
            format!(r#"{{ "systems": [{{ "system": "files", "url": "https://{host}/p/" }}] }}"#);
        fs::write(folder.path().join("policy.json"), policy).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_offhook"))
            .current_dir(folder.path())
            .args(["web-server", "nginx", "--policy", "policy.json", "--root", "tree"])
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let (block, _) = run("[2001:DB8::1]:8443");
    assert!(block.contains("    listen [::]:8443 ssl;\n    server_name [2001:db8::1];"), "{block}");
    assert!(block.contains("/etc/letsencrypt/live/2001:db8::1/fullchain.pem"), "{block}");
    assert!(!block.contains("listen 8443"), "{block}");
    let (block, _) = run("192.0.2.1");
    assert!(block.contains("listen 443 ssl;") && !block.contains("[::]"), "{block}");
    // One name everywhere: as DNS knows it.
    let (block, said) = run("Bücher.example:8443");
    assert!(block.contains("    server_name xn--bcher-kva.example;"), "{block}{said}");
    assert!(block.contains("/etc/letsencrypt/live/xn--bcher-kva.example/fullchain.pem"), "{block}");
    let offhook = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
        command.current_dir(folder.path()).args(arguments).args(["--policy", "policy.json"]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let sent = offhook(&["explain", "--mac", "00:15:65:0a:0b:0c"]);
    assert!(sent.contains("\"https://xn--bcher-kva.example:8443/p/\""), "{sent}");
    assert!(
        offhook(&["web-server", "caddy", "--root", "tree"])
            .contains("https://xn--bcher-kva.example:8443")
    );
    let list = "mac,model,user,server,phonebook-url\n0015650a0b0c,T46S,1,büro.example,http://büro.example/b\n";
    fs::write(folder.path().join("list.csv"), list).unwrap();
    offhook(&["generate", "--phones", "list.csv", "--out", "tree"]);
    let file = fs::read_to_string(folder.path().join("tree/0015650a0b0c.cfg")).unwrap();
    assert!(file.contains("account.1.sip_server.1.address = xn--bro-hoa.example"), "{file}");
    assert!(file.contains("http://xn--bro-hoa.example/b"), "{file}");
}

/// TLS 1.0 works where it is requested, and nowhere else.
#[test]
fn old_phones_are_let_in_by_choice() {
    for (more, expected) in [(&["--old-tls"][..], b"200"), (&[], b"000")] {
        let web = Web::start(FLAT, more);
        let output = Command::new("curl")
            .args([
                "-sk",
                "-4",
                "--tlsv1.0",
                "--tls-max",
                "1.0",
                "--ciphers",
                "DEFAULT:@SECLEVEL=0",
            ])
            .args(["-o", "/dev/null", "-w", "%{http_code}"])
            .arg(format!("https://localhost:{}/phones/{PHONE}.cfg", web.port))
            .output()
            .unwrap();
        assert_eq!(output.stdout, expected, "{more:?}");
        assert_eq!(web.status(&format!("/phones/{PHONE}.cfg")), 200);
    }
}

/// One that guesses is slowed down, and told so.
#[test]
fn guesses_are_bounded() {
    let web = Web::start(FLAT, &["--rate", "2"]);
    let guesses: Vec<String> = (0..120).map(|i| format!("/phones/0015650b{i:04x}.cfg")).collect();
    let answers = web.get_all(&guesses, &[]);
    let slowed = answers.iter().filter(|(status, _)| *status == 429).count();
    assert!(slowed > 20 && answers[0].0 == 404, "{slowed} of 120 were refused");
}
