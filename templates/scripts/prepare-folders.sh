#!/usr/bin/env bash
# Folders that Airflow's user writes to; the shared one lives on the mounted file system.
set -euo pipefail
systemd-tmpfiles --create /etc/tmpfiles.d/airflow-aws.conf
systemctl restart systemd-journald.service
mountpoint --quiet /mnt/efs
install -d -m 2775 -o airflow -g airflow /mnt/efs/dags
