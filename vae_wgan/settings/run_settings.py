"""Settings that all runs share, whatever they train on."""

import dataclasses
import os
from typing import ClassVar

from tools.errors import InputError
from tools.run.options import default_data_dir, option
from vae_wgan.settings.launcher_settings import LauncherSettings


@dataclasses.dataclass(frozen=True)
class RunSettings(LauncherSettings):
    """Settings of one run. Help texts are the flags' documentation."""

    HELP_TITLE: ClassVar[str] = "Every run"

    num_models: int = option(5, "Members of the ensemble.", at_least=1, smoke=2)
    seed: int = option(0, "Root of every random draw of the run.", at_least=0, shapes_members=True)
    data_dir: str = option(
        "",
        "Folder of the data sets' files; missing ones are downloaded to it. Empty: $WAIC_DATA_DIR,"
        " else a folder in the user's cache.",
        of_this_start=True,
    )
    log_dir: str = option(
        "",
        "Folder for TensorBoard's events, one of a member each. Empty: the members' in model_dir.",
        of_this_start=True,
    )
    delete_existing: bool = option(
        False, "Deletes an earlier run in model_dir first.", of_this_start=True
    )
    skip_train: bool = option(
        False,
        "Trains nothing: scores the members that model_dir holds, with their settings.",
        of_this_start=True,
    )
    status: bool = option(
        False, "Prints what model_dir holds, and does nothing else.", of_this_start=True
    )
    num_pools: int = option(
        1,
        "Disjoint ensembles that the members are shared out to, for the spread of the AUROC over"
        " them; 1: none.",
        at_least=1,
    )

    ddof: int = option(
        0,
        "The variance over members divides the sum of squares by their number less this: 0 as in"
        " 2018, 1 for the unbiased one.",
        at_least=0,
    )

    def __post_init__(self):
        """Checks what no single flag can, and fills in the folder of the data."""
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
        """Gives a setting that holds the placeholder its value."""
        if getattr(self, name) == placeholder:
            object.__setattr__(self, name, value)
