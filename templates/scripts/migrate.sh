#!/usr/bin/env bash
# Brings the database to Airflow's schema. The lock is for this node; Airflow takes one in the database for all nodes.
set -euo pipefail
exec 9>/run/airflow-aws-migrate.lock
flock 9
/opt/airflow/venv/bin/python /opt/airflow/lib/create_database.py
/usr/local/bin/airflow-cluster db migrate
/opt/airflow/venv/bin/python /opt/airflow/lib/create_users.py
