"""Images read at other places: bilinear interpolation, and maps that are linear in the place.

`scipy.ndimage.map_coordinates(order=1, mode="nearest")` computes the same with one call per image
and channel, in no less time. It rounds the last digit of some pixels in another way, so that the
perturbed images of a run would no longer be those of an earlier version.
"""

import numpy as np


def sample(images: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Bilinear interpolation between pixels, float32 [image, height, width, channel].

    Beyond the border, the border's pixels are repeated.

    Args:
        images: Images [image, height, width, channel].
        rows: Row to read for each pixel of the result: [image or 1, height, width].
        columns: Column to read for each pixel of the result: [image or 1, height, width].
    """
    height, width = images.shape[1:3]
    rows, columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    above, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    below, right = np.minimum(above + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = (rows - above)[..., np.newaxis], (columns - left)[..., np.newaxis]
    image = np.arange(len(images))[:, np.newaxis, np.newaxis]
    upper = (1 - across) * images[image, above, left] + across * images[image, above, right]
    lower = (1 - across) * images[image, below, left] + across * images[image, below, right]
    return ((1 - down) * upper + down * lower).astype(np.float32)


def grid(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of all pixels, each [1, height, width]."""
    height, width = images.shape[1:3]
    rows, columns = np.indices((1, height, width), np.float32)[1:]
    return rows, columns


def linear_map(
    images: np.ndarray, matrix: np.ndarray, shift: tuple[float, float] = (0, 0)
) -> np.ndarray:
    """Images of which pixel x of the result is read at matrix @ x + shift.

    Args:
        images: Images [image, height, width, channel].
        matrix: Map [2, 2] of (row, column), measured from the middle of the image in pixels.
        shift: Rows and columns to add, in pixels.
    """
    rows, columns = grid(images)
    middle = (np.array(images.shape[1:3]) - 1) / 2
    centred = np.stack([rows - middle[0], columns - middle[1]])
    mapped = np.tensordot(matrix, centred, axes=1)
    return sample(images, mapped[0] + middle[0] + shift[0], mapped[1] + middle[1] + shift[1])


def enlarged(images: np.ndarray, factor: float) -> np.ndarray:
    """The middle of the images, enlarged by this factor to the size of the whole."""
    return linear_map(images, np.eye(2) / factor)
