#!/bin/sh
# make run: everything on embedded defaults.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh runtime
exec .venv/bin/strowger up
