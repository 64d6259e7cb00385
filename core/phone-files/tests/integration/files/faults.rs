//! What other people's lists and documents have found wrong once: each right value is held here.

use serde_json::{Value, json};

use super::writer::Site;

fn site(settings: Value) -> Site {
    Site::new(&json!({
        "systems": [{ "system": "files", "url": "https://prov.example.com/phones/" }],
        "phone-settings": settings,
    }))
}

fn registrar() -> Site {
    site(json!({ "server": "sip.example.com" }))
}

/// All files of a list in one text, or what is wrong with it.
fn written(site: &Site, phones: &Value) -> Result<String, String> {
    Ok(site.write(phones)?.into_values().collect::<Vec<_>>().join("\n"))
}

fn one(vendor: &str, model: &str, more: Value) -> Value {
    let mut phone = json!({
        "mac": "02:00:00:0a:0b:0c", "vendor": vendor, "model": model,
        "lines": [{ "user": "1", "password": "a" }],
    });
    for (key, value) in more.as_object().expect("an object") {
        phone[key] = value.clone();
    }
    json!([phone])
}

fn holds(vendor: &str, model: &str, more: Value, expected: &[&str]) {
    let text = written(&registrar(), &one(vendor, model, more)).expect("files");
    for expected in expected {
        assert!(text.contains(expected), "{vendor} {model}: no {expected:?} in\n{text}");
    }
}

fn refuses(vendor: &str, model: &str, more: Value, expected: &str) {
    let told = written(&registrar(), &one(vendor, model, more.clone()));
    let told = told.expect_err(&format!("{vendor} {model}: {more} is taken"));
    assert!(told.contains(expected), "{vendor} {model}: no {expected:?} in {told}");
}

fn two_lines() -> Value {
    json!([{ "user": "1", "password": "a" }, { "user": "2", "password": "b" }])
}

#[test]
fn a_codec_is_written_by_the_makers_name_or_refused() {
    let codecs = json!({ "codecs": ["ilbc", "g726"] });
    let names = ["codec.ilbc.enable = 1", "codec.g726_32.enable = 1", "codec.pcma.enable = 0"];
    holds("yealink", "T46S", codecs.clone(), &names);
    holds("snom", "D735", json!({ "codecs": "g726" }), &[">g726-32,telephone-event<"]);
    refuses("snom", "D735", codecs.clone(), "has no \"ilbc\": it has g722, g726, g729, opus");
    let map = "<VoiceCodecMap>iLBC,G726-32</VoiceCodecMap>";
    holds("fanvil", "X4U", codecs, &[map]);
    refuses("panasonic", "KX-HDV130", json!({ "codecs": "opus" }), "has no \"opus\"");
}

#[test]
fn every_line_has_its_transport_and_tls_its_port() {
    let lines = |transport: &str| json!({ "transport": transport, "lines": two_lines() });
    holds(
        "grandstream",
        "GXP2170",
        lines("tls"),
        &["<P130>2</P130>", "<P448>2</P448>", "<P402>sip.example.com:5061</P402>"],
    );
    let six: Vec<Value> = (1..=6).map(|user| json!({ "user": user.to_string() })).collect();
    holds(
        "grandstream",
        "GXP2170",
        json!({ "transport": "tcp", "lines": six }),
        &["<P1748>1</P1748>", "<P1848>1</P1848>", "<P1704>5</P1704>"],
    );
    let ports = ["account.1.sip_server.1.port = 5061", "account.2.sip_server.1.port = 5061"];
    holds("yealink", "T46S", lines("tls"), &ports);
    holds(
        "fanvil",
        "X4U",
        lines("tls"),
        &["<RegisterPort>5061</RegisterPort>", "<Transport>3</Transport>"],
    );
    holds("digium", "D65", lines("tls"), &["port=\"5061\" transport=\"tls\""]);
    holds("sangoma", "P330", lines("tls"), &["port=\"5061\" transport=\"tls\""]);
    holds("avaya", "J179", json!({ "transport": "tls" }), &["sip.example.com:5061;transport=tls"]);
    holds(
        "sangoma",
        "S500",
        lines("tls"),
        &[
            "<P830 para=\"Account2.SipTransport\">2</P830>",
            "<P747 para=\"Account2.Sipserver\">sip.example.com:5061</P747>",
        ],
    );
    // What is said counts.
    let said = json!({ "transport": "tls", "port": 5070 });
    holds("yealink", "T46S", said, &["account.1.sip_server.1.port = 5070"]);
}

