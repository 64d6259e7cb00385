//! What is read: lists of every kind, and their mistakes.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::site::{PHONES, POLICY, Site};

#[test]
fn lists_of_either_kind_and_from_a_pipe_give_the_same_tree() {
    let csv = Site::new(POLICY, PHONES);
    csv.good(&[]);
    let json = Site::new(
        POLICY,
        r#"[ // a comment
          { "mac": "0015.6501.0203", "vendor": "yealink", "model": "T46S",
            "settings": { "features.x": "sehr-geheim" },
            "lines": [ { "user": 1001, "password": "geheim-1", "display-name": "Zoë" },
                       { "user": "1002", "password": "geheim-2", "display-name": "Two, Lines" } ] },
          { "mac": "00-04-F2-01-02-03", "model": "VVX410",
            "lines": [ { "user": "1003", "password": "geheim-3", "display-name": "O'Neil" } ] } ]"#,
    );
    json.good(&[]);
    assert_eq!(csv.tree(), json.tree());
    let piped = Site::new(POLICY, "");
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    command.current_dir(piped.folder.path());
    command.args(["generate", "--policy", "policy.json", "--phones", "-", "--out", "out"]);
    let input = fs::File::open(csv.path("phones")).unwrap();
    assert!(command.stdin(input).output().unwrap().status.success());
    assert_eq!(csv.tree(), piped.tree());
}

#[test]
fn every_mistake_is_told_with_its_row_and_nothing_is_written() {
    let list = "\
mac,vendor,model,site,user,password,display-name,port
00:15:65:01:02:03,yealink,T46S,branch-7,1001,geheim,Zoe,5060
00:15:65:01:02,yealink,,,1002,geheim,Zoe,
00:15:65:01:02:04,yelink,,,1003,geheim,Zoe,
00:15:65:01:02:05,yealink,../../x,,1004,geheim,Zoe,
00:15:65:01:02:06,yealink,,branch-8,1005,geheim,Zoe,
00:15:65:01:02:07,yealink,,,1006,geheim,Zoe,99999
00:15:65:01:02:08,yealink,,,1001,geheim,Zoe,
00:15:65:01:02:09,yealink,,,1007,geheim,\"Zoe
sip_server = evil\",
00:15:65:01:02:0a,yealink,,,1008,geheim
02:00:00:00:00:01,,,,1009,geheim,Zoe,
";
    let site = Site::new(POLICY, list);
    let told = site.bad(&[]);
    for expected in [
        "phones: row 3: mac: expected a hardware address such as",
        "phones: row 4: vendor: not a vendor; did you mean \"yealink\"?",
        "phones: row 5: model: expected a model's name",
        "phones: row 6: site: not a site of the policy; did you mean \"branch-7\"?",
        "phones: row 7: port: expected a whole number from 1 to 65535",
        "phones: row 8: user: this user is in row 2 already",
        "phones: row 9: display-name: the character U+000A cannot be written in a phone's file",
        "phones: row 11: expected 8 columns as in the first row, found 6",
        "phones: row 12: vendor: \"vendor\" is missing, and the address is not a single maker's",
        "9 mistakes; nothing was written",
    ] {
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    }
    assert!(!told.contains("geheim"), "{told}");
    assert!(!site.path("out").exists());
    // The good ones only, if that is wanted: the two with one user are neither.
    let good = "02:aa:00:00:00:01,snom,D735,,2001,geheim,Zoe,\n";
    site.list(&(list.to_owned() + good));
    let told = site.bad(&["--keep-going"]);
    assert!(told.contains("what they are about was left out"), "{told}");
    assert_eq!(
        site.tree().keys().collect::<Vec<_>>(),
        ["snomD735-02AA00000001.htm", "snomD735.htm"]
    );
    // As JSON too.
    site.list(
        r#"[{ "mac": "00:15:65:01:02:03", "lines": [{ "user": "1", "passwort": "geheim" }] },
            { "mac": "00:15:65:01:02:03", "lines": [{ "port": "x" }] }, 7]"#,
    );
    let told = site.bad(&["--json"]);
    for expected in [
        "row 1: lines[0], key 2: unknown key; did you mean \"password\"?",
        "row 2: lines[0].port: expected a whole number",
        "row 2: lines[0]: \"user\" is missing",
        "row 3: expected an object, found a number",
    ] {
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    }
    let refused = site.run(&["--json"]);
    let summary: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!((summary["written"].as_u64(), summary["left-out"].as_u64()), (Some(0), Some(3)));
}

