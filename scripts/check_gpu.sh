#!/usr/bin/env bash
# Runs every model, detector and a resume on this machine's GPU and compares their numbers with the
# CPU's. Ends with 0: all is well, 1: something is not, 3: there is no GPU that TensorFlow sees.
# Usage: bash scripts/check_gpu.sh [--only=NAME,...] [--device=cpu]    PYTHON=python3: without .venv
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
python=${PYTHON:-$root/.venv/bin/python}
if [[ ! -x "$(command -v "$python")" ]]; then
    echo "check_gpu.sh: no $python; run scripts/setup_venv.sh run, or set PYTHON" >&2
    exit 2
fi
exec "$python" "$root/scripts/check_gpu.py" "$@"
