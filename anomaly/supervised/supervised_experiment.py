"""The supervised baseline: trains on labelled rows, tests, adds its row to a run's report."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from anomaly.supervised.credit_card import DATASET, LabelledParts, LabelledRows, load_credit_card
from tools.analysis.run_analysis import analyse_again
from tools.data.tables.table_datasets import TABLE_DATASETS
from tools.errors import InputError
from tools.run.run_folder import RunFolder
from tools.run.seeds import child_seed
from tools.scores.bootstrap import auroc_draws, interval
from tools.scores.finished_run import read_manifest
from tools.scores.metrics import detection_metrics
from tools.scores.score_files import write_scores

SOURCE = "nn_classifier"
BOOTSTRAP_DRAWS = 500


def run(settings: Any) -> None:
    """Trains on labelled rows, tests on others, writes the result; see ClassifierSettings."""
    folder = _credit_card_run(settings.model_dir) if settings.model_dir else None
    parts = load_credit_card(settings.data_dir, settings.seed)
    scores, epochs = _test_scores(parts, settings)
    sys.stdout.write(_result_line(parts.test, scores, epochs))
    if folder:
        _join_report(folder, parts.test, scores, {"seed": settings.seed, "epochs": epochs})


def _credit_card_run(model_dir: str) -> RunFolder:
    """Folder of a finished run on the same table."""
    folder = RunFolder(model_dir)
    found = read_manifest(folder).datasets.in_distribution
    if found != DATASET:
        raise InputError(f"--model_dir={model_dir}: a run on {found}; give one on {DATASET}")
    with folder.locked():  # a process that is at work there is reported now, not after training
        return folder


def _test_scores(parts: LabelledParts, settings: Any) -> tuple[np.ndarray, int]:
    """Logits of the test rows [row], and the number of epochs."""
    import tensorflow as tf  # here: wrong input ends before these seconds

    from anomaly.supervised.supervised_network import fit_network, logits, supervised_network

    tf.keras.utils.set_random_seed(child_seed(settings.seed, "supervised network"))
    network = supervised_network(
        parts.training.features.shape[1],
        hidden_units=(settings.base_depth,) * settings.hidden_layers,
        dropout=settings.dropout,
    )
    epochs = fit_network(
        network,
        (parts.training.features, parts.training.is_fraud),
        (parts.validation.features, parts.validation.is_fraud),
        learning_rate=settings.learning_rate,
        batch_size=settings.batch_size,
        max_epochs=settings.max_epochs,
        patience=settings.patience,
    )
    return logits(network, parts.test.features), epochs


def _result_line(test: LabelledRows, scores: np.ndarray, epochs: int) -> str:
    genuine, fraud = scores[test.is_fraud == 0], scores[test.is_fraud == 1]
    names = {"in_distribution": DATASET, "dataset": TABLE_DATASETS[DATASET].anomalies}
    metrics = detection_metrics(genuine, fraud, **names)
    aurocs = auroc_draws(genuine[np.newaxis], fraud[np.newaxis], draws=BOOTSTRAP_DRAWS, seed=0)
    low, high = interval(aurocs[0])
    return (
        f"{SOURCE}, {epochs} epochs, tested on {len(genuine)} genuine rows and {len(fraud)} "
        f"frauds: AUROC {metrics.auroc:.4f} [{low:.4f}, {high:.4f}], AP {metrics.ap:.4f}\n"
    )


def _join_report(
    folder: RunFolder, test: LabelledRows, scores: np.ndarray, provenance: Mapping[str, int]
) -> None:
    """Saves the scores beside the run's and makes its tables and its report again."""
    with folder.locked():
        for name, label in ((DATASET, 0), (TABLE_DATASETS[DATASET].anomalies, 1)):
            rows = test.is_fraud == label
            path = folder.peer_scores(SOURCE, name)
            write_scores(path, {SOURCE: scores[np.newaxis, rows]}, test.ids[rows], provenance)
        if (peers := folder.manifest().peers) is not None:  # else all are the run's own
            folder.update_manifest(peers=list(dict.fromkeys([*peers, SOURCE])))
    analysis = analyse_again(folder)
    sys.stdout.write(f"Report: {analysis.report}\n")
