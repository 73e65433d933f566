#!/usr/bin/env bash
# Make a virtual environment. $1: the Python; $2: the folder; $3: "sudo" or nothing.
# Debian's own Python comes without the module that a virtual environment needs; its package is installed then.
set -euo pipefail

if ! "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$1 is $("$1" --version): expected Python 3.11 or newer. Name another with: make PYTHON=python3.12 ..." >&2
    exit 1
fi
if ! "$1" -c 'import ensurepip' 2>/dev/null && command -v apt-get >/dev/null; then
    echo "Installing python3-venv ..." >&2
    export DEBIAN_FRONTEND=noninteractive
    ${3:-} apt-get update -qq
    ${3:-} apt-get install -y -qq --no-install-recommends python3-venv </dev/null >/dev/null
fi
rm -rf "$2"
"$1" -m venv "$2"
