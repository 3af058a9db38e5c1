import dataclasses

import numpy as np
import pytest

from vae_wgan.denoiser.denoiser_member import DenoiserMember
from vae_wgan.settings.denoiser_settings import DenoiserSettings

SETTINGS = DenoiserSettings(base_depth=2, batch_size=4, max_steps=8, average_decay=0.9)
IMAGES = np.random.default_rng(0).random((10, 12, 12, 1), np.float32)
IDS = np.arange(10)


@pytest.fixture(scope="module")
def member():
    return DenoiserMember(SETTINGS, IMAGES.shape[1:], IMAGES[:3], {"posterior_eigenvalue."})


def trained(member, *parts):
    member.initialize(seed=1)
    for part in parts:
        member.train_steps(IMAGES, seed=5, steps=part)
    return member.state()


def test_a_training_that_goes_on_from_its_state_ends_with_the_same_bytes(member):
    whole = trained(member, range(6))
    half = trained(member, range(3))
    member.initialize(seed=2)
    member.load_state(half)
    member.train_steps(IMAGES, seed=5, steps=range(3, 6))
    for name, array in member.state().items():
        np.testing.assert_array_equal(array, whole[name], err_msg=name)


def test_an_images_scores_do_not_depend_on_its_batch(member):
    scorer = member.with_state(trained(member, range(4)))
    together = scorer.score(IMAGES, IDS, seed=3)
    assert {"denoising_error", "denoising_size.5", "posterior_eigenvalue.2"} <= together.keys()
    alone = scorer.score(IMAGES[4:5], IDS[4:5], seed=3)
    for name, values in together.items():
        np.testing.assert_allclose(alone[name], values[4:5], rtol=2e-4, atol=1e-5, err_msg=name)


def test_the_average_follows_the_trained_weights(member):
    before = trained(member)
    after = trained(member, range(1))
    names = [name for name in after if name.startswith("trained_")]
    assert any(not np.array_equal(after[name], before[name]) for name in names)
    for name in names:
        average = name.replace("trained_", "average_")
        np.testing.assert_array_equal(before[average], before[name])
        expected = before[name] / 10 + 9 * after[name] / 10  # the first step's decay is 1 / 10
        np.testing.assert_allclose(after[average], expected, rtol=1e-5, atol=1e-7, err_msg=name)


def test_images_are_generated_and_denoised_within_their_range(member):
    trained(member, range(2))
    for images in (member.samples(3, seed=0), member.reconstructions(IMAGES[:3])):
        assert images.shape == (3, 12, 12, 1)
        assert images.min() >= 0
        assert images.max() <= 1
    assert np.isfinite(list(member.monitor().values())).all()
    assert member.pictures().keys() == {"inputs", "denoised", "samples"}


def test_maps_are_of_the_image_alone_and_see_a_changed_place(member):
    trained(member, range(2))
    maps = member.maps(IMAGES)
    assert maps.shape == (10, 12, 12)
    np.testing.assert_allclose(member.maps(IMAGES[4:5])[0], maps[4], rtol=1e-3, atol=1e-6)
    changed = IMAGES[:1].copy()
    changed[0, 6, 6] = 1 - changed[0, 6, 6]
    difference = np.abs(member.maps(changed)[0] - maps[0])
    assert np.unravel_index(difference.argmax(), difference.shape) == (6, 6)


def test_in_bfloat16_weights_and_scores_stay_float32():
    settings = dataclasses.replace(SETTINGS, precision="bfloat16", compile=False)
    member = DenoiserMember(settings, IMAGES.shape[1:], IMAGES[:3])
    state = trained(member, range(2))
    assert {array.dtype for name, array in state.items() if "_" in name} == {np.dtype("float32")}
    scores = member.score(IMAGES, IDS, seed=3)
    assert {values.dtype for values in scores.values()} == {np.dtype("float32")}
