#!/bin/sh
# The environment of the peers' programs (tests/system/peers/programs), apart from ours. Does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."
want=$(cat requirements/peers.txt scripts/setup_peers.sh | cksum)
if [ "$(cat .venv-peers/.stamp 2>/dev/null || true)" != "$want" ]; then
    echo "Installing the peers of the tests (once) ..." >&2
    .venv/bin/python -m venv --clear .venv-peers
    .venv-peers/bin/python -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements/peers.txt
    echo "$want" > .venv-peers/.stamp
fi
