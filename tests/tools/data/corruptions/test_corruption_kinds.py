"""Corruptions: some against their definition written out slowly; all keep shape and range."""

import io

import numpy as np
import pytest
from PIL import Image

from tools.data.corruptions import (
    corruption_blur,
    corruption_digital,
    corruption_noise,
    corruption_weather,
)
from tools.data.corruptions.corruption_kinds import (
    CORRUPTIONS,
    SEVERITIES,
    Corruption,
    corrupt,
    in_range,
)
from tools.data.corruptions.resampling import enlarged, grid
from tools.run.seeds import RowRandom

IMAGES = np.random.default_rng(0).random((4, 32, 32, 3), np.float32)
GREY = np.full((1, 200, 200, 1), 0.5, np.float32)
# As photographs are: neighbours are alike.
SMOOTH = corruption_blur.gaussian_blur(np.random.default_rng(1).random((20, 32, 32, 3)), 2.0)
SMOOTH = ((SMOOTH - SMOOTH.min()) / np.ptp(SMOOTH)).astype(np.float32)


def test_all_nineteen_are_there():
    assert len(CORRUPTIONS) == 19
    assert all(
        isinstance(one, Corruption) and len(one.strengths) == 5 for one in CORRUPTIONS.values()
    )


@pytest.mark.parametrize("name", CORRUPTIONS)
@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28, 1)])
def test_shape_range_and_seed(name, shape):
    images = IMAGES[:, : shape[0], : shape[1], : shape[2]].copy()
    before = images.copy()
    for severity in SEVERITIES:
        result = corrupt(name, images, severity, seed=0)
        assert result.shape == images.shape
        assert result.dtype == np.float32
        assert result.min() >= 0
        assert result.max() <= 1
        np.testing.assert_array_equal(result, corrupt(name, images, severity, seed=0))
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_an_image_is_damaged_in_the_same_way_in_any_batch(name):
    ids = np.array([7, 3, 3000, 11])
    together = corrupt(name, IMAGES, 3, seed=5, ids=ids)
    alone = corrupt(name, IMAGES[2:3], 3, seed=5, ids=ids[2:3])
    np.testing.assert_allclose(alone, together[2:3], atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_damage_grows_with_the_severity(name, channels):
    images = SMOOTH[..., :channels]
    damage = [np.abs(corrupt(name, images, s, seed=0) - images).mean() for s in SEVERITIES]
    assert damage == sorted(damage)
    assert damage[0] > 0


@pytest.mark.parametrize("severity", [0, 6, 1.5])
def test_an_unknown_severity_is_refused(severity):
    with pytest.raises(ValueError, match="severity"):
        corrupt("contrast", IMAGES, severity, seed=0)


def random(count=1, seed=0):
    return RowRandom(seed, range(count))


def test_rows_draw_alone_and_differently():
    together, alone = RowRandom(0, [4, 9]), RowRandom(0, [9])
    normal = together.normal(50)
    np.testing.assert_array_equal(alone.normal(50), normal[1:])
    assert not np.any(normal[0] == normal[1])
    assert set(together.integers(-1, 1, 50).ravel()) == {-1, 0, 1}
    uniform = together.uniform(2, 3, 500)
    assert 2 <= uniform.min() < 2.1
    assert 2.9 < uniform.max() < 3
    assert together.poisson(np.full((2, 4000), 7.0)).mean() == pytest.approx(7, rel=0.02)


def test_gaussian_noise_has_its_standard_deviation():
    noise = corruption_noise.gaussian_noise(GREY, 0.1, random()) - GREY
    assert noise.std() == pytest.approx(0.1, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=0.002)


def test_shot_noise_has_the_variance_of_counted_photons():
    result = corruption_noise.shot_noise(GREY, 75, random())
    np.testing.assert_allclose(result * 75, np.rint(result * 75), atol=1e-3)
    assert result.var() == pytest.approx(0.5 / 75, rel=0.03)


def test_impulses_are_black_and_white_in_equal_shares():
    result = corruption_noise.impulse_noise(GREY, 0.2, random())
    assert np.mean(result == 0) == pytest.approx(0.1, abs=0.01)
    assert np.mean(result == 1) == pytest.approx(0.1, abs=0.01)
    assert np.mean(result == 0.5) == pytest.approx(0.8, abs=0.01)


def test_speckle_noise_leaves_black_alone_and_grows_with_the_value():
    result = corruption_noise.speckle_noise(np.concatenate([0 * GREY, GREY]), 0.2, random(2))
    assert not result[0].any()
    assert result[1].std() == pytest.approx(0.1, rel=0.02)


def test_blur_of_one_bright_pixel_is_the_normal_density_in_its_own_channel():
    images = np.zeros((1, 31, 31, 2), np.float32)
    images[0, 15, 15, 0] = 1
    blurred = corruption_blur.gaussian_blur(images, 1.0)
    weights = np.exp(-0.5 * np.arange(-4, 5) ** 2)  # a standard deviation of one pixel
    expected = np.outer(weights, weights) / weights.sum() ** 2
    np.testing.assert_allclose(blurred[0, 11:20, 11:20, 0], expected, atol=1e-6)
    assert not blurred[..., 1].any()


def test_defocus_spreads_a_pixel_over_a_disc_of_its_weight():
    images = np.zeros((1, 15, 15, 1), np.float32)
    images[0, 7, 7] = 1
    disc = corruption_blur.defocus_blur(images, 2.0, random())[0, ..., 0]
    assert disc.sum() == pytest.approx(1)
    assert disc[7, 7] == pytest.approx(disc[7, 8]) == pytest.approx(disc[6, 6])
    assert disc[7, 10] == 0
    assert 0 < disc[9, 8] < disc[7, 7]


def test_glass_moves_pixels_by_few_places_and_loses_none(monkeypatch):
    images = np.zeros((1, 12, 12, 1), np.float32)
    images[0, :, 6:] = 1
    monkeypatch.setattr(corruption_blur, "GLASS_WIDTH", 1e-9)
    np.testing.assert_array_equal(corruption_blur.glass_blur(images, 0.0, random()), images)
    shuffled = corruption_blur.glass_blur(images, 1.0, random())
    assert shuffled.sum() == images.sum()
    assert (shuffled[0, :, :2] == 0).all()
    assert not np.array_equal(shuffled, images)


def test_motion_is_an_average_along_a_line_of_any_angle():
    images = np.zeros((30, 21, 21, 1), np.float32)
    images[:, 10, 10] = 1
    streaks = corruption_blur.motion_blur(images, 8.0, random(30))[..., 0]
    np.testing.assert_allclose(streaks.sum(axis=(1, 2)), 1, rtol=0.02)
    rows, columns = np.indices((21, 21)) - 10
    spread = (streaks * (rows**2 + columns**2)).sum(axis=(1, 2))
    np.testing.assert_allclose(spread, 8**2 / 12, rtol=0.35)  # of a line's uniform density
    directions = (streaks * rows * columns).sum(axis=(1, 2))
    assert directions.min() < -1
    assert directions.max() > 1


def test_zoom_is_the_mean_of_enlargements():
    slow = np.mean([enlarged(SMOOTH, 1 + 0.2 * k / 9) for k in range(10)], axis=0)
    np.testing.assert_allclose(corruption_blur.zoom_blur(SMOOTH, 1.2, random(20)), slow, atol=1e-6)


def test_fog_keeps_white_and_textures_fill_their_range():
    white = np.ones((1, 32, 32, 1), np.float32)
    assert corruption_weather.fog(white, 1.0, random()).max() <= 1
    clouds = corruption_weather.texture(random(3), (32, 32), roughness=2.0)
    assert clouds.shape == (3, 32, 32)
    np.testing.assert_array_equal(clouds.min(axis=(1, 2)), 0)
    np.testing.assert_array_equal(clouds.max(axis=(1, 2)), 1)
    rough = corruption_weather.texture(random(3), (32, 32), roughness=0.5)
    assert np.abs(np.diff(clouds)).mean() < np.abs(np.diff(rough)).mean()


def test_spatter_covers_its_share():
    black = np.zeros((5, 32, 32, 1), np.float32)
    drops = corruption_weather.spatter(black, 0.25, random(5))
    assert np.mean(drops > 0) == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("name", ["snow", "frost"])
def test_white_falls_on_black(name):
    result = getattr(corruption_weather, name)(0 * SMOOTH, 0.5, random(20))
    assert result.mean() > 0.1


def test_brightness_adds_and_saturation_keeps_the_luminance():
    np.testing.assert_allclose(corruption_digital.brightness(GREY, 0.2, random()), 0.7)
    dull = 0.4 + 0.1 * SMOOTH
    vivid = corruption_digital.saturate(dull, 2.0, random(20))
    luminance = corruption_digital.LUMINANCE
    np.testing.assert_allclose(vivid @ luminance, dull @ luminance, atol=1e-5)
    np.testing.assert_allclose(np.ptp(vivid, axis=-1), 2 * np.ptp(dull, axis=-1), atol=1e-5)


def test_contrast_keeps_the_mean_and_shrinks_the_deviation():
    result = corruption_digital.contrast(IMAGES, 0.3, random(4))
    np.testing.assert_allclose(result.mean(axis=(1, 2)), IMAGES.mean(axis=(1, 2)), rtol=1e-4)
    np.testing.assert_allclose(result.std(axis=(1, 2)), 0.3 * IMAGES.std(axis=(1, 2)), rtol=1e-4)


def test_elastic_moves_no_pixel_further_than_said():
    rows, columns = grid(SMOOTH)
    places = np.stack(np.broadcast_arrays(rows, columns), axis=-1)  # each pixel holds its place
    moved = corruption_digital.elastic_transform(places, 2.0, random())
    moves = np.abs(moved - places)
    assert 1 < moves.max() <= 2 + 1e-5
    assert np.abs(np.diff(moves, axis=1)).max() < 1


def test_pixelate_leaves_boxes_of_their_mean():
    images = np.random.default_rng(1).random((1, 20, 20, 1), np.float32)
    result = corruption_digital.pixelate(images, 0.65, random())[0, ..., 0]  # 20 to 13 and back
    assert len(np.unique(result)) <= 13 * 13
    rising = np.linspace(0, 1, 20, dtype=np.float32)[None, None, :, None] * np.ones((1, 20, 1, 1))
    steps = corruption_digital.pixelate(rising, 0.65, random())[0, 0, :, 0]
    assert len(np.unique(steps)) == 13
    assert (np.diff(steps) >= 0).all()
    assert steps.mean() == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_is_what_pillow_reads_back(channels):
    images = SMOOTH[:1, ..., :channels]
    file = io.BytesIO()
    pixels = np.rint(255 * images[0]).astype(np.uint8).squeeze()
    Image.fromarray(pixels).save(file, "JPEG", quality=60)
    expected = np.asarray(Image.open(file), np.float32).reshape(images.shape) / 255
    result = corruption_digital.jpeg_compression(images, 60, random())
    np.testing.assert_array_equal(result, expected)


def test_in_range_is_float32_between_0_and_1():
    result = in_range(np.array([-1.0, 0.25, 7.0]))
    assert result.tolist() == [0, 0.25, 1]
    assert result.dtype == np.float32
