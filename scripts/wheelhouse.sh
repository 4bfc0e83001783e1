#!/usr/bin/env bash
# Downloads every package of requirements.lock, checked against its hash, into a folder for machines without a network.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="${WHEELHOUSE:-wheelhouse}"

"${VENV:-.venv}/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
  --only-binary :all: --requirement requirements.lock --dest "$folder"
(cd "$folder" && sha256sum ./*.whl >SHA256SUMS)
echo "$(find "$folder" -name '*.whl' | wc -l) packages in $folder, $(du -sh "$folder" | cut -f1)"
echo "On the other machine: make setup WHEELHOUSE=/path/to/it"
