#!/usr/bin/env bash
# A certificate for the bastion's own address, unless there is one for it that lasts another month.
set -euo pipefail
address={{address}}
folder=/etc/nginx/airflow-aws
install -d -m 0750 "$folder"
if [ -s "$folder/tls.crt" ] && openssl x509 -in "$folder/tls.crt" -noout -checkend 2592000 >/dev/null &&
  openssl x509 -in "$folder/tls.crt" -noout -checkip "$address" | grep -q 'does match'; then
  exit 0
fi
umask 077
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
  -keyout "$folder/tls.key.new" -out "$folder/tls.crt.new" \
  -subj "/CN=$address" -addext "subjectAltName=IP:$address" 2>/dev/null
mv "$folder/tls.key.new" "$folder/tls.key"
mv "$folder/tls.crt.new" "$folder/tls.crt"
