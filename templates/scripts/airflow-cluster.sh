#!/usr/bin/env bash
# Airflow's own command line, as its user and with the cluster's settings and secrets: airflow-cluster dags list
set -euo pipefail
[ -e /run/airflow/airflow.env ] || systemctl start airflow-environment.service
exec systemd-run --quiet --wait --pipe --collect --service-type=exec \
  --uid=airflow --gid=airflow --working-directory=/var/lib/airflow \
  --property=EnvironmentFile=/run/airflow/airflow.env \
  -- /opt/airflow/venv/bin/airflow "$@"
