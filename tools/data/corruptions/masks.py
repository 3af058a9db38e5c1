"""Patches of noise, or blank ones, on images: outliers of known size."""

from collections.abc import Sequence

import numpy as np

MASK_TYPES = ("uniform", "normal", "zero")


def apply_mask(  # noqa: PLR0913  the arguments that users of detectors know
    X: np.ndarray,
    mask_size: tuple[int, int] = (4, 4),
    n_masks: int = 1,
    coord: tuple[int | Sequence[int], int | Sequence[int]] | None = None,
    channels: Sequence[int] = (0, 1, 2),
    mask_type: str = "uniform",
    noise_distr: tuple[float, float] = (0, 1),
    noise_rng: tuple[float, float] = (0, 1),
    clip_rng: tuple[float, float] = (0, 1),
    seed: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Masks each image with the same n_masks patches.

    Args:
        X: Images [image, height, width, channel]; they are not changed.
        mask_size: Height and width of a patch, at most those of the images.
        n_masks: Patches.
        coord: Row and column of the patches' upper left corners, each one number for all patches
            or n_masks numbers; None: drawn so that the patches lie inside the images.
        channels: The channels to mask. Those that the images lack are passed over, so that the
            default suits grey images too.
        mask_type: "uniform" or "normal": noise, one patch for all channels, is added and the
            images are clipped; "zero": the patch is set to 0.
        noise_distr: Mean and standard deviation of normal noise.
        noise_rng: Range of uniform noise.
        clip_rng: Range of the masked images, unless mask_type is "zero".
        seed: Seed of the corners and the noise; None: other ones on each call.

    Returns:
        The masked images [image * n_masks, height, width, channel], all masks of the first image
        first; and the masks [n_masks, height, width, channel]: the noise, 0 around the patch, or
        for "zero" the factor, 0 inside the patch and 1 around it.

    Raises:
        ValueError: An argument does not fit the images, or mask_type is unknown; it names it.
    """
    X = np.asarray(X)
    channels = [channel for channel in channels if 0 <= channel < X.shape[-1]]
    _check(X, mask_size, n_masks, channels, mask_type)
    rng = np.random.default_rng(seed)
    shape = (n_masks, *mask_size, 1)  # 1: the same noise in all channels
    dtype = np.result_type(X.dtype, np.float32)
    if mask_type == "zero":
        around, patches = 1, np.zeros(shape)
    elif mask_type == "uniform":
        around, patches = 0, rng.uniform(*noise_rng, shape)
    else:
        around, patches = 0, rng.normal(*noise_distr, shape)
    masks = np.full((n_masks, *X.shape[1:]), around, dtype)
    height, width = mask_size
    for mask, patch, (row, column) in zip(
        masks, patches, _corners(X, mask_size, n_masks, coord, rng), strict=True
    ):
        mask[row : row + height, column : column + width, channels] = patch
    each_image = X[:, np.newaxis].astype(dtype)  # [image, 1, height, width, channel]
    masked = each_image * masks if mask_type == "zero" else (each_image + masks).clip(*clip_rng)
    return masked.reshape(-1, *X.shape[1:]), masks


def _corners(
    images: np.ndarray,
    mask_size: tuple[int, int],
    n_masks: int,
    coord: tuple | None,
    rng: np.random.Generator,
) -> np.ndarray:
    """Upper left corners [mask, (row, column)]; no patch leaves the images."""
    last = np.subtract(images.shape[1:3], mask_size)
    if coord is None:
        return rng.integers(last, size=(n_masks, 2), endpoint=True)
    try:
        corners = np.stack([np.broadcast_to(axis, n_masks) for axis in coord], axis=1)
    except ValueError as error:
        raise ValueError(f"coord has not one number or n_masks={n_masks} for each axis") from error
    if corners.shape[1] != 2 or (corners < 0).any() or (corners > last).any():
        raise ValueError(f"coord={coord}: rows must lie in 0..{last[0]}, columns in 0..{last[1]}")
    return corners


def _check(
    images: np.ndarray,
    mask_size: tuple[int, int],
    n_masks: int,
    channels: Sequence[int],
    mask_type: str,
) -> None:
    if images.ndim != 4:
        raise ValueError(f"X needs axes [image, height, width, channel], not shape {images.shape}")
    if len(mask_size) != 2 or not all(
        1 <= size <= limit for size, limit in zip(mask_size, images.shape[1:3], strict=True)
    ):
        raise ValueError(f"mask_size={mask_size} does not fit images of {images.shape[1:3]}")
    if n_masks < 1:
        raise ValueError(f"n_masks={n_masks}: must be at least 1")
    if not channels:
        raise ValueError(f"channels has none of the images' 0..{images.shape[-1] - 1}")
    if mask_type not in MASK_TYPES:
        raise ValueError(f"Unknown mask_type {mask_type!r}; known: {', '.join(MASK_TYPES)}")
