# shellcheck shell=bash
# What is outside of the machine whose Kea is upgraded: the network that it is connected with, and the clients in it.
# Read by scripts/walk, which says $kept.

: "${kept:?}"
clients_home=$kept/clients-home
clients_rate=${OFFHOOK_WALK_RATE:-50}
clients_pid=

# Before QEMU's own words: it then runs in a network namespace that has the clients' end of the machine's network, and
# that goes away with it.
# shellcheck disable=SC2016
apart=(unshare --net bash -euc '
  ip tuntap add dev clients mode tap
  ip address add 10.6.0.10/16 dev clients
  ip address add 10.8.0.10/16 dev clients
  ip link set clients up
  exec "$@"' apart)
connected=(-netdev tap,id=clients,ifname=clients,script=no,downscript=no
  -device virtio-net-pci,netdev=clients,romfile=
  -chardev "file,id=clients,path=$kept/clients-port.log" -device virtserialport,chardev=clients,name=clients)

# What the machine of the upgrade has beside its own packages, and what its clients have: nothing is compiled in it.
fill_home() {
  local home=$kept/upgrade-home release
  rm -rf "$home" "$clients_home"
  mkdir -p "$home" "$clients_home"
  git clone -q --no-hardlinks "$PWD" "$home/offhook"
  for release in trixie trixie-backports; do
    packages "$release" "$home/packages/$release" &&
      repository "$release" "$home/repository/$release" >"$kept/$release-repository.log" 2>&1 || return
  done
  dpkg-deb -x "$home/packages/trixie/"offhook_*.deb "$clients_home"
  cp tests/walk/clients "$clients_home/"
}

# They run by the programs of the machine's folder. To be called each second while the machine runs: it says by its port
# when they start and stop.
# shellcheck disable=SC2016  # the folder's own home
follow_port() { # PID-OF-THE-MACHINE
  local said
  said=$(tail -n 1 "$kept/clients-port.log")
  if [ "$said" = start ] && [ -z "$clients_pid" ]; then
    rm -f "$clients_home/stop"
    over "$kept/upgrade" "$kept/clients-over" "$clients_home" nsenter --net="/proc/$1/ns/net" \
      bash -c 'PATH=~/usr/bin:$PATH exec bash ~/clients "$1"' clients "$clients_rate" >"$kept/clients.log" 2>&1 &
    clients_pid=$!
  elif [ "$said" = stop ]; then
    touch "$clients_home/stop"
  fi
}

# Waits for their end, if they have started; prints what became of them. Fails if they ended before they were to.
clients_end() {
  local status=0
  [ -n "$clients_pid" ] || return 0
  touch "$clients_home/stop"
  wait "$clients_pid" || status=$?
  clients_pid=
  cat "$kept/clients.log"
  return "$status"
}

# However the walk ends.
stop_clients() {
  [ ! -f "$clients_home/clients.pid" ] || kill "$(cat "$clients_home/clients.pid")" 2>/dev/null || true
}
