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

/// The voice VLAN with a subnet of its own. Where the kernel has VLANs, it is tagged on the one wire, with an
/// interface of that VLAN at both ends; else it is a second wire, which is what a switch's port in that VLAN is.
const VLAN: &str = r#"
if ip link add link phone name phone.120 type vlan id 120 2> /dev/null; then
  inside ip link add link server name server.120 type vlan id 120
else
  ip link add phone.120 type veth peer name server.120
  ip link set server.120 netns $server
fi
inside ip addr add 10.120.0.1/24 dev server.120
inside ip link set server.120 up
ip addr add 10.120.0.2/24 dev phone.120
ip link set phone.120 up
"#;

fn in_vlan() -> (Folder, String) {
    let folder = Folder::new();
    folder.make("tftp");
    let both = "--interface=server --interface=server.120 \
        --dhcp-range=10.120.0.10,10.120.0.200,255.255.255.0,1h ";
    (folder, [VLAN, &DNSMASQ.replace("--interface=server ", both)].concat())
}

const BY_PHONE_120: [&str; 7] =
    ["--vendor", "polycom", "--timeout", "2", "--dhcp-only", "--vlan-interface", "phone.120"];

/// The second round is in the VLAN that the phone was sent, and gets that VLAN's address.
#[test]
fn in_the_voice_vlan_by_an_interface_of_its_own() {
    let (folder, network) = in_vlan();
    let (report, code) = boot(&folder, &network, &BY_PHONE_120, None);
    assert!(step(&report, "DHCPDISCOVER").contains("10.99.0."), "{report:#}");
    let vlan = step(&report, "voice VLAN");
    let tagged = "passed: 120, by option 128; asks again in it, on phone.120";
    let second_wire = format!("{tagged}, which is not a VLAN interface of this host");
    assert!(vlan == tagged || vlan.starts_with(&second_wire), "{vlan}");
    let offer = step(&report, "DHCPDISCOVER in VLAN 120");
    assert!(offer.contains("10.120.0.") && offer.ends_with(" offered by 10.120.0.1"), "{offer}");
    assert_eq!(code, Some(0));
    // One that is not switched on.
    let down = [&network, "\nip link set phone.120 down\n"].concat();
    let (report, code) = boot(&folder, &down, &BY_PHONE_120, None);
    let silence = step(&report, "DHCPDISCOVER in VLAN 120");
    assert_eq!(silence, "failed: the interface phone.120 is down: ip link set phone.120 up");
    assert_eq!(code, Some(1));
}

/// What is not there, and what is not in that VLAN, is refused before anything is sent.
#[test]
fn an_interface_that_cannot_be_in_the_voice_vlan_is_refused() {
    for (name, what) in [
        ("phone.121", "this host has no interface \"phone.121\""),
        ("phone", "\"phone\" is --interface itself, outside of that VLAN"),
    ] {
        let mut command = process::apart(&["--net"]);
        let made = "ip link add phone type veth peer name server && exec \"$@\"";
        command.args(["sh", "-c", made, "sh"]).arg(product::command_line());
        command.args(["emulate", "--vendor", "polycom", "--interface", "phone", "--dhcp-only"]);
        let output = process::run(command.args(["--vlan-interface", name]));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("--vlan-interface: {what}: expected")), "{said}");
        assert!(said.contains("ip link add link phone name phone.120 type vlan id 120"), "{said}");
    }
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
