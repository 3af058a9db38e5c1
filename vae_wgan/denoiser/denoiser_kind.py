"""The kind of model `denoiser`: networks that take noise off images."""

from collections.abc import Mapping, Sequence

from vae_wgan.data.image_data import ExperimentData, load_image_data
from vae_wgan.ensemble.model_kind import ModelKind
from vae_wgan.settings.denoiser_settings import SCORE_KEYS, DenoiserSettings


class DenoiserKind(ModelKind[DenoiserSettings, ExperimentData]):
    """Denoisers of images, scored by their errors."""

    name = "denoiser"
    settings_class = DenoiserSettings
    member_class = "vae_wgan.denoiser.denoiser_member:DenoiserMember"
    step_seconds, example_seconds = 0.3, 0.1

    def load_data(self, settings: DenoiserSettings) -> ExperimentData:
        """Loads the images of the run."""
        return load_image_data(settings)

    def score_keys(self, settings: DenoiserSettings) -> Sequence[str]:
        """The fitted scores first, then the mean denoising error."""
        return SCORE_KEYS

    def describe(self, settings: DenoiserSettings, data: ExperimentData) -> Mapping[str, str]:
        """The entry `likelihood`: only errors of denoising are computed."""
        return {"likelihood": "none: a denoiser's error is not one"}
