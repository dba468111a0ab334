#!/bin/sh
# make bench: the same work for Strowger and its peers. Further arguments go to the benchmark.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh dev
exec .venv/bin/python -m bench "${@:-compare}"
