# shellcheck shell=bash
# How a walk reads the README, and how it keeps count. Knows nothing of Kea, dnsmasq or phones.
#
# Standard output gets a line for each check, standard error what the commands themselves say.

passed=0
failed=0
readme=$PWD/README.md

# A block of the README as it is written: the Nth of a language under a heading. Without N: how many there are.
block() { # HEADING LANGUAGE [N]
  awk -v heading="## $1" -v language="$2" -v wanted="${3:-0}" '
    /^## / && !inside { here = ($0 == heading) }
    /^ *```/ {
      if (inside) { inside = 0; next }
      inside = 1; indent = match($0, /`/) - 1
      mine = here && substr($0, indent + 4) == language && ++count
      next
    }
    inside && mine && count == wanted { print substr($0, indent + 1) }
    END { if (!wanted) print count + 0; else exit !(count >= wanted) }' "$readme"
}

# One check: its name, and a command that must succeed. Where it does not, what it said follows.
check() { # NAME COMMAND...
  local name=$1 said
  shift
  echo "--- $name: $*" >&2
  if said=$("$@" 2>&1); then
    passed=$((passed + 1))
    printf 'passed  %s\n' "$name"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s\n%s\n' "$name" "$(tail -n 20 <<<"$said" | sed 's/^/        /')"
  fi
  printf '%s\n' "$said" >&2
}

# Succeeds if the command's output, whatever its exit code, has each of the texts before the "--".
says() { # TEXT... -- COMMAND...
  local wanted=() said text status=0
  while [ "$1" != -- ]; do wanted+=("$1"); shift; done
  shift
  said=$("$@" 2>&1) || true
  printf '%s\n' "$said"
  for text in "${wanted[@]}"; do
    grep -qF -- "$text" <<<"$said" || { echo "expected: $text"; status=1; }
  done
  return "$status"
}

# Like a reader: the block's commands, on a terminal, one after the other until one fails.
as_written() { # HEADING LANGUAGE N
  local file
  file=$(mktemp)
  { echo 'set -euxo pipefail'; block "$@"; } >"$file" || return
  script --quiet --return --command "bash $file" /dev/null
}

# Every block of commands in a section is walked: one that is added later cannot be forgotten here.
all_walked() { # HEADING LANGUAGE HOW-MANY
  local there
  there=$(block "$1" "$2")
  [ "$there" = "$3" ] || { echo "the section has $there blocks ($2), the walk knows $3"; return 1; }
}

# Waits until a command succeeds, twenty seconds at most.
eventually() {
  local said end=$((SECONDS + 20))
  until said=$("$@" 2>&1); do
    [ "$SECONDS" -lt "$end" ] || { echo "not true for twenty seconds: $*"; echo "$said"; return 1; }
    sleep 0.5
  done
  echo "$said"
}

# What AppArmor forbade since the machine started; and whether nothing came to so many lines of it.
denials() { journalctl -q -k --no-pager -o cat | grep -F 'apparmor="DENIED"' || true; }
no_new_denials() { # HOW-MANY-BEFORE
  denials | tail -n +"$(($1 + 1))"
  [ "$(denials | wc -l)" = "$1" ]
}
