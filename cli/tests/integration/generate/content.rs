//! What is in the files: templates of one's own, encryption, and what a dry run shows of it.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

use super::site::{PHONES, POLICY, Site};

#[test]
fn a_dry_run_shows_changes_and_no_secret() {
    let site = Site::new(POLICY, PHONES);
    let new = site.good(&["--dry-run"]);
    assert!(new.contains("+account.1.password = ********"), "{new}");
    assert!(!site.path("out").exists());
    site.good(&[]);
    site.list(&PHONES.replace("geheim-2", "geheim-neu").replace("Zoë", "Zoe"));
    let changed = site.good(&["--dry-run"]);
    for line in ["-account.1.display_name = Zoë\n", "+account.1.display_name = Zoe\n"] {
        assert!(changed.contains(line), "{changed}");
    }
    assert!(changed.contains("1 would be written"), "{changed}");
    // A secret alone, and a file that another program changed: their secrets are not shown.
    site.list(&PHONES.replace("geheim-3", "geheim-neu"));
    let secret = site.good(&["--dry-run"]);
    assert!(secret.contains("0004f2010203.cfg (only secrets"), "{secret}");
    fs::write(site.path("out/0004f2010203.cfg"), "<x password=\"anders-geheim\"/>").unwrap();
    let tampered = site.good(&["--dry-run"]);
    assert!(tampered.contains("(changed since by another program; not shown)"), "{tampered}");
    for shown in [new, changed, secret, tampered] {
        assert!(!shown.contains("geheim"), "{shown}");
    }
}

#[test]
fn templates_of_ones_own_win_and_their_mistakes_have_a_place() {
    let site = Site::new(POLICY, PHONES);
    let folder = site.path("own/vendors/yealink");
    fs::create_dir_all(&folder).unwrap();
    let template = |text: &str| fs::write(folder.join("phone.cfg.j2"), text).unwrap();
    template(
        "#!version:1.0.0.1\n{% for line in lines %}\nx.{{ line.number }} = {{ line.user }}\n{% endfor %}\n",
    );
    site.good(&["--vendors-directory", "own"]);
    assert_eq!(site.tree()["001565010203.cfg"], b"#!version:1.0.0.1\nx.1 = 1001\nx.2 = 1002\n");
    for (text, expected) in [
        (
            "a\n{{ lines[0].pasword }}\n",
            "own/vendors/yealink/phone.cfg.j2:2: `lines[0].pasword` is undefined",
        ),
        ("{{ phonebook_url }}\n", "phone.cfg.j2:1: "),
        ("{{ lines[0].password|upper }}\n", "a secret can only be printed as it is"),
        ("{{ lines[0].password ~ '' }}\n", "a secret can only be printed as it is"),
        ("{{ lines }}\n", "cannot be printed: print what is in it"),
        ("{{ vendor|safe }}\n", "safe"),
        ("{% for %}\n", "own/vendors/yealink/phone.cfg.j2:1: "),
    ] {
        template(text);
        let told = site.bad(&["--vendors-directory", "own"]);
        assert!(told.contains(expected), "{text:?}: no {expected:?} in\n{told}");
        assert!(!told.contains("geheim"), "{told}");
        assert!(site.tree()["001565010203.cfg"].starts_with(b"#!version"), "nothing is written");
        assert!(!site.path("out/.offhook/new").exists());
    }
}

