#!/bin/sh
# TLS only, passwords by SCRAM. The postgres image runs it once in an empty cluster; after the certificate was made anew, or in
# a cluster from before: docker compose exec --user postgres postgres /docker-entrypoint-initdb.d/20-tls.sh
set -eu
folder="${SECRETS_FOLDER:-/run/secrets}"
umask 077
cat "$folder/tls_key" >"$PGDATA/server.key" # PostgreSQL takes no key that others can read
cat "$folder/tls_certificate" >"$PGDATA/server.crt"
sed -i 's/^host[[:space:]]/hostssl /' "$PGDATA/pg_hba.conf"
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
alter system set ssl = on;
alter system set ssl_min_protocol_version = 'TLSv1.3';
select from pg_reload_conf();
SQL
