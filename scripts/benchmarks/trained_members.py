"""VAEs that are trained on a split of a table, and the headline score of their ensemble."""

import logging

import numpy as np

from scripts.benchmarks.table_tasks import TableTask
from tools.run.options import settings_of_preset
from tools.run.seeds import child_seed
from tools.scores.floors import SIMPLE
from tools.scores.score_registry import FITTED_SCORES
from tools.scores.simple.simple_ensemble import SimpleEnsemble
from vae_wgan.ensemble.members import member_seed
from vae_wgan.settings.table_settings import TableSettings
from vae_wgan.table.table_member import TableMember

_LOG = logging.getLogger(__name__)
HEADLINE, LIKELIHOOD = "combined", "iwae"


def member_scores(task: TableTask, count: int, seed: int) -> dict[str, np.ndarray]:
    """Scores of the test rows and anomalies by VAEs, as `anomaly_run.py` trains them.

    Args:
        task: The split.
        count: Number of VAEs.
        seed: Root seed of the VAEs and the simple detectors.

    Returns:
        {HEADLINE: the score of the ensemble, LIKELIHOOD: minus the mean log likelihood}, each
        [row], higher = more anomalous.
    """
    settings = settings_of_preset(TableSettings, "fast", num_models=count, seed=seed)
    settings = settings.sized(len(task.training))
    simple = SimpleEnsemble.fit(task.training, task.columns, seed)
    parts = {"test": np.concatenate([task.test, task.anomalies]), "calibration": task.calibration}
    found = {name: {SIMPLE: simple.scores(rows)[np.newaxis]} for name, rows in parts.items()}
    likelihoods: dict[str, list[np.ndarray]] = {name: [] for name in parts}
    member = TableMember(settings, task.training.shape[1:], task.calibration)
    for index in range(count):
        own = member_seed(seed, index)
        member.initialize(child_seed(own, "weights"))
        member.train_steps(task.training, own, range(settings.total_steps))
        for name, rows in parts.items():
            likelihoods[name].append(member.score(rows, np.arange(len(rows)), seed)[LIKELIHOOD])
        _LOG.info("member %d is trained", index)
    for name, values in likelihoods.items():
        found[name][LIKELIHOOD] = np.array(values)
    combined = FITTED_SCORES[HEADLINE].compute(found["test"], found["calibration"])
    return {HEADLINE: combined, LIKELIHOOD: -found["test"][LIKELIHOOD].mean(axis=0)}
