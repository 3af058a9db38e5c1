"""The benchmark of the WGAN's training: what it compares, and what it counts."""

import argparse

import numpy as np

from scripts.benchmarks import wgan
from scripts.benchmarks.plain_wgan import PlainWGAN, with_keras_layers
from scripts.benchmarks.wgan import critic_updates_per_second
from tools.data.example_set import ExampleSet
from vae_wgan.settings.wgan_settings import WGANSettings
from vae_wgan.wgan.wgan import WGAN

IMAGES = np.random.default_rng(0).random((80, 28, 28, 1), np.float32)


def test_the_plain_networks_are_the_same_functions_of_layers_of_keras():
    wgan = WGAN((28, 28, 1), z_dim=3, base_depth=2, activation="relu", seed=0)
    z = np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)
    for network, inputs in ((wgan.generator, z), (wgan.critic, IMAGES[:2])):
        plain = with_keras_layers(network)
        assert all(type(layer).__module__.startswith("keras.") for layer in plain.layers)
        np.testing.assert_allclose(plain(inputs), network(inputs), atol=1e-5)


def test_the_plain_form_trains_both_networks():
    settings = WGANSettings(z_dim=3, base_depth=2, batch_size=2, Citers=2)
    plain = PlainWGAN(settings, IMAGES)
    before = [network.get_weights()[0] for network in (plain.critic, plain.generator)]
    plain.train_steps(range(2))
    after = [network.get_weights()[0] for network in (plain.critic, plain.generator)]
    assert all(np.any(one != other) for one, other in zip(before, after, strict=True))
    assert plain._critic_optimizer.iterations == 4
    assert plain._generator_optimizer.iterations == 2


def test_a_rate_counts_the_critics_updates(monkeypatch):
    seen, clock = [], iter([10.0, 14.0])
    monkeypatch.setattr(wgan.time, "perf_counter", lambda: next(clock))
    assert critic_updates_per_second(seen.extend, steps=8, updates=5) == 10
    assert len(seen) == 8
    assert all(step > 25 and step % 500 for step in seen)


def test_all_forms_are_timed_in_one_run(monkeypatch):
    example_set = ExampleSet("mnist", IMAGES, np.arange(80), "")
    monkeypatch.setattr(wgan, "load_images", lambda *arguments: example_set)
    small = WGANSettings(z_dim=3, base_depth=2, batch_size=2, Citers=2)
    monkeypatch.setattr(wgan, "settings_of_preset", lambda *arguments: small)
    options = argparse.Namespace(data_dir="", seed=0, preset="smoke", steps=1, repeats=1)
    figures = list(wgan.figures(options))
    forms = {"plain": "(plain)", "plain_oneDNN": "(plain, oneDNN)"}
    for figure, (name, form) in zip(figures, forms.items(), strict=True):
        assert figure.name == f"wgan.smoke.critic_updates.against_{name}"
        assert figure.value > 0
        assert figure.ratio > 0
        assert form in figure.yardstick
