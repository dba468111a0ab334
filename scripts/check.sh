#!/bin/sh
# make check: format, lint, types and the import contract. `sh scripts/check.sh format` changes files instead.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh dev
if [ "${1:-}" = format ]; then
    .venv/bin/ruff format .
    exec .venv/bin/ruff check --fix .
fi
.venv/bin/ruff format --check .
.venv/bin/ruff check .
.venv/bin/mypy
.venv/bin/lint-imports
.venv/bin/python scripts/lint_house.py
