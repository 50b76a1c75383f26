#!/usr/bin/env bash
# make test: every test, against a real PostgreSQL too. Arguments go to pytest.
source "$(dirname "$0")/environment.sh"
source scripts/services.sh
environment dev
pages
services
.venv/bin/python -m pytest -n "${TEST_WORKERS:-2}" "$@" && exit
failed=$?
# Servers, chargers, browsers and databases share two cores with every other test: the few that failed are
# named and tried once more, alone. What fails alone too, or is more than a few, has failed.
mapfile -t again < <(.venv/bin/python - <<'PYTHON'
import json, pathlib
kept = pathlib.Path(".pytest_cache/v/cache/lastfailed")
names = list(json.loads(kept.read_text())) if kept.is_file() else []
if len(names) <= 20 and all("::" in name for name in names):
    print("\n".join(names))
PYTHON
)
[ $failed = 1 ] && [ ${#again[@]} -gt 0 ] || exit $failed
echo "Failed beside the others, once more alone:" >&2
printf '  %s\n' "${again[@]}" >&2
exec .venv/bin/python -m pytest "${again[@]}"
