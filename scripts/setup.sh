#!/bin/sh
# Make the environment: sh scripts/setup.sh runtime|dev. Does nothing when it is up to date.
set -eu
cd "$(dirname "$0")/.."
kind=${1:-runtime}
find_python() {
    for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null 2>&1 &&
           "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
            echo "$name"; return
        fi
    done
    echo "strowger needs Python 3.11 or newer" >&2; exit 1
}
# A development environment holds the runtime's packages too, so it is never made smaller.
if [ "$kind" = runtime ] && [ -f .venv/.stamp-dev ]; then kind=dev; fi
want=$(cat "requirements/$kind.txt" pyproject.toml scripts/setup.sh | cksum)
if [ "$(cat ".venv/.stamp-$kind" 2>/dev/null || true)" != "$want" ]; then
    python=$(find_python)
    [ -x .venv/bin/python ] || "$python" -m venv .venv
    echo "Installing what Strowger stands on (once) ..." >&2
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "requirements/$kind.txt"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
    echo "$want" > ".venv/.stamp-$kind"
fi
.venv/bin/python scripts/build_assets.py
