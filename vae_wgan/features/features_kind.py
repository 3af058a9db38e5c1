"""The kind of model `features`: densities of a pretrained network's features of pictures."""

import pkgutil
from collections.abc import Mapping, Sequence
from typing import Any

from tools.scores.floor_files import Fit
from vae_wgan.data.image_data import ExperimentData, load_image_data
from vae_wgan.ensemble.model_kind import ModelKind
from vae_wgan.settings.features_settings import SCORE_KEYS, FeaturesSettings

_FEATURE_FLOORS = "vae_wgan.features.feature_floors:feature_floors"  # it loads TensorFlow


class FeaturesKind(ModelKind[FeaturesSettings, ExperimentData]):
    """Flows and Gaussians on features of pictures."""

    name = "features"
    settings_class = FeaturesSettings
    member_class = "vae_wgan.features.features_member:FeaturesMember"
    step_seconds, example_seconds = 0.01, 0.004

    def load_data(self, settings: FeaturesSettings) -> ExperimentData:
        """Loads the pictures of the run."""
        return load_image_data(settings)

    def score_keys(self, settings: FeaturesSettings) -> Sequence[str]:
        """The combination of two scores, and each score of the members."""
        return SCORE_KEYS

    def describe(self, settings: FeaturesSettings, data: ExperimentData) -> Mapping[str, Any]:
        """The likelihood: of features, not of pixels."""
        return {"likelihood": f"of the features of {settings.features}"}

    def floors(self, settings: FeaturesSettings) -> Mapping[str, Fit]:
        """Simple detectors of images, and others on the same features."""
        return {**super().floors(settings), **pkgutil.resolve_name(_FEATURE_FLOORS)(settings)}
