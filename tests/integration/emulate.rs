//! `offhook emulate` as a witness: one virtual phone of every maker against a real Kea, with the hook
//! and without.

use crate::peers::kea::{Kea, Setup};
use crate::peers::registrar::{PASSWORD, Registrar, USER};
use crate::peers::web::Web;
use crate::peers::{dnsmasq, process, product};
use serde_json::{Value, json};
use std::process::Output;

/// What the catalogue's examples are answered by.
pub const POLICY: &str = include_str!("../../core/vendors/example-policy.json");

/// Runs the emulator as a relay of this Kea; `more` goes to the command line as it is.
pub fn emulate(kea: &Kea, more: &[&str]) -> (Output, Vec<Value>) {
    let server = format!("127.0.0.1:{}", kea.port());
    let relay = format!("127.1.2.4:{}", kea.client_port());
    run(&[&["--server", &server, "--relay", &relay], more].concat())
}

/// Runs the emulator.
pub fn run(words: &[&str]) -> (Output, Vec<Value>) {
    let mut command = process::command(product::command_line());
    let output = process::run(command.args(["emulate", "--json"]).args(words));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let reports = text.lines().map(|line| serde_json::from_str(line).expect("a report")).collect();
    (output, reports)
}

/// `outcome: text` of a step; panics if there is none of that name.
#[track_caller]
pub fn step(report: &Value, name: &str) -> String {
    let steps = report["steps"].as_array().expect("steps");
    let found = steps.iter().find(|step| step["name"] == name);
    let found = found.unwrap_or_else(|| panic!("expected a step {name:?}, found {report:#}"));
    format!("{}: {}", found["outcome"].as_str().unwrap_or(""), found["text"].as_str().unwrap_or(""))
}

#[test]
fn one_phone_of_every_maker_understands_what_the_hook_tells_it() {
    let kea = Setup::new().offhook_file(&POLICY.replace("https:", "http:")).start();
    let (_, reports) = emulate(&kea, &["--all-vendors", "--dhcp-only"]);
    assert!(reports.len() > 50, "expected the whole catalogue, found {}", reports.len());
    for report in &reports {
        let vendor = report["vendor"].as_str().expect("a vendor");
        assert!(step(report, "DHCPREQUEST").starts_with("passed: 127.1."), "{report:#}");
        // Whoever takes a host or a file is given that; the server is the same.
        let url = step(report, "provisioning URL");
        let understood = url.starts_with("passed: ") && url.contains("//provision.example.com/");
        let told = told_a_url(vendor, report["example"].as_str().expect("an example"));
        assert_eq!(understood, told, "{vendor}: {url}");
        let steps = report["steps"].as_array().expect("steps");
        let unread = steps.iter().find(|s| s["name"] == "DHCP options" && s["outcome"] == "failed");
        assert_eq!(unread, None, "{vendor}");
    }
}

/// Whether the catalogue says of an example that it is told the policy's URL.
fn told_a_url(vendor: &str, example: &str) -> bool {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/core/vendors");
    let text = std::fs::read_to_string(format!("{folder}/{vendor}/examples.toml"));
    let table: toml::Table = text.expect("examples").parse().expect("TOML");
    let examples = table["example"].as_array().expect("a list");
    let found = examples.iter().find(|found| found["name"].as_str() == Some(example));
    let host = "provision.example.com";
    let told = found.expect("the example played")["told"].as_array().expect("its answer").iter();
    told.into_iter().any(|option| {
        let text = option.get("text").and_then(|text| text.as_str()).unwrap_or_default();
        let hex = option.get("hex").and_then(|hex| hex.as_str()).unwrap_or_default();
        let host_in_hex: String = host.bytes().map(|byte| format!("{byte:02x}")).collect();
        text.contains(host) || hex.contains(&host_in_hex)
    })
}

