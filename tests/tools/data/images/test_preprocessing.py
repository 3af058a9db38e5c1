"""Arrays as images in [0, 1], and the images that are derived from others."""

import numpy as np
import pytest

from input_errors import message_of
from tools.data.images.derived_images import (
    FLIPS,
    flip,
    normal_noise,
    truncated_normal_noise,
    uniform_noise,
)
from tools.data.images.preprocessing import (
    ReadOptions,
    as_images,
    check_image_shape,
    images_and_range,
)

NOISE_SHAPE = (40, 28, 28, 1)


def message_of_own(array) -> str:
    message = message_of(as_images, np.asarray(array), "own.npz")
    assert message.startswith("own.npz ")
    return message


def test_uint8_is_divided_by_255():
    images = as_images(np.arange(256, dtype=np.uint8).reshape(1, 16, 16), "own.npz")
    assert images.dtype == np.float32
    assert images.shape == (1, 16, 16, 1)
    expected = np.arange(256).astype(np.float32) / np.float32(255)
    np.testing.assert_array_equal(images.ravel(), expected)


@pytest.mark.parametrize("dtype", ["f2", "f4", ">f4", "f8", "?"])
def test_floats_and_bools_stay_what_they_are(dtype):
    images = as_images(np.array([0, 0.5, 1, 1], dtype).reshape(1, 2, 2, order="F"), "own.npz")
    assert images.dtype == np.float32
    assert images.dtype.isnative
    assert images.flags.c_contiguous
    middle = 1 if dtype == "?" else 0.5
    np.testing.assert_array_equal(images[0, :, :, 0], [[0, 1], [middle, 1]])


def test_three_channels_are_kept():
    assert as_images(np.zeros((2, 4, 5, 3), np.uint8), "own.npz").shape == (2, 4, 5, 3)


@pytest.mark.parametrize(
    "shape", [(4, 4), (9, 784), (32, 32, 3), (8, 3, 32, 32), (8, 32, 32, 4), (1, 2, 3, 3, 1)]
)
def test_other_shapes_are_refused(shape):
    assert f"the shape {shape}" in message_of_own(np.zeros(shape))


@pytest.mark.parametrize("shape", [(0,), (0, 28, 28), (5, 0, 28, 1)])
def test_empty_arrays_are_refused(shape):
    assert "is empty" in message_of_own(np.zeros(shape))


@pytest.mark.parametrize("dtype", ["i8", "i4", "u2", "i1", "c8", "U1", "M8[s]", "f4,f4"])
def test_other_types_are_refused_with_the_remedy(dtype):
    assert "convert it to uint8" in message_of_own(np.zeros((1, 2, 2), dtype))


def test_floats_up_to_255_are_refused_with_their_range():
    pixels = np.linspace(0, 255, 2 * 4 * 4, dtype=np.float32).reshape(2, 4, 4)
    assert "numbers from 0 to 255;" in message_of_own(pixels)
    assert "numbers from -1 to 1;" in message_of_own(pixels / 127.5 - 1)
    assert "numbers from 0 to 1.5;" in message_of_own(pixels / 170)
    assert "to inf;" in message_of_own(np.full((1, 2, 2), np.inf))


REMEMBERED = {
    "unit": (0.0, 1.0),
    "bytes": (0.0, 255.0),
    "signed": (-1.0, 1.0),
    "own": (0.0, 4095.0),
}


@pytest.mark.parametrize(
    ("remembered", "lowest", "highest"),
    [("unit", 0, 255), ("bytes", 0, 1), ("signed", 0, 1), ("own", 0, 1), ("own", 0, 5000)],
)
def test_numbers_of_another_range_than_the_runs_own_are_refused(remembered, lowest, highest):
    pixels = np.linspace(lowest, highest, 32).reshape(2, 4, 4)
    options = ReadOptions(remembered=REMEMBERED[remembered])
    message = message_of(as_images, pixels, "new.npy", options)
    assert "in the run's own images" in message and "--value_range=LOW,HIGH" in message


