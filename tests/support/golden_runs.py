"""Tiny runs of each kind whose results are kept in tests/golden/, so that no change of them hides.

python tests/support/golden_runs.py    # makes tests/golden/ again; the commit says why
"""

import hashlib
import json
import re
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

if __name__ == "__main__":  # started as a file: as pytest, which knows the root and this folder
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from finished_runs import KINDS, finished_run

GOLDEN = Path(__file__).parents[1] / "golden"
HALF_RUN = GOLDEN / "half_run"  # a table_vae stopped at half its steps: it ends as the whole one
HALF_STEPS = 30


def results(run: Path) -> dict[str, Any]:
    """What a run has made: [digest, mean, deviation] of each array of scores and weights."""
    folders = [run / "scores", *(path for path in run.iterdir() if path.name.isdigit())]
    found = {}
    for path in sorted(path for folder in folders for path in folder.glob("*.npz")):
        with np.load(path, allow_pickle=False) as arrays:
            for name in sorted(arrays.files):
                if arrays[name].dtype.kind in "fiu":
                    key = f"{path.relative_to(run).as_posix()}:{name}"
                    found[key] = _summary(arrays[name])
    return found


def machine() -> dict[str, Any]:
    """What the bytes of results depend on: the processor's instructions and three packages."""
    flags: set[str] = set()
    if Path("/proc/cpuinfo").exists():
        text = Path("/proc/cpuinfo").read_text()
        line = next((line for line in text.splitlines() if line.startswith("flags")), ":")
        flags = set(line.split(":")[1].split())
    wide = sorted(flag for flag in flags if flag.startswith(("avx", "amx", "fma")))
    packages = ("tensorflow", "numpy", "scikit-learn")
    return {"instructions": wide, "versions": {name: version(name) for name in packages}}


def _summary(array: np.ndarray) -> list:
    if array.dtype.kind == "i":  # integers by their value: checkpoints have them in two sizes
        array = array.astype(np.int64)
    values = array.astype(np.float64)
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
    return [digest, float(f"{values.mean():.6g}"), float(f"{values.std():.6g}")]


def _make() -> None:
    record = {"command": "python tests/support/golden_runs.py", "machine": machine(), "runs": {}}
    with tempfile.TemporaryDirectory() as scratch:
        for name in KINDS:
            run = finished_run(name, Path(scratch)).folder / "run"
            record["runs"][name] = results(run)
            shutil.copy(run / "analysis" / "metrics.csv", GOLDEN / f"{name}.csv")
            if name == "table_vae":
                _keep_half(run)
    text = re.sub(
        r"\[\s+(.*?),\s+(.*?),\s+(.*?)\s+\]", r"[\1, \2, \3]", json.dumps(record, indent=1)
    )
    (GOLDEN / "results.json").write_text(text + "\n", "utf-8")


def _keep_half(run: Path) -> None:
    """Keeps the manifest and the checkpoints of half the steps, as a stop would leave them."""
    shutil.rmtree(HALF_RUN, ignore_errors=True)
    for member in ("0", "1"):
        (HALF_RUN / member).mkdir(parents=True)
        name = f"checkpoint-{HALF_STEPS:08d}.npz"
        shutil.copy(run / member / name, HALF_RUN / member / name)
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    manifest["settings"] |= {"data_dir": "", "model_dir": "", "train_dataset": "own.csv"}
    kept = {key: manifest[key] for key in ("settings", "seeds", "training_data", "versions")}
    text = json.dumps(kept | {"status": "training"}, indent=1)
    (HALF_RUN / "manifest.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    _make()
