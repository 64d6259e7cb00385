use super::*;

struct Vvx;

impl Reading for Vvx {
    fn model(&self) -> &str {
        "VVX410"
    }

    fn expand(&self, text: &str) -> String {
        text.replace("$MODEL4", "J179").replace("$GROUP", "0")
    }
}

fn parse(bytes: &[u8]) -> Result<Document, Unread> {
    super::parse(bytes, &Vvx)
}

fn settings(files: &[(Scope, &str, &str)]) -> Settings {
    let mut settings = Settings::default();
    for (scope, name, text) in files {
        for part in parse(text.as_bytes()).unwrap().parts {
            if let Part::Value(key, value) = part {
                settings.add(*scope, name, &key, &value);
            }
        }
    }
    settings
}

fn get(settings: &Settings, name: &str) -> String {
    settings.get(&[name.to_owned()]).map_or(String::new(), |(value, _)| value.to_owned())
}

fn includes(text: &str) -> String {
    let names = parse(text.as_bytes()).unwrap().parts.into_iter().filter_map(|part| match part {
        Part::Include(name) => Some(name),
        Part::Instead(name) => Some(format!("{name}?")),
        Part::Value(..) => None,
    });
    names.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_shape_of_xml() {
    for (text, name, value) in [
        (r#"<polycomConfig><reg reg.1.address="1001"/></polycomConfig>"#, "reg.1.address", "1001"),
        (r#"<config reg.1.address="1001"/>"#, "reg.1.address", "1001"),
        ("<gs_provision><config><P47>a &amp; b</P47></config></gs_provision>", "P47", "a & b"),
        (
            r#"<gs_provision><config version="2"><item name="account.1.sip.userid">7</item></config></gs_provision>"#,
            "account.1.sip.userid",
            "7",
        ),
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
            "<V><L><E><ID>SIP1</ID><Phone_Number>9</Phone_Number></E></L></V>",
            "L/E[SIP1]/Phone_Number",
            "9",
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
            "<P><SYMB_ITEM ID=\"A.b[0].c[%]\" class=\"symb_item\" value='\"u\"'/></P>",
            "A.b[0].c",
            "u",
        ),
        (
            r#"<device><sipLines><line button="3" lineIndex="1"><name>u</name></line></sipLines></device>"#,
            "sipLines/line[1]/name",
            "u",
        ),
        (
            r#"<DeviceDatabase><Phone><Sip At="0"><User><Id>u</Id></User></Sip></Phone></DeviceDatabase>"#,
            "Phone/Sip[0]/User/Id",
            "u",
        ),
        (
            r#"<config><accounts><account index="0" username="u"><host_primary server="s"/></account></accounts></config>"#,
            "accounts/account[0]/host_primary/@server",
            "s",
        ),
    ] {
        assert_eq!(get(&settings(&[(Scope::Device, "f", text)]), name), value, "{text}");
    }
    let error = parse(b"<a><b></a>").unwrap_err().to_string();
    assert!(error.contains("1:7"), "{error}");
    let outside = b"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>";
    assert!(matches!(parse(outside), Err(Unread::Broken(_))));
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
        (
            "<<VOIP CONFIG FILE>>Version:2.0002\n<SIP CONFIG MODULE>\n--SIP Line List--  :\n\
             SIP1 Register Addr :h\n<<END OF FILE>>\n",
            "SIP1 Register Addr",
            "h",
        ),
        ("<html><pre>\nuser_host1!: h\nuser_pass1$: p\n</pre></html>", "user_host1", "h"),
    ] {
        assert_eq!(get(&settings(&[(Scope::Device, "f", text)]), name), value, "{text}");
    }
    let broken = |text: &[u8]| parse(text).unwrap_err().to_string();
    let wrong = "not well-formed: line 2: neither a parameter nor a comment";
    assert_eq!(broken(b"a = 1\nsecret"), wrong);
    assert_eq!(broken(b"\n# x\n"), "not well-formed: no parameter in it");
    assert!(broken(b"SET A 1\nsecret").starts_with("not well-formed: line 2: not SET"));
}

#[test]
fn encodings_and_forms_that_are_not_known() {
    let latin = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a><b>M\xfcller</b></a>";
    assert_eq!(parse(latin).unwrap().get("b"), Some("Müller"));
    assert_eq!(parse(b"\xef\xbb\xbfa = 1").unwrap().get("a"), Some("1"));
    assert_eq!(parse(b"name = M\xfcller").unwrap().get("name"), Some("Müller"));
    let wide: Vec<u8> = "\u{feff}a = 1".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(parse(&wide).unwrap().get("a"), Some("1"));
    assert!(parse(b"<?xml version=\"1.0\" encoding=\"GB2312\"?><a><b>x</b></a>").is_ok());
    for bytes in [
        &b"Salted__12345678"[..],
        b"\x1f\x8b\x08",
        b"\x00\x01ab",
        b"{\"a\": 1}",
        b"<?xml version=\"1.0\" encoding=\"GB2312\"?><a><b>\xc4\xe3</b></a>",
    ] {
        assert!(matches!(parse(bytes), Err(Unread::Unknown(_))), "{bytes:?}");
    }
    let undeclared = parse(b"<a><b>M\xfcller</b></a>").unwrap_err().to_string();
    assert_eq!(undeclared, "not well-formed: byte 7 is not of its encoding, UTF-8");
    for page in ["<!DOCTYPE html>\n<html><body>404</body></html>", "<HTML><pre>hello</pre>"] {
        assert_eq!(parse(page.as_bytes()).unwrap_err(), Unread::Page, "{page}");
    }
    assert!(parse(b"").unwrap_err().to_string().contains("empty"));
}

#[test]
fn further_files_are_found() {
    for (text, expected) in [
        (
            r#"<APPLICATION APP_FILE_PATH="sip.ld" CONFIG_FILES="a.cfg, [PHONE_MAC_ADDRESS].cfg"/>"#,
            "a.cfg [PHONE_MAC_ADDRESS].cfg",
        ),
        (r#"<x><APPLICATION CONFIG_FILES="a.cfg"/></x>"#, "a.cfg"),
        (
            r#"<APPLICATION CONFIG_FILES="a.cfg"><APPLICATION_VVX410 CONFIG_FILES_VVX410="b.cfg, c.cfg"/>
               <APPLICATION_SPIP300 CONFIG_FILES_SPIP300="d.cfg"/></APPLICATION>"#,
            "b.cfg c.cfg",
        ),
        ("include:config \"common.cfg\"\ninclude:config <mac>.cfg", "common.cfg <mac>.cfg"),
        ("include:config <$MAC.cfg>", "$MAC.cfg"),
        ("GET $MACADDR.cfg", "$MACADDR.cfg?"),
        (
            "IF $MODEL4 SEQ J169 GOTO OTHER\nGET a.txt\nGOTO END\n# OTHER\nGET b.txt\n# END\nGET c.txt",
            "a.txt? c.txt?",
        ),
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
        assert_eq!(includes(text), expected, "{text}");
    }
}

#[test]
fn the_devices_own_file_counts_wherever_it_came() {
    let files = [
        (Scope::Device, "mac.cfg", r#"<c reg.1.address="1001" reg.1.label=""/>"#),
        (Scope::Common, "000.cfg", r#"<c reg.1.address="general" reg.1.label="l"/>"#),
    ];
    let mut settings = settings(&files);
    assert_eq!(settings.get(&["reg.1.address".to_owned()]), Some(("1001", "mac.cfg")));
    // What is empty says nothing.
    assert_eq!(get(&settings, "reg.1.label"), "l");
    settings.values.reverse();
    settings.first_counts = true;
    assert_eq!(settings.get(&["reg.1.address".to_owned()]), Some(("general", "000.cfg")));
    assert!(!format!("{settings:?}").contains("1001"));
    assert!(!format!("{:?}", parse(b"a = geheim").unwrap()).contains("geheim"));
}

#[test]
fn a_hostile_file_costs_neither_stack_nor_memory() {
    let deep = "<a>".repeat(200_000) + &"</a>".repeat(200_000);
    assert!(parse(deep.as_bytes()).unwrap_err().to_string().contains("within each other"));
    let many = format!("<a>{}</a>", "<b/>".repeat(600_000));
    assert!(matches!(parse(many.as_bytes()), Err(Unread::Broken(_))));
    let name = "n".repeat(300);
    let long = format!("<a><{name}>1</{name}></a>");
    assert!(parse(long.as_bytes()).unwrap_err().to_string().contains("a name of more than"));
    let name = "n".repeat(250);
    let (open, close) = (format!("<{name}>").repeat(60), format!("</{name}>").repeat(60));
    let wide = format!("<a>{open}{}{close}</a>", "<b/>".repeat(100_000));
    assert!(parse(wide.as_bytes()).unwrap_err().to_string().contains("MiB of parameters"));
    let laughs = "<!DOCTYPE a [<!ENTITY b \"xxxxxxxxxx\"><!ENTITY c \"&b;&b;&b;&b;\">]><a>&c;</a>";
    assert!(matches!(parse(laughs.as_bytes()), Err(Unread::Broken(_))));
}