#[test]
fn polycoms_proxy_speaks_as_the_registrar_does() {
    let proxy = json!({ "transport": "tls", "outbound-proxy": "192.0.2.7", "outbound-port": 5061 });
    let parameters = ["reg.1.server.1.transport=\"TLS\"", "reg.1.outboundProxy.transport=\"TLS\""];
    holds("polycom", "VVX410", proxy, &parameters);
    holds("polycom", "VVX410", json!({ "transport": "udp" }), &["server.1.transport=\"UDPOnly\""]);
}

#[test]
fn proxy_and_second_registrar_speak_as_the_first() {
    let both = json!({ "transport": "tls", "outbound-proxy": "edge.example.com",
                       "backup-server": "sip2.example.com" });
    for (vendor, model, expected) in [
        (
            "polycom",
            "VVX410",
            &["outboundProxy.transport=\"TLS\"", "server.2.transport=\"TLS\""][..],
        ),
        ("polycom", "SPIP335", &["outboundProxy.transport=\"TLS\"", "server.2.transport=\"TLS\""]),
        ("snom", "D735", &["edge.example.com;transport=tls"]),
        ("snom", "D862", &["edge.example.com;transport=tls"]),
        ("gigaset", "P850", &["edge.example.com:5061;transport=tls"]),
        (
            "avaya",
            "J179",
            &["edge.example.com:5061;transport=tls,sip2.example.com:5061;transport=tls"],
        ),
        ("yealink", "T46S", &["sip_server.2.transport_type = 2", "outbound_proxy.1.port = 5061"]),
        ("flyingvoice", "P23G", &["sip_server.2.transport_type = 2"]),
        ("fanvil", "X4U", &["<BackupTransport>3<", "<ProxyPort>5061<", "<BackupPort>5061<"]),
        ("digium", "D65", &["sip2.example.com\" port=\"5061\" transport=\"tls\""]),
        ("sangoma", "P330", &["sip2.example.com\" port=\"5061\" transport=\"tls\""]),
    ] {
        holds(vendor, model, both.clone(), expected);
    }
    // What the policy says to phones that are in no list.
    let policy = site(json!({ "server": "sip.example.com", "transport": "tls",
                              "outbound-proxy": "192.0.2.7", "outbound-port": 5061 }));
    let whole = one("polycom", "VVX410", json!({}));
    let files = policy.write(&whole).expect("files");
    let told = files.into_values().collect::<Vec<_>>().join("\n");
    assert!(told.contains("outboundProxy.transport=\"TLS\""), "{told}");
}

#[test]
fn models_without_a_template_are_refused() {
    for (vendor, model) in [
        ("ale", "4018"),
        ("avaya", "9611G"),
        ("avaya", "1608"),
        ("cisco-mpp", "ATA192"),
        ("cisco-spa", "PAP2T"),
        ("digium", "A22"),
        ("gigaset", "DE310"),
        ("gigaset", "C610"),
        ("sangoma", "A10"),
        ("auerswald", "C-400"),
        ("2n", "Solo"),
    ] {
        refuses(vendor, model, json!({}), "offhook writes no files for");
    }
}

#[test]
fn a_password_is_held_to_what_the_phone_takes() {
    for (vendor, model, wrong, right, written) in [
        ("aastra", "6731i", "s3cret!", "22334", "admin password: 22334"),
        ("mitel-sip", "6940", "s3cret!", "22334", "admin password: 22334"),
        ("digium", "D65", "abc", "789", "id=\"login_password\" value=\"789\""),
        ("avaya", "J179", "short", "longer12", "FORCE_WEB_ADMIN_PASSWORD \"longer12\""),
        ("grandstream", "GXP2170", "a b!", "adm1n", "<P2>adm1n</P2>"),
    ] {
        refuses(vendor, model, json!({ "admin-password": wrong }), "admin-password: expected ");
        let told = written_error(vendor, model, wrong);
        assert!(!told.contains(wrong), "{told}");
        holds(vendor, model, json!({ "admin-password": right }), &[written]);
    }
    let admin = json!({ "admin-password": "geheim88" });
    holds("yealink", "T44U", admin.clone(), &["user_password = admin:geheim88"]);
    holds("yealink", "T74U", admin.clone(), &["user_password = geheim88"]);
    holds("snom", "D735", admin, &["<http_pass perm=\"R\">geheim88", "<webserver_admin_password"]);
}

fn written_error(vendor: &str, model: &str, password: &str) -> String {
    let list = one(vendor, model, json!({ "admin-password": password }));
    written(&registrar(), &list).expect_err("refused")
}

