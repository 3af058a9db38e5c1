"""Readers of run folders and of saved detectors, each with a file or two to read."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from anomaly import ModelDistillation
from anomaly.machinery.detector_files import load_detector, save_detector
from scripts.fuzzing.mutations import damaged, inside_json, inside_zip, inside_zip_json
from scripts.fuzzing.trial import Target, content_reader
from tools.analysis.run_analysis import analyse_again
from tools.files.whole_files import write_npz, write_text
from tools.run.checkpoints import read_checkpoint, save_checkpoint
from tools.run.options import settings_of_preset
from tools.run.resuming import open_run, settle_settings
from tools.run.run_folder import RunFolder
from tools.run.timings import timed
from tools.run.training_history import read_history
from tools.scores.score_files import read_scores, write_scores
from vae_wgan.ensemble.model_state import load_state_arrays
from vae_wgan.settings.vae_settings import VAESettings

_TRAINING_DATA = {"train_dataset": "mnist, sha256 0123"}
_SETS = ("mnist", "calibration", "hflip")


def run_targets(folder: Path) -> dict[str, Target]:
    """Targets by name; the readers write to the folder."""
    run = _write_run(RunFolder(folder / "run"))
    variables = [tf.Variable(np.zeros((2, 3), np.float32)), tf.Variable(np.int64(0))]
    for variable, path in zip(variables, ("kernel", "steps"), strict=True):
        variable.path = path  # the attribute of a Keras variable
    checkpoint = folder / "checkpoint-00000002.npz"
    save_checkpoint(folder, 2, {variable.path: variable.numpy() for variable in variables})
    history = run.member(0) / "history.jsonl"

    def load(path: Path) -> None:
        load_state_arrays(variables, read_checkpoint(path).arrays)

    def target(path: Path, read: Callable[[Path], object], *mutations: Callable) -> Target:
        return Target([path.read_bytes()], [damaged, *mutations], content_reader(path, read))

    return {
        "manifest": target(run.manifest_path, lambda path: _go_on(run), inside_json),
        "history": target(history, read_history, inside_json),
        "scores": target(run.scores("hflip"), read_scores, inside_zip),
        "checkpoint": target(checkpoint, load, inside_zip),
    } | _detector_targets(folder)


def report_targets(folder: Path) -> dict[str, Target]:
    """As `run_targets`, for the analysis of a whole run after damage to one of its files."""
    run = _write_run(RunFolder(folder / "analysed"))
    paths = {
        "report_manifest": run.manifest_path,
        "report_history": run.member(0) / "history.jsonl",
        "report_scores": run.scores("hflip"),
        "report_pictures": run.pictures("hflip"),
        "report_samples": run.samples(0),
    }
    return {name: _report_target(run, path) for name, path in paths.items()}


def _report_target(run: RunFolder, path: Path) -> Target:
    whole = path.read_bytes()

    def read(content: bytes) -> None:
        path.write_bytes(content)
        try:
            analyse_again(run)
        finally:
            path.write_bytes(whole)

    return Target(
        [whole],
        [inside_zip] if path.suffix == ".npz" else [damaged, inside_json, inside_json],
        read,
    )


def _detector_targets(folder: Path) -> dict[str, Target]:
    network = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(2, "softmax")])
    distillation = ModelDistillation(threshold=1.0, distilled_model=network, model=network)
    save_detector(distillation, folder / "detector")
    record = folder / "detector" / "detector.json"
    return {
        "detector_record": Target(
            [record.read_bytes()],
            [damaged, inside_json],
            content_reader(record, lambda path: load_detector(path.parent)),
        ),
        "detector_network": _network_target(folder / "detector"),
    }


def _network_target(folder: Path) -> Target:
    """Network file as an attacker may send it: damaged, with the checksum of the damaged bytes."""
    path = next(folder.glob("model-*.keras"))
    record = json.loads((folder / "detector.json").read_text())

    def read(content: bytes) -> object:
        name = f"model-{hashlib.sha256(content).hexdigest()[:16]}.keras"
        changed = record | {"networks": record["networks"] | {"model": name}}
        (folder / name).write_bytes(content)
        (folder / "detector.json").write_text(json.dumps(changed))
        try:
            return load_detector(folder)
        finally:
            (folder / name).unlink()

    return Target([path.read_bytes()], [damaged, inside_zip, inside_zip_json], read)


def _go_on(folder: RunFolder) -> None:
    """Reader of the manifest as a command does when it starts on a folder."""
    asked = settings_of_preset(VAESettings, "smoke", model_dir=str(folder.path), skip_train=True)
    settings = settle_settings(folder, asked, {"model_dir", "skip_train"})
    open_run(folder, settings, _TRAINING_DATA)
    with timed(folder, "scoring"):
        pass


def _write_run(folder: RunFolder) -> RunFolder:
    """Makes up a finished run of two members."""
    random = np.random.default_rng(0)
    settings = settings_of_preset(
        VAESettings, "smoke", model_dir=str(folder.path), score_keys=("iwae", "rate"), bootstrap=0
    )
    open_run(folder, settings, _TRAINING_DATA)
    out_of_distribution, missing = ["hflip", "lost"], {"lost": "no source answered"}
    folder.update_manifest(
        likelihood="bernoulli",
        datasets={
            "in_distribution": "mnist",
            "out_of_distribution": out_of_distribution,
            "missing": missing,
            "checksums": dict.fromkeys(_SETS, "ab"),
            "sizes": dict.fromkeys(_SETS, 20),
        },
    )
    ids = np.arange(20)
    for name in _SETS:
        scores = {key: random.normal(size=(2, 20)) for key in ("iwae", "elbo", "rate")}
        write_scores(folder.scores(name), scores, ids, {"seed": 0})
    for name in ("mnist", "hflip"):
        write_npz(folder.pictures(name), _pictures(ids))
    for member in range(2):
        write_npz(folder.samples(member), {"images": np.zeros((4, 28, 28, 1), np.uint8)})
        record = {"step": 10, "elbo": -90.0, "learning_rate": 1e-3, "steps_per_second": 9.5}
        lines = [json.dumps(record | {"step": step}) for step in (10, 20)]
        write_text(folder.member(member) / "history.jsonl", "\n".join(lines) + "\n")
    return folder


def _pictures(ids: np.ndarray) -> dict[str, np.ndarray]:
    pictures = {"score": np.array("iwae")}
    for group in ("most", "least", "first"):
        pictures[f"{group}_ids"] = ids[:4]
        for kind in ("images", "reconstructions"):
            pictures[f"{group}_{kind}"] = np.zeros((4, 28, 28, 1), np.uint8)
    return pictures
