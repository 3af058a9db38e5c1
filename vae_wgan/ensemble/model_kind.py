"""Interface through which a run uses a kind of model."""

import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from tools.scores.floor_files import Fit
from vae_wgan.data.image_data import ExperimentData
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.runner import Runner
from vae_wgan.settings.any_settings import AnySettings

Settings = TypeVar("Settings", bound=AnySettings)
Data = TypeVar("Data", bound=ExperimentData)


class ModelKind(ABC, Generic[Settings, Data]):
    """A kind of model: its settings, data, members and scores. It has no state.

    TensorFlow is loaded when the first member is made, so that a run with a wrong flag or bad data
    ends within a second.

    Attributes:
        name: Name of the kind, a key of `vae_wgan.kinds.KINDS`.
        settings_class: Dataclass whose fields are the flags of its runs.
        member_class: Import path "module:class" of its `Member`; `new_member` lists the arguments
            of the constructor.
        takes_tables: Whether members are trained on the rows of tables; False: on images.
        step_seconds, example_seconds: What one training step, and one example that one member
            scores, usually take on two cores: how the bar divides a run between its parts.
    """

    name: ClassVar[str]
    settings_class: ClassVar[type]
    member_class: ClassVar[str]
    takes_tables: ClassVar[bool] = False
    step_seconds: ClassVar[float] = 0.05
    example_seconds: ClassVar[float] = 0.004

    @abstractmethod
    def load_data(self, settings: Settings) -> Data:
        """Loads and checks all examples of a run.

        Raises:
            InputError: A data set that a flag names is unavailable or unsuitable.
        """

    @abstractmethod
    def score_keys(self, settings: Settings) -> Sequence[str]:
        """Names of the scores that `EnsembleDetector` offers; the first is its default."""

    def describe(self, settings: Settings, data: Data) -> Mapping[str, Any]:
        """Further entries of the manifest, by name."""
        return {}

    def attacked_sets(self, settings: Settings, data: Data) -> Sequence[ExampleSet]:
        """Sets to attack with the gradient of member 0's score; the results are scored too.

        Raises:
            InputError: The settings ask for an attack, and the run has no set to start from.
        """
        return ()

    def floors(self, settings: Settings) -> Mapping[str, Fit]:
        """Simple detectors to compare the ensemble with: {name: fit}; of images unless overridden.

        They have no part in the ensemble's scores.
        """
        from tools.scores.image_floors import fit_image_floor  # here: it loads SciPy and Pillow

        return {name: partial(fit_image_floor, name) for name in settings.baselines}

    def score_further(
        self, folder: RunFolder, settings: Settings, data: Data, runner: Runner
    ) -> None:
        """Writes scores that need more than the run's own members, once these have scored."""

    def new_member(
        self,
        settings: Settings,
        example_shape: Sequence[int],
        monitored: np.ndarray,
        quantities: Collection[str],
    ) -> Member:
        """A member with initial weights; loads TensorFlow.

        Args:
            settings: Settings of the run.
            example_shape: Shape of one example: height, width, channels; or number of features.
            monitored: Examples [example, ...] of which training logs loss and pictures.
            quantities: Names of the quantities that the run's scores need.
        """
        member_class = pkgutil.resolve_name(self.member_class)
        return member_class(settings, example_shape, monitored, quantities)


AnyKind = ModelKind[Any, Any]  # of whichever settings and data
