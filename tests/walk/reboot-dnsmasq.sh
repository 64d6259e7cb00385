# shellcheck shell=bash
# The same of dnsmasq, whose configuration comes out of its conf-script here, and of the script's book.

state=/var/lib/offhook/dnsmasq
known() { says 00:04:f2:01:02:03 00:04:13:01:02:03 branch-7 -- offhook phones --dnsmasq "$state"; }
no_drift() { ! offhook phones --dnsmasq "$state" --json | grep '"drift": *"'; }

check 'dnsmasq is up' eventually systemctl is-active dnsmasq
check 'the phones of before are known' known
check 'a Polycom boots and has its URL' eventually says https://provision.example.com/phones/ -- polycom
check 'a Snom of branch-7 boots and has its URL and VLAN' eventually says 10.0.0.5:8880 'VLAN 17' -- snom
check 'no drift' no_drift
check 'AppArmor forbade nothing of all this' no_new_denials 0
