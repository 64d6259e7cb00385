# shellcheck shell=bash
# README, "Use it with your Kea", and what its reader does afterwards. Read by guest.

section='Use it with your Kea'
conf=/etc/kea/kea-dhcp4.conf
socket=/run/kea/kea4-ctrl-socket
unit=kea-dhcp4-server
hook_folder=/usr/lib/x86_64-linux-gnu/kea/hooks

pid() { systemctl show --property MainPID --value "$unit"; }
log() { journalctl -q -u "$unit" --no-pager -o cat; }
# A command, with its arguments as JSON.
# Where a policy takes longer than Kea may wait, as in an emulated machine, the answer is to repeat the command.
ask() { # COMMAND [ARGUMENTS]
  local answer end=$((SECONDS + 20))
  until answer=$(asked "$@") && ! grep -q 'Repeat the command' <<<"$answer"; do
    [ "$SECONDS" -lt "$end" ] || break
    sleep 0.5
  done
  printf '%s\n' "$answer"
  [ -n "$answer" ]
}
asked() {
  printf '{ "command": "%s"%s }' "$1" "${2:+, \"arguments\": $2}" | socat -t 10 - "UNIX-CONNECT:$socket"
}
enforced() { grep -x 'kea-dhcp4 (enforce)' "$1"; }
hooks_of() { grep -m 1 "$1" "/proc/$(pid)/maps"; }
serving() { eventually ask status-get; }
restart() { systemctl restart "$unit" && serving; }

subnet() { # ID FIRST-THREE-BYTES
  echo "{ \"id\": $1, \"subnet\": \"$2.0/24\", \"pools\": [ { \"pool\": \"$2.50 - $2.250\" } ] },"
}

# What the README has its reader write into the configuration, and the networks of the test beside it.
edit() {
  local hooks
  hooks=$(mktemp)
  { block "$section" json 1 && echo ','; } >"$hooks" || return
  # The block, then the comma: inside "Dhcp4", before what is there already.
  sed -i -e "/^\"Dhcp4\": {/r $hooks" \
    -e 's/"interfaces": \[ \]/"interfaces": [ "lan1", "lan7" ]/' \
    -e "/\"subnet4\": \[/a $(subnet 101 192.168.1)" -e "/\"subnet4\": \[/a $(subnet 107 10.7.0)" "$conf" || return
  # And what it has him take out.
  perl -0pi -e 's/\{[^{}]*"name": "boot-file-name"[^{}]*\},//s' \
    -e '; s/"client-classes": \[\s.*?"voip".*?\n    \],//s' "$conf" || return
  grep -n -A 5 hooks-libraries "$conf"
}

check 'the kernel enforces AppArmor' aa-enabled
check 'README 1: install the packages, and Kea; the policy' in_packages as_written "$section" sh 1
check "Kea's profile is in enforce mode (aa-status)" \
  sh -c "aa-status --json | tr ',{' '\n\n' | grep -E '\"(/usr/sbin/)?kea-dhcp4\": *\"enforce\"'"
check 'the library is where Kea looks' test -s "$hook_folder/libdhcp_offhook.so"
check 'its build for this Kea is beside it' test -s "$hook_folder/offhook/kea-$(kea-dhcp4 -v).so"
check 'README 2: hooks-libraries, and the own networks' edit
before=$(denials | wc -l)
check 'README 3: check the configuration, restart' as_written "$section" sh 2
# From Kea 2.4 on, as the README says.
with_hooks() { runuser -u _kea -- kea-dhcp4 -T "$conf"; }
tries_hooks() { dpkg --compare-versions "$(kea-dhcp4 -v)" ge 2.4; }
if tries_hooks; then check 'README 3: -T tries the hooks too' with_hooks; fi
check 'there is no other command' all_walked "$section" sh 2
check 'Kea serves' serving
check 'the unit is active' systemctl is-active "$unit"
check 'it runs as _kea' sh -c "ps -o user= -p $(pid) | grep -x _kea"
check 'it is confined (enforce)' enforced "/proc/$(pid)/attr/current"
check 'the library is in it' hooks_of libdhcp_offhook.so
check 'the log says OFFHOOK_LOADED and the policy' says OFFHOOK_LOADED OFFHOOK_POLICY_IN_FORCE -- log

check 'a Polycom boots and has its URL' \
  says '"outcome":"passed"' '"text":"https://provision.example.com/phones/"' -- polycom --json
check 'a Snom of branch-7 boots and has its URL' \
  says ' http://10.0.0.5:8880/p/acme/000413010203 by option 66' -- snom
check 'the log has a line for each' says 'OFFHOOK_PHONE_ANSWERED' '00:04:f2:01:02:03' '00:04:13:01:02:03' -- log
check 'both leases are in the lease file' \
  says ',00:04:f2:01:02:03,' ',00:04:13:01:02:03,' -- cat /var/lib/kea/kea-leases4.csv
check 'statistic-get-all shows offhook.*' says '"offhook.' -- ask statistic-get-all
check 'phone-explain' says '"result": 0' '"snom"' \
  -- ask phone-explain '{ "hw-address": "00:04:13:01:02:03", "vendor-class": "snomD735", "ip": "10.7.0.50" }'
