#!/usr/bin/env bash
# Builds the virtual environment from requirements.lock: every file is checked against its hash.
# With WHEELHOUSE=FOLDER (made by `make wheelhouse`) no network is needed, and none is asked.
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-python3.11}"
venv="${VENV:-.venv}"
source=()
if [ -n "${WHEELHOUSE:-}" ]; then
  [ -d "$WHEELHOUSE" ] || {
    echo "there is no folder $WHEELHOUSE" >&2
    echo "Hint: make wheelhouse, on a machine with a network, makes one" >&2
    exit 2
  }
  source=(--no-index --find-links "$WHEELHOUSE")
fi

command -v "$python" >/dev/null || python=python3
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
  echo "popbase needs Python 3.11; $("$python" --version) was found." >&2
  echo "Hint: make PYTHON=/path/to/python3.11 setup" >&2
  exit 5
}

if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  rm -rf "$venv"
  echo "[1/3] virtual environment in $venv"
  # Debian splits ensurepip off into python3-venv; virtualenv does without it.
  "$python" -m venv "$venv" >/dev/null 2>&1 || {
    rm -rf "$venv"
    [ -z "${WHEELHOUSE:-}" ] || { echo "Hint: install python3.11-venv of your system first" >&2; exit 5; }
    "$python" -m pip install --quiet --target "$venv.bootstrap" 'virtualenv==20.31.2'
    PYTHONPATH="$venv.bootstrap" "$python" -m virtualenv --quiet "$venv"
    rm -rf "$venv.bootstrap"
  }
fi
echo "[2/3] packages of requirements.lock (1.6 GB unpacked; the first time takes some minutes)"
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --require-hashes "${source[@]}" \
  -r requirements.lock
echo "[3/3] popbase itself"
"$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
