#!/usr/bin/env bash
# Make .venv-setfit, the environment of bench_setfit's peer. Nothing of Florilegium needs it. $1: the Python.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
folder="$here/../.venv-setfit"
"$here/../tools/venv.sh" "${1:-python3}" "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/setfit_requirements.txt"
cd "$here/.."
"$folder/bin/python" -m benchmarks.setfit_peer --check
