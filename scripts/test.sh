#!/bin/sh
# make test: the tiers that need nothing but Python; `sh scripts/test.sh browser` for real Chromium,
# `sh scripts/test.sh peers` for other programs as clients and proxies (Kannel, Jasmin, nginx, Caddy).
# Further arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh dev
if [ "${1:-}" = browser ]; then
    shift
    exec .venv/bin/python -m pytest -n 2 --dist loadfile tests/browser "$@"
fi
if [ "${1:-}" = peers ]; then
    shift
    sh scripts/setup_peers.sh
    exec .venv/bin/python -m pytest tests/system/peers "$@"
fi
.venv/bin/python -m pytest -n 2 --dist loadfile --ignore tests/browser --ignore tests/system/peers --ignore tests/chaos "$@"
exec .venv/bin/python -m pytest -n 2 --dist loadfile tests/chaos "$@"
