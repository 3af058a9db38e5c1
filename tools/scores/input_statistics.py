"""Properties of images that raise or lower the likelihood under any model, and need none."""

import zlib
from functools import lru_cache, singledispatch

import numpy as np
from scipy.optimize import minimize_scalar

# The continuous Bernoulli's density at 0 and 1 grows with the logit without end, as its logarithm.
LARGEST_LOGIT = 16.0
# What the values depend on beside images and likelihood; another entry makes old files stale.
PROVENANCE = {"complexity": "PNG file of libpng"}
_PNG_FRAME = 8 + 25 + 12  # bytes of the signature, the header and the end of a PNG file
_PNG_CHUNK = 8192  # bytes of data per chunk, as libpng writes them
_SMALL_PNG = 16384


@singledispatch
def input_statistics(images: np.ndarray, likelihood: str) -> dict[str, np.ndarray]:
    """The properties of each image, by name, float64 [image].

    `complexity`: bits of its PNG file. `brightness`: sum of its values. `variation`: sum of the
    absolute differences of neighbouring values. `highest_log_likelihood`: see there.

    Args:
        images: [image, height, width, channel] in [0, 1], with one or three channels.
        likelihood: Likelihood of the decoder's values, as in --likelihood.
    """
    vertical, horizontal = (np.abs(np.diff(images, axis=axis)) for axis in (1, 2))
    axes = (1, 2, 3)
    return {
        "complexity": png_bits(images),
        "brightness": images.sum(axis=axes, dtype=np.float64),
        "variation": vertical.sum(axis=axes, dtype=np.float64)
        + horizontal.sum(axis=axes, dtype=np.float64),
        "highest_log_likelihood": highest_log_likelihood(images, likelihood),
    }


def png_bits(images: np.ndarray) -> np.ndarray:
    """Bits of each image as a PNG file of level 9: float64 [image].

    The complexity L(x) of Serra et al. 2020, https://arxiv.org/abs/1909.11480. The file is the one
    that libpng writes, and with it TensorFlow, so that an exported model has the same score.
    Pillow's depends on the zlib it was built with.
    """
    return np.array([_png_bits(image) for image in np.rint(255 * images).astype(np.uint8)], float)


def highest_log_likelihood(images: np.ndarray, likelihood: str) -> np.ndarray:
    """Sum over values t of the largest log p(t; .) that any decoder reaches: float64 [image], nats.

    Chauhan et al. 2022, "Robust outlier detection by de-biasing VAE likelihoods",
    https://arxiv.org/abs/2108.08760: a decoder is paid for values near 0 and 1, whatever they show.
    Discretised likelihoods reach log 1 = 0 everywhere.
    """
    values = images.astype(np.float64)
    if likelihood == "bernoulli":
        t = values.clip(1e-3, 1 - 1e-3)  # as in the paper
        highest = t * np.log(t) + (1 - t) * np.log1p(-t)
    elif likelihood == "continuous_bernoulli":
        highest = np.interp(values, *continuous_bernoulli_maxima())
    else:
        highest = np.zeros_like(values)
    return highest.sum(axis=(1, 2, 3))


def _png_bits(pixels: np.ndarray) -> int:
    """Bits of the PNG file of one image, uint8 [height, width, channel]."""
    lines = _png_lines(pixels)
    log_window = 15  # libpng takes no larger a window than the data needs
    while len(lines) <= _SMALL_PNG and len(lines) + 262 <= 1 << (log_window - 1):
        log_window -= 1
    deflate = zlib.compressobj(9, zlib.DEFLATED, log_window, 9, zlib.Z_FILTERED)
    size = len(deflate.compress(lines) + deflate.flush())
    chunks = -(-size // _PNG_CHUNK)
    return 8 * (_PNG_FRAME + size + 12 * chunks)


def _png_lines(pixels: np.ndarray) -> bytes:
    """What a PNG file compresses: each line less what the best of five filters predicts of it.

    The best filter of a line leaves the least sum of absolute values, as signed bytes:
    https://www.w3.org/TR/png-3/#12Filter-selection.
    """
    height, width, channels = pixels.shape
    lines = pixels.reshape(height, width * channels).astype(np.int16)
    left = np.pad(lines, ((0, 0), (channels, 0)))[:, :-channels]
    above = np.pad(lines, ((1, 0), (0, 0)))[:-1]
    corner = np.pad(left, ((1, 0), (0, 0)))[:-1]
    predicted = (0, left, above, (left + above) // 2, _paeth(left, above, corner))
    rests = np.stack([lines - each for each in predicted]).astype(np.uint8)
    sizes = np.abs(rests.view(np.int8).astype(np.int16)).sum(axis=2)
    best = sizes.argmin(axis=0)[:, np.newaxis]
    chosen = np.take_along_axis(rests, best[np.newaxis], axis=0)[0]
    return np.concatenate([best.astype(np.uint8), chosen], axis=1).tobytes()


def _paeth(left: np.ndarray, above: np.ndarray, corner: np.ndarray) -> np.ndarray:
    """The neighbour that is nearest to left + above - corner."""
    estimate = left + above - corner
    to_left, to_above, to_corner = (np.abs(estimate - each) for each in (left, above, corner))
    is_left = (to_left <= to_above) & (to_left <= to_corner)
    return np.where(is_left, left, np.where(to_above <= to_corner, above, corner))


@lru_cache
def continuous_bernoulli_maxima() -> tuple[np.ndarray, np.ndarray]:
    """Values t in [0, 1] and the largest log density at each."""
    values = np.linspace(0, 1, 1021)  # all bytes / 255 are among them

    def minus_log_density(logit: float, t: float) -> float:
        # log of the integral of exp(logit * t) over [0, 1] is log(expm1(logit) / logit).
        size = abs(logit)
        integral = size / 24 * size if size < 1e-4 else np.log(-np.expm1(-size) / size) + size / 2
        return integral + logit / 2 - logit * t

    highest = [
        -minimize_scalar(
            minus_log_density, bounds=(-LARGEST_LOGIT, LARGEST_LOGIT), args=(t,), method="bounded"
        ).fun
        for t in values
    ]
    return values, np.array(highest)
