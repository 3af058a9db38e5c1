"""What a run needs to know of a kind of model, declared once for each of them."""

import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from tools.data.example_set import ExampleSet
from tools.run.run_folder import RunFolder
from vae_wgan.data.image_data import ExperimentData
from vae_wgan.ensemble.member import Member
from vae_wgan.ensemble.runner import Runner
from vae_wgan.settings.any_settings import AnySettings

Settings = TypeVar("Settings", bound=AnySettings)
Data = TypeVar("Data", bound=ExperimentData)


class ModelKind(ABC, Generic[Settings, Data]):
    """A kind of model: its settings, data, members and scores. It has no state.

    A kind loads no TensorFlow before a member is made, so that wrong flags and data end a run
    within a second.

    Attributes:
        name: Name of the kind, a key of `vae_wgan.kinds.KINDS`.
        settings_class: Dataclass whose fields are the flags of its runs.
        member_class: Import path "module:class" of its `Member`, which is made from settings, the
            shape of one example, monitored examples, and the names of the quantities that are
            needed.
        takes_tables: Whether it is trained on the rows of tables, not on images.
    """

    name: ClassVar[str]
    settings_class: ClassVar[type]
    member_class: ClassVar[str]
    takes_tables: ClassVar[bool] = False

    @abstractmethod
    def load_data(self, settings: Settings) -> Data:
        """All examples of a run, loaded and checked.

        Raises:
            InputError: What a flag names cannot be had, or is unfit.
        """

    @abstractmethod
    def score_keys(self, settings: Settings) -> Sequence[str]:
        """The scores that a program may ask of its ensembles; the first is the headline."""

    def describe(self, settings: Settings, data: Data) -> Mapping[str, Any]:
        """Further entries of the manifest."""
        return {}

    def attacked_sets(self, settings: Settings, data: Data) -> Sequence[ExampleSet]:
        """Sets that are made more normal in the eyes of member 0, and scored as further sets.

        Raises:
            InputError: The settings ask for some, and there are none to start from.
        """
        return ()

    def score_further(
        self, folder: RunFolder, settings: Settings, data: Data, runner: Runner
    ) -> None:
        """Writes further scores of a run whose members have scored all sets."""

    def new_member(
        self,
        settings: Settings,
        example_shape: Sequence[int],
        monitored: np.ndarray,
        quantities: Collection[str],
    ) -> Member:
        """A member with initial weights; TensorFlow is loaded here.

        Args:
            settings: Settings of the run.
            example_shape: Shape of one example.
            monitored: Examples that show how training goes.
            quantities: Names of what the scores of the run need.
        """
        member_class = pkgutil.resolve_name(self.member_class)
        return member_class(settings, example_shape, monitored, quantities)
