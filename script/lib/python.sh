#!/bin/sh
# The Python environment, from the lock files. Sourced by the scripts beside it, which set `root`.

say() { printf '%s\n' "$*" >&2; }

# A Python of 3.11 or newer; COLLEGIUM_PYTHON names one that is not on PATH.
find_python() {
    for candidate in "${COLLEGIUM_PYTHON:-}" python3 python3.13 python3.12 python3.11 python; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            python=$candidate
            return 0
        fi
    done
    say "Collegium needs Python 3.11 or newer, and none was found on PATH."
    return 1
}

make_venv() {
    venv=${COLLEGIUM_VENV:-$root/.venv}
    [ -x "$venv/bin/python" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 && return 0
    find_python || return 1
    say "Making the Python environment"
    if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
        # Debian ships Python without the part that makes environments.
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            apt-get update -qq >/dev/null && apt-get install -y -qq python3-venv >/dev/null && "$python" -m venv "$venv" || return 1
        else
            say "This Python cannot make environments. On Debian and Ubuntu: sudo apt-get install python3-venv"
            return 1
        fi
    fi
}

# $1: a lock file's name without its ending. Installs what it names, unless that is there already.
install_lock() {
    stamp=$venv/.collegium-$1
    wanted=$(cksum <"$root/requirements/$1.lock" | tr ' ' '-')
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
    say "Installing what requirements/$1.lock names"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        -r "$root/requirements/$1.lock" || { say "The packages could not be installed; the reason stands above."; return 1; }
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        -e "$root" || return 1
    printf '%s\n' "$wanted" >"$stamp"
}
