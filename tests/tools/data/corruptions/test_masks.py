"""Masks: counts, order, what is touched and what is not, and corners up to the last row."""

import inspect

import numpy as np
import pytest

from tools.data.corruptions.masks import MASK_TYPES, apply_mask

IMAGES = np.random.default_rng(0).random((3, 8, 10, 3), np.float32)


@pytest.mark.parametrize("mask_type", MASK_TYPES)
def test_all_masks_of_the_first_image_come_first_and_all_images_share_them(mask_type):
    masked, masks = apply_mask(IMAGES, (2, 3), n_masks=4, mask_type=mask_type, seed=0)
    assert masked.shape == (12, 8, 10, 3)
    assert masks.shape == (4, 8, 10, 3)
    for row, result in enumerate(masked):
        image, mask = IMAGES[row // 4], masks[row % 4]
        expected = image * mask if mask_type == "zero" else np.clip(image + mask, 0, 1)
        np.testing.assert_array_equal(result, expected)


def patch_of(mask):
    """Rows and columns at which a mask acts in any channel."""
    around = np.median(mask)
    return np.nonzero((mask != around).any(axis=-1))


@pytest.mark.parametrize("mask_type", MASK_TYPES)
def test_a_mask_is_one_patch_of_its_size_equal_in_its_channels(mask_type):
    masked, masks = apply_mask(
        IMAGES, (2, 3), n_masks=5, channels=[0, 2], mask_type=mask_type, seed=1
    )
    np.testing.assert_array_equal(masked[..., 1], np.repeat(IMAGES[..., 1], 5, axis=0))
    for mask in masks:
        rows, columns = patch_of(mask)
        assert len(rows) == 6
        assert np.ptp(rows) == 1
        assert np.ptp(columns) == 2
        np.testing.assert_array_equal(mask[..., 0], mask[..., 2])


def test_corners_reach_the_last_row_and_column_and_every_other():
    _, masks = apply_mask(IMAGES[:1], (3, 4), n_masks=800, mask_type="zero", seed=0)
    corners = [tuple(axis.min() for axis in patch_of(mask)) for mask in masks]
    assert set(corners) == {(row, column) for row in range(6) for column in range(7)}


def test_a_mask_may_be_as_large_as_the_image():
    masked, _ = apply_mask(IMAGES, IMAGES.shape[1:3], mask_type="zero")
    assert not masked.any()


@pytest.mark.parametrize("coord", [(1, 6), ([1, 1], [6, 6]), (np.array([1, 1]), 6)])
def test_corners_can_be_given_as_numbers_or_arrays(coord):
    _, masks = apply_mask(IMAGES, (2, 3), n_masks=2, coord=coord, mask_type="zero")
    expected = np.ones((8, 10, 3))
    expected[1:3, 6:9] = 0
    np.testing.assert_array_equal(masks, [expected, expected])


def test_a_patch_may_end_in_the_last_row_and_column():
    _, masks = apply_mask(IMAGES, (2, 3), coord=(6, 7), mask_type="zero")
    assert not masks[:, 6:, 7:].any()


def test_noise_has_the_range_or_the_moments_asked_for():
    big = np.zeros((1, 200, 200, 1))
    _, uniform = apply_mask(big, (200, 200), noise_rng=(-3, -1), seed=0)
    assert (uniform >= -3).all()
    assert (uniform <= -1).all()
    assert uniform.mean() == pytest.approx(-2, abs=0.02)
    _, normal = apply_mask(big, (200, 200), mask_type="normal", noise_distr=(5, 0.5), seed=0)
    assert normal.mean() == pytest.approx(5, abs=0.02)
    assert normal.std() == pytest.approx(0.5, abs=0.02)


def test_noise_is_clipped_to_the_range_and_zeroing_is_not():
    images = IMAGES + 1
    masked, _ = apply_mask(images, mask_type="normal", clip_rng=(1.2, 1.5), seed=0)
    assert masked.min() >= np.float32(1.2)
    assert masked.max() == 1.5
    zeroed, masks = apply_mask(images, mask_type="zero", seed=0)
    np.testing.assert_array_equal(zeroed, images * masks)


def test_a_seed_repeats_and_the_images_stay():
    before = IMAGES.copy()
    first, again, other = (apply_mask(IMAGES, seed=seed)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != apply_mask(IMAGES)[0]).any()
    np.testing.assert_array_equal(IMAGES, before)
    assert first.dtype == np.float32


def test_the_default_channels_suit_grey_images():
    masked, _ = apply_mask(IMAGES[..., :1], mask_type="zero", coord=(0, 0))
    assert not masked[:, :4, :4].any()


def test_the_defaults_are_those_that_users_of_detectors_know():
    parameters = inspect.signature(apply_mask).parameters
    known = {
        "mask_size": (4, 4),
        "n_masks": 1,
        "coord": None,
        "channels": (0, 1, 2),
        "mask_type": "uniform",
        "noise_distr": (0, 1),
        "noise_rng": (0, 1),
        "clip_rng": (0, 1),
    }
    assert {name: parameters[name].default for name in known} == known


def test_a_patch_may_be_one_pixel():
    _, masks = apply_mask(IMAGES, (1, 1), coord=(4, 5), mask_type="zero")
    assert np.argwhere(masks[0, :, :, 0] == 0).tolist() == [[4, 5]]


@pytest.mark.parametrize(
    ("argument", "value", "said"),
    [
        ("X", IMAGES[0], "X needs axes"),
        ("mask_size", (9, 3), r"mask_size=\(9, 3\) does not fit images of \(8, 10\)"),
        ("mask_size", (0, 3), "mask_size"),
        ("n_masks", 0, "n_masks"),
        ("coord", (7, 0), r"coord=\(7, 0\): rows must lie in 0\.\.6, columns in 0\.\.7"),
        ("coord", (0, -1), "coord"),
        ("coord", ([0, 1, 2], 0), "coord"),
        ("channels", [3], r"channels has none of the images' 0\.\.2"),
        ("mask_type", "random", "mask_type"),
    ],
)
def test_a_bad_argument_is_named(argument, value, said):
    with pytest.raises(ValueError, match=said):
        apply_mask(**{"X": IMAGES, "mask_size": (2, 3), "n_masks": 2, argument: value})
