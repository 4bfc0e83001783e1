#!/bin/sh
# Gives one command its URLs and keys from /run/secrets, and becomes it. Passwords of popbase stay in their files.
set -eu
folder="${SECRETS_FOLDER:-/run/secrets}"
address="${POPBASE_DATABASE_ADDRESS:-postgres:5432}"
role="${POPBASE_DATABASE_ROLE:-popbase_pipeline}"

secret() { # a missing or empty one ends the start with a clear word
  [ -s "$folder/$1" ] || { echo "popbase: the secret $1 is not in $folder" >&2; exit 5; }
  cat "$folder/$1"
}

secret "$role" >/dev/null
export POPBASE_DATABASE_URL="postgresql://$role@$address/popbase"
export POPBASE_FRONT_DATABASE_URL="postgresql://$role@$address/front"
export POPBASE_DATABASE_PASSWORD_FILE="$folder/$role" POPBASE_FRONT_DATABASE_PASSWORD_FILE="$folder/$role"
metadata="$(secret popbase_airflow)"
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="postgresql+psycopg2://popbase_airflow:$metadata@$address/airflow"
AIRFLOW__CORE__FERNET_KEY="$(secret fernet_key)"
AIRFLOW__API_AUTH__JWT_SECRET="$(secret jwt_secret)"
AIRFLOW__API__SECRET_KEY="$(secret api_secret_key)"
export AIRFLOW__CORE__FERNET_KEY AIRFLOW__API_AUTH__JWT_SECRET AIRFLOW__API__SECRET_KEY
exec "$@"
