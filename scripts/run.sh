#!/usr/bin/env bash
# make run: the server with a demo network. Arguments go to `currant demo`.
source "$(dirname "$0")/environment.sh"
environment
pages
exec .venv/bin/currant demo "$@"
