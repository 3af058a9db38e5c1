"""The benchmark of the VAE: both forms give the same numbers, and what is counted is right."""

import argparse
from contextlib import nullcontext

import numpy as np
import pytest
import tensorflow as tf

from input_errors import message_of
from scripts.benchmarks import machine_peak, plain_vae, score, time_to_quality, train
from scripts.benchmarks.machine_peak import scoring_operations, training_operations
from scripts.benchmarks.plain_vae import ChangedResultError, PlainVAE, check_nats, check_training
from scripts.benchmarks.time_to_quality import aims_of, quality_figures, seconds_until
from scripts.benchmarks.train import rate_measure
from vae_wgan.ensemble.devices import graphs_as_written
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.vae.vae_member import new_vae

IMAGES = np.random.default_rng(0).random((60, 28, 28, 1), np.float32)
TINY = VAESettings(
    latent_size=3,
    base_depth=2,
    n_flows=1,
    batch_size=4,
    train_samples=2,
    n_samples=2,
    compile=False,
)
NOISE = np.random.default_rng(1).standard_normal((2, 4, 3), np.float32)


@pytest.fixture(scope="module")
def forms():
    vae = new_vae(TINY, IMAGES.shape[1:], seed=0)
    return vae, PlainVAE(vae, TINY)


def test_the_plain_form_has_keras_own_layers_and_gives_the_same_numbers(forms):
    vae, plain = forms
    assert {type(layer).__name__ for layer in plain.vae.decoder.layers} >= {"Conv2DTranspose"}
    check_training(vae, plain, IMAGES[:4], NOISE, TINY)


def test_a_gradient_that_changed_is_found(forms, monkeypatch):
    def faulty(model, *_):
        gradients = [tf.ones(v.shape) for v in plain_vae.trained_variables(model)]
        if model is forms[0]:
            gradients[3] *= 1.001
        return tf.constant(0.0), gradients

    monkeypatch.setattr(plain_vae, "loss_and_gradients", faulty)
    with pytest.raises(ChangedResultError, match="gradient of encoder"):
        check_training(*forms, IMAGES[:4], NOISE, TINY)


def test_scores_may_differ_by_rounding_only():
    check_nats("iwae", np.array([-100.0]), np.array([-100.00005]))
    with pytest.raises(ChangedResultError, match="iwae: differs by"):
        check_nats("iwae", np.array([-100.0]), np.array([-100.001]))
    with pytest.raises(ChangedResultError):
        check_nats("iwae", np.array([np.nan]), np.array([-100.0]))


def test_operations_are_those_that_tensorflow_counts(forms):
    vae, _ = forms
    counted = _profiled(lambda images: vae.encoder(images), [1, 28, 28, 1])
    codes = _profiled(lambda z: vae.decoder(z), [1, 3])
    flows = sum(2 * k.shape.num_elements() for n in vae.prior_network.networks for k in n.kernels)
    operations = scoring_operations(vae, samples=5)
    # TensorFlow counts biases too, and products with the zeros that sub-pixel kernels hold.
    assert operations == pytest.approx(counted + 5 * (codes + flows), rel=0.3)
    assert training_operations(vae, samples=5) == 3 * operations


def _profiled(function, shape):
    from tensorflow.python.profiler.model_analyzer import profile
    from tensorflow.python.profiler.option_builder import ProfileOptionBuilder

    graph = tf.function(function).get_concrete_function(tf.TensorSpec(shape)).graph
    options = ProfileOptionBuilder(ProfileOptionBuilder.float_operation())
    return profile(graph, options=options.with_empty_output().build()).total_float_ops


def test_a_rate_is_of_as_many_steps_as_fit(monkeypatch):
    clock, seen = iter([0.0, 0.5, 10.0, 14.0]), []
    monkeypatch.setattr(train.time, "perf_counter", lambda: next(clock))
    measure = rate_measure(seen.append, size=8, seconds=2)
    assert measure() == 4 * 8 / 4
    assert seen == [range(1), range(1, 2), range(4)]


