import dataclasses

import numpy as np
import pytest

from tiny_vae_member import IDS, IMAGES, SETTINGS, make_member
from vae_wgan.ensemble.devices import graphs_as_written
from vae_wgan.vae.pixel_likelihoods import LIKELIHOODS


@pytest.fixture(scope="module")
def member():
    return make_member()


def train(member, steps, seed=7):
    with graphs_as_written():  # as in a run, so that bytes repeat
        return member.train_steps(IMAGES, seed, steps)


def test_every_weight_is_trained_and_no_permutation(member):
    member.initialize(0)
    before = member.state()
    train(member, range(3))
    for path, value in member.state().items():
        is_constant = "permutation" in path
        assert np.array_equal(value, before[path]) == is_constant, path


@pytest.mark.parametrize("compile_", [False, True])
def test_in_mixed_precision_it_learns_as_in_single(member, compile_):
    settings = dataclasses.replace(SETTINGS, precision="bfloat16", compile=compile_)
    mixed, losses = make_member(settings), []
    for trainee in (member, mixed):
        trainee.initialize(0)
        losses.append(train(trainee, range(6))["elbo"])
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    assert losses[1] != losses[0]
    assert {array.dtype.name for array in mixed.state().values()} <= {"float32", "int64", "int32"}


def test_state_goes_through_arrays_and_training_goes_on_as_if_never_stopped(member):
    member.initialize(0)
    train(member, range(6))
    expected = member.state()
    first = make_member()
    train(first, range(3))
    second = make_member(seed=5)
    second.load_state(first.state())
    train(second, range(3, 6))
    for path, value in second.state().items():
        np.testing.assert_array_equal(value, expected[path], err_msg=path)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("start_at_mean", [True, False])
def test_training_starts_at_the_mean_colour(monkeypatch, likelihood, start_at_mean):
    settings = dataclasses.replace(SETTINGS, likelihood=likelihood, start_at_mean=start_at_mean)
    member, images, shown = make_member(settings), IMAGES**3, []

    def show(*_):  # biases of the other layers are 0, so that this code has no effect
        shown.append(member._vae.decode(np.zeros((1, 3), np.float32)).mean().numpy().ravel())
        return 0.0

    monkeypatch.setattr(member, "_compiled_step", show)
    member.train_steps(images, seed=7, steps=range(1))
    expected = images.mean() if start_at_mean else 0.5
    np.testing.assert_allclose(shown, np.full((1, 28 * 28), expected), rtol=1e-4)


def test_every_image_is_seen_once_an_epoch_with_noise_of_its_own(monkeypatch):
    member, seen, noise = make_member(), [], []

    def record(images, seed):
        seen.extend(images[:, 0, 0, 0])
        noise.append(tuple(seed))
        return 0.0

    monkeypatch.setattr(member, "_compiled_step", record)
    train(member, range(len(IMAGES)))  # an epoch for each of the batch's images
    epochs = np.sort(np.reshape(seen, (4, len(IMAGES))))
    np.testing.assert_array_equal(epochs, [np.sort(IMAGES[:, 0, 0, 0])] * 4)
    first_epoch = seen[: len(IMAGES)]
    assert len(set(noise)) == len(noise)
    train(member, range(len(IMAGES)), seed=8)
    assert len(set(noise)) == len(noise)
    assert seen[4 * len(IMAGES) : 5 * len(IMAGES)] != first_epoch


def test_initialize_forgets_and_draws_by_seed(member):
    member.initialize(1)
    first = member.state()
    train(member, range(2))
    member.initialize(1)
    assert all(np.array_equal(value, first[path]) for path, value in member.state().items())
    member.initialize(2)
    assert any(not np.array_equal(value, first[path]) for path, value in member.state().items())


def test_learning_rate_falls_to_zero_along_a_cosine(member):
    member.initialize(0)
    rates = []
    for step in range(6):
        rates.append(member.monitor()["learning_rate"])
        train(member, [step])
    expected = 1e-2 * (1 + np.cos(np.pi * np.arange(6) / 6)) / 2
    np.testing.assert_allclose(rates, expected, rtol=1e-5)
    assert member.monitor()["learning_rate"] == pytest.approx(0, abs=1e-9)


def test_score_of_an_image_does_not_depend_on_the_batch_or_the_order(member):
    member.initialize(0)
    together = member.score(IMAGES, IDS, seed=3)
    order = np.random.default_rng(1).permutation(len(IMAGES))
    shuffled = member.score(IMAGES[order], IDS[order], seed=3)
    alone = [member.score(IMAGES[i : i + 1], IDS[i : i + 1], seed=3) for i in range(len(IMAGES))]
    for key, values in together.items():
        assert values.shape == (len(IMAGES),)
        assert np.isfinite(values).all()
        np.testing.assert_allclose(shuffled[key], values[order], rtol=1e-5, atol=1e-6)
        by_one = np.concatenate([one[key] for one in alone])
        np.testing.assert_allclose(by_one, values, rtol=1e-5, atol=1e-6)


def test_score_depends_on_seed_and_ids(member):
    member.initialize(0)
    iwae = member.score(IMAGES, IDS, seed=3)["iwae"]
    assert np.any(member.score(IMAGES, IDS, seed=4)["iwae"] != iwae)
    assert np.any(member.score(IMAGES, IDS + 1, seed=3)["iwae"] != iwae)


def test_compiled_and_plain_scores_agree(member):
    member.initialize(0)
    compiled = make_member(dataclasses.replace(SETTINGS, compile=True))
    for key, values in compiled.score(IMAGES, IDS, seed=3).items():
        plain = member.score(IMAGES, IDS, seed=3)[key]
        np.testing.assert_allclose(values, plain, rtol=1e-4, atol=1e-3, err_msg=key)


@pytest.mark.parametrize("compile_steps", [False, True])
def test_where_noise_replaces_every_pixel_the_images_do_not_matter(compile_steps):
    settings = dataclasses.replace(SETTINGS, pixel_noise=1.0, compile=compile_steps)
    member, states = make_member(settings), []
    for images in (IMAGES, np.zeros_like(IMAGES)):
        member.initialize(0)
        member.train_steps(images, 7, range(2))
        states.append(member.state())
    for path, value in states[0].items():
        np.testing.assert_array_equal(states[1][path], value, err_msg=path)


def test_without_noise_no_pixel_is_drawn(monkeypatch):
    monkeypatch.setattr("vae_wgan.vae.vae_member.replace_pixels", None)
    train(make_member(), range(1))


def test_pictures_are_images(member):
    for pictures in member.pictures().values():
        assert pictures.shape[1:] == (28, 28, 1)
        assert pictures.min() >= 0
        assert pictures.max() <= 1


@pytest.mark.parametrize(
    "changed",
    [
        {"beta": 5.0},
        {"activation": "relu"},
        {"likelihood": "continuous_bernoulli"},
        {"train_samples": 3},
        {"use_NF": False, "mixture_components": 4},
        {"use_NF": False, "mixture_components": 1, "analytic_kl": True},
        {"learning_rate": 1e-3},
        {"pixel_noise": 0.5},
        {"start_at_mean": False},
    ],
    ids=lambda changed: "-".join(changed),
)
def test_every_training_flag_acts(member, changed, eagerly):
    member.initialize(0)
    train(member, range(2))
    plain = member.monitor()["elbo"]
    other = make_member(dataclasses.replace(SETTINGS, **changed))
    train(other, range(2))
    assert np.isfinite(other.monitor()["elbo"])
    assert other.monitor()["elbo"] != plain
