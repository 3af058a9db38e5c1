"""The kind of model `vae`: variational autoencoders of images."""

import dataclasses
from collections.abc import Mapping, Sequence

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.scores.score_registry import (
    BACKGROUND,
    FITTED_SCORES,
    fitted_scores,
    needed_quantities,
)
from vae_wgan.data.image_data import ExperimentData, attacked_sets, load_image_data
from vae_wgan.ensemble.model_kind import ModelKind
from vae_wgan.ensemble.runner import Runner
from vae_wgan.settings.vae_settings import SCORE_KEYS, VAESettings
from vae_wgan.vae.background import add_background


class VAEKind(ModelKind[VAESettings, ExperimentData]):
    """VAEs of images; the likelihood ratio needs a second, background ensemble."""

    name = "vae"
    settings_class = VAESettings
    member_class = "vae_wgan.vae.vae_member:VAEMember"

    def load_data(self, settings: VAESettings) -> ExperimentData:
        """Loads the images of the run."""
        return load_image_data(settings)

    def score_keys(self, settings: VAESettings) -> Sequence[str]:
        """All scores except those that need a background ensemble."""
        fitted = fitted_scores("likelihoods")
        of_one = [key for key in fitted if BACKGROUND not in FITTED_SCORES[key].needs]
        return [*SCORE_KEYS, *of_one]

    def describe(self, settings: VAESettings, data: ExperimentData) -> Mapping[str, str]:
        """The likelihood p(x|z)."""
        return {"likelihood": settings.likelihood}

    def attacked_sets(self, settings: VAESettings, data: ExperimentData) -> Sequence[ExampleSet]:
        """With --adversarial, noise and test images."""
        return attacked_sets(settings, data)

    def score_further(
        self, folder: RunFolder, settings: VAESettings, data: ExperimentData, runner: Runner
    ) -> None:
        """Scores the images with a background ensemble if a score needs it."""
        if BACKGROUND not in needed_quantities(settings.score_keys):
            return
        bare = dataclasses.replace(settings, score_keys=("iwae",))
        add_background(
            settings,
            folder,
            make_runner=lambda rate: runner.changed(dataclasses.replace(bare, pixel_noise=rate)),
            calibration=data.calibration,
            scored=(*data.scored, *data.altered),
        )
