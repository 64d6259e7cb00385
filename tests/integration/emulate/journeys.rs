//! The whole way of single phones: files over HTTP and HTTPS, their form, and a real registrar.

use super::{emulate, files_at, run, step};
use crate::peers::kea::Setup;
use crate::peers::registrar::{PASSWORD, Registrar, USER};
use crate::peers::web::Web;
use serde_json::json;

/// The files of a Polycom phone, with the parameters of the article on its provisioning: a master file for
/// all phones names the phone's own and the site's.
fn put_polycom(web: &Web, registrar: &Registrar, password: &str) {
    let port = registrar.port;
    web.put(
        "polycom/000000000000.cfg",
        r#"<APPLICATION CONFIG_FILES="[PHONE_MAC_ADDRESS]-user.cfg, site.cfg"/>"#,
    );
    web.put(
        "polycom/site.cfg",
        &format!(
            r#"<?xml version="1.0" standalone="yes"?>
<polycomConfig>
<reg
reg.1.server.1.address="127.0.0.1"
reg.1.server.1.port="{port}"
reg.1.server.1.transport="UDP"
voIpProt.SIP.outboundProxy.address="127.0.0.1"
voIpProt.SIP.outboundProxy.port="{port}"
/>
<dialplan
dialplan.digitmap="[2-9]11|0T|+011xxx.T|[2-9]xxxxxxxxx"
/>
</polycomConfig>
"#
        ),
    );
    web.put(
        "polycom/0004f2abcdef-user.cfg",
        &format!(
            r#"<?xml version="1.0" standalone="yes"?>
<polycomConfig>
<reg
reg.1.address="{USER}"
reg.1.auth.userId="{USER}"
reg.1.auth.password="{password}"
reg.1.label="Front Desk"
reg.1.displayName="Front Desk"
/>
</polycomConfig>
"#
        ),
    );
}

const POLYCOM: [&str; 5] = ["--vendor", "polycom", "--mac", "00:04:f2:ab:cd:ef", "--register"];

/// "Verifying provisioning": option 66, both files over HTTPS, REGISTER with the file's password, and
/// the registrar's word on it, 403 for a wrong one.
#[test]
fn a_polycom_goes_from_option_66_to_the_registrars_403_and_200() {
    let (web, registrar) = (Web::new(), Registrar::new());
    let url = format!("{}polycom/", web.https());
    let kea = files_at(&url).start();
    let authority = web.authority().display().to_string();
    let words = [&POLYCOM[..], &["--ca", &authority]].concat();
    put_polycom(&web, &registrar, "wrong-but-valid");
    let (output, reports) = emulate(&kea, &words);
    assert_eq!(output.status.code(), Some(1));
    let report = &reports[0];
    let found: Vec<String> = ["DHCPDISCOVER", "DHCPREQUEST", "provisioning URL"]
        .into_iter()
        .map(str::to_owned)
        .chain(["0004f2abcdef-user.cfg", "site.cfg"].map(|name| format!("GET {url}{name}")))
        .chain(["configuration", "SIP REGISTER", "registrar's answer"].map(str::to_owned))
        .map(|name| step(report, &name))
        .collect();
    assert_eq!(found[2], format!("passed: {url} by option 160, also option 66"));
    assert!(found[3].starts_with("passed: 200, "), "{found:#?}");
    assert!(found[4].ends_with(" bytes, XML, 6 parameters"), "{found:#?}");
    assert!(found[5].ends_with("password from 0004f2abcdef-user.cfg"), "{found:#?}");
    let expected = format!(
        "passed: to 127.0.0.1:{} by UDP as 1001, with the password from 0004f2abcdef-user.cfg, for the realm \"offhook\"",
        registrar.port
    );
    assert_eq!(found[6], expected);
    assert_eq!(
        found[7],
        "failed: 403 Forbidden: the password or the user is wrong, and the registrar says so"
    );
    // What was to be shown may also be what is expected.
    let (output, reports) = emulate(&kea, &[&words[..], &["--expect", "403"]].concat());
    assert_eq!(output.status.code(), Some(0));
    assert!(step(&reports[0], "registrar's answer").ends_with("says so, as expected"));
    // "Then fix the password".
    put_polycom(&web, &registrar, PASSWORD);
    let (output, reports) = emulate(&kea, &words);
    assert_eq!(step(&reports[0], "registrar's answer"), "passed: 200 OK: registered");
    assert_eq!(output.status.code(), Some(0));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!printed.contains(PASSWORD), "a password was printed: {printed}");
    // As the phone does it: its User-Agent, its own file first.
    let asked = web.requests();
    assert_eq!(
        asked[0],
        "GET /polycom/0004f2abcdef.cfg 404 \"FileTransport PolycomVVX-VVX410-UA/4.1.4.7430 \
         Type/Application\""
    );
    assert!(asked[1].starts_with("GET /polycom/000000000000.cfg 200 "), "{asked:#?}");
    assert!(
        registrar.log().contains("REGISTERED 1001 by udp as FileTransport"),
        "{}",
        registrar.log()
    );
}

