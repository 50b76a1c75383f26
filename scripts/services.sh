# Services that the tests run for real, from Debian's packages. Sourced by test.sh.

postgresql_found() {
    command -v initdb >/dev/null && return
    compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null
}

chromium_found() {
    [ -x "${CURRANT_CHROMIUM:-/usr/bin/chromium}" ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

services() {
    local missing=()
    postgresql_found || missing+=(postgresql)
    chromium_found || missing+=(chromium)
    [ ${#missing[@]} = 0 ] && return
    if command -v apt-get >/dev/null && as_root true 2>/dev/null; then
        echo "Installing for the tests: ${missing[*]} ..." >&2
        # Debian would start a server of its own on 5432: the tests start theirs, and want no other.
        mkdir -p .cache
        if as_root apt-get update -qq &&
            as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
                apt-get install -y -qq --no-install-recommends "${missing[@]}" >.cache/apt.log 2>&1; then
            return
        fi
        tail -n 20 .cache/apt.log >&2 || true
    fi
    echo "The tests need ${missing[*]}, and may not install it. Please run:" >&2
    echo "    sudo apt-get install ${missing[*]}" >&2
    return 1
}
