"""What is particular to a run of `vae_run.py`: images, and VAEs that take them."""

import dataclasses
from typing import Any

from tools.run.run_folder import RunFolder
from tools.scores.score_registry import BACKGROUND, needed_quantities
from vae_wgan.data.image_data import ExperimentData, attacked_sets, load_image_data
from vae_wgan.run.experiment import run_experiment
from vae_wgan.settings.vae_settings import VAESettings


def run(settings: VAESettings, given: set[str]) -> None:
    """Trains an ensemble of VAEs, scores every set, writes tables, plots and report.

    Args:
        settings: Of the run.
        given: Names of the flags given by hand.
    """
    run_experiment(
        settings,
        given,
        load_data=load_image_data,
        attacks=attacked_sets,
        make_member=_make_member,
        describe=lambda settings, data: {"likelihood": settings.likelihood},
        score_more=_score_more,
    )


def _make_member(settings: VAESettings, data: ExperimentData):
    from vae_wgan.vae.vae_member import VAEMember  # here: it loads TensorFlow

    return VAEMember(
        settings,
        data.training.examples.shape[1:],
        data.monitored,
        needed_quantities(settings.score_keys),
    )


def _score_more(
    folder: RunFolder, settings: VAESettings, data: ExperimentData, runner: Any
) -> None:
    """What a background ensemble says of the images, where a score needs it."""
    if BACKGROUND not in needed_quantities(settings.score_keys):
        return
    from vae_wgan.vae.background import add_background  # here: it loads TensorFlow

    bare = dataclasses.replace(settings, score_keys=("iwae",))
    add_background(
        settings,
        folder,
        make_runner=lambda rate: runner.changed(dataclasses.replace(bare, pixel_noise=rate)),
        calibration=data.calibration,
        scored=(*data.scored, *data.altered),
    )