/// Encrypted in the makers' own format: stock openssl reads it with the phone's password.
#[test]
fn files_that_only_their_phone_can_read() {
    let list = "mac,vendor,model,user,password
000b820a0b0c,grandstream,GRP2614,1001,geheim-1
000b820a0b0d,grandstream,GRP2614,1002,geheim-2
00562b0a0b0c,cisco-mpp,CP-8841-3PCC,1003,geheim-3
0015650a0b0c,yealink,T46S,1004,geheim-4
";
    let site = Site::new("{}", list);
    let key = site.path("key").display().to_string();
    let policy = |key: &str| {
        POLICY.trim_end().trim_end_matches('}').to_owned()
            + &format!(
                r#", "file-access": {{ "encryption": {{ "key-file": "{key}",
                     "for": ["grandstream", "cisco-mpp"] }} }} }}"#
            )
    };
    fs::write(site.path("policy.json"), policy(&key)).unwrap();
    fs::write(&key, "5b1f0d0a4f7c4f0e9d6a1c2b3e4f5061728394a5b6c7d8e9f0a1b2c3d4e5f607").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(site.bad(&[]).contains("file-access.encryption.key-file"));
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    site.good(&["--file-passwords", "passwords.csv"]);
    assert_eq!(fs::metadata(site.path("passwords.csv")).unwrap().mode() & 0o777, 0o600);
    let passwords = fs::read_to_string(site.path("passwords.csv")).unwrap();
    let password = |mac: &str| {
        let row = passwords.lines().find_map(|row| row.strip_prefix(mac)?.strip_prefix(','));
        row.unwrap_or_else(|| panic!("no password for {mac}")).to_owned()
    };
    assert_eq!(passwords.lines().count(), 4, "none for the Yealink, which has no such format");
    let decrypted = |file: &str, password: &str| {
        let mut openssl = Command::new("openssl");
        openssl.args(["enc", "-d", "-aes-256-cbc", "-md", "md5", "-pass"]);
        openssl.arg(format!("pass:{password}")).arg("-in").arg(site.path("out").join(file));
        let output = openssl.output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let one = password("00:0b:82:0a:0b:0c");
    let text = decrypted("cfg000b820a0b0c.xml", &one).expect("it decrypts");
    assert!(text.starts_with("<?xml") && text.contains("<P34>geheim-1</P34>"), "{text}");
    let two = password("00:0b:82:0a:0b:0d");
    assert_ne!(one, two);
    let wrong = decrypted("cfg000b820a0b0c.xml", &two);
    assert!(wrong.is_none_or(|text| !text.contains("geheim")));
    let mpp = decrypted("00562b0a0b0c.xml", &password("00:56:2b:0a:0b:0c")).expect("it decrypts");
    assert!(mpp.contains("<Password_1_>geheim-3</Password_1_>"), "{mpp}");
    let model = String::from_utf8(site.tree()["8841-3PCC.xml"].clone()).unwrap();
    assert!(model.contains("[--key $SA] https://provision.example.com/phones/$MA.xml"), "{model}");
    let all = site.tree();
    for name in ["cfg000b820a0b0c.xml", "cfg000b820a0b0d.xml", "00562b0a0b0c.xml"] {
        assert!(all[name].starts_with(b"Salted__"), "{name}");
        assert!(!String::from_utf8_lossy(&all[name]).contains("geheim"));
    }
    assert!(String::from_utf8_lossy(&all["0015650a0b0c.cfg"]).contains("geheim-4"));
    // The same content is the same file, so a second run writes nothing; nor does a dry run show it.
    assert!(site.good(&[]).contains("0 written"));
    site.list(&list.replace("geheim-1", "geheim-9"));
    let shown = site.good(&["--dry-run"]);
    assert!(shown.contains("cfg000b820a0b0c.xml") && !shown.contains("geheim"), "{shown}");
    // Nothing is promised that cannot be checked.
    fs::write(site.path("policy.json"), policy(&key).replace("cisco-mpp", "yealink")).unwrap();
    assert!(site.bad(&[]).contains("known for: cisco-mpp, cisco-spa, grandstream"));
}

/// What the catalogue says of a file's conditions: a phone's own file that it never requests is not written,
/// nor one that is fetched by another scheme, and a file that no other names is reported.
#[test]
fn files_are_written_as_their_conditions_say() {
    let list = "mac,vendor,model,user\n020000010203,acme,A1,1001\n";
    let site = Site::new(POLICY, list);
    let folder = site.path("own/vendors/acme");
    fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, more: &str| {
        format!(
            "[[file]]\nname = \"{name}\"\nscope = \"device\"\nformat = \"text\"\nsource = \"s\"\n\
             template = \"a.j2\"\nescape = \"line\"\n{more}\n"
        )
    };
    let vendor = [
        "name = \"Acme\"\n[sources]\ns = \"a page\"\n[url]\nschemes = [\"http\", \"https\"]\n"
            .to_owned(),
        "[[mac]]\nprefixes = [\"02:00:00\"]\nsource = \"s\"\n".to_owned(),
        "[[tell]]\nwhat = \"url\"\ncode = 66\ntext = \"{{url}}\"\nsource = \"s\"\n".to_owned(),
        file("{{mac}}.boot", ""),
        file("{{mac}}.old", "only-if-missing = [\"{{mac}}.boot\"]"),
        file("{{mac}}.cfg", "only-if-missing = [\"{{mac}}.boot\"]\nnamed-by = [\"{{mac}}.boot\"]"),
        file("{{mac}}.tftp", "by = [\"tftp\"]"),
        file("{{mac}}.fw", "named-by = [\"list.txt\"]"),
        "[[file]]\nname = \"list.txt\"\nscope = \"common\"\nformat = \"text\"\nsource = \"s\"\n"
            .to_owned(),
    ];
    fs::write(folder.join("vendor.toml"), vendor.concat()).unwrap();
    fs::write(folder.join("a.j2"), "user = {{ lines[0].user }}\n").unwrap();
    let output = site.run(&["--vendors-directory", "own"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    let names: Vec<String> = site.tree().into_keys().collect();
    assert_eq!(names, ["020000010203.boot", "020000010203.cfg", "020000010203.fw"], "{told}");
    let doubt = "row 2: {{mac}}.fw is requested only if list.txt names it, and offhook writes none of these";
    assert!(told.contains(doubt), "{told}");
}