/// As it must be where passwords are worth something: the file over HTTPS, the registration over TLS.
#[test]
fn a_registrar_over_tls_must_show_a_certificate_that_is_trusted() {
    let web = Web::new();
    let authority = web.authority();
    let registrar = Registrar::over_tls(authority.parent().expect("a folder"));
    let file = |host: &str| {
        format!(
            r#"<c reg.1.address="{USER}" reg.1.auth.password="{PASSWORD}" reg.1.server.1.transport="TLS"
            reg.1.server.1.address="{host}" reg.1.server.1.port="{}"/>"#,
            registrar.port
        )
    };
    web.put("0004f2abcdef.cfg", &file("127.0.0.1"));
    let authority = authority.display().to_string();
    let url = web.https();
    let words = [&POLYCOM[..], &["--url", &url, "--ca", &authority]].concat();
    let (output, reports) = run(&words);
    let by = format!("passed: to 127.0.0.1:{} by TLS as {USER}, ", registrar.port);
    assert!(step(&reports[0], "SIP REGISTER").starts_with(&by), "{:#}", reports[0]);
    assert_eq!(step(&reports[0], "registrar's answer"), "passed: 200 OK: registered");
    assert_eq!(output.status.code(), Some(0));
    assert!(registrar.log().contains("REGISTERED 1001 by tls as "), "{}", registrar.log());
    // The certificate is for 127.0.0.1 only.
    web.put("0004f2abcdef.cfg", &file("localhost"));
    let (_, reports) = run(&words);
    let why = step(&reports[0], "SIP REGISTER");
    assert!(
        why.starts_with("failed: localhost:") && why.contains("certificate is for another name"),
        "{why}"
    );
    assert_eq!(step(&reports[0], "registrar's answer"), "not-reached: no answer");
}

