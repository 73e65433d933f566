#!/usr/bin/env bash
# Install Debian's Chromium where no Chromium is found: the tests look at pages as a reader would.
# $1: "sudo" or nothing. Where it cannot be installed, those tests are skipped and say so.
set -euo pipefail

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
if ! command -v apt-get >/dev/null; then
    echo "No Chromium and no apt-get here: tests marked 'chromium' will be skipped." >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
echo "Installing Chromium for the tests that look at pages ..." >&2
${1:-} apt-get update -qq
${1:-} apt-get install -y -qq --no-install-recommends chromium </dev/null >/dev/null
