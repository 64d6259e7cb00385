//! By broadcast on an interface of its own network: a VLAN, and files over TFTP.

use super::step;
use crate::peers::folder::{Folder, set_mode};
use crate::peers::kea::Setup;
use crate::peers::{process, product};
use serde_json::{Value, json};

/// A network of two namespaces: a server in one, the phone's interface in the other.
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
"#;

const DNSMASQ: &str = r#"
inside dnsmasq --conf-file=/dev/null --no-daemon --port=0 \
  --interface=server --bind-dynamic --no-ping --no-hosts --no-resolv \
  --dhcp-leasefile="$FOLDER/leases" --pid-file="$FOLDER/pid" --dhcp-authoritative \
  --dhcp-range=10.99.0.10,10.99.0.200,255.255.255.0,1h --dhcp-option-force=66,tftp://10.99.0.1/ \
  --dhcp-option-force=128,VLAN-A=120\; \
  --enable-tftp --tftp-root="$FOLDER/tftp" 2> "$FOLDER/log" &
daemon=$!
started='TFTP root'
"#;

const KEA: &str = r#"
inside kea-dhcp4 -c "$FOLDER/kea.json" > "$FOLDER/log" 2>&1 &
daemon=$!
started=DHCP4_STARTED
"#;

/// What follows `$@` runs beside the phone once the server is up.
const GO: &str = r#"
while ! grep -q "$started" "$FOLDER/log"; do kill -0 $daemon; sleep 0.01; done
"$@"
"#;