#[test]
fn every_step_that_can_fail_says_why_and_what_is_not_reached() {
    let (web, registrar) = (Web::new(), Registrar::new());
    let base = format!("{}polycom/", web.http());
    let go = |more: &[&str]| {
        let (output, mut reports) =
            run(&[&POLYCOM[..], &["--url", &base, "--timeout", "1"], more].concat());
        assert_eq!(output.status.code(), Some(1));
        reports.remove(0)
    };
    // No file at all.
    let report = go(&[]);
    assert!(
        step(&report, "configuration")
            .starts_with("failed: none of its files is there: 0004f2abcdef.cfg (404), ")
    );
    assert_eq!(step(&report, "SIP REGISTER"), "not-reached: no account in the files");
    // A file that does not parse; the report says where, and quotes nothing of it.
    put_polycom(&web, &registrar, PASSWORD);
    web.put(
        "polycom/0004f2abcdef-user.cfg",
        "<polycomConfig><reg reg.1.auth.password=\"secret\"></polycomConfig>",
    );
    let report = go(&[]);
    let own = step(&report, &format!("GET {base}0004f2abcdef-user.cfg"));
    assert!(own.starts_with("failed: 200, 65 bytes, not well-formed: expected 'reg' tag"), "{own}");
    assert!(
        step(&report, "configuration")
            .starts_with("failed: no user: reg.1.address in none of the files; no password: ")
    );
    // A stranger to the registrar.
    put_polycom(&web, &registrar, PASSWORD);
    let own = std::fs::read_to_string(web.root().join("polycom/0004f2abcdef-user.cfg"))
        .expect("the file");
    web.put("polycom/0004f2abcdef-user.cfg", &own.replace(USER, "1002"));
    assert!(step(&go(&[]), "registrar's answer").starts_with("failed: 404 Not Found"));
    // No registrar at the address, and a server certificate without an authority.
    let port = crate::peers::kea::free_port().to_string();
    let report = go(&["--registrar", &format!("127.0.0.1:{port}")]);
    assert!(
        step(&report, "SIP REGISTER").starts_with(&format!("failed: 127.0.0.1:{port} by UDP: "))
    );
    assert_eq!(step(&report, "registrar's answer"), "not-reached: no answer");
    let (_, reports) = run(&[&POLYCOM[..], &["--url", &web.https(), "--timeout", "1"]].concat());
    let first = step(&reports[0], &format!("GET {}0004f2abcdef.cfg", web.https()));
    assert!(first.contains("is not signed by an authority that this phone trusts"), "{first}");
}

#[test]
fn macros_includes_and_tcp_as_each_maker_has_them() {
    let (web, registrar) = (Web::new(), Registrar::new());
    let port = registrar.port;
    // Yealink: a boot file that names the others; by TCP.
    web.put(
        "001565010203.boot",
        "#!version:1.0.0.1\ninclude:config \"common.cfg\"\ninclude:config <$MAC.cfg>\n",
    );
    web.put("common.cfg", &format!("#!version:1.0.0.1\naccount.1.sip_server.1.address = 127.0.0.1\n\
        account.1.sip_server.1.port = {port}\naccount.1.sip_server.1.transport_type = 1\naccount.1.password = wrong\n"));
    web.put(
        "001565010203.cfg",
        &format!(
            "#!version:1.0.0.1\naccount.1.enable = 1\naccount.1.user_name = {USER}\n\
        account.1.auth_name = {USER}\naccount.1.password = {PASSWORD}\n"
        ),
    );
    let kea = files_at(&web.http()).start();
    let (_, reports) =
        emulate(&kea, &["--vendor", "yealink", "--mac", "00:15:65:01:02:03", "--register"]);
    assert!(step(&reports[0], "SIP REGISTER").contains(" by TCP as 1001"), "{:#}", reports[0]);
    assert_eq!(step(&reports[0], "registrar's answer"), "passed: 200 OK: registered");
    // Snom: its own macro in the URL, in upper case; the file that it names.
    let url = format!("{}p/{{mac}}", web.http());
    web.put("p/00041301020A", &format!("<settings><phone-settings><user_host idx=\"1\">127.0.0.1:{port}</user_host>\
        <user_name idx=\"1\">{USER}</user_name></phone-settings><setting-files><file url=\"{}secret.xml\"/>\
        </setting-files></settings>", web.http()));
    web.put(
        "secret.xml",
        &format!(
            "<settings><phone-settings><user_pass idx=\"1\">{PASSWORD}</user_pass>\
        </phone-settings></settings>"
        ),
    );
    let policy = json!({ "systems": [{ "system": "url", "url": url }] });
    let kea = Setup::offhook(&policy.to_string()).start();
    let (_, reports) =
        emulate(&kea, &["--vendor", "snom", "--mac", "00:04:13:01:02:0a", "--register"]);
    assert!(step(&reports[0], "provisioning URL").contains("/p/00041301020A by option 66"));
    assert_eq!(step(&reports[0], "registrar's answer"), "passed: 200 OK: registered");
}
