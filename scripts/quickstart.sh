#!/usr/bin/env bash
# From a fresh clone to a table, plots and a report: sets up .venv, trains a small ensemble on MNIST
# and scores the other data sets. A second start continues or reuses runs/quickstart.
# Usage: bash scripts/quickstart.sh [any flag of vae_wgan/vae_run.py]
set -euo pipefail

quickstart_flags=(--preset=smoke --num_models=3 --max_steps=800 --viz_steps=200 --eval_size=300)

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
bash "$root/scripts/setup_venv.sh" run
exec "$root/.venv/bin/python" "$root/vae_wgan/vae_run.py" --train_dataset=mnist \
    --model_dir="$root/runs/quickstart" "${quickstart_flags[@]}" "$@"
