"""A finished run as a server needs it: scores of requests, counted and watched."""

import threading
from pathlib import Path

import numpy as np
import pandas as pd

from anomaly.serving.batching import FEW_ROWS, MOST_ROWS, Batcher
from tools.data.images.new_pictures import NewPictures
from tools.data.tables.new_rows import examine_rows
from tools.errors import InputError
from tools.run.run_folder import RunFolder
from tools.scores.drift import ChangeWatch, Verdict
from vae_wgan.run.scorer import Scorer, open_scorer


class ServedRun:
    """Scores the rows or pictures of requests.

    Args:
        scorer: The run.
        name: Name of the model in addresses.
        timeout: Seconds after which a request is given up.

    Attributes:
        scorer: The run.
        name: Name of the model.
        batcher: Scores together what waits together.
    """

    def __init__(self, scorer: Scorer, name: str, timeout: float = 30.0):
        self.scorer = scorer
        self.name = name
        self.batcher = Batcher(scorer.scores, most_waiting=40 * MOST_ROWS, timeout=timeout)
        self._watch = ChangeWatch(scorer.calibration)
        self._lock = threading.Lock()

    @property
    def is_table(self) -> bool:
        """Whether it scores rows of a table; else pictures."""
        return self.scorer.ensemble.encoder is not None

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Height, width, channels of its pictures."""
        return self.scorer.ensemble.row_shape or ()

    @property
    def verdict(self) -> Verdict:
        """Whether what was asked for so far has changed."""
        return self._watch.verdict

    def warm_up(self) -> None:
        """Scores one row, so that the first request need not wait for compiling."""
        self.scorer.scores(np.zeros((1, *self.image_shape), np.float32))

    async def table(self, frame: pd.DataFrame) -> pd.DataFrame:
        """As `Scorer.scored_table`."""
        if (encoder := self.scorer.ensemble.encoder) is None:
            raise InputError("this run scores pictures, not rows of a table")
        rows = examine_rows(frame, encoder)
        return self._watched(self.scorer.finished(rows, await self.batcher.scores(rows.features)))

    async def images(self, images: np.ndarray) -> pd.DataFrame:
        """As `Scorer.scored_images`, with an empty reason and problem."""
        if self.is_table:
            raise InputError("this run scores rows of a table, not pictures")
        if images.shape[1:] != self.image_shape:
            raise InputError(
                f"images have the shape {images.shape[1:]}; the run's have {self.image_shape}"
            )
        scored = self.scorer.judged(await self.batcher.scores(images))
        return self._watched(scored.assign(reason="", problem=""))

    async def pictures(self, pictures: NewPictures) -> pd.DataFrame:
        """A line for each picture, with a problem where it could not be read."""
        if self.is_table:
            raise InputError("this run scores rows of a table, not pictures")
        scores = await self.batcher.scores(pictures.images)
        return self._watched(self.scorer.judged_pictures(pictures, scores))

    def _watched(self, scored: pd.DataFrame) -> pd.DataFrame:
        with self._lock:
            self._watch.update(scored["score"])
        return scored


def serve_run(folder: Path, name: str, *, target_fpr: float | None, timeout: float) -> ServedRun:
    """Opens a finished run to be served.

    Raises:
        InputError: The folder holds no finished run.
    """
    # Requests are small, and a pass pads to this number of rows.
    scorer = open_scorer(RunFolder(folder), target_fpr=target_fpr, largest_batch=FEW_ROWS)
    return ServedRun(scorer, name, timeout)
