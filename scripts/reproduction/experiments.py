"""The experiments: their commands and folders; runs those that are not finished.

A finished experiment has a record and a table for the report beside its folder: NAME.json and
NAME.csv. They contain no paths of the machine, so files of several machines can be combined.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from scripts.benchmarks.figure import machine
from tools.errors import InputError
from tools.files.whole_files import write_json, write_text
from tools.run.manifest import Manifest
from tools.run.run_folder import RunFolder
from tools.run.software_versions import git_commit, package_versions

ROOT = Path(__file__).resolve().parents[2]
Call = Callable[..., subprocess.CompletedProcess]
FOLDERS = ("--model_dir=", "--data_dir=", "--output=")  # paths that differ between machines


class Experiment(NamedTuple):
    """One command.

    Attributes:
        script: Path in the checkout.
        flags: Flags of this experiment; all get --data_dir and --seed as well.
        has_run_folder: Whether it takes --model_dir and --preset, and resumes where it was stopped.
            Otherwise its printed text is the result, and --fast stands for the preset `fast`.
    """

    script: str
    flags: tuple[str, ...]
    has_run_folder: bool = True


def _images(script: str, train_dataset: str, *flags: str) -> Experiment:
    return Experiment(f"vae_wgan/{script}", (f"--train_dataset={train_dataset}", *flags))


def _example(name: str) -> Experiment:
    return Experiment(f"scripts/examples/{name}.py", (), has_run_folder=False)


PAIRS = ("mnist", "fashion_mnist")
EXPERIMENTS = {
    "mnist": _images("vae_run.py", "mnist"),
    "fashion_mnist": _images("vae_run.py", "fashion_mnist"),
    # A VAE scores an image in colour four times as long as a digit.
    "cifar10": _images("vae_run.py", "cifar10", "--eval_size=300"),
    "wgan_mnist": _images("wgan_run.py", "mnist"),
    "wgan_fashion_mnist": _images("wgan_run.py", "fashion_mnist"),
    "wgan_cifar10": _images("wgan_run.py", "cifar10"),
    "denoiser_cifar10": _images(
        "denoiser_run.py",
        "cifar10",
        "--ood_datasets=celeba,imagenet,hflip,uniform_noise,normal_noise",
    ),
    "credit": Experiment("vae_wgan/anomaly_run.py", ("--num_splits=5", "--baselines=all")),
    "credit_flow": Experiment("vae_wgan/anomaly_run.py", ("--model=flow", "--num_splits=5")),
    "classifier": Experiment("anomaly/NNclassifier.py", (), has_run_folder=False),
    "outlier_vae": _example("outlier_vae"),
    "adversarial_ae": _example("adversarial_ae"),
    "adversarial_vae": _example("adversarial_vae"),
    "model_distillation": _example("model_distillation"),
}


class Finished(NamedTuple):
    """An experiment that has been run.

    Attributes:
        record: command, without folders; seconds, of all its starts; commit, machine, device and
            versions; costs, seconds per 1,000 examples by pass; and printed.
        table: A copy of the run's metrics.csv or, of several splits, splits.csv.
    """

    record: dict[str, Any]
    table: Path


def run_experiments(
    names: Sequence[str],
    runs: Path,
    *,
    preset: str,
    flags: Sequence[str],
    call: Call = subprocess.run,
) -> dict[str, Finished]:
    """Runs the unfinished experiments in order; returns all experiments, finished, by name.

    Args:
        names: Keys of EXPERIMENTS.
        runs: Each experiment has a folder in it; one finished by the same command stays.
        preset: fast, reference or smoke.
        flags: Flags for all scripts.
        call: Function that runs a command, with the arguments of subprocess.run.

    Raises:
        InputError: A command fails; the next start resumes it.
    """
    return {
        name: _finish(name, runs / name, command_of(name, runs / name, preset, flags), call)
        for name in names
    }


def finished_experiments(runs: Path, *, preset: str, flags: Sequence[str]) -> dict[str, Finished]:
    """Experiments that were already run by the same commands; arguments as for the run."""
    found = {name: _found(runs / name) for name in EXPERIMENTS}
    return {
        name: experiment
        for name, experiment in found.items()
        if experiment.record.get("command")
        == _without_folders(command_of(name, runs / name, preset, flags))
    }


def command_of(name: str, folder: Path, preset: str, flags: Sequence[str]) -> list[str]:
    """The command of an experiment, from the checkout's root."""
    experiment = EXPERIMENTS[name]
    own = list(experiment.flags)
    if experiment.has_run_folder:
        own += [f"--model_dir={folder}", f"--preset={preset}"]
    elif experiment.script.startswith("scripts/examples"):
        # With a zoo nothing would be trained.
        own += [f"--output={folder}", "--zoo=", *(["--fast"] if preset != "reference" else [])]
    elif preset == "smoke":
        own += [f"--preset={preset}"]
    return [experiment.script, *own, *flags]


def _finish(name: str, folder: Path, command: list[str], call: Call) -> Finished:
    found, told = _found(folder), _without_folders(command)
    if found.record.get("command") == told:
        return found
    sys.stderr.write(f"{name}: python {' '.join(command)}\n")
    is_same = found.record.get("unfinished") == told
    started = time.perf_counter() - is_same * found.record.get("seconds", 0)
    record: dict[str, Any] = {"unfinished": told}
    try:
        done = call(
            [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            raise InputError(f"the experiment {name} has failed; what it says stands above")
        _keep_table(folder, found.table)
        printed = done.stdout.replace(str(folder), "FOLDER")
        record = {"command": told, **_circumstances(folder), "printed": printed}
    finally:  # a stopped experiment has taken time too
        record["seconds"] = round(time.perf_counter() - started, 1)
        write_json(_record_path(folder), record)
    return Finished(record, found.table)


def _without_folders(command: Iterable[str]) -> list[str]:
    return [part for part in command if not part.startswith(FOLDERS)]


def _keep_table(folder: Path, copy: Path) -> None:
    for name in ("splits.csv", "metrics.csv"):
        table = folder / "analysis" / name
        if table.exists():
            write_text(copy, table.read_text("utf-8"))
            return


def _circumstances(folder: Path) -> dict[str, Any]:
    """Machine and version of a run."""
    # A run of several splits has one manifest each.
    manifests = (RunFolder(part).find_manifest() for part in (folder, folder / "split-0"))
    manifest = next(filter(None, manifests), Manifest({}))
    return {
        "commit": git_commit(),
        "machine": machine(),
        "device": manifest.device,
        "versions": package_versions(),
        "costs": manifest.costs,
    }


def _record_path(folder: Path) -> Path:
    """Path of the record, beside the folder: a run refuses a folder with other files in it."""
    return folder.with_name(f"{folder.name}.json")


def _found(folder: Path) -> Finished:
    """Record beside the folder; empty if there is none."""
    path = _record_path(folder)
    record = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return Finished(record, folder.with_name(f"{folder.name}.csv"))
