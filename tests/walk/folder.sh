# shellcheck shell=bash
# The machine that is walked, as a folder: a Debian that boots, with the packages of the walk fetched but not
# installed, the Rust toolchain, and a clone with everything built, so that the slow virtual machine compiles
# nothing. Read by scripts/walk, which says $kept, $mirror, $sysroot, $cargo_home, in the checkout's folder.
#
# The machine of the upgrade is a Debian 13 with Kea and without compiler; Kea of backports is fetched.
# No commands of the walk itself belong here: those run in the machine (guest).

: "${kept:?}" "${mirror:?}" "${sysroot:?}" "${cargo_home:?}"
# shellcheck source=tests/walk/enter.sh
. tests/walk/enter.sh

# What a machine has before its owner reads our README: Debian, a compiler, the web server and the database
# of the README's examples. The kernel is Debian's for virtual machines (the same source, fewer drivers).
machine=(linux-image-cloud-amd64 systemd-sysv dbus udev kmod apparmor apparmor-utils iproute2 procps
  make git g++ libboost-dev libclang-dev pkg-config ca-certificates nginx openssl curl socat postgresql)
upgraded=(linux-image-cloud-amd64 systemd-sysv dbus udev kmod apparmor iproute2 procps kea-dhcp4-server kea-admin adduser)
# What the README has its reader install, or scripts/deps at `make build`.
fetched=(kea-dhcp4-server kea-dev dnsmasq adduser)

# Changes when what a folder must hold changes: such a folder is made anew.
recipe=$(cat scripts/deps tests/walk/folder.sh tests/walk/enter.sh | sha256sum | cut -c1-16)-$(rustc --version | cut -d' ' -f2)

# Makes the folder of a release, under another name until it is whole.
make_folder() {
  local release=$1 folder="$kept/$1" log="$kept/$1-folder.log"
  [ "$(cat "$folder/.whole" 2>/dev/null)" = "$recipe" ] && return
  echo "scripts/walk: making $release (once; a few minutes)"
  rm -rf "$folder" "$folder.partial"
  if ! fill_folder "$release" "$folder.partial" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "scripts/walk: making $release failed (above, the last lines of $log)" >&2
    return 1
  fi
  echo "$recipe" >"$folder.partial/.whole"
  mv "$folder.partial" "$folder"
}

fill_folder() {
  local release=$1 folder=$2
  local base=${release%-backports} now=("${machine[@]}")
  if [ "$release" = upgrade ]; then base=trixie now=("${upgraded[@]}"); fi
  debootstrap --variant=minbase --include=ca-certificates "$base" "$folder" "$mirror" || return
  if [ "$release" = upgrade ]; then
    echo "deb $mirror trixie-backports main" >"$folder/etc/apt/sources.list.d/backports.list"
  fi
  # A reader who wants Kea 3.0 has backports, and Kea out of them.
  if [[ $release == *-backports ]]; then
    echo "deb $mirror $release main" >"$folder/etc/apt/sources.list.d/backports.list"
    printf 'Package: kea* libkea* python3-kea*\nPin: release n=%s\nPin-Priority: 900\n' "$release" \
      >"$folder/etc/apt/preferences.d/kea"
  fi
  # The reader's "yes" to apt's question. No daemon starts while the folder is filled.
  echo 'APT::Get::Assume-Yes "true";' >"$folder/etc/apt/apt.conf.d/90walk"
  no_daemons "$folder"
  enter "$folder" bash -euc "
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q update
    apt-get -q install ${now[*]}
    apt-get clean
    if [ $release = upgrade ]; then
      apt-get -q install --download-only -t trixie-backports kea-dhcp4-server
    else
      apt-get -q install --download-only ${fetched[*]}
    fi" || return
  rm -f "$folder/usr/sbin/policy-rc.d"
  echo walk >"$folder/etc/hostname"
  printf '127.0.0.1 localhost walk\n::1 localhost\n' >"$folder/etc/hosts"
  if [ "$release" != upgrade ]; then
    mkdir -p "$folder/opt/rust"
    cp -a "$sysroot/bin" "$sysroot/lib" "$folder/opt/rust/" || return
  fi
  cat >"$folder/etc/systemd/system/walk.service" <<'UNIT'
[Unit]
Description=The walk through the README
# The whole machine is up, as for a reader who logs in.
After=multi-user.target

[Service]
ExecStart=/bin/bash %h/offhook/tests/walk/guest
ExecStopPost=/bin/systemctl --no-block poweroff
StandardOutput=file:/dev/virtio-ports/checks
StandardError=file:/dev/virtio-ports/commands

[Install]
WantedBy=multi-user.target
UNIT
  # The site's networks are there before the servers are, as on any machine.
  cat >"$folder/etc/systemd/system/walk-networks.service" <<'UNIT'
[Unit]
Description=The networks of the site
DefaultDependencies=no
After=systemd-udevd.service systemd-sysctl.service
Before=network-pre.target
Wants=network-pre.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash %h/offhook/tests/walk/networks

[Install]
WantedBy=multi-user.target
UNIT
  enter "$folder" systemctl enable walk.service walk-networks.service
}

