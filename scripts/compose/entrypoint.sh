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
secret tls_ca >/dev/null
export POPBASE_DATABASE_URL="postgresql://$role@$address/popbase"
export POPBASE_FRONT_DATABASE_URL="postgresql://$role@$address/front"
export POPBASE_DATABASE_PASSWORD_FILE="$folder/$role" POPBASE_FRONT_DATABASE_PASSWORD_FILE="$folder/$role"
export POPBASE_DATABASE_CA_FILE="$folder/tls_ca" POPBASE_FRONT_DATABASE_CA_FILE="$folder/tls_ca"
metadata="$(secret popbase_airflow)"
airflow="popbase_airflow:$metadata@$address/airflow"
export PGSSLROOTCERT="$folder/tls_ca" # asyncpg takes it from there only
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="postgresql+psycopg2://$airflow?sslmode=verify-full&sslrootcert=$folder/tls_ca"
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC="postgresql+asyncpg://$airflow?ssl=verify-full"
AIRFLOW__CORE__FERNET_KEY="$(secret fernet_key)"
AIRFLOW__API_AUTH__JWT_SECRET="$(secret jwt_secret)"
AIRFLOW__API__SECRET_KEY="$(secret api_secret_key)"
export AIRFLOW__CORE__FERNET_KEY AIRFLOW__API_AUTH__JWT_SECRET AIRFLOW__API__SECRET_KEY
exec "$@"
