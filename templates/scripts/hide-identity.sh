#!/usr/bin/env bash
# Takes everything that makes this server this server off its volume, so that an image does not have it: host keys,
# machine id, what cloud-init has done. The server goes on with copies in memory, laid over the emptied places.
set -euo pipefail
store=/run/airflow-aws/hidden
install -d -m 0700 /run/airflow-aws "$store"

hide() {
  local place=$1 copy
  copy=$store/$(systemd-escape --path "$place")
  # A link has nothing of its own: what it leads to is in the list, or is not the server's.
  if [ ! -e "$place" ] || [ -L "$place" ] || findmnt --mountpoint "$place" >/dev/null; then return 0; fi
  if [ ! -e "$copy" ]; then
    rm -rf "$copy.new"
    cp --archive "$place" "$copy.new"
    mv --no-target-directory "$copy.new" "$copy"
  fi
  if [ -d "$place" ]; then find "$place" -mindepth 1 -delete; else : >"$place"; fi
  mount --bind "$copy" "$place"
}

for place in /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub /etc/machine-id /var/lib/dbus/machine-id \
  /var/lib/cloud; do hide "$place"; done
sync
