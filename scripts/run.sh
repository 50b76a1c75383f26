#!/usr/bin/env bash
# make run: the server with a demo network. Arguments go to `currant demo`.
source "$(dirname "$0")/environment.sh"
environment
pages || echo "Going on without the pages: the API and the command line are there." >&2
exec .venv/bin/currant demo "$@"
