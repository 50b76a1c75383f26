#!/usr/bin/env bash
# make check: everything that can be said about the code without running it.
source "$(dirname "$0")/environment.sh"
environment dev
failed=0
step() {
    echo "== $*" >&2
    "$@" || failed=1
}
step .venv/bin/ruff format --check --quiet .
step .venv/bin/ruff check --quiet .
step .venv/bin/mypy
step .venv/bin/lint-imports --no-logo
step .venv/bin/python scripts/document_settings.py --check
step .venv/bin/python scripts/document_commands.py --check
step .venv/bin/python scripts/document_conformance.py --check
step .venv/bin/python scripts/check_constraints.py
step scripts/web.sh check
exit $failed
