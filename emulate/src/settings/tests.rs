use super::*;

fn settings(files: &[(Scope, &str, &str)]) -> Settings {
    let mut settings = Settings::default();
    for (scope, name, text) in files {
        settings.add(*scope, name, parse(text.as_bytes()).unwrap());
    }
    settings
}

fn get(settings: &Settings, name: &str) -> String {
    settings.get(&[name.to_owned()]).map_or(String::new(), |(value, _)| value.to_owned())
}

#[test]
fn every_shape_of_xml() {
    for (text, name, value) in [
        (r#"<polycomConfig><reg reg.1.address="1001"/></polycomConfig>"#, "reg.1.address", "1001"),
        (r#"<config reg.1.address="1001"/>"#, "reg.1.address", "1001"),
        ("<gs_provision><config><P47>a &amp; b</P47></config></gs_provision>", "P47", "a & b"),
        (
            r#"<settings><phone-settings><user_host idx="1">x</user_host></phone-settings></settings>"#,
            "user_host[1]",
            "x",
        ),
        (
            r#"<c><sip><line index="1"><RegisterUser>u</RegisterUser></line></sip></c>"#,
            "sip/line[1]/RegisterUser",
            "u",
        ),
        (
            r#"<settings><setting id="Account1RegName" value="1"/></settings>"#,
            "Account1RegName",
            "1",
        ),
        (
            r#"<p><nvm><param name="SipAccount.0.UserName" value="1"/></nvm></p>"#,
            "SipAccount.0.UserName",
            "1",
        ),
        (
            r#"<config><accounts><account index="0" username="u"><host_primary server="s"/></account></accounts></config>"#,
            "accounts/account[0]/host_primary/@server",
            "s",
        ),
    ] {
        assert_eq!(get(&settings(&[(Scope::Device, "f", text)]), name), value, "{text}");
    }
    let error = parse(b"<a><b></a>").err().unwrap();
    assert!(error.contains("1:7"), "{error}");
    assert!(parse(b"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>").is_err());
}

#[test]
fn every_shape_of_lines() {
    for (text, name, value) in [
        ("#!version:1.0.0.1\naccount.1.user_name = 1001\n", "account.1.user_name", "1001"),
        ("sip line1 user name: 1001", "sip line1 user name", "1001"),
        ("sip line1 proxy ip: http://x:1", "sip line1 proxy ip", "http://x:1"),
        ("SET SIPDOMAIN example.com", "SIPDOMAIN", "example.com"),
        ("SIP_PASS_1=\"a=b\"\r\n", "SIP_PASS_1", "a=b"),
        ("[general]\nvoip/line/0/id=101", "voip/line/0/id", "101"),
    ] {
        assert_eq!(get(&settings(&[(Scope::Device, "f", text)]), name), value, "{text}");
    }
    assert_eq!(parse(b"a = 1\nsecret").err().unwrap(), "line 2: neither a parameter nor a comment");
    assert_eq!(parse(b"\n# x\n").err().unwrap(), "no parameter in it");
    assert!(parse(b"\xff\xfe").err().unwrap().starts_with("byte 0 is not UTF-8"));
}

#[test]
fn further_files_are_found() {
    for (text, expected) in [
        (
            r#"<APPLICATION APP_FILE_PATH="sip.ld" CONFIG_FILES="a.cfg, [PHONE_MAC_ADDRESS].cfg"/>"#,
            "a.cfg [PHONE_MAC_ADDRESS].cfg",
        ),
        (r#"<x><APPLICATION CONFIG_FILES="a.cfg"/></x>"#, "a.cfg"),
        ("include:config \"common.cfg\"\ninclude:config <mac>.cfg", "common.cfg <mac>.cfg"),
        ("GET $MACADDR.cfg", "$MACADDR.cfg"),
        (
            r#"<settings><setting-files><file url="http://x/y.xml"/></setting-files></settings>"#,
            "http://x/y.xml",
        ),
        (
            "<flat-profile><Profile_Rule_B>[--key $A] http://x/$MA.xml</Profile_Rule_B></flat-profile>",
            "http://x/$MA.xml",
        ),
        ("CFG_STANDARD_FILE_PATH=\"http://x/Config{MAC}.cfg\"", "http://x/Config{MAC}.cfg"),
    ] {
        assert_eq!(parse(text.as_bytes()).unwrap().includes.join(" "), expected, "{text}");
    }
}

#[test]
fn the_devices_own_file_counts_wherever_it_came() {
    let files = [
        (Scope::Device, "mac.cfg", r#"<c reg.1.address="1001" reg.1.label=""/>"#),
        (Scope::Common, "000.cfg", r#"<c reg.1.address="general" reg.1.label="l"/>"#),
    ];
    let settings = settings(&files);
    assert_eq!(settings.get(&["reg.1.address".to_owned()]), Some(("1001", "mac.cfg")));
    // What is empty says nothing.
    assert_eq!(get(&settings, "reg.1.label"), "l");
    assert!(!format!("{settings:?}").contains("1001"));
}
