"""A small finished run, made up: three members, digits in distribution, OoD sets near and far."""

import json
from pathlib import Path

import numpy as np

from tools.files.whole_files import write_json, write_npz, write_text
from tools.run.run_folder import RunFolder
from tools.scores.detection import AnalysisOptions, DetectionTable, detection_table
from tools.scores.finished_run import read_run
from tools.scores.score_files import read_scores, write_scores

MEAN_IWAE = {"digits": -100, "calibration": -100, "near": -108, "far": -900}
TEST_SETS = ("digits", "near", "far")


def write_run(path: Path, *, members: int = 3, examples: int = 40) -> RunFolder:
    """Writes manifest, scores, pictures and histories into the folder."""
    folder = RunFolder(path)
    random = np.random.default_rng(0)
    for name, mean in MEAN_IWAE.items():
        iwae = mean + 10 * random.normal(size=examples)
        iwae = iwae + 0.02 * mean * random.normal(size=(members, examples))
        elbo = iwae - random.gamma(4, 1, size=iwae.shape)
        rate = random.gamma(50, 0.5, size=iwae.shape)
        scores = {"iwae": iwae, "elbo": elbo, "rate": rate, "distortion": -elbo - rate}
        ids = np.sort(random.choice(10_000, examples, replace=False))
        write_scores(folder.scores(name), scores, ids, {"seed": 0, "dataset": name})
    for name in TEST_SETS:
        write_npz(folder.pictures(name), _pictures(read_scores(folder.scores(name)).ids, random))
    for member in range(members):
        lines = [json.dumps(_record(step)) for step in (10, 20, 30)]
        write_text(folder.member(member) / "history.jsonl", "\n".join(lines) + "\n")
    write_json(folder.manifest_path, _manifest())
    return folder


def change_scores(folder: RunFolder, dataset: str, change) -> None:
    """Replaces the scores of a set {key: [member, example]} by those that `change` returns."""
    file = read_scores(folder.scores(dataset))
    scores = change(dict(file.scores))
    n_examples = next(iter(scores.values())).shape[1]
    write_scores(folder.scores(dataset), scores, file.ids[:n_examples], file.provenance)


def change_manifest(folder: RunFolder, **datasets: object) -> None:
    """Replaces entries of the manifest's `datasets`."""
    folder.update_manifest(datasets=folder.manifest().entries["datasets"] | datasets)


def table_of(
    folder: RunFolder, *, keys=("iwae", "rate"), draws=50, elbo_threshold=None, alerts=()
) -> DetectionTable:
    """The detection table of the run."""
    options = AnalysisOptions(draws, elbo_threshold=elbo_threshold, alerts=alerts)
    return detection_table(read_run(folder, keys), keys, options)


def _pictures(ids: np.ndarray, random: np.random.Generator) -> dict[str, np.ndarray]:
    rows = {"most": ids[:16], "least": ids[-16:], "first": ids[:8]}
    pictures = {}
    for group, group_ids in rows.items():
        for name in ("images", "reconstructions"):
            pixels = random.integers(256, size=(len(group_ids), 28, 28, 1), dtype=np.uint8)
            pictures[f"{group}_{name}"] = pixels
        pictures[f"{group}_ids"] = group_ids
    return pictures


def _record(step: int) -> dict[str, float]:
    quantities = {"elbo": -200.0 + step, "iwae": -195.0 + step, "rate": 20.0, "distortion": 150.0}
    return {"step": step} | quantities | {"learning_rate": 1e-3, "steps_per_second": 9.5}


def _manifest() -> dict:
    return {
        "status": "finished",
        "settings": {
            "train_dataset": "digits",
            "score_keys": ["iwae", "rate"],
            "bootstrap": 50,
            "elbo_threshold": None,
            "seed": 0,
        },
        "seeds": {"root": 0},
        "versions": {"numpy": "2.4.6"},
        "git_commit": None,
        "device": "CPU",
        "timings": {"training": 12.5},
        "likelihood": "bernoulli",
        "datasets": {
            "in_distribution": "digits",
            "out_of_distribution": ["near", "far"],
            "missing": {"lost": "no source answered"},
            "checksums": {name: "ab" * 32 for name in MEAN_IWAE},
        },
    }
