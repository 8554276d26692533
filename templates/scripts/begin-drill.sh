#!/usr/bin/env bash
# Stops this node's scheduler for a drill. Whatever becomes of the one who watches, the server itself starts it again.
set -euo pipefail
unit=airflow@scheduler.service
install -d -m 0700 /run/airflow-aws
systemctl stop airflow-aws-drill.timer 2>/dev/null || true
systemctl reset-failed airflow-aws-drill.service 2>/dev/null || true
date --utc --iso-8601=seconds >/run/airflow-aws/drill
systemd-run --quiet --collect --unit=airflow-aws-drill --on-active=900 -- \
  bash -c "systemctl start $unit && rm -f /run/airflow-aws/drill"
systemctl stop "$unit"
