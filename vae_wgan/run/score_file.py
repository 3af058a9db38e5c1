"""Scores a table's rows or pictures with a finished run: score, p-value, flag, reason."""

import functools
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tools.data.images.new_pictures import NewPictures, picture_parts
from tools.data.images.picture_files import form_of_shape
from tools.data.images.preprocessing import ReadOptions
from tools.data.tables.encoded_columns import NumericColumn
from tools.data.tables.new_rows import NewRows, examine_rows
from tools.data.tables.scored_rows import check_output, with_given_columns, write_scored_rows
from tools.data.tables.table_datasets import table_content
from tools.data.tables.table_encoder import TableEncoder, encoder_from_json
from tools.data.tables.table_files import table_parts
from tools.errors import InputError
from tools.run.manifest import Manifest
from tools.run.resuming import settle_settings
from tools.run.run_folder import RunFolder
from tools.scores.drift import ChangeWatch
from vae_wgan.settings.image_settings import ImageSettings
from vae_wgan.settings.table_settings import TableSettings

if TYPE_CHECKING:
    from vae_wgan.run.scorer import Scorer

_LOG = logging.getLogger(__name__)
PART = 50_000  # rows read, scored and written at a time


def score_table(settings: TableSettings, given: set[str]) -> None:
    """Writes one line per row of --score_file to --output, in the file's order.

    The score is the one that the run flags new rows by, see `deployed_score`; higher = more
    anomalous. The run folder suffices, the training data are not needed.

    Args:
        settings: Settings of the finished run, with score_file and output.
        given: Names of the flags given by hand.

    Raises:
        InputError: The table lacks columns, the run is not finished, or output is an existing file
            that another program wrote; with strict_data, a row cannot be scored.
    """
    folder = RunFolder(settings.model_dir)
    settings = settle_settings(folder, settings, given)
    _check_output(settings)
    _TableFile(folder, settings, encoder_from_json(_manifest(folder).encoder)).write()


def score_pictures(settings: ImageSettings, given: set[str]) -> None:
    """Writes one line per picture of --score_file to --output, in the order of their paths.

    Args:
        settings: Settings of the finished run, with score_file and output.
        given: Names of the flags given by hand.

    Raises:
        InputError: As `score_table`; with strict_data, a picture cannot be read.
    """
    folder = RunFolder(settings.model_dir)
    settings = settle_settings(folder, settings, given)
    _check_output(settings)
    options = settings.read_options
    if "value_range" not in given and (found := _manifest(folder).value_range):
        options = replace(options, value_range=None, remembered=(found[0], found[1]))
    _PictureFile(folder, settings, options).write()


def _manifest(folder: RunFolder) -> Manifest:
    """The manifest of a run that came to its data, also of one that scored no sets, as by `fit`."""
    manifest = folder.manifest()
    if not (manifest.datasets.in_distribution or manifest.example_shape):
        raise InputError(f"{folder.manifest_path} names no data sets; start its run again")
    return manifest


def _check_output(settings: ImageSettings | TableSettings) -> None:
    check_output(
        settings.output,
        run=settings.model_dir,
        inputs=(settings.score_file, settings.train_dataset),
        overwrite=settings.overwrite,
    )


class _ScoredFile(ABC):
    """Scores a file part by part; counts what was flagged and what could not be scored."""

    noun = "rows"

    def __init__(self, folder: RunFolder, settings: ImageSettings | TableSettings):
        self._folder = folder
        self._settings = settings
        self._counts: Counter[str] = Counter()
        self._first_problem = ""
        self._watch: ChangeWatch | None = None

    def write(self) -> None:
        """Writes --output, and logs what was found."""
        with self._folder.locked():
            write_scored_rows(Path(self._settings.output).expanduser(), self._parts())
        self._tell()

    @abstractmethod
    def _parts(self) -> Iterator[pd.DataFrame]:
        """Yields the lines of --output, part by part."""

    def _note(self, problems: Sequence[str], name: Callable[[int], str], remedy: str) -> None:
        """Counts rows, and keeps the first problem for the last message."""
        bad = [row for row, problem in enumerate(problems) if problem]
        self._counts["rows"] += len(problems)
        self._counts["unscored"] += len(bad)
        if bad and not self._first_problem:
            self._first_problem = f"{name(bad[0])}: {problems[bad[0]]}"
            if self._settings.strict_data:
                raise InputError(f"{self._first_problem}{remedy}, or leave out --strict_data")

    def _count(self, scored: pd.DataFrame) -> None:
        self._counts["flagged"] += int(scored["flagged"].sum())
        if self._watch is None:
            self._watch = ChangeWatch(self._scorer.calibration, self._settings.seed)
        self._watch.update(scored["score"])

    def _tell(self) -> None:
        counts, output = self._counts, self._settings.output
        unscored = counts["unscored"]
        words = f", {unscored} not scored ({self._first_problem}, ...)" if unscored else ""
        line = "%s: %d %s by %s, %d flagged%s"
        flagged = counts["flagged"]
        _LOG.info(line, output, counts["rows"], self.noun, self._scorer.name, flagged, words)
        if self._watch:
            _LOG.info("over the file's order %s", self._watch.verdict.text)

    @functools.cached_property
    def _scorer(self) -> "Scorer":
        """Opened on first use: by then the first part has passed all checks."""
        from vae_wgan.ensemble.devices import prepare_devices
        from vae_wgan.run.scorer import open_scorer

        prepare_devices(self._settings.cpus_per_member)
        scorer = open_scorer(self._folder, self._settings)
        scorer.warn_if_nothing_is_flagged()
        return scorer


