#!/usr/bin/env bash
# Says whether this machine can hold the lab. With 0 it can; otherwise one line on standard output says why not, with 69
# for what the machine is and 75 for what could not be fetched. Installs the programs that the lab calls, on Debian as root.
set -euo pipefail
cache=${1:?the folder of the cache}

cannot() {
  echo "$1"
  exit 69
}

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || cannot "it needs Linux on x86_64, and this is $(uname -s) on $(uname -m)"
[ "$(id -u)" -eq 0 ] || cannot 'it needs root, for namespaces and mounts'
[ "$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)" -ge 5500 ] ||
  cannot 'it needs 5.5 GB of memory for two nodes of Airflow and a MySQL'
mkdir -p "$cache"
# Whatever is prepared already needs no room any more.
room=12000
[ ! -e "$cache/mysql.done" ] || room=6000
[ "$(df --output=avail -m "$cache" | tail -1)" -ge "$room" ] || cannot "it needs $room MB of room at $cache"
# Servers get devices with the rights that they have here.
[ "$(stat -c %a /dev/null)" = 666 ] || cannot '/dev/null is not for everybody here'
unshare --mount --net --pid --uts --ipc --fork true 2>/dev/null || cannot 'this machine lets nobody make namespaces'

missing=()
for tool in debootstrap:debootstrap systemd-nspawn:systemd-container nft:nftables dnsmasq:dnsmasq-base \
  redis-server:redis-server nginx:nginx-light openssl:openssl apt-ftparchive:apt-utils ssh:openssh-client \
  chromium:chromium fc-list:fontconfig curl:curl ip:iproute2 sysctl:procps pgrep:procps flock:util-linux; do
  command -v "${tool%%:*}" >/dev/null || missing+=("${tool##*:}")
done
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || cannot "it needs ${missing[*]}, and only Debian's packages are known here"
  # A server that is installed here must not start here: the lab starts its own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  for attempt in 1 2 3 none; do
    if [ "$attempt" = none ]; then
      echo "these packages could not be fetched: ${missing[*]}"
      exit 75
    fi
    if apt-get -o Acquire::Retries=3 update -qq >&2 &&
      DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends "${missing[@]}" >&2; then
      break
    fi
    sleep $((attempt * 10))
  done
fi

# Each thing that the lab asks of the kernel, tried once in a corner that goes away with the trial.
kernel=$(unshare --mount --net bash -s "$cache" 2>&1 <<'TRIAL' || true
set -e
mount -t tmpfs none "$1"
mkdir "$1/lower" "$1/upper" "$1/work" "$1/root"
say() { echo "$1"; exit 1; }
ip link add name trial type veth peer name peer || say 'it makes no pairs of network devices'
nft -f - <<'RULES' || say 'it has no nftables'
table inet trial {
  chain forward { type filter hook forward priority filter; ct state established accept; }
  chain before { type nat hook prerouting priority dstnat; ip daddr 192.0.2.1 tcp dport 80 dnat ip to 192.0.2.2:81; }
  chain after { type nat hook postrouting priority srcnat; ip saddr 192.0.2.3 snat ip to 192.0.2.4; }
}
RULES
sysctl --quiet --write net.ipv4.ip_forward=1 || say 'it lets nobody forward packets'
mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$1/root" ||
  say 'it has no overlay file system'
echo well
TRIAL
)
[ "$kernel" = well ] || cannot "$(tail -1 <<<"$kernel") ($(head -1 <<<"$kernel"))"
