#!/bin/sh
# Make the environment: sh scripts/setup.sh runtime|dev. Does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-runtime}
# A development environment holds the runtime's packages too, so it is never made smaller.
if [ "$kind" = runtime ] && [ -f .venv/.stamp-dev ]; then kind=dev; fi
want=$(cat "requirements/$kind.txt" pyproject.toml scripts/setup.sh | cksum)
if [ "$(cat ".venv/.stamp-$kind" 2>/dev/null || true)" != "$want" ]; then
    if [ ! -x .venv/bin/python ]; then
        python=$(sh scripts/find_python.sh)
        "$python" -m venv .venv
    fi
    echo "Installing what Strowger stands on (once) ..." >&2
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "requirements/$kind.txt"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
    echo "$want" > ".venv/.stamp-$kind"
fi
.venv/bin/python scripts/build_assets.py
