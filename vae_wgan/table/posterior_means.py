"""The headline score of 2018, the variance of posterior means over members, and its control."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.scores.score_files import is_current, read_scores, write_scores
from vae_wgan.ensemble.members import untrained_members
from vae_wgan.ensemble.runner import Runner
from vae_wgan.settings.table_settings import TableSettings

POSTERIOR_MEANS = "posterior_mean_variance"


def score_posterior_means(
    folder: RunFolder, settings: TableSettings, test_sets: Sequence[ExampleSet], runner: Runner
) -> None:
    """Writes the variance over members of the posterior means, and its control, for each set.

    The control is the same variance over members with initial weights: an anomaly that the control
    detects too is not detected thanks to training.
    """
    trained = {part.name: read_scores(folder.scores(part.name)) for part in test_sets}
    provenance = {
        name: file.provenance | {"n_members": file.n_members} for name, file in trained.items()
    }
    paths = {name: folder.peer_scores(POSTERIOR_MEANS, name) for name in trained}
    if all(is_current(paths[name], provenance[name]) for name in trained):
        return
    members = untrained_members(runner.model, num_models=settings.num_models, seed=settings.seed)
    untrained = [
        [untrained_member.posterior_means(part.examples) for part in test_sets]
        for untrained_member in members
    ]  # [member, set, example]
    for part, *control in zip(test_sets, *untrained, strict=True):
        scores = {
            POSTERIOR_MEANS: _variances(trained[part.name].scores["posterior_mean"]),
            f"untrained_{POSTERIOR_MEANS}": _variances(control),
        }
        write_scores(paths[part.name], scores, part.ids, provenance[part.name])


def _variances(posterior_means: ArrayLike) -> np.ndarray:
    """Variances over members: [member, example] to [1, example]."""
    return np.var(np.asarray(posterior_means), axis=0, keepdims=True)
