#!/usr/bin/env bash
# Make .venv-gradio and .venv-bentoml, the environments of bench_serve's peers. Nothing of Florilegium needs them.
# $1: the Python.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
for peer in gradio bentoml; do
    folder="$here/../.venv-$peer"
    "$here/../tools/venv.sh" "${1:-python3}" "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/${peer}_requirements.txt"
    "$folder/bin/python" "$here/${peer}_peer.py" --check
done
