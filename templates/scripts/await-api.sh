#!/usr/bin/env bash
# Waits until this node's api-server answers through the node's own nginx.
set -euo pipefail
for _ in $(seq 60); do
  if curl --silent --fail --max-time 5 --output /dev/null http://127.0.0.1/api/v2/version; then exit 0; fi
  sleep 3
done
systemctl --no-pager --lines=10 status 'airflow@*' nginx || true
exit 1
