#!/usr/bin/env bash
# Install Debian's PostgreSQL where none is found: the tests start a server of their own, as a user without rights.
# $1: "sudo" or nothing. Where it cannot be installed, those tests are skipped and say so.
set -euo pipefail

if command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; then exit 0; fi
if ! command -v apt-get >/dev/null; then
    echo "No PostgreSQL and no apt-get here: tests that need it will be skipped." >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
echo "Installing PostgreSQL for the tests that keep their records in it ..." >&2
# No cluster is made, so no service starts, now or after the next boot; pg_createcluster makes one for whoever wants it.
settings=/etc/postgresql-common/createcluster.d
${1:-} mkdir -p "$settings"
echo "create_main_cluster = false" | ${1:-} tee "$settings/florilegium-tests.conf" >/dev/null
${1:-} apt-get update -qq
${1:-} apt-get install -y -qq --no-install-recommends postgresql </dev/null >/dev/null
