use jiff::tz::TimeZone;

use super::*;

fn read(of: Of, line: &str) -> Option<Entry<'_>> {
    let clock = Clock::at(1_795_867_200, TimeZone::UTC);
    Patterns::new(of, &[]).unwrap().read(line, &clock)
}

#[test]
fn lines_of_web_servers() {
    let line = "2026-11-28T11:59:00+00:00 10.7.0.9 001565aabbcc 200 812 \"GET 001565aabbcc.cfg\" \"Yealink SIP-T46S\"";
    let entry = read(Of::Web, line).unwrap();
    assert_eq!((entry.status, entry.file), (200, "001565aabbcc.cfg"));
    assert_eq!(entry.macs[0], Mac::parse("00:15:65:aa:bb:cc"));
    assert_eq!(entry.time, Some(1_795_867_140));
    let line = "2026-11-28T11:59:00+00:00 10.7.0.9 - 404 0 \"GET y000000000028.cfg\" \"Yealink SIP-T46S 66.84 00:15:65:aa:bb:cc\"";
    let entry = read(Of::Web, line).unwrap();
    assert_eq!(entry.macs[2], Mac::parse("001565aabbcc"), "by its User-Agent");
    // Aastra's phones write their addresses in capital letters.
    let line =
        "2026-11-28T11:59:00+00:00 10.7.0.9 00085D237429 200 243 \"GET 00085D237429.cfg\" \"-\"";
    let entry = read(Of::Web, line).unwrap();
    assert_eq!((entry.status, entry.macs[0]), (200, Mac::parse("00085d237429")));
    let line = r#"{"level":"info","ts":1795867140.5,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"10.7.0.9","remote_port":"40000","proto":"HTTP/1.1","method":"GET","host":"h","uri":"001565aabbcc.cfg"},"user_id":"","duration":0.1,"size":812,"status":200}"#;
    let entry = read(Of::Web, line).unwrap();
    assert_eq!(
        (entry.status, entry.file, entry.time),
        (200, "001565aabbcc.cfg", Some(1_795_867_140))
    );
    assert_eq!(entry.address, "10.7.0.9".parse().ok());
    let line = r#"10.7.0.9 - - [28/Nov/2026:11:59:00 +0000] "GET /p/AbqJ8z0xTfK2m9LwYc4Vd7Rs/001565aabbcc.cfg?x=y HTTP/1.1" 403 5 "-" "curl""#;
    let entry = read(Of::Web, line).unwrap();
    assert_eq!((entry.status, entry.file), (403, "001565aabbcc.cfg"));
}

#[test]
fn lines_of_registrars() {
    let line = "Nov 28 11:59:00 pbx kamailio[7]: WARNING: <script>: offhook-register 403 user=1001 via=SIP/2.0/UDP 192.168.1.2:5060;branch=z9hG4bK1;received=10.7.0.9;rport=40000";
    let entry = read(Of::Sip, line).unwrap();
    assert_eq!((entry.status, entry.user, entry.time), (403, "1001", Some(1_795_867_140)));
    assert_eq!(entry.address, "10.7.0.9".parse().ok());
    let line = "[Nov 28 11:59:00] VERBOSE[9] res_pjsip_registrar.c: Added contact 'sip:1001@10.7.0.9:5060;transport=udp' to AOR '1001' with expiration of 3600 seconds";
    let entry = read(Of::Sip, line).unwrap();
    assert_eq!((entry.status, entry.user, entry.time), (200, "1001", Some(1_795_867_140)));
    let line = "[2026-11-28 11:59:00] NOTICE[9] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '\"x\" <sip:1001@10.0.0.5>' failed for '10.7.0.9:5060' (callid: a1) - Failed to authenticate";
    let entry = read(Of::Sip, line).unwrap();
    assert_eq!((entry.status, entry.user, entry.reason), (401, "1001", "Failed to authenticate"));
    assert_eq!(entry.address, "10.7.0.9".parse().ok());
    let line = "[Nov 28 11:59:00] NOTICE[9] chan_sip.c: Registration from '\"1001\" <sip:1001@10.0.0.5>' failed for '10.7.0.9:5060' - Wrong password";
    let entry = read(Of::Sip, line).unwrap();
    assert_eq!((entry.status, entry.reason), (403, "Wrong password"));
    assert_eq!(read(Of::Sip, "Nov 28 pbx sshd: REGISTER"), None);
}

#[test]
fn a_pattern_of_ones_own_comes_first_and_says_what_is_wrong_with_it() {
    let own = |text: &str| Patterns::new(Of::Sip, &[text.to_owned()]);
    let head = "[[pattern]]\nname = \"mine\"\nof = \"sip\"\ntime = \"head\"\n";
    let good = format!("{head}match = 'UP (?<user>\\d+) (?<address>\\S+)'\nstatus = 200\n");
    let clock = Clock::at(1_795_867_200, TimeZone::UTC);
    let patterns = own(&good).unwrap();
    assert_eq!(patterns.read("UP 17 10.0.0.7", &clock).unwrap().user, "17");
    for (text, expected) in [
        ("match = '('\nstatus = 200\n", "pattern \"mine\": \"match\": regex parse error"),
        ("match = '(?<user>x)'\n", "no group \"status\" in \"match\": expected one, or status"),
        ("match = '(?<who>x)'\nstatus = 200\n", "the group \"who\": expected one of time, "),
        ("match = 'x'\nstatus = 200\n", "by what is the phone found?"),
        ("match = 'x'\nstate = 200\n", "unknown field `state`"),
    ] {
        let error = own(&format!("{head}{text}")).err().unwrap().to_string();
        assert!(error.contains(expected), "expected {expected:?}, found {error:?}");
    }
}

#[test]
fn addresses_in_names_and_agents() {
    for (text, expected) in [
        ("001565aabbcc.cfg", true),
        ("snomD735-00156 5AABBCC.htm", false),
        ("snomD735-001565AABBCC.htm", true),
        ("SEP001565AABBCC.cnf.xml", true),
        ("x 00:15:65:aa:bb:cc y", true),
        ("00-15-65-AA-BB-CC", true),
        ("y000000000028.cfg", false),
        ("a001565aabbcc", false),
        ("é001565aabbcc", true),
    ] {
        let found = address_in(text);
        // What is found elsewhere is only not this one.
        assert_eq!(found == Mac::parse("001565aabbcc"), expected, "{text}: {found:?}");
    }
}

#[test]
fn what_may_be_a_secret_is_masked() {
    assert_eq!(Entry::text("AbqJ8z0xTfK2m9LwYc4Vd7Rs"), "***");
    assert_eq!(Entry::text("<script>\u{1b}[2J"), "<script>\\u{1b}[2J");
    assert_eq!(Entry::text("snomD735-001565AABBCC.htm"), "snomD735-001565AABBCC.htm");
}
