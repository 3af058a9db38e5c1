#!/usr/bin/env bash
# Sets up .venv, then lint, format, types, documentation and tests; ends with pytest's line that counts them.
# Usage: bash scripts/test.sh [pytest's arguments]      all tests: bash scripts/test.sh -m ""
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
bash scripts/setup_venv.sh dev
.venv/bin/python -m ruff check --quiet .
.venv/bin/python -m ruff format --quiet --check .
.venv/bin/lint-imports >/dev/null || { .venv/bin/lint-imports --verbose; exit 1; }
.venv/bin/python -m mypy --no-error-summary
NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --quiet --strict
# A process per core, at most four; a file's tests share one, in the order that tests/conftest.py
# gives. Exits 5 when no test ran.
exec .venv/bin/python -m pytest -m "not slow" --numprocesses=auto --maxprocesses=4 --dist=loadfile \
    --no-loadscope-reorder --durations=15 "$@"
