# shellcheck shell=bash
# README, "From source", after the packages were removed. Read by guest, on a machine that kea.sh has set up.

section='From source'
unit=kea-dhcp4-server
hook_folder=/usr/lib/x86_64-linux-gnu/kea/hooks
log() { journalctl -q -b -u "$unit" --no-pager -o cat; }
boots() { systemctl restart "$unit" && eventually systemctl is-active "$unit" && phone 1 polycom --mac 00:04:f2:01:02:03; }

systemctl disable --now dnsmasq
systemctl enable "$unit"
sed -i 's/"interfaces": \[ \]/"interfaces": [ "lan1", "lan7" ]/' /etc/kea/kea-dhcp4.conf
install -m 640 -g _kea examples/offhook.json /etc/kea/offhook.json
check 'the packages are removed, and the loader stays' \
  says 'stays, so that Kea starts' -- apt-get remove offhook offhook-kea offhook-dnsmasq
hash -r
check 'README: from source' as_written "$section" sh 1
check 'there is no other command' all_walked "$section" sh 1
check 'the build is where the loader looks, with its checksum' \
  sh -c "cd $hook_folder/offhook && cksum kea-$(kea-dhcp4 -v).so | cmp - kea-$(kea-dhcp4 -v).so.cksum"
hash -r
check 'a Polycom boots and has its URL' says https://provision.example.com/phones/ -- boots
check 'the log says OFFHOOK_LOADED' says OFFHOOK_LOADED -- log
check 'AppArmor forbade nothing of all this' no_new_denials 0