/// Boots a phone on that network; its report and the exit code.
fn boot(
    folder: &Folder,
    server: &str,
    words: &[&str],
    setup: Option<&Setup>,
) -> (Value, Option<i32>) {
    let mut command = process::apart(&["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    command.env("FOLDER", folder.path());
    if let Some(setup) = setup {
        setup.environment(&mut command);
    }
    command.args(["bash", "-c", &[NETWORK, server, GO].concat(), "network"]);
    command.arg(product::command_line()).args(["emulate", "--interface", "phone", "--json"]);
    let output = process::run(command.args(words));
    let text = String::from_utf8_lossy(&output.stdout);
    let report = serde_json::from_str(&text).unwrap_or_else(|error| {
        let errors = String::from_utf8_lossy(&output.stderr);
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        panic!("expected a report, found {error}: {text}\n{errors}\n{log}")
    });
    (report, output.status.code())
}

/// The phone speaks as one on the server's own network does, and Kea receives it on a raw socket.
#[test]
fn by_broadcast_at_a_kea_with_the_hook() {
    let policy = json!({
        "systems": [{ "system": "files", "url": "http://10.99.0.1/p/" }],
        "sites": [{ "name": "here", "match": { "interfaces": ["server"] }, "voice-vlan": { "id": 120 } }],
    });
    let setup = Setup::offhook(&policy.to_string()).edit(|dhcp4| {
        dhcp4["interfaces-config"] = json!({ "interfaces": ["server"], "dhcp-socket-type": "raw" });
        dhcp4["subnet4"] = json!([{ "id": 1, "subnet": "10.99.0.0/24",
            "pools": [{ "pool": "10.99.0.10 - 10.99.0.200" }] }]);
    });
    setup.write_configuration();
    let words = ["--vendor", "polycom", "--dhcp-only", "--timeout", "2"];
    let (report, code) = boot(&setup.folder, KEA, &words, Some(&setup));
    assert!(step(&report, "DHCPDISCOVER").ends_with(" offered by 10.99.0.1"), "{report:#}");
    assert_eq!(step(&report, "voice VLAN"), "passed: 120, by option 128; asks again in it");
    let url = "passed: http://10.99.0.1/p/ by option 160, also option 66";
    assert_eq!(step(&report, "provisioning URL"), url, "{report:#}");
    assert_eq!(code, Some(0));
}

#[test]
fn by_broadcast_with_a_vlan_and_files_over_tftp() {
    let folder = Folder::new();
    folder.make("tftp");
    let long = "x".repeat(1200);
    let file = format!(
        r#"<c reg.1.address="1001" reg.1.auth.password="p" reg.1.label="{long}"
        reg.1.server.1.address="127.0.0.1"/>"#
    );
    folder.write("tftp/0004f2010203.cfg", &file);
    set_mode(&folder.join("tftp/0004f2010203.cfg"), 0o644);
    let words = ["--vendor", "polycom", "--timeout", "2"];
    let (report, code) = boot(&folder, DNSMASQ, &words, None);
    assert!(step(&report, "DHCPDISCOVER").ends_with(" offered by 10.99.0.1"), "{report:#}");
    assert_eq!(step(&report, "voice VLAN"), "passed: 120, by option 128; asks again in it");
    assert!(step(&report, "DHCPREQUEST in VLAN 120").ends_with(" for 3600 s"));
    let url = "tftp://10.99.0.1/0004f2010203.cfg";
    let size = file.len();
    assert_eq!(
        step(&report, &format!("GET {url}")),
        format!("passed: TFTP, {size} bytes, XML, 4 parameters")
    );
    let files = step(&report, "files");
    assert!(files.contains("0004f2010203-directory.xml (TFTP error 1 "), "{report:#}");
    let not_asked = "not requested: 000000000000.cfg (only if 0004f2010203.cfg is missing)";
    assert!(files.ends_with(not_asked), "{report:#}");
    assert!(
        step(&report, "configuration").starts_with("passed: user 1001 at 127.0.0.1:5060 by UDP")
    );
    assert_eq!(code, Some(0));
}

/// The voice VLAN with a subnet of its own: a second wire, as a kernel without VLANs has it too. What the
/// emulator is given is an interface in that VLAN, wherever its frames are tagged.
const VLAN: &str = r#"
ip link add phone.120 type veth peer name server.120
ip link set server.120 netns $server
inside ip addr add 10.120.0.1/24 dev server.120
inside ip link set server.120 up
ip addr add 10.120.0.2/24 dev phone.120
ip link set phone.120 up
"#;

/// The second round is in the VLAN that the phone was sent, and gets that VLAN's address.
#[test]
fn in_the_voice_vlan_by_an_interface_of_its_own() {
    let folder = Folder::new();
    folder.make("tftp");
    let both = "--interface=server --interface=server.120 \
        --dhcp-range=10.120.0.10,10.120.0.200,255.255.255.0,1h ";
    let server = DNSMASQ.replace("--interface=server ", both);
    let words =
        ["--vendor", "polycom", "--timeout", "2", "--dhcp-only", "--vlan-interface", "phone.120"];
    let (report, code) = boot(&folder, &[VLAN, &server].concat(), &words, None);
    assert!(step(&report, "DHCPDISCOVER").contains("10.99.0."), "{report:#}");
    let vlan = "passed: 120, by option 128; asks again in it, on phone.120";
    assert_eq!(step(&report, "voice VLAN"), vlan);
    let offer = step(&report, "DHCPDISCOVER in VLAN 120");
    assert!(offer.contains("10.120.0.") && offer.ends_with(" offered by 10.120.0.1"), "{offer}");
    assert_eq!(code, Some(0));
}

/// As on Debian 13, where the answer to a phone without an address never reaches it.
#[test]
fn an_answer_that_this_host_drops_is_hinted_at() {
    let folder = Folder::new();
    folder.make("tftp");
    let dropping = "ip addr flush dev phone\necho 2 > /proc/sys/net/ipv4/conf/phone/rp_filter\n";
    let words = ["--vendor", "polycom", "--dhcp-only", "--timeout", "1", "--tries", "1"];
    let (report, code) = boot(&folder, &[dropping, DNSMASQ].concat(), &words, None);
    let silence = step(&report, "DHCPDISCOVER");
    assert!(silence.contains("no answer to 1 packets, 1s each; if the server did"), "{silence}");
    assert!(silence.contains("rp_filter"), "{silence}");
    assert_eq!(code, Some(1));
}
