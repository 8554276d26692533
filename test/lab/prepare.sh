#!/usr/bin/env bash
# Makes what the lab needs of the outside world, once: a Debian 13 for its servers, the packages and wheels that they
# install, and a MySQL. Each part is kept in the cache and is not made again. On a machine that cannot hold the lab one
# line on standard output says why, with 69, or 75 where something could not be fetched.
# Usage: prepare.sh CACHE [ENDPOINT]; without an endpoint everything is fetched and tried, and no server is furnished.
set -euo pipefail
cache=$1
endpoint=${2:-}
part=${3:-}
lab=$(cd "$(dirname "$0")" && pwd)
suite=trixie
python=3.13
airflow=3.3.2

# Runs a command in a tree, as root of it, with the names of this machine.
inside() {
  local tree=$1
  shift
  cp --dereference /etc/resolv.conf "$tree/etc/resolv.conf"
  mountpoint --quiet "$tree/proc" || mount -t proc proc "$tree/proc"
  local status=0
  DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 chroot "$tree" "$@" || status=$?
  umount "$tree/proc"
  return $status
}

# Only what Amazon's own image of Debian has: everything else the product must install.
base() {
  [ -e "$cache/base.done" ] && return
  rm -rf "$cache/base"
  debootstrap --variant=minbase \
    --include=systemd,systemd-sysv,dbus,openssh-server,sudo,iproute2,procps,python3-minimal,libpam-systemd,iputils-ping,netbase \
    "$suite" "$cache/base"
  touch "$cache/base.done"
}

# What makes a Debian one of the lab's servers: the login users of either system's image, the lab's package sources and
# authorities, an NFS client in place of the kernel's own, which may be missing, and a dnf that knows Amazon's names.
furnish() {
  local tree=$cache/base
  [ -e "$cache/ca/ca.crt" ] || {
    mkdir -p "$cache/ca"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=Authority of the lab' \
      -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
      -keyout "$cache/ca/ca.key" -out "$cache/ca/ca.crt" 2>/dev/null
  }
  local user
  for user in admin ec2-user; do
    chroot "$tree" id "$user" >/dev/null 2>&1 || chroot "$tree" useradd --create-home --shell /bin/bash "$user"
  done
  # Below a machine with the older control groups systemd cannot end a user's manager, and whoever logs in meanwhile
  # waits two minutes for it: so it is never ended.
  mkdir -p "$tree/var/lib/systemd/linger"
  touch "$tree/var/lib/systemd/linger/admin" "$tree/var/lib/systemd/linger/ec2-user"
  # Nothing that is one server's own: each start makes host keys, machine id and the user's keys, as cloud-init does.
  rm -f "$tree"/etc/ssh/ssh_host_* "$tree/etc/hostname" "$tree/var/lib/dbus/machine-id"
  : >"$tree/etc/machine-id"
  # The emulator is reached as any program of AWS is told to reach another endpoint: by the environment, which sudo
  # would clear.
  printf '%s ALL=(ALL) NOPASSWD:ALL\n' admin ec2-user >"$tree/etc/sudoers.d/90-cloud-init-users"
  echo 'Defaults env_keep += "AWS_ENDPOINT_URL"' >>"$tree/etc/sudoers.d/90-cloud-init-users"
  echo "AWS_ENDPOINT_URL=$endpoint" >"$tree/etc/environment"
  echo 'deb [trusted=yes] http://packages.lab/debian ./' >"$tree/etc/apt/sources.list"
  printf '[global]\nindex-url = http://packages.lab/simple/\ntrusted-host = packages.lab\n' >"$tree/etc/pip.conf"
  mkdir -p "$tree"/etc/uv "$tree"/usr/local/share/ca-certificates "$tree"/etc/systemd/system.conf.d "$tree"/var/lib/lab-efs
  cat >"$tree/etc/uv/uv.toml" <<'TOML'
native-tls = true
allow-insecure-host = ["packages.lab"]
[[index]]
url = "http://packages.lab/simple/"
default = true
TOML
  cp "$cache/ca/ca.crt" "$tree/usr/local/share/ca-certificates/lab.crt"
  printf '[Manager]\nDefaultEnvironment=AWS_ENDPOINT_URL=%s\n' "$endpoint" >"$tree/etc/systemd/system.conf.d/lab.conf"
  chroot "$tree" dpkg-divert --quiet --local --rename --add /usr/sbin/mount.nfs4 >/dev/null
  install -m 0755 "$lab/mount.sh" "$tree/usr/sbin/mount.nfs4"
  install -D -m 0755 "$lab/mount.sh" "$tree/usr/local/lib/lab/mount.efs"
  install -m 0755 "$lab/dnf.sh" "$tree/usr/bin/dnf"
}

