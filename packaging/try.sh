# shellcheck shell=bash
# scripts/deb --check: a plain Debian of a release, kept for the next time, and a passing copy of it in which
# packaging/check tries the packages. Read by scripts/deb, in the checkout's folder.

# shellcheck source=tests/walk/enter.sh
. tests/walk/enter.sh
roots=$PWD/target/deb/roots

# Debian's smallest, and what makes the phones' network.
plain() { # RELEASE
  local release=$1 folder=$roots/$1 mirror
  [ -d "$folder" ] && return
  # shellcheck disable=SC2016  # apt's own names
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
  mkdir -p "$roots"
  rm -rf "$folder.partial"
  debootstrap --variant=minbase --include=ca-certificates,iproute2,procps "${release%-backports}" \
    "$folder.partial" "$mirror" >"$folder.log" 2>&1 || { tail -n 20 "$folder.log" >&2; return 1; }
  if [[ $release == *-backports ]]; then
    echo "deb $mirror $release main" >"$folder.partial/etc/apt/sources.list.d/backports.list"
    printf 'Package: kea* libkea* python3-kea*\nPin: release n=%s\nPin-Priority: 900\n' "$release" \
      >"$folder.partial/etc/apt/preferences.d/kea"
  fi
  take_old_list "$release" "$folder.partial"
  mv "$folder.partial" "$folder"
}

# A repository of these packages, signed with a key that is not kept.
repository() { # RELEASE FOLDER
  local keys status=0
  keys=$(mktemp -d)
  GNUPGHOME=$keys gpg --batch --quiet --passphrase '' --quick-generate-key 'trial <trial@localhost>' ed25519 sign 1d &&
    GNUPGHOME=$keys scripts/apt-repository trial@localhost "$2" "$1=target/deb/$1" || status=1
  GNUPGHOME=$keys gpgconf --kill all
  rm -rf "$keys"
  return "$status"
}

try() { # RELEASE
  local release=$1 home=$PWD/target/deb/$1.check status=0
  if ! ls "target/deb/$release/"*.deb >/dev/null 2>&1; then
    echo "scripts/deb: no packages in target/deb/$release; run scripts/deb $release first" >&2
    return 1
  fi
  scripts/deps matrix
  plain "$release" || return
  rm -rf "$home"
  mkdir -p "$home/packages"
  cp "target/deb/$release/"*.deb "$home/packages/"
  cp packaging/check tests/walk/lib.sh tests/walk/networks README.md "$home/"
  repository "$release" "$home/repository" >"$home/repository.log" 2>&1 || { cat "$home/repository.log" >&2; return 1; }
  # What Debian adds is fetched first; then the phones' network is the only one.
  over "$roots/$release" "$roots/$release-over" "$home" bash -euc "
    { apt-get -q update
      cp /var/lib/apt/lists/*_dists_${release%-backports}_InRelease ~/InRelease
      apt-get -q -y install --download-only dnsmasq ~/packages/*.deb; } >~/fetch.log 2>&1
    exec unshare --net bash ~/check $release" || status=1
  age_of_list "$release" "$home/InRelease"
  [ "$status" = 0 ] || echo "scripts/deb: the commands' own words are in $home/check.log" >&2
  return "$status"
}

# Kea 2.6.3 becomes 3.0.3 in each of the three ways.
try_upgrade() {
  local home=$PWD/target/deb/upgrade.check status=0 release stage
  scripts/deps matrix
  plain trixie || return
  rm -rf "$home"
  mkdir -p "$home"
  cp packaging/check-upgrade tests/walk/lib.sh tests/walk/networks tests/walk/upgrade.sh tests/walk/clients "$home/"
  for release in trixie trixie-backports; do
    repository "$release" "$home/repository/$release" >"$home/repository.log" 2>&1 || { cat "$home/repository.log" >&2; return 1; }
  done
  for stage in none 'with with-rebooted with-removed' 'without without-rebooted'; do
    over "$roots/trixie" "$roots/upgrade-over" "$home" bash -euc '
      { sed "s/ trixie / trixie-backports /" /etc/apt/sources.list >/etc/apt/sources.list.d/backports.list
        apt-get -q update
        apt-get -q -y install kea-dhcp4-server kea-admin adduser libcap2-bin
        apt-get -q -y install --download-only -t trixie-backports kea-dhcp4-server; } >~/fetch.log 2>&1
      export OFFHOOK_WALK_RATE=$2
      exec unshare --net bash ~/check-upgrade $1' check-upgrade "$stage" "${OFFHOOK_WALK_RATE:-50}" || status=1
  done
  [ "$status" = 0 ] || echo "scripts/deb: the commands' own words are in $home/" >&2
  return "$status"
}
