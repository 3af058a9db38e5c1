"""The matched filter on images of known spectra."""

import numpy as np
import pytest
from scipy.fft import dctn, idctn

from tools.data.example_set import ExampleSet
from tools.data.images.matched_sets import (
    BANDS,
    COMMON,
    LOW_BANDS,
    Spectrum,
    filtered,
    matched_gains,
    matched_sets,
    spectra_differ,
    spectrum,
)

SIDE = 32
FREQUENCY = np.hypot(*np.meshgrid(np.arange(SIDE), np.arange(SIDE))) / SIDE


def images_of(amplitudes, count=40, seed=0, height=0.05):
    """Images around grey whose cosine coefficients have these amplitudes [row, column]."""
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (count, SIDE, SIDE, 3))
    coefficients = height * signs * amplitudes[..., np.newaxis]
    coefficients[:, 0, 0] = 0.5 * SIDE
    return idctn(coefficients, axes=(1, 2), norm="ortho").astype(np.float32)


def image_set(name, images):
    return ExampleSet(name, images, np.arange(len(images)) + 7, "")


def test_the_spectrum_of_known_coefficients_is_their_squares():
    found = spectrum(images_of(np.where(FREQUENCY < 0.5, 1.0, 0.2)))
    half = BANDS // 2
    np.testing.assert_allclose(found.power[:half], 0.05**2, rtol=1e-3)
    np.testing.assert_allclose(found.power[half:], (0.05 * 0.2) ** 2, rtol=1e-3)
    np.testing.assert_allclose(found.error, 0, atol=1e-7)


def test_the_filter_between_known_spectra_is_the_root_of_their_ratio():
    flat, steep = np.ones(BANDS + 1), np.ones(BANDS + 1)
    steep[10:] = 0.25
    gains_flat, gains_steep = matched_gains(flat, 3 * steep)  # more contrast is not sharpness
    np.testing.assert_allclose(gains_flat, COMMON * np.sqrt(steep))
    np.testing.assert_allclose(gains_steep, COMMON)


def test_a_filter_multiplies_coefficients_and_keeps_the_mean():
    images = images_of(np.ones((SIDE, SIDE)))
    gains = np.linspace(1, 0, BANDS + 1)
    before, after = (
        dctn(part, axes=(1, 2), norm="ortho") for part in (images, filtered(images, gains))
    )
    band = np.minimum((FREQUENCY * BANDS).astype(int), BANDS)
    factors = gains[band].T[..., np.newaxis]
    factors[0, 0] = after[0, 0, 0, 0] / before[0, 0, 0, 0]
    np.testing.assert_allclose(after, before * factors, atol=1e-4)
    np.testing.assert_allclose(filtered(images, np.ones(BANDS + 1)), images, atol=1e-5)


def test_matched_sets_have_spectra_that_agree_and_the_rows_of_their_sets():
    blurred = np.exp(-2 * FREQUENCY**2)
    test = image_set("test", images_of(np.ones((SIDE, SIDE))))
    other = image_set("other", images_of(blurred, seed=1))
    inside, outside = matched_sets(test, [other], seed=0)
    assert [inside.name, outside.name] == ["resampling.other.0", "resampling.other.1"]
    np.testing.assert_array_equal(inside.ids, test.ids)
    # But for rounding and clipping, and for the two sets' contrast.
    powers = [spectrum(part.examples).power for part in (inside, outside)]
    high = [power[LOW_BANDS:] for power in powers]
    np.testing.assert_allclose(*high, rtol=0.12, atol=1e-5)
    assert powers[0][-1] < 1e-5 < spectrum(other.examples).power[-1]
    levels = inside.examples * 255
    np.testing.assert_allclose(levels, np.round(levels), atol=1e-3)


def test_sets_of_one_sharpness_are_not_matched():
    test = image_set("test", images_of(np.ones((SIDE, SIDE))))
    contrast = image_set("contrast", images_of(np.ones((SIDE, SIDE)), seed=1, height=0.03))
    assert list(matched_sets(test, [contrast], seed=0)) == []


@pytest.mark.parametrize(("error", "differs"), [(0.3, False), (0.05, True)])
def test_a_difference_within_the_error_of_few_images_is_none(error, differs):
    flat, raised = np.ones(BANDS + 1), np.ones(BANDS + 1)
    raised[8] = 1.5
    errors = np.full(BANDS + 1, error)
    assert spectra_differ(Spectrum(flat, errors), Spectrum(raised, errors)) is differs


def test_images_of_one_colour_have_a_spectrum_too():
    flat = spectrum(np.full((5, SIDE, SIDE, 3), 0.3, np.float32))
    assert not spectra_differ(flat, flat)
