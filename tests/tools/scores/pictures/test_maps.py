"""Maps of where a picture is strange: standardised by place, and what their scores are."""

import numpy as np
import pytest

from tools.scores.metrics import auroc
from tools.scores.pictures.maps import (
    Places,
    are_aligned,
    joined,
    log_error_map,
    mean_of_top,
    strangest_place,
    strongest,
)
from tools.scores.pictures.smoothing import smoothed

SIDE = 12


def errors(count, seed, hard_left=True):
    """Squared errors of normal pictures; the left half is hard to predict in all of them."""
    squares = np.random.default_rng(seed).chisquare(1, (count, SIDE, SIDE, 1)) * 0.01
    if hard_left:
        squares[:, :, : SIDE // 2] *= 50
    return squares.astype(np.float32)


def test_a_patch_moves_the_map_there_and_nowhere_beyond_the_smoothing():
    places = Places.fit(log_error_map(errors(60, 0)))
    before, squares = errors(1, 1), errors(1, 1)
    squares[0, 5:8, 8:11] += 1.0
    change = places.standardised(log_error_map(squares)) - places.standardised(
        log_error_map(before)
    )
    assert change[0, 5:8, 8:11].min() > 1
    reach = np.zeros((SIDE, SIDE), bool)
    reach[2:11, 5:] = True  # a Gaussian is cut off at four standard deviations
    assert np.abs(change[0][~reach]).max() < 1e-5


def test_a_place_that_is_hard_in_all_pictures_is_not_strange():
    maps = log_error_map(errors(200, 0))
    values = Places.fit(maps).standardised(log_error_map(errors(100, 1)))
    assert maps[:, :, 2].mean() > maps[:, :, 9].mean() + 3
    assert auroc(values[:, :, 9].ravel(), values[:, :, 2].ravel()) == pytest.approx(0.5, abs=0.05)


def test_pictures_without_common_places_share_one_mean_and_deviation():
    maps = log_error_map(errors(40, 0, hard_left=False))
    assert not are_aligned(maps) and are_aligned(log_error_map(errors(40, 0)))
    places = Places.fit(maps)
    assert places.mean.shape == (1, 1)
    assert places.mean.item() == pytest.approx(maps.mean(), abs=1e-4)
    assert places.deviation.item() == pytest.approx(maps.std(), rel=1e-3)


@pytest.mark.parametrize("count", [1, 2])
def test_few_or_equal_pictures_have_finite_maps(count):
    maps = np.ones((count, SIDE, SIDE), np.float32)
    assert np.isfinite(Places.fit(maps).standardised(maps)).all()


def test_scores_of_a_map_are_its_maximum_and_the_mean_of_its_largest_values():
    maps = np.random.default_rng(0).normal(size=(4, SIDE, SIDE))
    np.testing.assert_array_equal(strongest(maps), [m.max() for m in maps])
    expected = [np.sort(m.ravel())[-14:].mean() for m in maps]
    np.testing.assert_allclose(mean_of_top(maps, 0.1), expected)


def test_smoothing_keeps_the_sum_of_the_inside():
    maps = np.zeros((1, SIDE, SIDE))
    maps[0, 6, 6] = 3.0
    assert smoothed(maps, 1.0).sum() == pytest.approx(3.0)


def test_joined_maps_lie_between_mean_and_maximum():
    parts = np.random.default_rng(0).normal(size=(3, 2, SIDE, SIDE)) * 100
    whole = joined(list(parts))
    assert (whole >= parts.mean(axis=0) - 1e-9).all() and (whole <= parts.max(axis=0) + 1e-9).all()
    np.testing.assert_allclose(joined([parts[0]]), parts[0])


@pytest.mark.parametrize(
    ("place", "frame"), [((5, 6), (3, 4, 7, 8)), ((0, 11), (0, 8, 4, 12)), ((11, 0), (8, 0, 12, 4))]
)
def test_the_frame_lies_around_the_strangest_place_and_inside(place, frame):
    values = np.zeros((SIDE, SIDE))
    values[place] = 1
    assert strangest_place(values, 4) == frame
    assert strangest_place(values, 50) == (0, 0, SIDE, SIDE)