#[test]
fn a_zone_is_right_all_year() {
    let berlin = json!({ "time-zone": "Europe/Berlin" });
    holds("yealink", "T46S", berlin.clone(), &["summer_time = 1", "start_time = 3/5/7/2"]);
    holds("polycom", "VVX410", berlin, &["daylightSavings.start.dayOfWeek.lastInMonth=\"1\""]);
    let fixed = json!({ "utc-offset": "+05:30" });
    holds(
        "polycom",
        "VVX410",
        fixed.clone(),
        &["gmtOffset=\"19800\"", "daylightSavings.enable=\"0\""],
    );
    holds("yealink", "T46S", fixed, &["time_zone = +5:30", "summer_time = 0"]);
    let new_york = json!({ "time-zone": "America/New_York" });
    holds("polycom", "VVX410", new_york.clone(), &["daylightSavings.start.date=\"8\""]);
    holds(
        "yealink",
        "T46S",
        new_york,
        &["time_zone = -5\n", "start_time = 3/2/7/2", "end_time = 11/1/7/2"],
    );
    refuses(
        "yealink",
        "T46S",
        json!({ "time-zone": "Europe/Belin" }),
        "did you mean \"Europe/Berlin\"?",
    );
    refuses("gigaset", "N670", json!({ "time-zone": "Asia/Kolkata" }), "has no \"Asia/Kolkata\"");
    // What is nearer to the phone counts.
    let policy = site(json!({ "time-zone": "Europe/Berlin" }));
    let text = written(&policy, &one("yealink", "T46S", json!({ "utc-offset": "-03:00" })));
    assert!(text.expect("files").contains("time_zone = -3\n"));
}

#[test]
fn values_stay_within_the_makers_range() {
    refuses("yealink", "T46S", json!({ "resync-minutes": 525_600 }), "expected at most 43200");
    refuses("panasonic", "KX-HDV130", json!({ "resync-minutes": 525_600 }), "at most 40320");
    refuses("polycom", "SPIP335", json!({ "register-seconds": 30 }), "expected at least 300");
    refuses("yealink", "T19P", json!({ "lines": two_lines() }), "line 2: Yealink T19P has 1 line");
    let lines: Vec<Value> = (0..60).map(|user| json!({ "user": user.to_string() })).collect();
    refuses("polycom", "VVX101", json!({ "lines": lines }), "has 1 line");
    let key = json!({ "keys": [{ "number": 30, "type": "blf", "value": "1" }] });
    refuses("yealink", "T46S", key, "Yealink T46S has 27 such keys");
    let park = json!({ "keys": [{ "number": 1, "type": "park", "value": "1" }] });
    refuses("panasonic", "KX-HDV130", park, "has no \"park\": it has blf, line");
}

#[test]
fn lines_that_must_be_alike_are_told_when_they_are_not() {
    let differ = |key: &str, value: Value| json!({ "lines": [{ "user": "1" }, { "user": "2", key: value }] });
    for (vendor, model) in [("gigaset", "N670"), ("htek", "UC926"), ("audiocodes", "420HD")] {
        let other = differ("server", json!("other.example.com"));
        refuses(vendor, model, other, "line 2, server: ");
        let site = registrar();
        let list = one(vendor, model, differ("register-seconds", json!(600)));
        written(&site, &list).expect("files");
        let doubts = site.doubts().join("\n");
        assert!(doubts.contains("no place for register-seconds \"600\" of line 2"), "{doubts}");
    }
}

#[test]
fn a_model_finds_its_file_however_it_is_spelt() {
    let names = |vendor: &str, model: &str| -> Vec<String> {
        let files = registrar().write(&one(vendor, model, json!({}))).expect("files");
        files.into_keys().collect()
    };
    for model in ["504G", "spa504g", "SPA504G"] {
        assert_eq!(names("cisco-spa", model), ["0200000a0b0c.xml", "spa504G.cfg"], "{model}");
    }
    for model in ["8841", "8841-3PCC", "CP-8841-3PCC"] {
        assert_eq!(names("cisco-mpp", model), ["0200000a0b0c.xml", "8841-3PCC.xml"], "{model}");
    }
    assert_eq!(names("snom", "snomD735"), ["snomD735-0200000A0B0C.htm", "snomD735.htm"]);
    assert_eq!(names("panasonic", "hdv130"), ["Config0200000A0B0C.cfg", "KX-HDV130.cfg"]);
    assert_eq!(names("gigaset", "n670_ip_pro"), ["0200000a0b0c.xml"]);
    assert_eq!(names("sangoma", "s500"), ["cfg0200000a0b0c.xml"]);
    refuses("cisco-spa", "PAP2T", json!({}), "its files are those of models SPA...");
    refuses("ale", "8", json!({}), "no files for");
}

