"""Test and out-of-distribution images after one low-pass filter that makes their spectra agree.

Colour sets that were made from larger pictures differ in sharpness by the way they were resized,
and a detector that finds no more than this has found the resizing. What it still finds after the
filter lies in the content.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tools.data.example_set import ExampleSet, choose_rows
from tools.run.manifest import RESAMPLING, Alteration
from tools.run.seeds import child_seed

MOST_IMAGES = 300  # of each set: more would cost as much as the set itself
BANDS = 16  # of equal width up to the highest frequency along a side; a last one has the corners
LOW_BANDS = 4  # whose power is contrast, which the filter leaves as it is
# Of both sides, from 1 in the low bands to 0. Else the side that was filtered would be told from
# files as they are: by its complexity 300 images of TinyImageNet against CIFAR-10 had an AUROC of
# .71 before the filter, .21 after one without this factor, and .52 with it.
COMMON = np.concatenate([np.ones(LOW_BANDS), np.linspace(1, 0, BANDS + 1 - LOW_BANDS)])
_DIFFERS, _ERRORS = 1.25, 3.0  # ratio of powers, and standard errors, beyond which spectra differ
_LEAST_POWER = 1e-9  # of a value in [0, 1]: images of one colour have none
_PART = 64  # images transformed together, for bounded memory


@dataclass(frozen=True)
class Spectrum:
    """Mean power of a set's images in each band, float64 [band], and its standard error."""

    power: np.ndarray
    error: np.ndarray


def matched_sets(test: ExampleSet, others: Sequence[ExampleSet], seed: int) -> Iterator[ExampleSet]:
    """Filtered test images, then filtered images of a set, for each set whose spectrum differs.

    They are named resampling.SET.0 and resampling.SET.1. Values are rounded to 1/255 again.

    Args:
        test: In-distribution test images [image, height, width, channel].
        others: Out-of-distribution sets of the same shape.
        seed: Root seed of the run, for the choice of 300 images of each set.
    """
    inside = _chosen(test, seed)
    own = spectrum(inside.examples)
    for other in others:
        outside = _chosen(other, seed)
        their = spectrum(outside.examples)
        if not spectra_differ(own, their):
            continue
        for level, (part, gains) in enumerate(
            zip((inside, outside), matched_gains(own.power, their.power), strict=True)
        ):
            alteration = Alteration(RESAMPLING, other.name, level)
            pixels = np.round(255 * filtered(part.examples, gains).clip(0, 1)) / np.float32(255)
            yield replace(part, name=alteration.name, examples=pixels, alteration=alteration)


def spectrum(images: np.ndarray) -> Spectrum:
    """Mean squared cosine coefficients of images [image, height, width, channel], by band."""
    bands = _bands(images.shape[1:3])
    values, starts = np.arange(BANDS + 1), range(0, len(images), _PART)
    powers = np.concatenate(
        [
            np.stack([power[:, bands == band].mean(axis=1) for band in values], axis=1)
            for power in (
                np.square(_cosines(images[start : start + _PART])).mean(axis=3, dtype=np.float64)
                for start in starts
            )
        ]
    )
    error = powers.std(axis=0) / np.sqrt(len(powers))
    return Spectrum(powers.mean(axis=0) + _LEAST_POWER, error)


def spectra_differ(first: Spectrum, second: Spectrum) -> bool:
    """Whether some high band has relatively more power in one set, beyond chance."""
    apart = np.abs(np.log(_relative(second.power) / _relative(first.power)))
    error = np.hypot(first.error / first.power, second.error / second.power)
    return bool((apart > np.maximum(np.log(_DIFFERS), _ERRORS * error))[LOW_BANDS:].any())


def matched_gains(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factors of the two sets' frequencies, each at most 1 [band], after which spectra agree.

    In every high band the set with relatively more power comes down to the other, relative to its
    power in the low bands, which keep the factor 1. Then both go through the low-pass COMMON.

    Args:
        first: Mean power of one set [band].
        second: Mean power of the other set [band].
    """
    ratio = _relative(second) / _relative(first)
    ratio[:LOW_BANDS] = 1
    return COMMON * np.sqrt(np.minimum(1, ratio)), COMMON * np.sqrt(np.minimum(1, 1 / ratio))


def filtered(images: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """The images with the amplitudes of each band multiplied by its factor, not clipped."""
    from scipy.fft import idctn  # here: a quarter of a second that flags need not wait

    factors = gains[_bands(images.shape[1:3])].astype(np.float32)[..., np.newaxis]
    parts = (images[start : start + _PART] for start in range(0, len(images), _PART))
    return np.concatenate(
        [idctn(_cosines(part) * factors, axes=(1, 2), norm="ortho") for part in parts]
    )


def _chosen(images: ExampleSet, seed: int) -> ExampleSet:
    return choose_rows(images, MOST_IMAGES, child_seed(seed, RESAMPLING, images.name)).in_memory()


def _relative(power: np.ndarray) -> np.ndarray:
    return power / power[:LOW_BANDS].mean()


def _cosines(images: np.ndarray) -> np.ndarray:
    """Cosine transform of each channel: its images go on mirrored, without edges of their own."""
    from scipy.fft import dctn

    coefficients = dctn(images.astype(np.float32), axes=(1, 2), norm="ortho")
    return np.asarray(coefficients)


def _bands(shape: tuple[int, ...]) -> np.ndarray:
    """Number of the band of each coefficient [height, width]; -1: the mean, which has none."""
    rows, columns = (np.arange(length) / length for length in shape)
    frequency = np.hypot(rows[:, np.newaxis], columns)  # 1: the highest along a side
    bands = np.minimum((frequency * BANDS).astype(int), BANDS)
    bands[0, 0] = -1
    return bands
