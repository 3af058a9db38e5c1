"""What is particular to a run of `wgan_run.py`: images, and WGANs that take them."""

from vae_wgan.data.image_data import ExperimentData, attacked_sets, load_image_data
from vae_wgan.run.experiment import run_experiment
from vae_wgan.settings.wgan_settings import WGANSettings


def run(settings: WGANSettings, given: set[str]) -> None:
    """Trains an ensemble of WGANs, scores every set, writes tables, plots and report.

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
        describe=lambda settings, data: {"likelihood": "none: a critic's logit is not one"},
    )


def _make_member(settings: WGANSettings, data: ExperimentData):
    from vae_wgan.wgan.wgan_member import WGANMember  # here: it loads TensorFlow

    return WGANMember(settings, data.training.examples.shape[1:], data.monitored)
