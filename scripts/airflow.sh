#!/usr/bin/env bash
# Opens Airflow on the embedded database of an earlier `make demo`, until Ctrl-C: scripts/airflow.sh [--home DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
exec "${VENV:-.venv}/bin/python" -m scripts.demo airflow "$@"
