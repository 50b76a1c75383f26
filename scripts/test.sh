#!/usr/bin/env bash
# make test: every test, against a real PostgreSQL too. Arguments go to pytest.
source "$(dirname "$0")/environment.sh"
source scripts/services.sh
environment dev
pages
services
# Tests start hundreds of processes: each would compile everything anew.
unset PYTHONDONTWRITEBYTECODE
mkdir -p .cache
TESTS_THAT_FAILED=$(mktemp "$PWD/.cache/failed.XXXXXX")
export TESTS_THAT_FAILED
trap 'rm -f "$TESTS_THAT_FAILED"' EXIT
# A file's tests stay in one process: they share an installation.
status=0
.venv/bin/python -m pytest -n "${TEST_WORKERS:-2}" --dist loadfile --no-loadscope-reorder "$@" || status=$?
# Servers, chargers, browsers and databases share a few cores with every other test: tests that failed beside
# the others are named and tried once more, alone. What fails alone too has failed, and so has everything
# when more than a few failed, when a file could not be read, or when the run ended before its end.
mapfile -t again <"$TESTS_THAT_FAILED"
if [ "$status" != 1 ] || [ ${#again[@]} = 0 ] || [ ${#again[@]} -gt 20 ]; then exit "$status"; fi
for name in "${again[@]}"; do
    [[ $name == *::* ]] || exit "$status"
done
echo "Failed beside the others, once more alone:" >&2
printf '  %s\n' "${again[@]}" >&2
: >"$TESTS_THAT_FAILED"
.venv/bin/python -m pytest -p no:xdist "${again[@]}" || exit $?
echo "These passed alone only, and want to be looked at:" >&2
printf '  %s\n' "${again[@]}" >&2
