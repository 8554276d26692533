#!/bin/bash
# Stands in for dnf on the lab's servers, below which is Debian. It takes the names of packages that Amazon Linux 2023
# has, refuses every other as dnf does, and installs what Debian calls them.
set -euo pipefail
[ "${1:-}" = install ] || { echo "dnf: the lab has no dnf $*" >&2; exit 2; }
shift
declare -A debian=(
  [nginx]=nginx [openssl]=openssl [amazon-efs-utils]='' [gcc]=gcc [pkgconf-pkg-config]=pkg-config
  [mariadb-connector-c-devel]=libmariadb-dev
)
for version in 3.11 3.12 3.13 3.14; do
  debian[python$version]=python3 debian[python$version-pip]=python3-venv debian[python$version-devel]=python3-dev
done
wanted=()
# Amazon's image has these from the start.
packages=(curl ca-certificates)
for word in "$@"; do
  case $word in -*) continue ;; esac
  [ -n "${debian[$word]+known}" ] || { echo "No match for argument: $word" >&2; echo "Error: Unable to find a match: $word" >&2; exit 1; }
  wanted+=("$word")
  [ -z "${debian[$word]}" ] || packages+=("${debian[$word]}")
done
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq --yes --no-install-recommends install "${packages[@]}"
for word in "${wanted[@]}"; do
  case $word in
    nginx) getent passwd nginx >/dev/null || useradd --system --no-create-home --shell /usr/sbin/nologin nginx ;;
    amazon-efs-utils) install -m 0755 /usr/local/lib/lab/mount.efs /usr/sbin/mount.efs ;;
    python3.1[1234]) ln -sf python3 "/usr/bin/$word" ;;
  esac
done
