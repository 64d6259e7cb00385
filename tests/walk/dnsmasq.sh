# shellcheck shell=bash
# README, "Use it with your dnsmasq", and what its reader does afterwards. Read by guest, after kea.sh: Kea is
# stopped, for a network has one DHCP server.

section='Use it with your dnsmasq'
unit=dnsmasq
state=/var/lib/offhook/dnsmasq
before=$(denials | wc -l)

check 'README 1: install the packages, and dnsmasq; policy, render' in_packages as_written "$section" sh 1
configure() { block "$section" '' 1 >>/etc/dnsmasq.conf && tail -n 6 /etc/dnsmasq.conf; }
check 'README 2: dnsmasq.conf' configure
check 'README 3: restart, doctor' as_written "$section" sh 2
check 'there is no other command' all_walked "$section" sh 2
check 'the unit is active' eventually systemctl is-active "$unit"
check 'a Polycom boots and has its URL' says https://provision.example.com/phones/ -- polycom
check 'a Snom of branch-7 boots and has its URL and VLAN' \
  says ' http://10.0.0.5:8880/p/acme/000413010203 by option 66' 'VLAN 7' -- snom
booked() { says 00:04:f2:01:02:03 00:04:13:01:02:03 branch-7 -- offhook phones --dnsmasq "$state"; }
check 'offhook phones --dnsmasq lists them' eventually booked
no_drift() { ! offhook phones --dnsmasq "$state" --json | grep '"drift": *"'; }
check 'and sees no drift' no_drift
offhooks_own() { ls "$state"/phones/*/*.json && [ -z "$(find "$state/phones" ! -user offhook)" ]; }
check 'the script runs as offhook' offhooks_own

sed -i 's,"voice-vlan": { "id": 7 },"voice-vlan": { "id": 17 },' /etc/offhook/policy.json
check 'a changed policy, render with --restart' \
  offhook-dnsmasq render --policy /etc/offhook/policy.json --out /etc/dnsmasq.d/50-phones.conf --restart
check 'the phone is sent it' says 'VLAN 17' -- snom
check 'doctor finds nothing' offhook-dnsmasq doctor --conf /etc/dnsmasq.conf \
  --conf-dir /etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new --state "$state"

sed -i 's/"interfaces": \[ "lan1", "lan7" \]/"interfaces": [ ]/' /etc/kea/kea-dhcp4.conf
systemctl restart kea-dhcp4-server
both() {
  says kea4-ctrl-socket "$state" -- offhook phones --dnsmasq "$state" --kea /run/kea/kea4-ctrl-socket --json
}
check 'offhook phones of both servers' eventually both
systemctl stop kea-dhcp4-server

# docs/dnsmasq.md, "As conf-script".
rm /etc/dnsmasq.d/50-phones.conf
sed -n '/^conf-script="/p' docs/dnsmasq.md >>/etc/dnsmasq.conf
check 'as conf-script' systemctl restart "$unit"
check 'a phone boots and has its URL' says https://provision.example.com/phones/ -- polycom
check 'AppArmor forbade nothing of all this' no_new_denials "$before"
systemctl stop "$unit"
