"""Checks on a GPU that every model runs, resumes, and gives the CPU's numbers.

bash scripts/check_gpu.sh
bash scripts/check_gpu.sh --only=vae,flow
bash scripts/check_gpu.sh --device=cpu        # a trial of the script itself, without a GPU

Every check trains and scores on the GPU, then scores the same members again on the CPU. It passes
where no score differs by more than the rounding of the numbers it was computed with: float32,
TF32 where the card uses it for products of matrices, or bfloat16. Ends with 0 where all passed, 1
where one did not, 3 where TensorFlow sees no GPU.
"""

import argparse
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

if not __package__:  # started as a file: the checkout's root takes the place of this folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from scripts.check_gpu_runs import ROOT, images_command, table_command, write_data
from scripts.script_start import run_script
from tools.errors import InputError

_LOG = logging.getLogger(__name__)
NO_GPU = 3
# Largest difference of a score from the CPU's, as a share of the score (or of 1 nat, if more).
TOLERANCES = {"float32": 1e-3, "TF32": 2e-2, "bfloat16": 1e-1}
_PROBE = """
import json, tensorflow as tf
gpus = tf.config.list_physical_devices("GPU")
details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
print(json.dumps({
    "names": [detail.get("device_name", "GPU") for detail in details],
    "capability": min((detail.get("compute_capability", (0, 0)) for detail in details), default=()),
    "tf32": tf.config.experimental.tensor_float_32_execution_enabled(),
    "version": tf.__version__,
}))
"""


class CheckError(Exception):
    """A failed check; the message says why, in one line."""


class Machine(NamedTuple):
    """The machine that the checks run on.

    Attributes:
        name: Name of the GPU, or "CPU" in a trial.
        numbers: "TF32" or "float32": what products of float32 matrices are computed with.
        version: TensorFlow's version.
        environment: Variables of a process that shall see the GPU.
    """

    name: str
    numbers: str
    version: str
    environment: Mapping[str, str]


class Measured(NamedTuple):
    """Result of one check: largest relative difference from the CPU, its limit, and a remark."""

    difference: float
    limit: float
    remark: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the checks; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", default="", help=f"names with commas between: {', '.join(CHECKS)}"
    )
    parser.add_argument("--device", choices=("gpu", "cpu"), default="gpu", help="cpu: a trial")
    status = [0]

    def story(options: argparse.Namespace) -> None:
        status[0] = _check(options.only, options.device)

    return run_script(parser, story, arguments) or status[0]


def _check(only: str, device: str) -> int:
    names = only.split(",") if only else list(CHECKS)
    if unknown := [name for name in names if name not in CHECKS]:
        raise InputError(
            f"--only: no check is called {unknown[0]!r}; known are {', '.join(CHECKS)}"
        )
    machine = _machine(device)
    if machine is None:
        sys.stdout.write("TensorFlow sees no GPU here: nothing was checked.\n")
        return NO_GPU
    sys.stdout.write(
        f"{machine.name}, TensorFlow {machine.version}, products of float32 matrices in"
        f" {machine.numbers}\n{'check':<14}{'seconds':>9}{'difference':>12}{'limit':>9}  result\n"
    )
    failed = 0
    for name in names:
        failed += not _passes(name, machine)
    sys.stdout.write(f"{len(names) - failed} passed, {failed} failed\n")
    return int(failed > 0)


def _passes(name: str, machine: Machine) -> bool:
    """Runs one check in a folder of its own, prints its line; whether it passed."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        try:
            write_data(Path(folder))
            measured = CHECKS[name](Path(folder), machine)
            passed = measured.difference <= measured.limit
            numbers = f"{measured.difference:12.1e}{measured.limit:9.0e}"
            words = "ok" if passed else "differs from the CPU"
            words += f", {measured.remark}" if measured.remark else ""
        except CheckError as error:
            passed, numbers, words = False, " " * 21, str(error)
    seconds = time.perf_counter() - started
    sys.stdout.write(f"{name:<14}{seconds:9.1f}{numbers}  {words}\n")
    sys.stdout.flush()
    return passed


def _machine(device: str) -> Machine | None:
    """The GPU that TensorFlow sees; None: there is none. It is asked in a process of its own."""
    found = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True)
    if found.returncode:
        raise InputError(f"TensorFlow does not load: {found.stderr.strip().splitlines()[-1:]}")
    record = json.loads(found.stdout.splitlines()[-1])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])}
    if device == "cpu":
        return Machine("CPU", "float32", record["version"], environment | _HIDDEN)
    if not record["names"]:
        return None
    uses_tf32 = record["tf32"] and tuple(record["capability"]) >= (8, 0)
    numbers = "TF32" if uses_tf32 else "float32"
    return Machine(", ".join(record["names"]), numbers, record["version"], environment)


_HIDDEN = {"CUDA_VISIBLE_DEVICES": "-1"}


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Runs Python with the arguments to its end.

    Raises:
        CheckError: It did not end with code 0.
    """
    result = subprocess.run(
        [sys.executable, *command], env=dict(environment), capture_output=True, text=True
    )
    if result.returncode:
        lines = result.stderr.strip().splitlines() or ["no message"]
        _LOG.info("%s", result.stderr)
        raise CheckError(f"code {result.returncode}: {lines[-1][:200]}")


def _scores(run: Path) -> dict[str, np.ndarray]:
    """All score arrays of a run by file and name."""
    found = {}
    for path in sorted((run / "scores").glob("*.npz")):
        with np.load(path, allow_pickle=False) as arrays:
            for name in arrays.files:
                if arrays[name].dtype.kind == "f":
                    found[f"{path.stem}:{name}"] = arrays[name]
    if not found:
        raise CheckError(f"{run} has no scores")
    return found


