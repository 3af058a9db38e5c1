#!/usr/bin/env bash
# Makes .venv in the checkout, or brings it up to date; returns at once where nothing changed.
# Usage: bash scripts/setup_venv.sh run|dev       (dev: with ruff and pytest too)
set -euo pipefail

kind=${1:-}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv="$root/.venv"
unfinished="$venv/unfinished" # exists while .venv is being changed

fail() {
    echo "setup_venv.sh: $1" >&2
    exit 1
}

wait_for_other_starts() {
    command -v flock >/dev/null || return 0 # none on macOS: there two first starts are not guarded
    exec 9>"$root/.venv.lock"
    flock --nonblock 9 && return 0
    echo "Waiting for another start that is setting up .venv" >&2
    flock 9
}

is_supported_python() {
    "$1" -S -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' &>/dev/null
}

find_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3 python; do
        if is_supported_python "$name"; then
            echo "$name"
            return
        fi
    done
    fail "needs Python 3.11, 3.12 or 3.13 as python3 or python3.11 on the PATH; install one"
}

wanted_state() { # changes with the dependencies and when the checkout is moved
    echo "$root $(cat "$root/setup.py" "$root/constraints.txt" | cksum)"
}

is_installed() {
    is_supported_python "$venv/bin/python" && [[ ! -e "$unfinished" ]] &&
        [[ "$(cat "$venv/installed_$kind" 2>/dev/null)" == "$(wanted_state)" ]]
}

make_venv() {
    local python
    python=$(find_python)
    echo "Making $venv; this downloads about 1 GB" >&2
    rm -rf "$venv"
    mkdir "$venv"
    touch "$unfinished"
    "$python" -m venv "$venv" >&2 || fail "$python -m venv failed, see above"
}

install_package() {
    local package=$root
    [[ "$kind" == run ]] || package="${root}[$kind]"
    touch "$unfinished"
    rm -f "$venv"/installed_*
    if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --retries 10 \
        --constraint "$root/constraints.txt" --editable "$package" >&2; then
        rm "$unfinished" # pip itself took back what it had begun
        fail "pip failed, see above; start again, and if that does not help, delete $venv"
    fi
    wanted_state >"$venv/installed_run"
    [[ "$kind" == run ]] || wanted_state >"$venv/installed_$kind"
    rm "$unfinished"
}

[[ "$kind" == run || "$kind" == dev ]] || fail "unknown argument '$kind'; known: run, dev"
wait_for_other_starts
is_installed && exit 0
if [[ -e "$unfinished" ]] || ! is_supported_python "$venv/bin/python"; then
    make_venv
else
    echo "Bringing $venv up to date" >&2
fi
install_package