#[test]
fn two_sites_in_one_folder_are_told_apart_or_refused() {
    let list =
        "mac,model,user,site\n0004f2010203,VVX410,1003,\n0004f2010204,VVX410,1004,branch-7\n";
    let site = Site::new(POLICY, list);
    let told = site.bad(&[]);
    assert!(
        told.contains("row 3: the file 000000000000.cfg would have to hold one thing"),
        "{told}"
    );
    fs::write(site.path("policy.json"), POLICY.replace("/phones/", "/phones/{{mac}}/")).unwrap();
    site.good(&[]);
    let tree = site.tree();
    // Each phone's own file holds all; the common one, which it would request only without its own, is
    // not written into a folder that no other phone has.
    let names: Vec<&str> = tree.keys().map(String::as_str).collect();
    assert_eq!(names, ["0004f2010203/0004f2010203.cfg", "0004f2010204/0004f2010204.cfg"]);
    let in_a_vlan = |file: &[u8]| String::from_utf8_lossy(file).contains("device.net.vlanId=");
    let in_vlans: Vec<bool> = tree.values().map(|file| in_a_vlan(file)).collect();
    assert_eq!(in_vlans, [false, true], "branch-7 has a VLAN");
}

#[test]
fn phones_that_the_policy_sends_elsewhere_are_written_and_told_of() {
    let pascom =
        r#"{ "systems": [{ "system": "pascom", "server": "10.0.0.5", "phonesystem": "acme" }] }"#;
    for (policy, doubt) in [
        (
            pascom,
            "doubt: the policy sends yealink phones to the system \"pascom\", not to \"files\"",
        ),
        ("{}", "doubt: no system of the policy serves yealink phones"),
    ] {
        let site =
            Site::new(policy, "mac,vendor,user,server\n001565010203,yealink,1,sip.example.com\n");
        let output = site.run(&[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.starts_with(doubt) && told.lines().count() == 1, "{told}");
        let files: Vec<String> = site.tree().into_keys().collect();
        assert_eq!(files, ["001565010203.boot", "001565010203.cfg"]);
    }
}

#[test]
fn lines_that_nobody_told_a_registrar_are_told_of() {
    let files =
        r#"{ "systems": [{ "system": "files", "url": "https://p.example.com/" }]SETTINGS }"#;
    let list = "mac,vendor,user\n001565010203,yealink,1\n";
    let told = |settings: &str, list: &str| {
        let output = Site::new(&files.replace("SETTINGS", settings), list).run(&[]);
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let doubt = told("", list);
    assert!(doubt.starts_with("doubt: row 2: phones of yealink have lines without"), "{doubt}");
    assert_eq!(told(r#", "phone-settings": { "server": "sip.example.com" }"#, list), "");
    assert_eq!(told("", "mac,vendor,user,server\n001565010203,yealink,1,sip.example.com\n"), "");
    // Perhaps this is it.
    assert_eq!(told("", &list.replace("user\n", "user,settings.x\n").replace("1\n", "1,y\n")), "");
}

/// No value that a user wrote is dropped in silence.
#[test]
fn what_a_makers_files_have_no_place_for_is_told() {
    let list = "mac,vendor,model,user,label,utc-offset
0c383e010203,fanvil,X4U,1,Desk,
0004f2010203,polycom,VVX410,2,Desk,+01:00
";
    let site = Site::new(&POLICY.replace("\"tls\"", "\"tls\", \"digit-map\": \"x.T\""), list);
    let output = site.run(&["--json"]);
    let told = String::from_utf8(output.stderr).unwrap();
    for lost in ["label \"Desk\"", "digit-map \"x.T\""] {
        let doubt =
            format!("row 2: the files of fanvil X4U have no place for {lost}: it is left out");
        assert!(told.contains(&doubt) && !told.contains("polycom"), "{told}");
    }
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["doubts"].as_array().map(Vec::len), Some(2), "{summary}");
    // One's own template has a place for it.
    let folder = site.path("own/vendors/fanvil");
    fs::create_dir_all(&folder).unwrap();
    let template = "<a>{% for line in lines %}{% if line.label %}{{ line.label }}{% endif %}\
                    {% endfor %}{% include 'b.j2' %}</a>";
    fs::write(folder.join("phone.cfg.j2"), template).unwrap();
    fs::write(folder.join("b.j2"), "<b>{% if digit_map %}{{ digit_map }}{% endif %}</b>").unwrap();
    let output = site.run(&["--vendors-directory", "own"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}");
    for lost in ["user", "server", "transport"] {
        assert!(told.contains(&format!("no place for {lost}: ")), "{told}");
    }
    assert!(!told.contains("label") && !told.contains("digit-map"), "{told}");
    assert_eq!(site.tree()["0c383e010203.cfg"], b"<a>Desk<b>x.T</b></a>");
}