# Whether the packages of a release are there, and nothing that goes into them was committed since.
packages_are_there() { # RELEASE
  local built
  built=$(cat "target/deb/$1.commit" 2>/dev/null) || return
  git diff --quiet "$built" HEAD -- . ':!tests' ':!scripts' ':!docs/figures' ':!docs/cannot-break.md' ':!docs/kea*.md' \
    ':!packaging/try.sh' ':!packaging/check*' ':!CHANGELOG.md'
}

# The packages of a release, as of the last commit: built, if they are not there.
packages() { # RELEASE FOLDER
  if ! packages_are_there "$1"; then
    echo "scripts/walk: building the packages of $1"
    scripts/deb "$1" >"$kept/$1-packages.log" 2>&1 || { tail -n 20 "$kept/$1-packages.log" >&2; return 1; }
  fi
  mkdir -p "$2"
  rm -f "$2/"*.deb
  cp "target/deb/$1/"*.deb "$2/"
}

# Clones what is committed into the release's home folder (/root of the machine), beside the packages.
make_clone() {
  local release=$1 home="$kept/$1-home"
  mkdir -p "$home"
  [ -d "$home/offhook/.git" ] || git clone -q --no-hardlinks "$PWD" "$home/offhook"
  # Not a new clone each time: files that stay the same must keep their time, or cargo builds all anew.
  git -C "$home/offhook" fetch -q "$PWD" HEAD
  git -C "$home/offhook" reset -q --hard FETCH_HEAD
  git -C "$home/offhook" clean -qfdx -e /target
  packages "$release" "$home/packages"
}

# Builds that clone in a passing copy of the folder in which Kea is installed. Kept, so that the next run builds little.
build_clone() {
  local release=$1 home="$kept/$1-home" log="$kept/$1-build.log"
  echo "scripts/walk: building on $release"
  copy_crates "$home/.cargo"
  if ! over "$kept/$release" "$kept/$release-over" "$home" bash -euc "
    apt-get -q install ${fetched[*]}
    export PATH=/opt/rust/bin:\$PATH
    cd ~/offhook
    make build
    # Without Kea's features cargo builds some of it anew.
    make install-dnsmasq DESTDIR=/tmp/nowhere" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    echo "scripts/walk: building on $release failed (above, the last lines of $log)" >&2
    return 1
  fi
}

# What the lock file names, out of cargo's own downloads: the machine has no network.
copy_crates() {
  local to=$1 crate
  cargo fetch --quiet --locked
  mkdir -p "$to/registry"
  if [ -f "$cargo_home/config.toml" ]; then cp "$cargo_home/config.toml" "$to/"; fi
  cp -au "$cargo_home/registry/index" "$to/registry/"
  sed -n '/^name = /{s/.*"\(.*\)"/\1/;h};/^version = /{s/.*"\(.*\)"/\1/;H;x;s/\n/-/p}' Cargo.lock |
    while read -r crate; do
      for crate in "$cargo_home"/registry/cache/*/"$crate".crate; do
        [ -f "$crate" ] || continue # a package of our own
        mkdir -p "$to/registry/cache/$(basename "$(dirname "$crate")")"
        cp -au "$crate" "$to/registry/cache/$(basename "$(dirname "$crate")")/"
      done
    done
}

# The folder and the home as one file system in a file; 2 GiB are left to the walk.
# shellcheck disable=SC2016  # what is in single quotes is for a shell further inside
make_image() {
  local release=$1 image=$2 size
  size=$(du -sm --total "$kept/$release" "$kept/$release-home" | tail -n 1 | cut -f1)
  rm -f "$image"
  FOLDER=$kept/$release KEPT_HOME=$kept/$release-home unshare --mount --propagation private bash -euc '
    mount --bind "$FOLDER" "$FOLDER"
    mount --bind "$KEPT_HOME" "$FOLDER/root"
    mke2fs -q -F -t ext4 -d "$FOLDER" "$1" "$2"M >/dev/null' make_image "$image" $((size * 115 / 100 + 2048))
}
