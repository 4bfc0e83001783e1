#!/bin/sh
# Makes the secrets of docker-compose.yml, each only where it is not there yet, and the inbox.
set -eu
cd "$(dirname "$0")/../.."
[ ! -f .env ] || { set -a; . ./.env; set +a; }
folder="${POPBASE_SECRETS_DIR:-./var/secrets}"
mkdir -p "${POPBASE_INBOX_DIR:-./var/inbox}"
mkdir -p "$folder"
chmod 0700 "$folder" # the files themselves must be readable for the containers' users

random() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }
keep() { [ -s "$folder/$1" ] || (umask 0133 && printf '%s' "$2" >"$folder/$1"); }

for name in postgres popbase_pipeline popbase_airflow; do keep "$name" "$(random 24)"; done
for name in jwt_secret api_secret_key; do keep "$name" "$(random 64)"; done
keep fernet_key "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')"

# The server proves to popbase and Airflow that it is `postgres`. The CA's key is thrown away: nobody makes a second one.
tls() {
  command -v openssl >/dev/null || { echo "popbase: openssl is needed to make the server's certificate" >&2; exit 5; }
  made="$(mktemp -d)"
  for name in ca server; do openssl ecparam -name prime256v1 -genkey -noout -out "$made/$name.key"; done
  openssl req -new -x509 -key "$made/ca.key" -days 3650 -subj "/CN=popbase compose" -out "$made/ca.crt"
  openssl req -new -key "$made/server.key" -subj "/CN=postgres" -out "$made/server.csr"
  echo "subjectAltName=DNS:postgres,DNS:localhost" >"$made/names"
  openssl x509 -req -in "$made/server.csr" -CA "$made/ca.crt" -CAkey "$made/ca.key" -CAcreateserial -days 3650 \
    -extfile "$made/names" -out "$made/server.crt" 2>/dev/null
  rm -f "$folder/tls_ca" "$folder/tls_certificate" "$folder/tls_key"
  keep tls_ca "$(cat "$made/ca.crt")"
  keep tls_certificate "$(cat "$made/server.crt")"
  keep tls_key "$(cat "$made/server.key")"
  rm -r "$made"
}
[ -s "$folder/tls_key" ] || tls
echo "secrets are in $folder"