#[test]
fn a_kea_without_the_hook_tells_no_url_and_that_is_exit_code_1() {
    let kea = Setup::new().start();
    let (output, reports) = emulate(&kea, &["--vendor", "polycom"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(step(&reports[0], "DHCPREQUEST").starts_with("passed: 127.1."));
    assert_eq!(
        step(&reports[0], "provisioning URL"),
        "failed: none: the answer has nothing to read in option 160, option 161, option 66"
    );
}

/// The two files of a Polycom phone as the article on its provisioning has them.
fn put_polycom(web: &Web, registrar: &Registrar, password: &str) {
    let port = registrar.port;
    web.put(
        "polycom/000000000000.cfg",
        &format!(
            r#"<?xml version="1.0" standalone="yes"?>
<polycomConfig>
<reg
reg.1.server.1.address="127.0.0.1"
reg.1.server.1.port="{port}"
reg.1.server.1.transport="UDP"
voIpProt.SIP.outboundProxy.address="127.0.0.1"
/>
<dialplan
dialplan.digitmap="[2-9]11|0T|+011xxx.T|[2-9]xxxxxxxxx"
/>
</polycomConfig>
"#
        ),
    );
    web.put(
        "polycom/0004f2abcdef.cfg",
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

fn files_at(url: &str) -> Setup {
    let policy = json!({ "systems": [{ "system": "files", "url": url }] });
    Setup::offhook(&policy.to_string())
}

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
        .chain(["0004f2abcdef.cfg", "000000000000.cfg"].map(|name| format!("GET {url}{name}")))
        .chain(["configuration", "SIP REGISTER", "registrar's answer"].map(str::to_owned))
        .map(|name| step(report, &name))
        .collect();
    assert_eq!(found[2], format!("passed: {url} by option 160, also option 66"));
    assert!(found[3].starts_with("passed: 200, "), "{found:#?}");
    assert!(found[4].ends_with(" bytes, XML, 5 parameters"), "{found:#?}");
    assert!(found[5].ends_with("password from 0004f2abcdef.cfg"), "{found:#?}");
    let expected = format!(
        "passed: to 127.0.0.1:{} by UDP as 1001, with the password from 0004f2abcdef.cfg, for the realm \"offhook\"",
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
        "GET /polycom/0004f2abcdef.cfg 200 \"FileTransport PolycomVVX-VVX410-UA/4.1.4.7430 \
         Type/Application\""
    );
    assert!(asked[1].starts_with("GET /polycom/000000000000.cfg 200 "), "{asked:#?}");
    assert!(
        registrar.log().contains("REGISTERED 1001 by udp as FileTransport"),
        "{}",
        registrar.log()
    );
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
    // A file that does not parse; where is said, and nothing of what stands there.
    put_polycom(&web, &registrar, PASSWORD);
    web.put(
        "polycom/0004f2abcdef.cfg",
        "<polycomConfig><reg reg.1.auth.password=\"secret\"></polycomConfig>",
    );
    let report = go(&[]);
    let own = step(&report, &format!("GET {base}0004f2abcdef.cfg"));
    assert!(own.starts_with("failed: 200, 65 bytes, not well-formed: expected 'reg' tag"), "{own}");
    assert!(
        step(&report, "configuration")
            .starts_with("failed: no user: reg.1.address in none of the files; no password: ")
    );
    // A stranger to the registrar.
    put_polycom(&web, &registrar, PASSWORD);
    let own =
        std::fs::read_to_string(web.root().join("polycom/0004f2abcdef.cfg")).expect("the file");
    web.put("polycom/0004f2abcdef.cfg", &own.replace(USER, "1002"));
    assert!(step(&go(&[]), "registrar's answer").starts_with("failed: 404 Not Found"));
    // Nobody at the registrar's place, and a server certificate of nobody's.
    let port = crate::peers::kea::free_port().to_string();
    let report = go(&["--registrar", &format!("127.0.0.1:{port}")]);
    assert!(
        step(&report, "SIP REGISTER").starts_with(&format!("failed: 127.0.0.1:{port} by UDP: "))
    );
    assert_eq!(step(&report, "registrar's answer"), "not-reached: no answer");
    let (_, reports) = run(&[&POLYCOM[..], &["--url", &web.https(), "--timeout", "1"]].concat());
    let first = step(&reports[0], &format!("GET {}0004f2abcdef.cfg", web.https()));
    assert!(first.contains("UnknownIssuer"), "{first}");
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
            "#!version:1.0.0.1\naccount.1.user_name = {USER}\n\
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
    let kea = files_at(&url).start();
    let (_, reports) =
        emulate(&kea, &["--vendor", "snom", "--mac", "00:04:13:01:02:0a", "--register"]);
    assert!(step(&reports[0], "provisioning URL").contains("/p/00041301020A by option 66"));
    assert_eq!(step(&reports[0], "registrar's answer"), "passed: 200 OK: registered");
}

#[test]
fn one_phone_of_every_maker_hears_the_same_from_dnsmasq() {
    let policy = POLICY.replace("https:", "http:");
    let kea = Setup::new().offhook_file(&policy).start();
    let (_, by_kea) = emulate(&kea, &["--all-vendors", "--dhcp-only"]);
    let server = dnsmasq::Setup::new().offhook(&policy).start();
    let (at, relay) =
        (format!("127.0.0.1:{}", server.port()), format!("127.1.2.4:{}", server.port()));
    let words = ["--all-vendors", "--dhcp-only", "--server", &at, "--relay", &relay];
    let (_, by_dnsmasq) = run(&words);
    for (kea, dnsmasq) in by_kea.iter().zip(&by_dnsmasq) {
        assert!(step(dnsmasq, "DHCPREQUEST").starts_with("passed: "), "{dnsmasq:#}");
        // dnsmasq puts its own address into siaddr, which some phones read last.
        let (one, other) = (step(kea, "provisioning URL"), step(dnsmasq, "provisioning URL"));
        let other = other.trim_end_matches(", also siaddr");
        let same = one == other || (!one.starts_with("passed") && other.ends_with(" by siaddr"));
        assert!(same, "{}: by Kea {one}\nby dnsmasq {other}", kea["vendor"]);
    }
    assert_eq!(by_kea.len(), by_dnsmasq.len());
}

/// A network of two namespaces: dnsmasq with DHCP and TFTP in one, the phone's interface in the other.
/// What stands behind `$@` runs beside the phone.
const NETWORK: &str = r#"
set -e
ip link set lo up
unshare --net sleep 120 &
server=$!
while [ "$(readlink /proc/$server/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do
  kill -0 $server; sleep 0.01
done
ip link add phone type veth peer name server
ip link set server netns $server
inside() { nsenter --net=/proc/$server/ns/net "$@"; }
inside ip link set lo up
inside ip addr add 10.99.0.1/24 dev server
inside ip link set server up
ip addr add 10.99.0.2/24 dev phone
ip link set phone up
inside dnsmasq --conf-file=/dev/null --no-daemon --port=0 \
  --interface=server --bind-dynamic --no-ping --no-hosts --no-resolv \
  --dhcp-leasefile="$FOLDER/leases" --pid-file="$FOLDER/pid" --dhcp-authoritative \
  --dhcp-range=10.99.0.10,10.99.0.200,255.255.255.0,1h --dhcp-option-force=66,10.99.0.1 \
  --dhcp-option-force=128,VLAN-A=120\; \
  --enable-tftp --tftp-root="$FOLDER/tftp" 2> "$FOLDER/log" &
dnsmasq=$!
while ! grep -q 'TFTP root' "$FOLDER/log"; do kill -0 $dnsmasq; sleep 0.01; done
"$@"
"#;

#[test]
fn by_broadcast_with_a_vlan_and_files_over_tftp() {
    let folder = crate::peers::folder::Folder::new();
    folder.make("tftp");
    let long = "x".repeat(1200);
    let file = format!(
        r#"<c reg.1.address="1001" reg.1.auth.password="p" reg.1.label="{long}"
        reg.1.server.1.address="127.0.0.1"/>"#
    );
    folder.write("tftp/0004f2010203.cfg", &file);
    crate::peers::folder::set_mode(&folder.join("tftp/0004f2010203.cfg"), 0o644);
    let mut command = process::command("unshare");
    command.args([
        "--user",
        "--map-root-user",
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]);
    command.args(["bash", "-c", NETWORK, "network"]).env("FOLDER", folder.path());
    command.arg(product::command_line()).args(["emulate", "--interface", "phone", "--json"]);
    command.args(["--vendor", "polycom", "--timeout", "2"]);
    let output = process::run(&mut command);
    let text = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&text).unwrap_or_else(|error| {
        let errors = String::from_utf8_lossy(&output.stderr);
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        panic!("expected a report, found {error}: {text}\n{errors}\n{log}")
    });
    assert!(step(&report, "DHCPDISCOVER").ends_with(" offered by 10.99.0.1"), "{report:#}");
    assert_eq!(step(&report, "voice VLAN"), "passed: 120, by option 128; asks again in it");
    assert!(step(&report, "DHCPREQUEST in VLAN 120").ends_with(" for 3600 s"));
    let url = "tftp://10.99.0.1/0004f2010203.cfg";
    let size = file.len();
    assert_eq!(
        step(&report, &format!("GET {url}")),
        format!("passed: TFTP, {size} bytes, XML, 4 parameters")
    );
    assert!(step(&report, "files").contains("000000000000.cfg (TFTP error 1 "), "{report:#}");
    assert!(
        step(&report, "configuration").starts_with("passed: user 1001 at 127.0.0.1:5060 by UDP")
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_fleet_powers_up_and_its_losses_are_told() {
    let kea = Setup::new().offhook_file(POLICY).start();
    let server = format!("127.0.0.1:{}", kea.port());
    let relay = format!("127.1.2.4:{}", kea.client_port());
    let words = ["--vendor", "polycom,snom,digium,cisco-spa", "--count", "400", "--relay", &relay];
    let go = |more: &[&str]| {
        let mut command = process::command(product::command_line());
        let output = process::run(command.args(["emulate", "--json"]).args(words).args(more));
        let summary: Value = serde_json::from_slice(&output.stdout).expect("a summary");
        (output.status.code(), summary)
    };
    let start = std::time::Instant::now();
    let (code, summary) = go(&["--server", &server, "--rate", "800"]);
    assert_eq!((code, &summary["booted"], &summary["lost"]), (Some(0), &json!(400), &json!(0)));
    assert_eq!((&summary["makers"], &summary["understood-url"]), (&json!(4), &json!(400)));
    assert!(start.elapsed().as_secs_f64() > 0.49, "expected the rate to be kept: {summary:#}");
    // Every phone had an address of its own: as many leases.
    assert_eq!(kea.must_statistic("subnet[1].assigned-addresses"), 400);
    // Nobody at the server's place.
    let nobody = format!("127.0.0.1:{}", crate::peers::kea::free_port());
    let (code, summary) = go(&["--server", &nobody, "--timeout", "0.05", "--tries", "2"]);
    assert_eq!(
        (code, &summary["lost"], &summary["sent-again"]),
        (Some(1), &json!(400), &json!(400))
    );
    assert_eq!(summary["first-lost"].as_array().expect("a list").len(), 20);
}
