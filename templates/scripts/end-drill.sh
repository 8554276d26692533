#!/usr/bin/env bash
# Starts the scheduler that begin-drill.sh stopped, and takes back what the server was to do by itself.
set -euo pipefail
systemctl start airflow@scheduler.service
systemctl stop airflow-aws-drill.timer 2>/dev/null || true
rm -f /run/airflow-aws/drill
