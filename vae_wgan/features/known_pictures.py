"""Some training pictures that a member keeps, by which it tells how familiar another one is."""

from typing import NamedTuple, Self

import numpy as np

from tools.scores.nearest import nearest

MOST_KEPT = 1000


class KnownPictures(NamedTuple):
    """Whitened codes of pictures; a new picture is as strange as its distance to the nearest.

    The Mahalanobis distance to one picture and not to the mean of all: what comes in several forms,
    none of them between the others, has no Gaussian.

    Attributes:
        codes: float32 [picture, axis]; of fewer pictures some are there twice.
    """

    codes: np.ndarray

    @classmethod
    def unfitted(cls, axes: int) -> Self:
        """The shape of the array, before any picture was seen."""
        return cls(np.zeros((MOST_KEPT, axes), np.float32))

    @classmethod
    def fit(cls, codes: np.ndarray, draw: np.random.Generator) -> Self:
        """Keeps codes [picture, axis], or drawn ones of more than MOST_KEPT."""
        kept = draw.permutation(len(codes))[:MOST_KEPT]
        return cls(codes[np.resize(np.sort(kept), MOST_KEPT)].astype(np.float32))

    def distances(self, codes: np.ndarray) -> np.ndarray:
        """Distance of codes [picture, axis] to the nearest kept one, float32 [picture]."""
        return nearest(codes, self.codes, 1).distances[:, 0].astype(np.float32)