#[test]
fn ales_8_series_has_its_own_parameters() {
    let names = ["SIPGroup1AuthenticationName", "SIPServer1Address", "SIPGroup1DeviceUri"];
    holds("ale", "8008", json!({}), &names);
    holds("ale", "M5", json!({}), &["Account1UserName"]);
}

#[test]
fn files_have_the_makers_form() {
    let files = registrar().write(&one("panasonic", "KX-HDV130", json!({}))).expect("files");
    for (path, text) in files {
        assert!(text.ends_with("\r\n\r\n"), "{path}: {text:?}");
        assert!(!text.replace("\r\n", "").contains('\n'), "{path}");
    }
    let firmware = json!({ "firmware-url": "https://fw.example.com/x.bin" });
    let files = registrar().write(&one("snom", "D735", firmware)).expect("files");
    let own = &files["snomD735-0200000A0B0C.htm"];
    let named =
        "https://prov.example.com/phones/snomD735-0200000A0B0C-firmware.htm</firmware_status>";
    assert!(own.contains(named) && !own.contains("<firmware "), "{own}");
    let settings =
        "<firmware-settings>\n  <firmware perm=\"R\">https://fw.example.com/x.bin</firmware>";
    assert!(files["snomD735-0200000A0B0C-firmware.htm"].contains(settings));
}

#[test]
fn settings_reach_every_place() {
    let snom = json!({
        "settings": { "tone_scheme": "GER", "functionKeys/fkey[0]": "blf 1002", "tbook/@e": "2" },
        "lines": [{ "user": "1" }, { "user": "2", "settings": { "user_srtp": "on" } }],
    });
    holds(
        "snom",
        "D735",
        snom,
        &[
            "<tone_scheme perm=\"R\">GER</tone_scheme>",
            "<functionKeys><fkey idx=\"0\" perm=\"R\">blf 1002</fkey></functionKeys>",
            "<user_srtp idx=\"2\" perm=\"R\">on</user_srtp>",
            "<tbook perm=\"R\" e=\"2\"></tbook>",
        ],
    );
    let fanvil = json!({ "settings": { "phone/date/TimeZone": "4" }, "time-zone": "Asia/Tokyo",
                         "lines": [{ "user": "1", "settings": { "MediaCrypto": "2" } }] });
    holds("fanvil", "X4U", fanvil, &["<TimeZone>4</TimeZone>", "<MediaCrypto>2</MediaCrypto>"]);
    refuses(
        "fanvil",
        "X4U",
        json!({ "settings": { "phone.date.TimeZone": "4" } }),
        "write the path, phone/date/TimeZone",
    );
    let digium = json!({ "settings": { "accounts/account[0]/@voicemail": "sip:*97@x" },
                         "lines": [{ "user": "1", "settings": { "needMwiSubscription": "1" } }] });
    holds("digium", "D65", digium, &["voicemail=\"sip:*97@x\"", "needMwiSubscription=\"1\""]);
    let line = |key: &str| json!({ "lines": [{ "user": "1", "settings": { key: "1" } }] });
    holds("yealink", "T46S", line("nat.rport"), &["account.1.nat.rport = 1"]);
    holds("polycom", "VVX410", line("lineKeys"), &["reg.1.lineKeys=\"1\""]);
    holds("aastra", "6731i", line("mode"), &["sip line1 mode: 1"]);
    holds("cisco-spa", "SPA504G", line("Sticky_183"), &["<Sticky_183_1_>1</Sticky_183_1_>"]);
    holds("panasonic", "KX-HDV130", line("CW_ENABLE"), &["CW_ENABLE_1=\"1\""]);
    holds("gigaset", "N670", line("MWI"), &["name=\"SipAccount.00001.MWI\""]);
    holds("audiocodes", "420HD", line("line_mode"), &["voip/line/0/line_mode=1"]);
}

