//! By broadcast on an interface of its own network: a VLAN, and files over TFTP.

use super::step;
use crate::peers::{folder, process, product};
use serde_json::Value;

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
    let folder = folder::Folder::new();
    folder.make("tftp");
    let long = "x".repeat(1200);
    let file = format!(
        r#"<c reg.1.address="1001" reg.1.auth.password="p" reg.1.label="{long}"
        reg.1.server.1.address="127.0.0.1"/>"#
    );
    folder.write("tftp/0004f2010203.cfg", &file);
    folder::set_mode(&folder.join("tftp/0004f2010203.cfg"), 0o644);
    let mut command = process::apart(&["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]);
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
