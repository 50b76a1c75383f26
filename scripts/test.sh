#!/usr/bin/env bash
# make test: every test, against a real PostgreSQL too. Arguments go to pytest.
source "$(dirname "$0")/environment.sh"
source scripts/services.sh
environment dev
pages
services
exec .venv/bin/python -m pytest -n "${TEST_WORKERS:-2}" "$@"