def largest_difference(
    found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]
) -> float:
    """Largest |found - expected| over all arrays, as a share of |expected| or of 1, if more.

    Raises:
        CheckError: An array is missing, has another shape, or is not finite.
    """
    if found.keys() != expected.keys():
        raise CheckError(f"other scores: {sorted(found.keys() ^ expected.keys())[:3]}")
    largest = 0.0
    for name, values in found.items():
        if values.shape != expected[name].shape or not np.isfinite(values).all():
            raise CheckError(f"{name} has another shape or is not finite")
        if values.size:
            scale = np.maximum(np.abs(expected[name]), 1)
            largest = max(largest, float((np.abs(values - expected[name]) / scale).max()))
    return largest


def _against_cpu(
    command: Sequence[str], folder: Path, machine: Machine, numbers: str | None = None
) -> Measured:
    """Trains and scores on the GPU, then scores the same members on the CPU."""
    run, again = folder / "run", folder / "on_cpu"
    _run([*command, f"--model_dir={run}"], machine.environment)
    shutil.copytree(run, again)
    shutil.rmtree(again / "scores")
    skip = [*command, f"--model_dir={again}", "--skip_train"]
    _run(skip, {**machine.environment, **_HIDDEN})
    difference = largest_difference(_scores(run), _scores(again))
    return Measured(difference, TOLERANCES[numbers or machine.numbers])


def _state(run: Path) -> dict[str, np.ndarray]:
    """The newest checkpoint's arrays of each member."""
    found = {}
    for member in sorted(path for path in run.iterdir() if path.name.isdigit()):
        newest = max(member.glob("checkpoint-*.npz"))
        with np.load(newest, allow_pickle=False) as arrays:
            found |= {f"{member.name}:{name}": arrays[name] for name in arrays.files}
    return found


def _check_resume(folder: Path, machine: Machine) -> Measured:
    """A run that is killed at its first checkpoint and started again, beside one that is not."""
    flags = ("--num_models=1", "--max_steps=300", "--bootstrap=0", "--score_keys=iwae")
    command = images_command("vae_run.py", folder, *flags)
    whole, killed = folder / "whole", folder / "killed"
    _run([*command, f"--model_dir={whole}"], machine.environment)
    process = subprocess.Popen(
        [sys.executable, *command, f"--model_dir={killed}"],
        env=dict(machine.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not list(killed.glob("0/checkpoint-*.npz")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    _run([*command, f"--model_dir={killed}"], machine.environment)
    expected, found = _state(whole), _state(killed)
    same = all(np.array_equal(found[name], expected[name]) for name in expected)
    remark = "same bytes" if same else "other bytes than without the stop"
    # Rounding grows from step to step; what is asked is that the scores stay those of the model.
    difference = largest_difference(_scores(killed), _scores(whole))
    return Measured(difference, 10 * TOLERANCES[machine.numbers], remark)


def _check_skip_train(folder: Path, machine: Machine) -> Measured:
    """A finished run that is evaluated again on the GPU, with its scores made anew."""
    command = images_command("vae_run.py", folder, "--num_models=1", "--max_steps=60")
    run, again = folder / "run", folder / "again"
    _run([*command, f"--model_dir={run}"], machine.environment)
    shutil.copytree(run, again)
    shutil.rmtree(again / "scores")
    _run([*command, f"--model_dir={again}", "--skip_train"], machine.environment)
    difference = largest_difference(_scores(again), _scores(run))
    remark = "same bytes" if difference == 0 else "other bytes each time"
    return Measured(difference, TOLERANCES[machine.numbers], remark)


def _check_detector(name: str) -> Callable[[Path, Machine], Measured]:
    def check(folder: Path, machine: Machine) -> Measured:
        worker = str(ROOT / "scripts" / "check_gpu_detectors.py")
        trained, loaded = folder / "trained.npz", folder / "loaded.npz"
        saved = str(folder / "detector")
        _run([worker, name, saved, str(trained)], machine.environment)
        _run([worker, "load", saved, str(loaded)], {**machine.environment, **_HIDDEN})
        with np.load(trained) as found, np.load(loaded) as expected:
            difference = largest_difference(dict(found), dict(expected))
        return Measured(difference, TOLERANCES[machine.numbers])

    return check


def _on_images(
    script: str, *flags: str, numbers: str | None = None
) -> Callable[[Path, Machine], Measured]:
    def check(folder: Path, machine: Machine) -> Measured:
        return _against_cpu(images_command(script, folder, *flags), folder, machine, numbers)

    return check


def _on_table(*flags: str) -> Callable[[Path, Machine], Measured]:
    return lambda folder, machine: _against_cpu(table_command(folder, *flags), folder, machine)


_FEW = ("--num_models=2", "--max_steps=60")
CHECKS: dict[str, Callable[[Path, Machine], Measured]] = {
    "vae": _on_images("vae_run.py", *_FEW),
    "adversarial": _on_images(
        "vae_run.py", *_FEW, "--adversarial", "--history", "--score_keys=iwae,rate"
    ),
    "bfloat16": _on_images("vae_run.py", *_FEW, "--precision=bfloat16", numbers="bfloat16"),
    "wgan": _on_images("wgan_run.py", "--num_models=2", "--max_steps=20", "--extra_steps=10"),
    "denoiser": _on_images("denoiser_run.py", "--num_models=2", "--max_steps=20"),
    "table": _on_table("--num_models=2", "--max_steps=200"),
    "flow": _on_table("--num_models=2", "--max_steps=200", "--model=flow"),
    "skip_train": _check_skip_train,
    "resume": _check_resume,
    **{
        name: _check_detector(name)
        for name in ("OutlierVAE", "AdversarialAE", "AdversarialVAE", "ModelDistillation")
    },
}


if __name__ == "__main__":
    sys.exit(main())