class _PictureFile(_ScoredFile):
    """Scores the pictures of a folder, one file, or an array."""

    noun = "pictures"

    def __init__(self, folder: RunFolder, settings: ImageSettings, options: ReadOptions):
        super().__init__(folder, settings)
        self._options = options
        self._explain_in = maps_folder(settings) if settings.explain else None

    def _parts(self) -> Iterator[pd.DataFrame]:
        source = Path(self._settings.score_file).expanduser()
        settings = self._settings
        assert isinstance(settings, ImageSettings)
        form = form_of_shape(_manifest(self._folder).example_shape, settings.fit)
        for part in picture_parts(source, form, self._options):
            self._note(part.problems, part.names.__getitem__, "; mend it")
            scored = self._scorer.scored_pictures(part)
            self._count(scored)
            if self._explain_in:
                self._explain(part, scored)
            yield scored

    def _explain(self, part: NewPictures, scored: pd.DataFrame) -> None:
        """Writes a picture of each flagged one under its map."""
        # Imported here: it loads Matplotlib.
        from vae_wgan.run.explained_images import write_overlays

        flags = scored["flagged"].to_numpy(float, na_value=np.nan)
        is_flagged = flags[~np.isnan(flags)] == 1  # of those that could be read
        names = [name for name, flag in zip(part.names, flags, strict=True) if flag == 1]
        write_overlays(self._scorer.ensemble, part.images[is_flagged], names, self._explain_in)


def maps_folder(settings: ImageSettings) -> Path:
    """Folder of the pictures that explain the scores in --output, such as scores_maps/.

    Raises:
        InputError: There is such a folder with something in it, and it may not be replaced.
    """
    path = Path(settings.output).expanduser()
    folder = path.with_name(f"{path.stem}_maps")
    if (
        not settings.overwrite
        and folder.exists()
        and (not folder.is_dir() or any(folder.iterdir()))
    ):
        raise InputError(
            f"--explain: {folder} is there already; name another --output, or give --overwrite"
        )
    return folder


class _TableFile(_ScoredFile):
    """Scores the rows of a table."""

    def __init__(self, folder: RunFolder, settings: TableSettings, encoder: TableEncoder):
        super().__init__(folder, settings)
        self._options, self._explain = settings.text_options, settings.explain
        self._encoder = encoder
        self._unknown: dict[str, tuple[int, str]] = {}

    def _parts(self) -> Iterator[pd.DataFrame]:
        """Yields each part's scores beside the columns that members do not use."""
        path, content = table_content(self._settings.score_file, self._settings.data_dir)
        numbers = _number_columns(self._encoder)
        for frame in table_parts(content, path, self._options, numbers, PART):
            try:
                rows = examine_rows(frame, self._encoder)
                self._note_rows(rows, frame.index[0])
            except InputError as error:
                raise InputError(f"--score_file={self._settings.score_file}: {error}") from error
            scored = self._scorer.scored_rows(rows).assign(row=frame.index)
            self._count(scored)
            others = [name for name in frame if name not in self._encoder.needed]
            given = frame[others].reset_index(drop=True)
            if self._explain:
                given = pd.concat([self._scorer.explained(rows, scored), given], axis=1)
            yield with_given_columns(scored, given)

    def _note_rows(self, rows: NewRows, first_row: int) -> None:
        for name, (count, text) in rows.unknown.items():
            self._unknown[name] = (self._unknown.get(name, (0, text))[0] + count, text)
        remedy = " (the first row is 0); mend the table"
        self._note(list(rows.problems), lambda row: f"row {first_row + row}", remedy)

    def _tell(self) -> None:
        """Logs unknown categories too."""
        for name, (count, text) in self._unknown.items():
            _LOG.warning(
                "column %s: %d rows have a text, as %r, that is none of the run's categories",
                name,
                count,
                text,
            )
        super()._tell()


def _number_columns(encoder: TableEncoder) -> set[str]:
    """Columns to read as numbers or times; all others are read as text."""
    numeric = {column.name for column in encoder.columns if isinstance(column, NumericColumn)}
    constants = {name for name, value in encoder.constants.items() if isinstance(value, float)}
    return numeric | constants | {encoder.time_column}
