#!/usr/bin/env bash
# Make .venv-fastai, the environment of bench_fastai's peer. Nothing of Florilegium needs it. $1: the Python.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
folder="$here/../.venv-fastai"
"$here/../tools/venv.sh" "${1:-python3}" "$folder"
pip=("$folder/bin/python" -m pip install --quiet --disable-pip-version-check)
"${pip[@]}" --requirement "$here/fastai_requirements.txt"
"${pip[@]}" --no-deps fastai==2.8.12 timm==1.0.31
cd "$here/.."
"$folder/bin/python" -m benchmarks.fastai_peer --check
