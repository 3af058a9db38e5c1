"""Properties of images that raise or lower the likelihood under any model, and need none."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image
from scipy.optimize import minimize_scalar

# The continuous Bernoulli's density at 0 and 1 grows with the logit without end, as its logarithm.
LARGEST_LOGIT = 16.0


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

    The complexity L(x) of Serra et al. 2020, https://arxiv.org/abs/1909.11480.
    """
    pixels = np.rint(255 * images).astype(np.uint8)
    grey = pixels.shape[-1] == 1
    return np.array([_png_bits(image[..., 0] if grey else image) for image in pixels], np.float64)


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
        highest = np.interp(values, *_continuous_bernoulli_maxima())
    else:
        highest = np.zeros_like(values)
    return highest.sum(axis=(1, 2, 3))


def _png_bits(pixels: np.ndarray) -> int:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=9)
    return 8 * file.tell()


@lru_cache
def _continuous_bernoulli_maxima() -> tuple[np.ndarray, np.ndarray]:
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
