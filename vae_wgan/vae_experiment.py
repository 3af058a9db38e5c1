"""What is particular to a run of `vae_run.py`: images, and VAEs that take them."""

from tools.scores.registry import needed_statistics
from vae_wgan.experiment import run_experiment
from vae_wgan.experiment_data import ExperimentData, load_image_data
from vae_wgan.vae_settings import VAESettings


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
        make_member=_make_member,
        describe=lambda settings, data: {"likelihood": settings.likelihood},
    )


def _make_member(settings: VAESettings, data: ExperimentData):
    from vae_wgan.vae_member import VAEMember  # here: it loads TensorFlow

    return VAEMember(
        settings,
        data.training.examples.shape[1:],
        data.monitored,
        needed_statistics(settings.score_keys),
    )
