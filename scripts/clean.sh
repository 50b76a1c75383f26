#!/usr/bin/env bash
# make clean: what was built or cached, never data/.
cd "$(dirname "$0")/.."
rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
find src tests scripts bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null
exit 0
