import numpy as np
import pytest

from tools.data.corruptions.corruption_blur import gaussian_blur
from tools.data.corruptions.perturbations import PERTURBATIONS, STEPS, perturbed

IMAGES = gaussian_blur(np.random.default_rng(1).random((6, 28, 28, 1)), 2.0)
IMAGES = ((IMAGES - IMAGES.min()) / np.ptp(IMAGES)).astype(np.float32)


def test_the_fourteen_are_there():
    assert len(PERTURBATIONS) == 14


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_a_sequence_starts_at_the_image_and_moves_away_from_it(name):
    steps = list(perturbed(name, IMAGES, seed=0))
    assert len(steps) == STEPS + 1
    np.testing.assert_array_equal(steps[0], IMAGES)
    for step in steps:
        assert step.shape == IMAGES.shape
        assert step.dtype == np.float32
        assert 0 <= step.min() <= step.max() <= 1
    distances = np.array([np.abs(step - IMAGES).mean() for step in steps])
    assert distances[STEPS // 3] < distances[2 * STEPS // 3] < distances[STEPS]
    assert distances[1] < 0.5 * distances[STEPS]


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_an_image_is_perturbed_in_the_same_way_in_any_batch(name):
    ids = [5, 9, 1, 2, 3, 4]
    together, alone = (
        list(perturbed(name, images, seed=3, ids=those))[7]
        for images, those in ((IMAGES, ids), (IMAGES[1:2], ids[1:2]))
    )
    np.testing.assert_allclose(alone, together[1:2], atol=1e-6)


def test_translation_is_by_whole_pixels_at_whole_pixels():
    steps = list(perturbed("translate", IMAGES, seed=0))
    np.testing.assert_allclose(steps[15][:, :, :-5], IMAGES[:, :, 5:], atol=1e-6)


def test_rotation_turns_by_45_degrees_in_the_end():
    line = np.zeros((1, 29, 29, 1), np.float32)
    line[0, 14] = 1
    last = list(perturbed("rotate", line, seed=0))[-1][0, ..., 0]
    diagonals = np.diag(last)[6:-6].min(), np.diag(last[:, ::-1])[6:-6].min()
    assert max(diagonals) > 0.9
    assert last[14, 0] == pytest.approx(0, abs=1e-6)
