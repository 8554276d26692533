#!/usr/bin/env bash
# Airflow and all it needs from the package index, in a virtual environment that root owns and Airflow only reads.
set -euo pipefail
python={{python}}
driver={{driver}}
# The path or address of pip's constraints, or nothing.
constraints={{constraints}}

# One number on all nodes: files on the shared folder belong to it. Distributions give theirs out from above and below.
getent group airflow >/dev/null || groupadd --system --gid 750 airflow
getent passwd airflow >/dev/null ||
  useradd --system --uid 750 --gid airflow --home-dir /var/lib/airflow --no-create-home --shell /usr/sbin/nologin airflow

[ -x /opt/airflow/venv/bin/pip ] || "python$python" -m venv /opt/airflow/venv
/opt/airflow/venv/bin/pip install --quiet --disable-pip-version-check uv

options=(--python /opt/airflow/venv/bin/python --requirement /opt/airflow/requirements.txt)
# Compiled now, since Airflow's user could not keep the result and would compile at each start.
options+=(--compile-bytecode)
[ -z "$constraints" ] || options+=(--constraint "$constraints")
# Nothing is compiled from source unless the driver has to be.
[ "$driver" = mysqlclient ] || options+=(--only-binary :all:)
/opt/airflow/venv/bin/uv pip install --quiet "${options[@]}"

if [ ! -s /opt/airflow/rds-authorities.pem ]; then
  curl --silent --show-error --fail --location --retry 5 --output /opt/airflow/rds-authorities.pem.new \
    https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem
  mv /opt/airflow/rds-authorities.pem.new /opt/airflow/rds-authorities.pem
fi
/opt/airflow/venv/bin/python -m pip list --format=freeze --disable-pip-version-check >/opt/airflow/installed.txt
