"""Images read at other places, against scipy's interpolation."""

import numpy as np
from scipy.ndimage import affine_transform, map_coordinates

from tools.data.corruptions.resampling import enlarged, grid, linear_map, sample

RNG = np.random.default_rng(2)
IMAGES = RNG.random((4, 24, 32, 3), np.float32)  # higher than wide: the axes cannot be mixed up


def each_channel(function):
    """A function of [height, width] applied to each channel of the images."""
    channels = np.moveaxis(IMAGES, -1, 1).reshape(-1, *IMAGES.shape[1:3])
    results = np.stack([function(channel) for channel in channels])
    return np.moveaxis(results.reshape(4, 3, *IMAGES.shape[1:3]), 1, -1)


def test_sampling_is_scipys_linear_interpolation():
    rows, columns = (RNG.uniform(-3, 35, (4, 24, 32)) for _ in range(2))
    result = sample(IMAGES, rows, columns)
    for image, channel in np.ndindex(4, 3):
        expected = map_coordinates(
            IMAGES[image, ..., channel], [rows[image], columns[image]], order=1, mode="nearest"
        )
        np.testing.assert_allclose(result[image, ..., channel], expected, atol=1e-5)


def test_the_grid_reads_every_pixel_where_it_is():
    np.testing.assert_array_equal(sample(IMAGES, *grid(IMAGES)), IMAGES)


def test_linear_maps_are_scipys_about_the_middle():
    matrix, shift = RNG.normal(size=(2, 2)), (3.25, -5.5)
    middle = (np.array([24, 32]) - 1) / 2
    offset = middle - matrix @ middle + shift

    def map_one(channel):
        return affine_transform(channel, matrix, offset, order=1, mode="nearest")

    result = linear_map(IMAGES, matrix, shift)
    np.testing.assert_allclose(result, each_channel(map_one), atol=1e-4)


def test_what_is_enlarged_changes_more_slowly():
    ramp = np.linspace(0, 1, 32, dtype=np.float32) * np.ones((1, 24, 1), np.float32)
    larger = enlarged(ramp[..., np.newaxis], 2.0)[..., 0]
    np.testing.assert_allclose(np.diff(larger), np.diff(ramp) / 2, atol=1e-6)
    np.testing.assert_allclose(larger[..., 15:17].mean(), 0.5, atol=1e-6)
