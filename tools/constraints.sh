#!/usr/bin/env bash
# Write constraints.txt anew: what a clean environment installs today, versions only.
# $1: the Python to use.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$1" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --upgrade --editable '.[test,lint,postgres,finetune]'
{
    echo "# Versions that are tested together. Written by: make constraints"
    "$folder/venv/bin/python" -m pip freeze --exclude-editable | sed -E 's/^(torch==[0-9.]+)\+.*/\1/; s/^torch @ .*/torch==2.13.0/'
} >constraints.txt
