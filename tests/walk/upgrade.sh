# shellcheck shell=bash
# Kea 2.6.3 becomes 3.0.3 by apt while phones and PCs boot: without any hook, with offhook and a build for the new
# Kea, and without one. How long is there no DHCP, and what are phones sent? Read by guest in the machine, which
# boots again between the stages, and by packaging/check-upgrade in a folder.

unit=kea-dhcp4-server
conf=/etc/kea/kea-dhcp4.conf
hooks=/usr/lib/x86_64-linux-gnu/kea/hooks
log=/var/log/kea/kea-dhcp4.log
# Clients a second: half of them phones, half of them PCs (tests/walk/clients).
rate=${OFFHOOK_WALK_RATE:-$(sed -n 's/.* clients=\([0-9]*\).*/\1/p' /proc/cmdline)}
# Where this is a machine, they are outside of it and start and stop by what is written here.
port=/dev/virtio-ports/clients
stage=${stage:-$(sed 's/.*walk=upgrade-\([a-z-]*\).*/\1/' /proc/cmdline)}
now() { date +%s.%N; }
up() { service "$unit" status; }

apt() { apt-get -q -y -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@"; }
# The repository of one release alone, as a server of that release has it.
suite() { # RELEASE
  install -D -m 644 ~/repository/"$1"/offhook.asc /etc/apt/keyrings/offhook.asc
  rm -rf /srv/apt
  cp -r ~/repository/"$1" /srv/apt
  echo "deb [signed-by=/etc/apt/keyrings/offhook.asc] file:/srv/apt $1 main" >/etc/apt/sources.list.d/offhook.list
  # Debian's own lists stay: there is no network.
  apt -o Dir::Etc::sourcelist=sources.list.d/offhook.list -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 update
}
# One file however long it gets: Kea would begin a new one at 10 MB, and what is measured is read out of this one.
configure() { # HOOK
  cat >"$conf" <<CONF
{ "Dhcp4": {
  "interfaces-config": { "interfaces": [ "lan1", "clients" ], "dhcp-socket-type": "udp" },
  "lease-database": { "type": "memfile", "name": "/var/lib/kea/kea-leases4.csv", "lfc-interval": 0 },
  "subnet4": [ { "id": 1, "subnet": "192.168.1.0/24", "pools": [ { "pool": "192.168.1.50 - 192.168.1.250" } ] },
               { "id": 6, "subnet": "10.6.0.0/16", "pools": [ { "pool": "10.6.1.0 - 10.6.255.250" } ] },
               { "id": 8, "subnet": "10.8.0.0/16", "pools": [ { "pool": "10.8.1.0 - 10.8.255.250" } ] } ],
  "hooks-libraries": [ $1 ],
  "loggers": [ { "name": "kea-dhcp4", "severity": "INFO",
                 "output_options": [ { "output": "$log", "maxsize": 0, "pattern": "%D{%s.%q} %-5p [%c] %m\n" } ] } ] } }
CONF
}
phone() { # OPTION...
  ip netns exec phones offhook emulate --vendor polycom --mac 00:04:f2:01:02:03 --server 192.168.1.1 \
    --relay 192.168.1.10 --dhcp-only "$@"
}
has_url() { says https://provision.example.com/phones/ -- phone; }
has_a_lease_only() { says 'passed       DHCPREQUEST' -- phone && ! phone | grep provision.example.com; }
runs() { [ "$(kea-dhcp4 -v)" = "$1" ] && grep DHCP4_STARTED "$log" | tail -n 1 | grep -F "$1"; }

# They boot until the end, in the way that a network's clients do: none of them is stopped in the middle.
load() {
  if [ -e "$port" ]; then
    echo start >"$port"
  else
    rm -f ~/stop
    ip netns exec phones bash ./clients "$rate" >~/clients.log 2>&1 &
    clients=$!
  fi
}
leases() { [ "$(grep -c DHCP4_LEASE_ALLOC "$log")" -ge $((rate * 3)) ]; }

# The leases between two times: how many, the longest time without one, and what Kea logged in that time, in seconds
# after the last lease before it.
gap() { # FROM TO
  awk -v from="$1" -v to="$2" '
    BEGIN { last = from }
    $1 < from || $1 > to { next }
    / DHCP4_SHUTDOWN / { stopped = $1; line = started = 0 }
    !/ DHCP4_SHUTDOWN / && stopped && !line { line = $1 }
    / DHCP4_STARTED / { started = $1 }
    / DHCP4_LEASE_ALLOC / {
      if ($1 - last > gap) { gap = $1 - last; before = last; after[1] = stopped; after[2] = line; after[3] = started }
      last = $1; count++
    }
    END {
      printf "%d leases in %.0f s, the longest time without one %.2f s", count, to - from, gap
      if (after[1] > before) printf " (after %.2f s stopped, %.2f s configured, %.2f s started)",
        after[1] - before, after[2] - before, after[3] - before
      print ""
      if (to - last > gap) printf "and none in the last %.2f s\n", to - last
    }' "$log"
}

# The command beside the load, and what it has cost.
measured() { # NAME COMMAND...
  local name=$1 from to status=0
  shift
  from=$(now)
  "$@" || status=$?
  sleep "${after:-30}"
  to=$(now)
  echo "measured  $name: $(gap "$from" "$to")" >>~/measured
  return "$status"
}

begin() { # HOOK [PACKAGE...]
  local hook=$1
  shift
  check "the repository of trixie" suite trixie
  check "packages: offhook $*" apt install offhook "$@"
  install -m 640 -g _kea /usr/share/doc/offhook/examples/offhook.json /etc/kea/offhook.json
  configure "$hook"
  check 'Kea 2.6.3 serves' service "$unit" restart
  load
  check "clients boot, $rate a second" eventually leases
}
hook="{ \"library\": \"$hooks/libdhcp_offhook.so\", \"parameters\": { \"policy-file\": \"/etc/kea/offhook.json\" } }"

rm -f ~/measured
case $stage in
  none)
    begin ''
    check 'Kea is upgraded' measured 'without any hook' apt -t trixie-backports install kea-dhcp4-server
    check 'it is 3.0.3 that runs' eventually runs 3.0.3
    ;;
  with)
    begin "$hook" offhook-kea
    check 'a phone has its URL' has_url
    suite trixie-backports >&2
    check 'Kea is upgraded, and offhook-kea with it' \
      measured 'with a build for the new Kea' apt -t trixie-backports install kea-dhcp4-server
    check 'it is 3.0.3 that runs' eventually runs 3.0.3
    check 'a phone has its URL' eventually has_url
    ;;
  with-rebooted)
    check 'Kea is up' eventually up
    check 'a phone has its URL' eventually has_url
    check 'the removal says that the loader stays' says 'stays, so that Kea starts' -- apt remove offhook-kea
    ;;
  with-removed)
    check 'Kea is up' eventually up
    check 'its log says why phones get nothing' eventually grep -m 1 OFFHOOK_BUILD_MISSING "$log"
    check 'a phone has its lease' eventually has_a_lease_only
    ;;
  without)
    begin "$hook" offhook-kea
    check 'a phone has its URL' has_url
    held_back() { says 'kept back' -- apt -s -t trixie-backports upgrade && ! apt -s -t trixie-backports upgrade | grep '^Inst kea'; }
    check 'apt-get upgrade keeps Kea back' held_back
    check 'Kea is upgraded all the same' \
      measured 'without a build for the new Kea' apt -t trixie-backports install kea-dhcp4-server
    check 'it is 3.0.3 that runs' eventually runs 3.0.3
    check 'Kea is up' up
    check 'its log says why phones get nothing' eventually grep -m 1 OFFHOOK_BUILD_MISSING "$log"
    check 'a phone has its lease' eventually has_a_lease_only
    suite trixie-backports >&2
    check 'the build comes' measured 'while the build comes' apt -t trixie-backports install offhook-kea
    check 'a phone has its URL, without a restart' eventually has_url
    ;;
  without-rebooted)
    check 'Kea is up' eventually up
    check 'a phone has its URL' eventually has_url
    ;;
esac
if [ -f ~/measured ]; then
  cat ~/measured
  if [ -e "$port" ]; then
    echo stop >"$port"
    for _ in {1..24}; do
      before=$(stat -c %s "$log")
      sleep 5
      [ "$(stat -c %s "$log")" != "$before" ] || break
    done
  else
    touch ~/stop
    wait "$clients" || failed=$((failed + 1))
    cat ~/clients.log
  fi
fi
