"""What is particular to a run of `vae_run.py`: images, and VAEs that take them."""

from tools.data.example_set import ExampleSet
from tools.errors import InputError
from vae_wgan.experiment import run_experiment
from vae_wgan.experiment_data import ExperimentData, load_experiment_data
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
        load_data=_load_images,
        make_member=_make_member,
        describe=lambda settings, data: {"likelihood": settings.likelihood},
    )


def refuse_unfit_images(training: ExampleSet) -> None:
    """Raises InputError for image shapes that the convolutions cannot take."""
    height, width, channels = training.examples.shape[1:]
    if height != width or height % 4 or height < 28:
        raise InputError(
            f"--train_dataset: {training.name} has {height}x{width}x{channels} images; the VAE "
            "takes square ones with a side of 28 pixels or more that is a multiple of 4"
        )


def _load_images(settings: VAESettings) -> ExperimentData:
    data = load_experiment_data(settings)
    refuse_unfit_images(data.training)
    return data


def _make_member(settings: VAESettings, data: ExperimentData):
    from vae_wgan.vae_member import VAEMember  # here: it loads TensorFlow

    return VAEMember(settings, data.training.examples.shape[1:], data.monitored)
