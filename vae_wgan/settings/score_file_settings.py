"""Flags with which a finished run scores new rows or pictures."""

import dataclasses
import os
from pathlib import Path
from typing import ClassVar

from tools.data.tables.scored_rows import ENDINGS
from tools.errors import InputError
from tools.run.options import option
from vae_wgan.settings.run_settings import RunSettings


@dataclasses.dataclass(frozen=True)
class ScoreFileSettings(RunSettings):
    """Settings of scoring a file or folder. Help texts are the flags' documentation."""

    HELP_TITLE: ClassVar[str] = "Scoring new rows or pictures"

    score_file: str = option(
        "",
        "Rows (a table), or pictures (a folder, a picture, .npz or .npy), that the trained members"
        " score, instead of a run; needs --output and --skip_train.",
        of_this_start=True,
    )
    output: str = option(
        "", "File for the scores of score_file (.csv or .parquet).", of_this_start=True
    )
    overwrite: bool = option(
        False,
        "Replaces an existing file at output; one that this command has written is replaced"
        " without.",
        of_this_start=True,
    )
    target_fpr: float = option(
        0.01,
        "False positive rate: what has a p-value of at most this is flagged in score_file.",
        above=0,
    )

    def __post_init__(self) -> None:
        """Raises InputError where flags contradict one another."""
        super().__post_init__()
        if self.target_fpr >= 1:
            raise InputError(f"--target_fpr={self.target_fpr}: must be below 1")
        if bool(self.score_file) != bool(self.output):
            raise InputError(
                "--score_file and --output go together: what to score, and where to write"
            )
        if self.score_file:
            self._check_output()

    def _check_output(self) -> None:
        if os.path.isdir(self.output):
            raise InputError(f"--output={self.output} is a folder; name a file, as scores.csv")
        above = next(part for part in Path(self.output).absolute().parents if part.exists())
        if not above.is_dir():
            raise InputError(f"--output={self.output}: {above} is a file, no folder")
        if not self.output.endswith(ENDINGS):
            raise InputError(f"--output={self.output}: its name ends in {' or '.join(ENDINGS)}")
        if self.launcher != "local" or self.members_at_once > 1:
            raise InputError(
                "--score_file scores in one process: drop --launcher and --members_at_once"
            )
        if not self.skip_train:
            raise InputError("--score_file needs --skip_train: it uses members that are trained")
