#!/usr/bin/env bash
# make test: every test, against a real PostgreSQL too. Arguments go to pytest.
source "$(dirname "$0")/environment.sh"
source scripts/services.sh
environment dev
pages
services
.venv/bin/python -m pytest -n "${TEST_WORKERS:-2}" "$@" && exit
failed=$?
# Pages share two cores with their server, their chargers and every other test: those that were too slow get
# one more try, alone. Nothing else does.
mapfile -t again < <(.venv/bin/python - <<'PYTHON'
import json, pathlib
kept = pathlib.Path(".pytest_cache/v/cache/lastfailed")
names = list(json.loads(kept.read_text())) if kept.is_file() else []
if names and all(name.startswith("tests/browser/") and "::" in name for name in names) and len(names) <= 20:
    print("\n".join(names))
PYTHON
)
[ $failed = 1 ] && [ ${#again[@]} -gt 0 ] || exit $failed
echo "Once more, alone: ${again[*]}" >&2
exec .venv/bin/python -m pytest "${again[@]}"