@pytest.mark.parametrize(
    ("remembered", "lowest", "highest"),
    [("unit", 0, 0.4), ("bytes", 3, 90), ("signed", -0.2, 0.3), ("own", 7, 900), ("own", 5, 5)],
)
def test_numbers_in_doubt_have_the_range_of_the_runs_own(remembered, lowest, highest):
    low, high = REMEMBERED[remembered]
    pixels = np.linspace(lowest, highest, 32).reshape(2, 4, 4)
    images, found = images_and_range(pixels, "new.npy", ReadOptions(remembered=(low, high)))
    assert found == (low, high)
    np.testing.assert_allclose(images[..., 0], (pixels - low) / (high - low), atol=1e-6)


def test_bytes_leave_no_doubt_whatever_the_run_had():
    images, found = images_and_range(
        np.full((1, 2, 2), 255, np.uint8), "new.npy", ReadOptions(remembered=(0.0, 1.0))
    )
    assert found is None
    assert images.max() == 1


def test_nan_is_refused_with_count_and_first_row():
    pixels = np.zeros((5, 4, 4))
    pixels[[2, 4], 1, 3] = np.nan
    pixels[0, 0, 0] = np.inf
    assert "NaN in 2 of 5 images, first in row 2;" in message_of_own(pixels)
    assert "NaN in 5 of 5 images, first in row 0;" in message_of_own(np.full((5, 4, 4), np.nan))


def test_flips_mirror_the_right_axis():
    image = np.arange(6, dtype=np.float32).reshape(1, 2, 3, 1)
    assert list(FLIPS) == ["hflip", "vflip"]
    np.testing.assert_array_equal(flip(image, "hflip")[0, ..., 0], [[2, 1, 0], [5, 4, 3]])
    np.testing.assert_array_equal(flip(image, "vflip")[0, ..., 0], [[3, 4, 5], [0, 1, 2]])


# Mean, standard deviation, fraction of zeros, fraction of ones; for N(0, 1) with density phi and
# distribution P: clipped mean phi(0) - phi(1) + 1 - P(1); truncated mean (phi(0) - phi(1)) /
# (P(1) - P(0)), variance 1 - phi(1) / (P(1) - P(0)) - mean**2.
@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        (uniform_noise, (0.5, 0.2887, 0, 0)),
        (normal_noise, (0.3156, 0.3981, 0.5, 0.1587)),
        (truncated_normal_noise, (0.4599, 0.2822, 0, 0)),
    ],
)
def test_noise_has_the_moments_of_its_distribution(noise, expected):
    pixels = noise(NOISE_SHAPE, np.random.default_rng(0))
    assert pixels.shape == NOISE_SHAPE
    assert pixels.dtype == np.float32
    assert pixels.min() >= 0
    assert pixels.max() <= 1
    found = (pixels.mean(), pixels.std(), np.mean(pixels == 0), np.mean(pixels == 1))
    np.testing.assert_allclose(found, expected, atol=0.01)
    np.testing.assert_array_equal(pixels, noise(NOISE_SHAPE, np.random.default_rng(0)))


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (64, 64, 1)])
def test_square_images_with_a_side_of_a_multiple_of_four_are_taken(shape):
    check_image_shape("own", shape)


@pytest.mark.parametrize("shape", [(28, 32, 1), (30, 30, 1), (24, 24, 1)])
def test_other_images_are_refused_by_their_shape(shape):
    assert f"own has {'x'.join(map(str, shape))} images" in message_of(
        check_image_shape, "own", shape
    )


def test_images_lie_row_by_row_in_memory_however_they_were_turned():
    bytes_ = np.zeros((2, 3, 32, 32), np.uint8).transpose(0, 2, 3, 1)  # from channels first
    assert as_images(bytes_, "x").flags["C_CONTIGUOUS"]
    assert as_images(bytes_ / np.float32(255), "x").flags["C_CONTIGUOUS"]
