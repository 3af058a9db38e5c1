"""Settings that all runs share, on images and on tables."""

import dataclasses
import os
from typing import ClassVar, Self

from tools.errors import InputError
from tools.run.options import default_data_dir, option
from vae_wgan.settings.launcher_settings import LauncherSettings


@dataclasses.dataclass(frozen=True)
class PresetSettings:
    """The preset; a base class of its own, so that it is the first setting in a manifest."""

    preset: str = option("fast", "Sets the defaults of the other flags.")


@dataclasses.dataclass(frozen=True)
class RunSettings(LauncherSettings, PresetSettings):
    """Settings of one run. Help texts are the flags' documentation."""

    HELP_TITLE: ClassVar[str] = "Every run"

    num_models: int = option(5, "Number of members in the ensemble.", at_least=1, smoke=2)
    seed: int = option(
        0,
        "Root seed: every random draw of the run follows from it.",
        at_least=0,
        shapes_members=True,
    )
    data_dir: str = option(
        "",
        "Folder of the data sets' files; missing files are downloaded to it. Empty: $WAIC_DATA_DIR,"
        " else a folder in the user's cache.",
        of_this_start=True,
    )
    log_dir: str = option(
        "",
        "Folder of TensorBoard's event files, with a subfolder per member. Empty: they lie in the"
        " members' folders in model_dir.",
        of_this_start=True,
    )
    delete_existing: bool = option(
        False, "Deletes an earlier run in model_dir before it starts.", of_this_start=True
    )
    skip_train: bool = option(
        False,
        "Does not train; scores the members that model_dir holds, with the settings of their run.",
        of_this_start=True,
    )
    status: bool = option(
        False,
        "Prints what model_dir holds and how far its run has come, and does nothing else.",
        of_this_start=True,
    )
    num_pools: int = option(
        1,
        "Disjoint sub-ensembles over which the spread of the AUROC is reported; 1: off.",
        at_least=1,
    )

    ddof: int = option(
        0,
        "Delta degrees of freedom of the variance over members, which divides by their number minus"
        " ddof. 0: as in 2018; 1: unbiased.",
        at_least=0,
    )

    def sized(self, training_examples: int) -> Self:
        """The settings with those left empty chosen by the size of the training set."""
        return self

    @property
    def scoring_samples(self) -> int:
        """Samples of noise per example in scoring; 1 if scores use no noise."""
        return 1

    @property
    def pixel_likelihood(self) -> str:
        """Name of the pixel likelihood p(x|z); "none": there is no decoder of images."""
        return "none"

    def __post_init__(self) -> None:
        """Raises InputError where flags contradict one another; fills in data_dir."""
        super().__post_init__()
        if self.skip_train and self.delete_existing:
            raise InputError("--delete_existing would delete what --skip_train scores; drop one")
        if self.num_pools > self.num_models:
            raise InputError(f"--num_pools={self.num_pools} exceeds --num_models={self.num_models}")
        if self.ddof >= self.num_models:
            raise InputError(f"--ddof={self.ddof} needs more than --num_models={self.num_models}")
        self._fill_in("data_dir", default_data_dir())
        for name in ("data_dir", "log_dir"):
            if os.path.isfile(path := getattr(self, name)):
                raise InputError(f"--{name}={path} is a file; name a folder")

    def _fill_in(self, name: str, value: object, placeholder: object = "") -> None:
        """Sets a setting if it still has the placeholder's value."""
        if getattr(self, name) == placeholder:
            object.__setattr__(self, name, value)
