"""Floors: simple detectors that see what they are made to see."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from sklearn.neighbors import NearestNeighbors

from tools.scores.image_floors import IMAGE_FLOORS, fit_image_floor, log_power_spectrum
from tools.scores.metrics import auroc


def smooth_images(count, seed, channels=1, blur=2.0):
    noise = np.random.default_rng(seed).random((count, 16, 16, channels))
    smooth = gaussian_filter(noise, (0, blur, blur, 0))
    low, high = smooth.min(), smooth.max()
    return ((smooth - low) / (high - low)).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", IMAGE_FLOORS)
def test_an_edge_is_more_anomalous_than_smooth_images(name, channels):
    score = fit_image_floor(name, smooth_images(300, 0, channels), seed=0)
    normal, edged = smooth_images(60, 1, channels), smooth_images(60, 2, channels)
    edged[:, :, 8:] = 1 - 0.1 * edged[:, :, 8:]
    normal, odd = score(normal), score(edged)
    assert normal.shape == (60,)
    assert auroc(normal, odd) > 0.9


@pytest.mark.parametrize("name", IMAGE_FLOORS)
def test_a_score_depends_on_the_image_and_the_seed_alone(name):
    training, images = smooth_images(80, 0), smooth_images(10, 1)
    score = fit_image_floor(name, training, seed=3)
    one_by_one = np.concatenate([score(images[[row]]) for row in range(10)])
    np.testing.assert_allclose(score(images), one_by_one, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(score(images), fit_image_floor(name, training, seed=3)(images))


@pytest.mark.parametrize("name", IMAGE_FLOORS)
def test_few_images_are_enough(name):
    assert np.isfinite(
        fit_image_floor(name, smooth_images(5, 0), seed=0)(smooth_images(3, 1))
    ).all()


def test_the_power_of_a_wave_lies_at_its_frequency():
    wave = np.cos(2 * np.pi * 3 * np.arange(16) / 16)
    images = np.broadcast_to(wave[None, None, :, None], (1, 16, 16, 1))
    spectrum = log_power_spectrum(images).reshape(16, 9)
    assert np.unravel_index(spectrum.argmax(), spectrum.shape) == (0, 3)
    assert np.exp(spectrum.max()) == pytest.approx((16 * 16 / 2) ** 2)


def test_frequencies_of_large_images_are_joined_and_lose_no_power():
    images = np.random.default_rng(0).random((2, 70, 64, 1))
    power = np.abs(np.fft.rfft2(images[..., 0])) ** 2
    joined = np.exp(log_power_spectrum(images)).reshape(2, 24, 17)
    assert joined[0, 1, 2] == pytest.approx(power[0, 3:6, 4:6].sum())
    np.testing.assert_allclose(joined.sum(axis=(1, 2)), power.sum(axis=(1, 2)))


def test_neighbours_without_lost_components_are_those_of_the_pixels():
    training, images = smooth_images(20, 0), smooth_images(6, 1)
    found = fit_image_floor("pca_neighbours", training, seed=0)(training)
    distances = NearestNeighbors(n_neighbors=5).fit(training.reshape(20, -1))
    expected = distances.kneighbors(training.reshape(20, -1))[0].mean(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    assert fit_image_floor("pca_neighbours", training, seed=0)(images).min() > found.min()
