# shellcheck shell=bash
# How a command runs in a Debian that is a folder. Read by folder.sh, scripts/matrix and scripts/deb.

# No daemon starts in a folder.
no_daemons() {
  printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
  chmod 755 "$1/usr/sbin/policy-rc.d"
}

# A list of sid says that it is good for a week. A mirror that has stopped copying sid for a while still has the packages
# that its last list names, so apt takes it all the same: in these folders alone, and its age is said.
take_old_list() { # RELEASE FOLDER
  if [ "$1" = sid ]; then echo 'Acquire::Check-Valid-Until "false";' >"$2/etc/apt/apt.conf.d/90sid"; fi
}
age_of_list() { # RELEASE INRELEASE
  local day
  if [ "$1" = sid ] && day=$(sed -n '/^Date: /{s///p;q}' "$2"); then
    echo "sid: apt's list is of $(date -u -d "$day" +%F), $((($(date +%s) - $(date -d "$day" +%s)) / 86400)) days old" >&2
  fi
}

# Runs a command in a folder as in a machine of its own (but for its kernel); all mounts end with it.
# shellcheck disable=SC2016
enter() {
  local folder=$1
  shift
  FOLDER=$folder unshare --mount --propagation private bash -euc '
    mount --bind "$FOLDER" "$FOLDER"'"$within" enter "$@"
}

# The same in a passing copy of the folder (an overlay, thrown away), with a home that stays.
# shellcheck disable=SC2016
over() {
  local folder=$1 upper=$2 home=$3 status=0
  shift 3
  rm -rf "$upper"
  mkdir -p "$upper"/{changes,work,root}
  no_daemons "$folder"
  BELOW=$folder UPPER=$upper FOLDER=$upper/root KEPT_HOME=$home \
    unshare --mount --propagation private bash -euc '
    mount -t overlay -o "lowerdir=$BELOW,upperdir=$UPPER/changes,workdir=$UPPER/work" overlay "$FOLDER"
    mount --bind "$KEPT_HOME" "$FOLDER/root"'"$within" over "$@" || status=$?
  rm -rf "$upper"
  rm -f "$folder/usr/sbin/policy-rc.d"
  return "$status"
}

# shellcheck disable=SC2016
within='
    cp -L /etc/resolv.conf "$FOLDER/etc/resolv.conf" 2>/dev/null || true
    for what in dev sys; do mount --rbind "/$what" "$FOLDER/$what"; done
    mount -t proc proc "$FOLDER/proc"
    mount -t tmpfs tmpfs "$FOLDER/tmp"
    mount -t tmpfs tmpfs "$FOLDER/run"
    mkdir -p "$FOLDER/run/lock" "$FOLDER/.host"
    cd "$FOLDER"
    pivot_root . .host
    umount -l .host
    rmdir .host
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
      DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} \
      ${https_proxy:+https_proxy="$https_proxy"} "$@"'
