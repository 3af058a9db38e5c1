"""How well maps find the pixels of defects, where masks tell which these are."""

from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from tools.errors import InputError
from tools.run.seeds import child_seed
from tools.scores.bootstrap import interval
from tools.scores.counts import auroc_of
from tools.scores.score_files import REMEDY, read_arrays

BINS = 2000  # of equally many pixels: the AUROC is off by less than its third digit
_SAMPLED = 1 << 20  # pixels by which the bins are chosen


class PixelCounts(NamedTuple):
    """Pixels of pictures by bin of their value in a map, from low to high values.

    Attributes:
        sound: [picture, bin].
        defective: [picture, bin].
    """

    sound: np.ndarray
    defective: np.ndarray

    @classmethod
    def of(cls, maps: np.ndarray, masks: np.ndarray) -> Self:
        """Counts of maps [picture, height, width], of at least one picture.

        Args:
            maps: Higher = stranger.
            masks: bool, shaped as the maps; True: defective.
        """
        values = maps.ravel()
        sample = values[:: 1 + values.size // _SAMPLED]
        edges = np.quantile(sample, np.linspace(0, 1, BINS + 1)[1:-1])
        bins = np.searchsorted(edges, maps)
        counts = (
            [
                np.bincount(part[chosen], minlength=BINS)
                for part, chosen in zip(bins, which, strict=True)
            ]
            for which in (~masks, masks)
        )
        return cls(*(np.stack(part) for part in counts))

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """What `write_npz` has written of `_asdict`; None: there is no such file.

        Raises:
            InputError: The file is damaged.
        """
        if not path.exists():
            return None
        arrays = read_arrays(path)
        found = [arrays.get(name, np.empty(0)) for name in cls._fields]
        shapes = {part.shape for part in found}
        is_sound = len(shapes) == 1 and found[0].ndim == 2 and found[0].dtype.kind == "i"
        if not is_sound or min(part.sum() for part in found) <= 0 or min(map(np.min, found)) < 0:
            raise InputError(f"{path} holds no counts of pixels; {REMEDY}")
        return cls(*found)

    def auroc(self) -> float:
        """Share of pairs of a sound and a defective pixel in the right order."""
        return float(auroc_of(self.sound.sum(axis=0), self.defective.sum(axis=0)))

    def interval(self, draws: int, seed: int) -> tuple[float, float]:
        """Bootstrap interval of `auroc`; whole pictures are drawn, as their pixels are alike."""
        count = len(self.sound)
        random = np.random.default_rng(child_seed(seed, "bootstrap", "pixels"))
        times = random.multinomial(count, np.full(count, 1 / count), size=draws)
        pairs = zip(*(times.astype(float) @ part for part in self), strict=True)
        return interval(np.array([auroc_of(*pair) for pair in pairs if min(map(np.sum, pair))]))
