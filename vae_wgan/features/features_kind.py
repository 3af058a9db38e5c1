"""The kind of model `features`: densities of a pretrained network's features of pictures."""

import pkgutil
from collections.abc import Mapping, Sequence
from typing import Any

from tools.run.run_folder import RunFolder
from vae_wgan.data.image_data import ExperimentData, load_image_data
from vae_wgan.ensemble.model_kind import ModelKind
from vae_wgan.ensemble.runner import Runner
from vae_wgan.settings.features_settings import SCORE_KEYS, FeaturesSettings

_FLOORS = "vae_wgan.features.feature_floors:score_feature_floors"  # it loads TensorFlow


class FeaturesKind(ModelKind[FeaturesSettings, ExperimentData]):
    """Flows and Gaussians on features; floors are simple detectors on the same features."""

    name = "features"
    settings_class = FeaturesSettings
    member_class = "vae_wgan.features.features_member:FeaturesMember"

    def load_data(self, settings: FeaturesSettings) -> ExperimentData:
        """Loads the pictures of the run."""
        return load_image_data(settings)

    def score_keys(self, settings: FeaturesSettings) -> Sequence[str]:
        """The combination of two scores, and each score of the members."""
        return SCORE_KEYS

    def describe(self, settings: FeaturesSettings, data: ExperimentData) -> Mapping[str, Any]:
        """The likelihood: of features, not of pixels."""
        return {"likelihood": f"of the features of {settings.features}"}

    def score_further(
        self, folder: RunFolder, settings: FeaturesSettings, data: ExperimentData, runner: Runner
    ) -> None:
        """Writes the scores of the floors, and names them in the manifest."""
        floors = pkgutil.resolve_name(_FLOORS)(
            folder, settings, data.training, (data.test, *data.ood)
        )
        others = [name for name in folder.manifest().peers or () if name not in floors]
        folder.update_manifest(peers=[*floors, *others])
