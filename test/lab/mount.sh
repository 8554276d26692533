#!/bin/bash
# Stands in for mount.nfs4 and mount.efs on the lab's servers: NFS's way to the mount target must be open, as for the
# real ones; what is mounted is then a folder that all servers of the lab share. Called by mount as: SOURCE POINT …
set -eu
source=$1
point=$2
host=${source%%:*}
file_system=${host%%.*}
# mount.efs is given the id alone, and makes the name of it.
[ "$host" != "$file_system" ] || host=$file_system.efs.us-west-2.amazonaws.com
timeout 10 bash -c ": </dev/tcp/$host/2049" 2>/dev/null || {
  echo "mount: connection to $host, port 2049, failed" >&2
  exit 32
}
exec mount --no-canonicalize --bind "/var/lib/lab-efs/$file_system" "$point"