check 'phone-list' says '"result": 0' '00:04:f2:01:02:03' -- ask phone-list
check 'phone-status-get' says '"result": 0' '/etc/kea/offhook.json' -- ask phone-status-get
check 'phone-vendor-list' says '"result": 0' yealink -- ask phone-vendor-list
check 'phone-policy-test' says '"result": 0' \
  -- ask phone-policy-test "{ \"policy\": $(grep -v '^ *//' examples/next.json | tr -d '\n') }"
check 'offhook diff --seen with the socket' says '2 phones would be sent' \
  -- offhook diff /etc/kea/offhook.json examples/next.json --seen "$socket"
check 'offhook phones names the library that Kea lacks' says libdhcp_lease_cmds.so -- offhook phones --kea "$socket"
lease_commands() {
  sed -i "/^\"hooks-libraries\": \[/a { \"library\": \"${hook_folder}/libdhcp_lease_cmds.so\" }," "$conf" && restart
}
check 'libdhcp_lease_cmds.so in hooks-libraries' lease_commands
check 'offhook phones --kea' says 00:04:f2:01:02:03 00:04:13:01:02:03 polycom -- offhook phones --kea "$socket"
check 'phone-policy-set' says '"result": 0' \
  -- ask phone-policy-set '{ "policy": { "systems": [ { "system": "files", "url": "http://set.example.com/" } ] } }'
check 'the phone is sent it' says http://set.example.com/ -- polycom

sed -i 's,https://provision.example.com,https://second.example.com,' /etc/kea/offhook.json
check 'phone-policy-reload reads the changed file' says '"result": 0' -- ask phone-policy-reload
check 'the phone is sent it' says https://second.example.com/ -- polycom
sed -i 's,https://second.example.com,https://third.example.com,' /etc/kea/offhook.json
check 'config-reload reads the changed file' says '"result": 0' -- ask config-reload
check 'the phone is sent it' says https://third.example.com/ -- polycom
sed -i 's,"voice-vlan": { "id": 7 },"voice-vlan": { "id": 7000 },' /etc/kea/offhook.json
check 'phone-policy-reload refuses a mistake' says '"result": 1' 7000 -- ask phone-policy-reload
check 'the log names it' says OFFHOOK_POLICY_MISTAKE 7000 -- log
check 'config-reload keeps what was in force' says '"result": 0' -- ask config-reload
check 'the log says so' says OFFHOOK_POLICY_KEPT -- log
check 'the phone is sent what it was sent' says https://third.example.com/ -- polycom
install -m 640 -g _kea examples/offhook.json /etc/kea/offhook.json

# The overlay's vendor of docs/add-a-vendor.md: a folder with a built-in id takes its place.
install -d /etc/kea/offhook.d/vendors
cp -r core/catalogue/vendors/auerswald /etc/kea/offhook.d/vendors/
sed -i 's/^name = .*/name = "Acme"/' /etc/kea/offhook.d/vendors/auerswald/vendor.toml
sed -i 's#"policy-file": "/etc/kea/offhook.json"#&, "vendors-directory": "/etc/kea/offhook.d"#' "$conf"
check 'a vendors-directory under /etc/kea' restart
check 'its vendor is known' says '"Acme"' -- ask phone-vendor-list
check 'after the restart the phones are still known' says 00:04:f2:01:02:03 -- offhook phones --kea "$socket"
check 'a phone boots' phone 7 yealink
check 'a signed catalogue is installed' in_packages bash -c 'apt-get install ./offhook-catalogue_*.deb'
check 'Kea starts with it' restart
check 'it may read it and its key' says '"unusable": null' -- ask phone-status-get
check 'AppArmor forbade nothing of all this' no_new_denials "$before"

# A policy that Kea may not read: Kea starts all the same, and says in clear words what is wrong.
cp "$conf" ~/kea-dhcp4.conf.good
elsewhere() { # POLICY-FILE TEXT...
  local file=$1 since
  shift
  since=$(date '+%F %T')
  sed "s#\"policy-file\": \"[^\"]*\"#\"policy-file\": \"$file\"#" ~/kea-dhcp4.conf.good >"$conf"
  systemctl restart "$unit"
  serving || return
  says OFFHOOK_POLICY_REFUSED "$file" "$@" -- journalctl -q -u "$unit" --no-pager -o cat --since "$since"
}
install -m 644 examples/offhook.json /srv/offhook.json
install -D -m 644 examples/offhook.json /home/reader/offhook.json
install -m 600 examples/offhook.json /etc/kea/secret.json
check 'a policy in /srv is refused, and the log says why' elsewhere /srv/offhook.json 'ermission denied' AppArmor
if tries_hooks; then
  check 'and -T finds it beforehand' says /srv/offhook.json 'ermission denied' AppArmor -- with_hooks
  fails_with_hooks() { ! with_hooks; }
  check 'and fails, where a start does not' fails_with_hooks
fi
check 'a policy in /home too' elsewhere /home/reader/offhook.json 'ermission denied' AppArmor
check 'AppArmor did that' says /srv/offhook.json /home/reader/offhook.json -- denials
check 'a policy that _kea may not read too' elsewhere /etc/kea/secret.json 'ermission denied'
cp ~/kea-dhcp4.conf.good "$conf"
check 'put right, Kea serves again' restart
systemctl stop "$unit"
