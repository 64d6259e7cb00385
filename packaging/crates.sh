# shellcheck shell=bash
# Other people's crates, as cargo has compiled them, for another build with the same compiler and flags. Read by
# scripts/matrix and packaging/build.

# The folder appears whole.
crates_of_others() { # FROM TO
  local from=$1 to=$2 what
  rm -rf "$to.partial"
  mkdir -p "$to.partial/deps" "$to.partial/build" "$to.partial/.fingerprint"
  for what in .fingerprint build; do
    find "$from/$what" -mindepth 1 -maxdepth 1 ! -name 'offhook*' -exec cp -a -t "$to.partial/$what" {} +
  done
  find "$from/deps" -type f \( -name '*.rlib' -o -name '*.rmeta' -o -name '*.so' -o -name '*.d' \) \
    ! -name '*offhook*' -exec cp -a -t "$to.partial/deps" {} +
  mv "$to.partial" "$to"
}
