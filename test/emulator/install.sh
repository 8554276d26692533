#!/bin/sh
# Puts each AWS emulator into a virtual environment of its own under .cache/emulators and prints nothing when
# it is already there. Usage: install.sh [moto] [ministack] (both by default).
#
# The versions are pinned because the layers in this folder reach into the emulators' own modules, and because
# the table of tolerated differences (tolerated.ts) was measured on exactly these.
set -eu

MOTO_VERSION=5.2.5
MINISTACK_VERSION=1.5.33

root=$(cd "$(dirname "$0")/../.." && pwd)
cache="$root/.cache/emulators"
[ $# -gt 0 ] || set -- moto ministack

# Debian ships python3 without venv and ensurepip; only root can add them.
python_with_venv() {
  if python3 -c 'import venv, ensurepip' 2>/dev/null; then return; fi
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo 'The emulators need python3 with venv. On Debian and Ubuntu: sudo apt-get install python3-venv' >&2
    exit 1
  fi
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >&2
}

install_one() {
  name=$1 requirement=$2
  mark="$cache/$name/installed"
  if [ "$(cat "$mark" 2>/dev/null || true)" = "$requirement" ] && [ -x "$cache/$name/bin/python3" ]; then return; fi
  echo "Installing $requirement into .cache/emulators/$name …" >&2
  python_with_venv
  rm -rf "${cache:?}/$name"
  python3 -m venv "$cache/$name"
  "$cache/$name/bin/python3" -m pip install --quiet --disable-pip-version-check "$requirement" >&2
  # Written last: an installation that was cut off is done again.
  echo "$requirement" >"$mark"
}

mkdir -p "$cache"
# The folder ignores itself, so that no other file has to know of it.
echo '*' >"$cache/.gitignore"

for name in "$@"; do
  case $name in
    moto) install_one moto "moto[server]==$MOTO_VERSION" ;;
    ministack) install_one ministack "ministack==$MINISTACK_VERSION" ;;
    *)
      echo "Unknown emulator '$name'. Known: moto, ministack." >&2
      exit 2
      ;;
  esac
done
