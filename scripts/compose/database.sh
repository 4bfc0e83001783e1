#!/bin/sh
# Run once by the postgres image in an empty cluster: roles with their passwords, and three databases.
set -eu
folder="${SECRETS_FOLDER:-/run/secrets}"
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres \
  --set=pipeline="$(cat "$folder/popbase_pipeline")" --set=airflow="$(cat "$folder/popbase_airflow")" <<'SQL'
create role popbase_pipeline login password :'pipeline';
create role popbase_airflow login password :'airflow';
create database popbase template template0 encoding 'UTF8' locale 'C.UTF-8';
create database front owner popbase_pipeline template template0 encoding 'UTF8' locale 'C.UTF-8';
create database airflow owner popbase_airflow template template0 encoding 'UTF8' locale 'C.UTF-8';
revoke connect, temporary on database front, airflow from public;
SQL
