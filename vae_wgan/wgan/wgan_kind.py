"""The kind of model `wgan`: Wasserstein GANs of images."""

from collections.abc import Mapping, Sequence

from tools.data.example_set import ExampleSet
from vae_wgan.data.image_data import ExperimentData, attacked_sets, load_image_data
from vae_wgan.ensemble.model_kind import ModelKind
from vae_wgan.settings.wgan_settings import SCORE_KEYS, WGANSettings


class WGANKind(ModelKind[WGANSettings, ExperimentData]):
    """WGANs of images, scored by their critics."""

    name = "wgan"
    settings_class = WGANSettings
    member_class = "vae_wgan.wgan.wgan_member:WGANMember"
    step_seconds, example_seconds = 0.04, 0.0003

    def load_data(self, settings: WGANSettings) -> ExperimentData:
        """Loads the images of the run."""
        return load_image_data(settings)

    def score_keys(self, settings: WGANSettings) -> Sequence[str]:
        """The critics' logits and the scores computed from them."""
        return SCORE_KEYS

    def describe(self, settings: WGANSettings, data: ExperimentData) -> Mapping[str, str]:
        """The entry `likelihood`: a WGAN has none."""
        return {"likelihood": "none: a critic's logit is not one"}

    def attacked_sets(self, settings: WGANSettings, data: ExperimentData) -> Sequence[ExampleSet]:
        """With --adversarial, noise and test images."""
        return attacked_sets(settings, data)
