# shellcheck shell=bash
# After a reboot, without any command: Kea is up with the hook, and knows the phones. Read by guest.

unit=kea-dhcp4-server
socket=/run/kea/kea4-ctrl-socket
log() { journalctl -q -b -u "$unit" --no-pager -o cat; }
known() { says 00:04:f2:01:02:03 00:04:13:01:02:03 -- offhook phones --kea "$socket"; }

check 'Kea is up' eventually systemctl is-active "$unit"
check 'with the hook and its policy' eventually says OFFHOOK_LOADED OFFHOOK_POLICY_IN_FORCE -- log
check 'the phones of before are known' eventually known
check 'a Polycom boots from Kea and nginx, up to its account' \
  eventually says 'passed       GET https' 'passed       configuration' 'pbx.example.com' \
  -- ip netns exec phones offhook emulate --vendor polycom --mac 00:04:f2:01:02:03 --interface phone7 --ca ~/ca/pem
check 'a Snom of branch-7 boots and has its URL' says 10.0.0.5:8880 -- snom
check 'AppArmor forbade nothing of all this' no_new_denials 0
# The other server's turn.
systemctl disable --now "$unit"
systemctl enable dnsmasq