# Every package that the product may ask for, with all that these need, as a flat archive.
debs() {
  [ -e "$cache/debs.done" ] && return
  local tree=$cache/base
  printf 'deb http://deb.debian.org/debian %s main\n' "$suite" >"$tree/etc/apt/sources.list"
  echo 'Acquire::Retries "3";' >"$tree/etc/apt/apt.conf.d/90retries"
  inside "$tree" apt-get -qq update
  inside "$tree" apt-get -qq --yes --no-install-recommends --download-only install \
    nginx openssl curl ca-certificates nfs-common python3 python3-venv gcc pkg-config python3-dev libmariadb-dev
  mkdir -p "$cache/www/debian"
  mv "$tree"/var/cache/apt/archives/*.deb "$cache/www/debian/"
  (cd "$cache/www/debian" && apt-ftparchive packages . >Packages && apt-ftparchive release . >Release)
  rm -rf "$tree"/var/lib/apt/lists/*
  touch "$cache/debs.done"
}

# Airflow's wheels as an index that pip and uv can read, and the constraints that a release of Airflow comes with.
wheels() {
  [ -e "$cache/wheels.done" ] && return
  local www=$cache/www venv=$cache/tools wheel name
  mkdir -p "$www/wheels" "$www/constraints"
  [ -x "$venv/bin/uv" ] || { python3 -m venv "$venv" && "$venv/bin/python" -m pip install --quiet uv pip; }
  printf '%s\n' "apache-airflow[celery,amazon,fab]==$airflow" PyMySQL aiomysql 'celery<5.7' |
    "$venv/bin/uv" pip compile --quiet --python-version "$python" --python-platform x86_64-manylinux_2_28 \
      --only-binary :all: --no-header --no-annotate - -o "$www/constraints/constraints-$airflow.txt"
  printf '%s\n' uv pip >"$cache/extra.txt"
  "$venv/bin/python" -m pip download --quiet --dest "$www/wheels" --no-deps --only-binary :all: \
    --python-version "$python" --implementation cp --abi "cp${python/./}" --abi abi3 --abi none \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
    --platform manylinux_2_12_x86_64 --platform manylinux2010_x86_64 --platform manylinux_2_5_x86_64 \
    --platform manylinux1_x86_64 --platform any \
    -r "$www/constraints/constraints-$airflow.txt" -r "$cache/extra.txt"
  rm -rf "$www/simple"
  for wheel in "$www"/wheels/*.whl; do
    name=$(basename "$wheel")
    local project=${name%%-*}
    project=$(printf %s "$project" | tr 'A-Z_.' 'a-z--')
    mkdir -p "$www/simple/$project"
    printf '<a href="../../wheels/%s">%s</a><br>\n' "$name" "$name" >>"$www/simple/$project/index.html"
  done
  touch "$cache/wheels.done"
}

# The database of the lab is a real MySQL; Debian has it in its unstable suite only.
mysql() {
  [ -e "$cache/mysql.done" ] && return
  rm -rf "$cache/mysql"
  debootstrap --variant=minbase --include=mysql-server sid "$cache/mysql"
  touch "$cache/mysql.done"
}

# A server of the lab boots here, with the ceilings and walls that units of the product have, and ends by itself.
trial() {
  local now folder=$cache/trial.tree
  now=$(cat /proc/sys/kernel/random/boot_id)
  [ "$(cat "$cache/trial" 2>/dev/null || true)" != "$now" ] || return 0
  rm -rf "$folder"
  mkdir -p "$folder/upper/etc/systemd/system/multi-user.target.wants" "$folder/upper/etc/ssh" "$folder/work" "$folder/root"
  cat >"$folder/upper/etc/systemd/system/trial.service" <<'UNIT'
[Unit]
Requires=ssh.service dbus.service
After=ssh.service dbus.service
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
User=nobody
MemoryMax=50%
ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
RestrictNamespaces=yes
SystemCallFilter=@system-service
StateDirectory=trial
ExecStart=/bin/sh -c 'exec </dev/null >/dev/null && touch /var/lib/trial/well'
UNIT
  ln -s ../trial.service "$folder/upper/etc/systemd/system/multi-user.target.wants/trial.service"
  ssh-keygen -q -A -f "$folder/upper" >/dev/null
  mount -t overlay overlay -o "lowerdir=$cache/base,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
  SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 timeout --kill-after=10 180 systemd-nspawn --quiet --register=no --keep-unit \
    --private-network --link-journal=no --resolv-conf=off --timezone=off --directory "$folder/root" --boot \
    </dev/null >"$cache/trial.log" 2>&1 || true
  umount "$folder/root"
  if [ ! -e "$folder/upper/var/lib/trial/well" ]; then
    echo "a server does not boot here; $cache/trial.log has its console"
    exit 69
  fi
  rm -rf "$folder"
  echo "$now" >"$cache/trial"
}

# Mirrors and indexes fail for reasons of their own: three tries, each in a shell of its own, where any error ends it.
fetch() {
  local one attempt
  for one in "$@"; do
    for attempt in 1 2 3 none; do
      if [ "$attempt" = none ]; then
        echo "what $one needs could not be fetched"
        return 75
      fi
      if "$0" "$cache" '' "$one" >&2; then break; fi
      sleep $((attempt * 10))
    done
  done
}

if [ -n "$part" ]; then
  "$part"
  exit
fi
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
began=$SECONDS
before=$(ls "$cache"/{base,debs,wheels,mysql}.done 2>/dev/null || true)
"$lab/machine.sh" "$cache"
fetching=()
for chain in 'base debs' wheels mysql; do
  # shellcheck disable=SC2086 # words of a chain are parts, one after the other
  fetch $chain &
  fetching+=($!)
done
for process in "${fetching[@]}"; do wait "$process"; done
trial
[ -z "$endpoint" ] || furnish
# Seconds that all of it took, for whoever wants to know.
[ -n "$before" ] || echo $((SECONDS - began)) >"$cache/seconds"
