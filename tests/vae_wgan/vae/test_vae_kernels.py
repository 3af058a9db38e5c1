"""Which kernels a VAE's passes use, and that another precision changes scores by rounding only."""

import dataclasses

import numpy as np
import pytest

from tiny_vae_member import IDS, IMAGES, SETTINGS, make_member
from tools.run.kernels import ANY, AVX512, AVX512_BF16, GPU
from vae_wgan.settings.vae_settings import VAESettings
from vae_wgan.vae.vae_kernels import kernels_of
from vae_wgan.vae.vae_scoring import scoring_passes

PASSES = ("training", "sampling", "posterior mean", "gradients")


def found(**settings):
    chosen = (kernels_of(VAESettings(**settings), name) for name in PASSES)
    return [f"{'xla' if kernels.xla else 'plain'} {kernels.precision}" for kernels in chosen]


XLA, PLAIN, BFLOAT16 = "xla float32", "plain float32", "plain bfloat16"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"processor": ANY}, [XLA, XLA, XLA, XLA]),
        ({}, [XLA, XLA, XLA, XLA]),  # auto, and conftest.py hides what this processor can do
        ({"processor": AVX512}, [XLA, PLAIN, PLAIN, XLA]),
        ({"processor": AVX512_BF16}, [BFLOAT16, BFLOAT16, BFLOAT16, XLA]),
        ({"processor": AVX512_BF16, "precision": "float32"}, [XLA, PLAIN, PLAIN, XLA]),
        ({"processor": ANY, "precision": "bfloat16"}, [BFLOAT16] * 4),
        ({"processor": AVX512_BF16, "compile": False}, [BFLOAT16] * 3 + [PLAIN]),
        ({"processor": GPU}, [XLA, PLAIN, PLAIN, PLAIN]),
        ({"processor": GPU, "compile": False}, [XLA, PLAIN, PLAIN, PLAIN]),
    ],
)
def test_kernels_by_processor_and_flags(settings, expected):
    assert found(**settings) == expected


def test_bfloat16_is_chosen_only_where_it_was_shown_to_be_as_good():
    colour = found(processor=AVX512_BF16, likelihood="discretized_logistic")
    assert colour == [XLA, PLAIN, PLAIN, XLA]


def test_a_pass_in_another_precision_uses_the_same_weights():
    mixed = dataclasses.replace(SETTINGS, precision="auto", processor=AVX512_BF16, compile=False)
    exact, rounded = make_member(), make_member(mixed)
    rounded.load_state(exact.state())
    expected, scores = (member.score(IMAGES, IDS, seed=1) for member in (exact, rounded))
    assert expected.keys() == scores.keys()
    np.testing.assert_allclose(scores["iwae"], expected["iwae"], atol=0.5)
    assert np.abs(scores["iwae"] - expected["iwae"]).max() > 0


def test_networks_are_made_once_for_each_precision():
    made = []

    def vae_in(precision):
        made.append(precision)
        return make_member(dataclasses.replace(SETTINGS, precision=precision)).network

    settings = dataclasses.replace(SETTINGS, precision="auto", processor=AVX512_BF16)
    scoring_passes(vae_in, settings, {"gradient_norm."})
    assert set(made) == {"bfloat16", "float32"}
