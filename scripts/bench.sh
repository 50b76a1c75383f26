#!/usr/bin/env bash
# make bench: what Currant costs to run. Arguments go to `currant bench`.
source "$(dirname "$0")/environment.sh"
environment dev
exec .venv/bin/currant bench "$@"
