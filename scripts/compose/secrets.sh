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
echo "secrets are in $folder"
