"""Pictures beside their maps: what is coloured and framed."""

import io

import numpy as np
import pytest
from PIL import Image

from tools.report.picture_maps import GAP, PER_ROW, SIDE, as_rgb, overlaid, picture_maps

GREY = np.full((10, 10, 1), 100, np.uint8)


def test_only_strange_places_are_coloured_and_more_of_it_is_brighter():
    map = np.zeros((10, 10))
    map[2, 2], map[5, 5], map[7, 7] = 3, 4, 9
    shown = overlaid(GREY, map)
    assert (shown[map == 0] == 100).all()
    colourful = np.ptp(shown.astype(int), axis=2)
    assert colourful[2, 2] > 0 and colourful[5, 5] > 20
    assert shown[7, 7, 0] > shown[2, 2, 0]
    np.testing.assert_array_equal(overlaid(as_rgb(GREY), map), shown)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_page_holds_each_picture_twice_and_is_the_same_again(channels):
    images = np.repeat(np.repeat(GREY[np.newaxis], 4, axis=0), channels, axis=3)
    maps = np.zeros((4, 10, 10))
    arguments = images, maps, [(2, 2, 6, 6)] * 4, ["score 1, p .5"] * 4
    png = picture_maps(*arguments)
    assert png == picture_maps(*arguments)
    page = np.asarray(Image.open(io.BytesIO(png)))
    assert page.shape[1] == PER_ROW * (2 * SIDE + 3 * GAP)
    first = page[GAP : GAP + SIDE, GAP : GAP + SIDE]
    assert (first[-1, -1] == 100).all() and (first == 0).any() and (first == 255).any()
    second = page[GAP : GAP + SIDE, 2 * GAP + SIDE : 2 * (GAP + SIDE)]
    np.testing.assert_array_equal(first, second)  # nothing is strange