def test_both_forms_train_at_some_speed():
    with graphs_as_written():  # what the measurement sets for its own process ends here
        assert train._our_speed(TINY, IMAGES, 0)() > 0
        assert train._plain_speed(TINY, IMAGES, 0)() > 0


@pytest.mark.parametrize("part", [train, score], ids=["train", "score"])
def test_both_forms_are_compared(part, forms, monkeypatch):
    monkeypatch.setattr(machine_peak, "SIDE", 16)
    speed, operations = part_figures(part, forms[0])
    if part is train:
        assert (speed.value, speed.ratio) == (8, 4)
    assert min(speed.value, speed.ratio) > 0
    assert operations.unit.startswith("GFLOP/s")


@pytest.mark.parametrize(("part", "check"), [(train, "check_training"), (score, "check_nats")])
def test_a_changed_result_ends_it_before_anything_is_timed(part, check, forms, monkeypatch):
    def find_a_difference(*arguments):
        raise ChangedResultError("another number")

    monkeypatch.setattr(plain_vae, check, find_a_difference)
    with pytest.raises(ChangedResultError, match="another number"):
        next(part_figures(part, forms[0]))


def part_figures(part, vae):
    options = argparse.Namespace(seed=0, repeats=1)
    if part is train:
        speeds = nullcontext(lambda: 8.0), nullcontext(lambda: 2.0)
        return train.speed_figures("train.tiny", TINY, vae, IMAGES, speeds, options)
    return score.speed_figures(TINY, vae, IMAGES[:10], options)


class FakeMember:
    """Gains 1 nat with each 50 steps, of which each takes 2 s."""

    def __init__(self, clock):
        self._clock, self.steps = clock, 0

    def train_steps(self, images, seed, steps):
        self.steps += len(steps)
        self._clock.now += 2 * len(steps)

    def monitor(self):
        return {"iwae": -110 + self.steps / 50}

    def score(self, images, ids, seed):
        self._clock.now += 1000  # looking does not count
        return {"iwae": np.full(len(images), -110 + self.steps / 50)}


class Clock:
    now = 0.0


DATA = time_to_quality.Data(IMAGES, IMAGES[:2], IMAGES)


def test_the_seconds_until_an_aim_are_those_of_training_only(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(time_to_quality.time, "perf_counter", lambda: clock.now)
    aims = {300: -106.5, 1000: -103, 2000: 1000}
    found = seconds_until(aims, FakeMember(clock), DATA, seed=0, max_steps=500)
    assert found == {300: 4 * 50 * 2, 1000: 7 * 50 * 2}


def test_the_time_to_quality_is_compared_with_both_forms_of_the_reference():
    aims, speeds = {300: -106.5}, {"our": 8.0, "plain": 2.0}
    seconds = [{300: 100.0}, {300: 700.0}, {300: 400.0}]
    recipe, both = quality_figures(aims, seconds, speeds, batch_size=4, max_steps=500)
    assert (recipe.value, both.value) == (400, 400)
    assert recipe.ratio == pytest.approx(300 * 4 / 8 / 400)
    assert both.ratio == pytest.approx(4 * recipe.ratio)
    unreached = quality_figures(aims, [*seconds, {}], speeds, batch_size=4, max_steps=500)
    message = message_of(next, unreached)
    assert message == "--max_steps=500: the fast preset stays below -106.50 nats"


def test_what_the_reference_preset_reaches_is_kept(tmp_path):
    made = []

    def new_member(preset, data, seed):
        made.append((preset, seed))
        return FakeMember(Clock())

    options = argparse.Namespace(seed=0, reference_run=tmp_path / "aims.json")
    assert aims_of(new_member, DATA, options) == {300: -104.0, 1000: -90.0}
    assert aims_of(new_member, DATA, options) == {300: -104.0, 1000: -90.0}
    assert made == [("reference", 0)]
    options.seed = 1
    assert "is of other settings" in message_of(aims_of, new_member, DATA, options)