/// Behind `from` and before `until`, not somewhere in the file.
#[test]
fn settings_of_a_line_stand_with_that_line() {
    let cases = [
        ("cisco-enterprise", "CP-7942G", "callWaiting", "lineIndex=\"2\">", "</line>"),
        ("2n", "IPVerso", "Roaming", "<Sip At=\"1\">", "</Sip>"),
        ("yeastar", "TA400", "rxgain", "<fxsport1>", "</fxsport1>"),
        ("digium", "D65", "@needMwi", "</account>", ">"),
        ("sangoma", "P330", "@needMwi", "</account>", ">"),
    ];
    for (vendor, model, key, from, until) in cases {
        let mut lines = two_lines();
        lines[1]["settings"] = json!({ key: "17" });
        let text = written(&registrar(), &one(vendor, model, json!({ "lines": lines })));
        let text = text.unwrap_or_else(|told| panic!("{vendor}: {told}"));
        let (_, rest) = text.split_once(from).unwrap_or_else(|| panic!("{vendor}: {text}"));
        let (line, _) = rest.split_once(until).expect("an end");
        let shown = match key.strip_prefix('@') {
            Some(attribute) => format!("{attribute}=\"17\""),
            None => format!("<{key}>17</{key}>"),
        };
        assert!(line.contains(&shown), "{vendor}: no {shown} in {line}\n{text}");
        assert_eq!(text.matches("17").count(), 1, "{vendor}: {text}");
    }
    let second = |key: &str| {
        let mut lines = two_lines();
        lines[1]["settings"] = json!({ key: "17" });
        json!({ "lines": lines })
    };
    holds("gigaset", "MAXWELL3", second("Foo"), &["name=\"SIP.Account.1.Foo\" value=\"17\""]);
    let gigaset =
        "ID=\"BS_VOIP_Data.astVoipAccounts[1].ucFoo[0]\" class=\"symb_item\" value=\"17\"/>";
    holds("gigaset", "N720", second("BS_VOIP_Data.astVoipAccounts[1].ucFoo[0]"), &[gigaset]);
    let first = json!({ "lines": [{ "user": "1", "settings": { "user_foo": "17" } }] });
    holds("gigaset", "P850", first, &["<user_foo idx=\"1\" perm=\"\">17</user_foo>"]);
    holds("akuvox", "SP-R50P", second("SIP.Foo"), &["Config.Account2.SIP.Foo = 17"]);
    holds("flyingvoice", "P23G", second("foo"), &["account.2.foo = 17"]);
    holds("snom", "D735", second("user_foo"), &["<user_foo idx=\"2\" perm=\"R\">17</user_foo>"]);
    holds("cisco-mpp", "CP-8841", second("Foo"), &["<Foo_2_>17</Foo_2_>"]);
}

/// What wazo's and FusionPBX's templates have beside the rest: a second registrar, mailboxes, logins.
#[test]
fn what_peers_say_besides_is_said() {
    let backup =
        json!({ "transport": "tls", "backup-server": "sip2.example.com", "lines": two_lines() });
    // The second registrar is spoken to as the first one.
    let ports = ["sip_server.2.port = 5061", "account.2.sip_server.2.transport_type = 2"];
    holds("yealink", "T46S", backup.clone(), &ports);
    let list = ["sip.example.com:5061;transport=tls,sip2.example.com:5061;transport=tls"];
    holds(
        "avaya",
        "J179",
        json!({ "transport": "tls", "backup-server": "sip2.example.com" }),
        &list,
    );
    holds("grandstream", "GXP2170", backup, &["<P2412>sip2.example.com:5061</P2412>"]);
    // A truth is one in whatever spelling, and the maker's word for it is written.
    for (said, written) in [(json!(true), "1"), (json!("no"), "0"), (json!("Wahr"), "1")] {
        let written = format!("account.1.subscribe_mwi = {written}");
        holds("yealink", "T46S", json!({ "subscribe-mwi": said }), &[&written]);
    }
    holds("grandstream", "GXP2170", json!({ "call-waiting": false }), &["<P91>1</P91>"]);
    holds("polycom", "VVX450", json!({ "subscribe-mwi": false }), &["msg.mwi.1.subscribe=\"\""]);
    refuses("yealink", "T46S", json!({ "call-waiting": "mostly" }), "expected true or false");
    let login = json!({ "admin-login": "chief", "admin-password": "geheim88" });
    holds("yealink", "T46S", login, &["user_name.admin = chief", "user_password = chief:geheim88"]);
    refuses("yealink", "T46S", json!({ "admin-login": "a:b" }), "a login cannot hold :");
    let vlan = json!({ "pc-port-vlan": 130 });
    refuses("gigaset", "MAXWELL3", vlan, "pc-port-vlan needs a voice-vlan");
    // A policy's word holds, and a phone's own counts before it.
    let site = site(json!({ "server": "sip.example.com", "call-waiting": true }));
    let text = |phone: Value| written(&site, &one("yealink", "T46S", phone)).expect("files");
    assert!(text(json!({})).contains("call_waiting.enable = 1"));
    assert!(text(json!({ "call-waiting": false })).contains("call_waiting.enable = 0"));
}
