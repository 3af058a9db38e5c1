"""Simple detectors of pictures: parts with p-values, and maps."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from input_errors import message_of
from tools.scores.metrics import auroc
from tools.scores.pictures.picture_ensemble import PARTS, PictureEnsemble
from tools.scores.pictures.picture_models import HEAT_PARTS, SCORED_LOOKS, Features, PictureModels


def surfaces(count, seed, channels=1):
    """Smooth surfaces of one kind, each its own: float32 [image, 16, 16, channel]."""
    random = np.random.default_rng(seed)
    smooth = gaussian_filter(random.normal(size=(count, 16, 16, channels)), (0, 2, 2, 0))
    noise = 0.02 * random.normal(size=smooth.shape)
    return np.clip(0.5 + smooth / smooth.std() * 0.1 + noise, 0, 1).astype(np.float32)


def with_patches(images):
    odd = images.copy()
    odd[:, 6:10, 10:14] = np.random.default_rng(9).random(odd[:, 6:10, 10:14].shape)
    return odd


@pytest.fixture(scope="module")
def ensemble():
    return PictureEnsemble.fit(surfaces(60, 0), seed=0)


def test_a_patch_is_found_as_picture_and_as_place(ensemble):
    normal, odd = surfaces(40, 1), with_patches(surfaces(40, 2))
    of_normal, of_odd = ensemble.scores(normal), ensemble.scores(odd)
    assert set(of_normal) == set(PARTS)
    assert auroc(of_normal["local"], of_odd["local"]) > 0.95
    assert auroc(sum(of_normal.values()), sum(of_odd.values())) > 0.95
    is_odd = np.zeros((40, 16, 16), bool)
    is_odd[:, 6:10, 10:14] = True
    maps = ensemble.maps(odd)
    assert auroc(maps[~is_odd], maps[is_odd]) > 0.95


def test_false_alarms_are_as_promised(ensemble):
    scores = ensemble.scores(surfaces(100, 3))
    for name, values in scores.items():
        known = np.sort(ensemble.held_out[name])
        assert np.mean(values > known[-4]) == pytest.approx(0.05, abs=0.1), name
    assert all(values.min() >= 0 for values in scores.values())


def test_a_picture_has_its_scores_and_map_whatever_stands_beside_it(ensemble):
    images = surfaces(5, 4)
    together, maps = ensemble.scores(images), ensemble.maps(images)
    alone = ensemble.scores(images[3:4])
    for name, values in alone.items():
        np.testing.assert_allclose(values, together[name][3:4], rtol=1e-4)
    np.testing.assert_allclose(ensemble.maps(images[3:4])[0], maps[3], rtol=1e-3, atol=1e-3)


def test_the_state_is_all_of_it(ensemble):
    again, images = PictureEnsemble(ensemble.state), surfaces(3, 4)
    for name, values in ensemble.scores(images).items():
        np.testing.assert_array_equal(again.scores(images)[name], values)
    np.testing.assert_array_equal(again.maps(images), ensemble.maps(images))


@pytest.mark.parametrize(("count", "channels"), [(3, 1), (7, 3)])
def test_few_pictures_are_enough(count, channels):
    found = PictureEnsemble.fit(surfaces(count, 0, channels), seed=0)
    images = surfaces(2, 1, channels)
    assert all(np.isfinite(values).all() for values in found.scores(images).values())
    assert np.isfinite(found.maps(images)).all()


def test_two_pictures_are_too_few():
    assert "at least 3" in message_of(PictureEnsemble.fit, surfaces(2, 0), 0)


def test_equal_and_flat_pictures_have_finite_scores():
    flat = np.full((12, 16, 16, 1), 0.5, np.float32)
    found = PictureEnsemble.fit(flat, seed=0)
    assert all(np.isfinite(v).all() for v in found.scores(surfaces(2, 1)).values())
    assert np.isfinite(found.maps(flat[:2])).all()


def test_larger_pictures_have_maps_of_their_own_size():
    large = surfaces(6, 0).repeat(5, axis=1).repeat(5, axis=2)[:, :70, :75]
    assert PictureEnsemble.fit(large, seed=0).maps(large[:2]).shape == (2, 70, 75)


def test_models_give_all_maps_and_scores_that_are_combined():
    models = PictureModels(Features.of(surfaces(30, 0)), seed=0)
    views = models(Features.of(surfaces(4, 1)))
    assert {*SCORED_LOOKS, *(f"{look} {reach}" for look, reach in HEAT_PARTS)} == set(views.maps)
    single = {name for names in PARTS.values() for name in names if " " not in name}
    assert single == set(views.scores)
